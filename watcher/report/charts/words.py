"""A chart as a sentence, for those who do not see it."""

from __future__ import annotations

from watcher.report import formats
from watcher.report.charts.spec import Axis, Chart
from watcher.report.text import visible


def alt_text(chart: Chart) -> str:
    """What it shows, and of each series its first, last and extreme values with their places."""
    said = [f"{visible(chart.title)}."]
    if chart.is_empty:
        return f"{said[0]} {visible(chart.empty)}."
    for place, series in enumerate(chart.series):
        said.append(f"{visible(series.label)}: {_course(chart, place)}.")
    if chart.missing:
        spans = (
            f"{shown_x(chart.x, each.start)} to {shown_x(chart.x, each.end)}"
            for each in chart.missing
        )
        said.append(f"No samples from {', from '.join(spans)}.")
    return " ".join(said)


def _course(chart: Chart, place: int) -> str:
    known = [(x, value) for x, value in chart.column(place) if value is not None]
    if not known:
        return "unknown throughout"
    first, last = known[0], known[-1]
    lowest, highest = min(known, key=lambda each: each[1]), max(known, key=lambda each: each[1])
    if lowest[1] == highest[1]:
        return f"{_value(chart, first)} throughout"
    return (
        f"from {_value(chart, first)} at {shown_x(chart.x, first[0])} "
        f"to {_value(chart, last)} at {shown_x(chart.x, last[0])}, "
        f"lowest {_value(chart, lowest)} at {shown_x(chart.x, lowest[0])}, "
        f"highest {_value(chart, highest)} at {shown_x(chart.x, highest[0])}"
    )


def _value(chart: Chart, point: tuple[float, float]) -> str:
    return formats.FORMATS[chart.y.format](point[1])


def shown_x(axis: Axis, x: float) -> str:
    """A place on the x axis as the table shows it."""
    return formats.minute(x) if axis.scale == "time" else formats.FORMATS[axis.format](x)
