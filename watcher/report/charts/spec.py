"""What a chart shows. Nothing here draws."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, TypeAlias

from watcher.report.formats import FORMATS

Kind: TypeAlias = Literal["lines", "stack", "bars"]
Scale: TypeAlias = Literal["time", "linear", "log"]
Row: TypeAlias = tuple[float, tuple[float | None, ...]]
"""Where on the x axis, and a value of each series; None is unknown."""

MOST_SERIES = 4
NOTHING = "nothing is measured"


@dataclass(frozen=True, slots=True)
class Series:
    """`key` names it to programs, `label` to people; the `yardstick` is what the others are
    compared with (owed, market)."""

    key: str
    label: str
    yardstick: bool = False


@dataclass(frozen=True, slots=True)
class Axis:
    """`format` and `ticks` are names of `formats.FORMATS`; those of time are not used. `low` and
    `high` are the ends of what is drawn where the data shall not decide."""

    scale: Scale = "linear"
    name: str = ""
    format: str = "number"
    ticks: str = ""
    low: float | None = None
    high: float | None = None

    @property
    def tick_format(self) -> str:
        return self.ticks or self.format


@dataclass(frozen=True, slots=True)
class Reference:
    """A dotted line at a value of y, or of x, with its name; `below`: the name stands under it."""

    value: float
    label: str
    along: Literal["x", "y"] = "y"
    below: bool = False


@dataclass(frozen=True, slots=True)
class Missing:
    """A stretch of x of which there are no samples, and why."""

    start: float
    end: float
    label: str


@dataclass(frozen=True, slots=True)
class Chart:
    """`title` says what, `say` in one sentence how to read it, in which unit, against what.

    `rows` are the table, x rising. `stack`: the values add up to 1. `bars`: one panel a series, one
    scale. `band` is a stretch of y in which a difference means nothing. `empty` is why there is
    nothing to draw. Raises ValueError for what cannot be drawn.
    """

    id: str
    kind: Kind
    title: str
    say: str
    series: tuple[Series, ...]
    rows: tuple[Row, ...]
    x: Axis = Axis(scale="time", name="UTC")
    y: Axis = Axis()
    references: tuple[Reference, ...] = ()
    missing: tuple[Missing, ...] = ()
    band: tuple[float, float] | None = None
    empty: str = NOTHING

    def __post_init__(self) -> None:
        problem = next(_problems(self), None)
        if problem is not None:
            raise ValueError(f"chart {self.id}: {problem}")

    @property
    def is_empty(self) -> bool:
        return not any(is_known(value) for _, values in self.rows for value in values)

    def classes(self) -> tuple[str, ...]:
        """By series: s0 for the yardstick, else s1 to s4 in order."""
        found, count = [], 0
        for series in self.series:
            count += not series.yardstick
            found.append("s0" if series.yardstick else f"s{count}")
        return tuple(found)

    def column(self, place: int) -> list[tuple[float, float | None]]:
        """x and value of one series; NaN and infinite are unknown."""
        return [(x, value if is_known(value := values[place]) else None) for x, values in self.rows]


def is_known(value: float | None) -> bool:
    return value is not None and math.isfinite(value)


def _problems(chart: Chart) -> Iterator[str]:
    if not 1 <= len(chart.series) <= MOST_SERIES:
        yield f"it has {len(chart.series)} series: draw 1 to {MOST_SERIES}"
    if any(len(values) != len(chart.series) for _, values in chart.rows):
        yield "a row has not as many values as there are series"
    if any(after[0] <= before[0] for before, after in pairwise(chart.rows)):
        yield "x does not rise from row to row"
    if not all(math.isfinite(x) for x, _ in chart.rows):
        yield "an x is not finite"
    if chart.x.scale == "log" and any(x <= 0 for x, _ in chart.rows):
        yield "a logarithmic axis has no place for 0 and less"
    if chart.y.scale != "linear" and (chart.kind != "lines" or chart.y.scale == "time"):
        yield f"{chart.kind} are drawn on a {chart.y.scale} axis of values by nobody"
    for axis in (chart.x, chart.y):
        if axis.scale != "time" and not {axis.format, axis.tick_format} <= FORMATS.keys():
            yield f"{axis.format} or {axis.tick_format} is no number format"
