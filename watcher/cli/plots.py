"""Lines over a logarithmic axis, as an SVG file and as text for a terminal."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 760, 420
LEFT, RIGHT, TOP, BOTTOM = 70, 20, 46, 46
COLOURS = ("#1f6feb", "#d1242f", "#1a7f37", "#9a6700")
MARKS = "*+ox"
COLUMNS, ROWS = 64, 16


@dataclass(frozen=True, slots=True)
class Line:
    """Points (x, y), x above 0."""

    name: str
    points: Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Plot:
    """y is a fraction, shown in percent."""

    title: str
    x_axis: str
    y_axis: str
    lines: Sequence[Line]

    @property
    def x_range(self) -> tuple[float, float]:
        """In powers of ten."""
        places = [math.log10(x) for line in self.lines for x, _ in line.points]
        low, high = min(places), max(places)
        return low, high if high > low else low + 1

    @property
    def y_range(self) -> tuple[float, float]:
        values = [y for line in self.lines for _, y in line.points]
        low, high = min(0.0, *values), max(values)
        return low, high if high > low else low + 1


def svg(plot: Plot) -> str:
    """The same plot gives the same bytes."""
    return "\n".join(_elements(plot)) + "\n"


def text(plot: Plot) -> list[str]:
    """Lines of characters; where two meet the later one is seen."""
    field = [[" "] * COLUMNS for _ in range(ROWS)]
    for mark, line in zip(MARKS, plot.lines, strict=False):
        for x, y in line.points:
            across, up = _place(plot, x, y)
            field[ROWS - 1 - round(up * (ROWS - 1))][round(across * (COLUMNS - 1))] = mark
    low, high = plot.y_range
    labels = {0: high, ROWS // 2: (low + high) / 2, ROWS - 1: low}
    shown = [
        (f"{100 * labels[row]:8.3g}% |" if row in labels else " " * 10 + "|") + "".join(cells)
        for row, cells in enumerate(field)
    ]
    first, last = (f"{10**place:,.4g}" for place in plot.x_range)
    axis = first + last.rjust(COLUMNS - len(first))
    keys = [f"{mark} {line.name}" for mark, line in zip(MARKS, plot.lines, strict=False)]
    return [
        plot.title,
        *(line.rstrip() for line in shown),
        " " * 10 + "+" + "-" * COLUMNS,
        " " * 11 + axis,
        " " * 11 + f"{plot.x_axis}, logarithmic; {plot.y_axis}: {', '.join(keys)}",
    ]


def _place(plot: Plot, x: float, y: float) -> tuple[float, float]:
    """Parts of the way across and up."""
    (left, right), (low, high) = plot.x_range, plot.y_range
    return (math.log10(x) - left) / (right - left), (y - low) / (high - low)


def _elements(plot: Plot) -> Iterator[str]:
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'font-family="sans-serif" font-size="12" role="img">'
    )
    yield f"<title>{escape(plot.title)}</title>"
    yield f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>'
    yield _label(LEFT, 20, plot.title, anchor="start", size=14)
    yield from _grid(plot)
    for colour, line in zip(COLOURS, plot.lines, strict=False):
        points = " ".join("{:.1f},{:.1f}".format(*_at(plot, x, y)) for x, y in line.points)
        yield f'<polyline fill="none" stroke="{colour}" stroke-width="1.8" points="{points}"/>'
    for place, (colour, line) in enumerate(zip(COLOURS, plot.lines, strict=False)):
        y = TOP + 16 + 18 * place
        yield f'<rect x="{LEFT + 12}" y="{y - 9}" width="14" height="4" fill="{colour}"/>'
        yield _label(LEFT + 32, y, line.name, anchor="start")
    yield _label((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8, f"{plot.x_axis}, logarithmic")
    yield _label(LEFT, TOP - 8, plot.y_axis, anchor="start")
    yield "</svg>"


def _grid(plot: Plot) -> Iterator[str]:
    (left, right), (low, high) = plot.x_range, plot.y_range
    for place in range(math.ceil(left), math.floor(right) + 1):
        x, _ = _at(plot, 10.0**place, low)
        yield f'<path d="M{x:.1f} {TOP}V{HEIGHT - BOTTOM}" stroke="#d0d7de"/>'
        yield _label(x, HEIGHT - BOTTOM + 16, f"{10.0**place:,.4g}")
    for step in range(5):
        value = low + (high - low) * step / 4
        _, y = _at(plot, 10.0**left, value)
        yield f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="#d0d7de"/>'
        yield _label(LEFT - 8, y + 4, f"{100 * value:.3g}%", anchor="end")


def _at(plot: Plot, x: float, y: float) -> tuple[float, float]:
    across, up = _place(plot, x, y)
    return (
        LEFT + across * (WIDTH - LEFT - RIGHT),
        HEIGHT - BOTTOM - up * (HEIGHT - TOP - BOTTOM),
    )


def _label(x: float, y: float, said: str, *, anchor: str = "middle", size: int = 12) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" '
        f'fill="#24292f">{escape(said)}</text>'
    )
