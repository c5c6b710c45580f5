"""A report as one HTML file: nothing in it is fetched from elsewhere."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING

from watcher.report.charts import Canvas, alt_text, svg
from watcher.report.document import MARKS, WORDS, Picture, Report
from watcher.report.formats import Paper

if TYPE_CHECKING:
    from jinja2 import Environment

SPACES = "\u00a0\u2002\u202f"
FACE = "Report Condensed, Arial Narrow, DejaVu Sans Condensed, sans-serif"
WIDE, NARROW = 493.0, 374.0
"""The text's width and the main column's in points: a chart's text is as large as it says."""
_PACKAGE = "watcher.report.templates"
_NAMES: Mapping[bool, float] = {True: WIDE, False: NARROW}


def to_html(report: Report) -> str:
    """The same report gives the same bytes."""
    template = _environment().get_template("report.html.j2")
    return template.render(
        report=report,
        legend=legend(report),
        css=_text("report.css"),
    )


def legend(report: Report) -> str:
    """What the marks mean, in the footer of every page."""
    stamp = report.stamp
    said = [f"m = measured at block {stamp.block:,}, {stamp.moment}"]
    said += [f"{mark} = {meaning}" for mark, meaning in MARKS.items() if mark != "m"]
    return " · ".join(said)


def drawing(picture: Picture) -> str:
    """The chart's SVG at the size at which it is printed."""
    canvas = Canvas(
        width=_NAMES[picture.wide],
        height=picture.height,
        left=34.0,
        right=40.0,
        top=8.0,
        bottom=17.0,
        font=7.4,
        valued=picture.valued,
        face=FACE,
    )
    return svg(picture.chart, canvas)


@lru_cache(1)
def _environment() -> Environment:
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    environment = Environment(
        loader=FunctionLoader(_text),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )
    environment.globals.update(
        words=WORDS,
        six=Paper().six,
        alt=alt_text,
        source=lambda picture: _as_image(drawing(picture)),
    )
    return environment


def _shown(value: object) -> object:
    """Names from the chain hold no control characters; lines of an answer are kept."""
    if not isinstance(value, str) or hasattr(value, "__html__"):
        return value
    return "\n".join(map(_spaced, value.split("\n")))


def _spaced(line: str) -> str:
    """As `visible`, but spaces stay as they are: texts between figures begin and end with one."""
    return "".join(each if each.isprintable() or each in SPACES else " " for each in line)


def _as_image(drawn: str) -> str:
    return "data:image/svg+xml;base64," + base64.b64encode(drawn.encode()).decode()


def _text(name: str) -> str:
    return resources.files(_PACKAGE).joinpath(name).read_text("utf-8")
