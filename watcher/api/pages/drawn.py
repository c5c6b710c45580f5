"""Drawings as markup: the one place where text is trusted, since `report.charts` escapes all that a
contract could have put into it."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from watcher.report import charts
from watcher.report.charts import Chart


def figure(chart: Chart) -> Markup:
    return Markup(charts.figure(chart))  # noqa: S704 - escaped there, as below


def bar(part: float, *, series: str) -> Markup:
    return Markup(charts.cell_bar(0.0, part, series=series))  # noqa: S704


def spark(values: Sequence[float | None], label: str) -> Markup:
    return Markup(charts.spark(values, label))  # noqa: S704
