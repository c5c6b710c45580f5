"""Small pictures that stand beside a number: a line in a table's cell, a bar."""

from __future__ import annotations

from collections.abc import Sequence

from watcher.report.charts.spec import is_known
from watcher.report.charts.svg import path_of
from watcher.report.text import escaped

WIDTH, HEIGHT = 72, 20
_LEAST = 0.004
"""Of a cell: what is not nothing is seen."""


def spark(values: Sequence[float | None], label: str) -> str:
    """The course of a figure without axes; a gap is a gap. `label` says it in words."""
    known = [value for value in values if value is not None and is_known(value)]
    head = (
        f'<svg class="spark" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
        f'role="img" aria-label="{escaped(label)}">'
    )
    if not known:
        return f"{head}</svg>"
    low, high = min(known), max(known)
    step = (WIDTH - 6) / max(len(values) - 1, 1)
    points = [
        (1 + place * step, HEIGHT - 3 - _part(value, low, high) * (HEIGHT - 6))
        if value is not None and is_known(value)
        else None
        for place, value in enumerate(values)
    ]
    end_x, end_y = [point for point in points if point is not None][-1]
    return (
        f'{head}<path class="l" fill="none" stroke="currentColor" d="{path_of(points)}"/>'
        f'<circle cx="{end_x:.1f}" cy="{end_y:.1f}" r="2"/></svg>'
    )


def cell_bar(
    start: float, end: float, *, series: str = "s1", mark: float | None = None, flip: bool = False
) -> str:
    """A bar from `start` to `end`, parts of the cell; `mark` is what it is compared with; `flip`:
    it grows to the left. Hidden from readers: the number stands in the row."""
    low, high = sorted((_clip(start), _clip(end)))
    wide = max(high - low, _LEAST if high > low else 0.0)
    left = 1 - low - wide if flip else low
    line = ""
    if mark is not None:
        at = 1 - _clip(mark) if flip else _clip(mark)
        line = f'<rect class="mark" x="{99.4 * at:.2f}%" y="0" width="2" height="100%"/>'
    return (
        '<svg class="bar" aria-hidden="true" width="100%" height="14">'
        '<rect class="rail" width="100%" height="1" y="13"/>'
        f'<rect class="{escaped(series)}" x="{100 * left:.2f}%" width="{100 * wide:.2f}%" y="2" '
        f'height="10"/>{line}</svg>'
    )


def _clip(part: float) -> float:
    return min(max(part, 0.0), 1.0)


def _part(value: float, low: float, high: float) -> float:
    return (value - low) / (high - low) if high > low else 0.5
