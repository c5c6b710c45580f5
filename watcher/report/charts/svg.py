"""A chart's specification drawn as SVG: text as text, direct labels, gaps as gaps.

The classes are those of the pages' style sheet: g grid, t numbers, k marks, z zero, h and hl
references, a areas, l lines, b bars, e end labels, gap and band stretches; s0 to s4 the series.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from watcher.report.charts.scales import Placing, apart, nice, powers, times
from watcher.report.charts.spec import Chart, is_known
from watcher.report.formats import FORMATS
from watcher.report.text import escaped, visible

LONGEST_LABEL = 28
_WIDTH_OF_LETTER = 0.58
"""Of the font's size, for the widest face that is named."""
_PAD = 0.06
_BAR = 0.62
_NEAR_END = 40
"""Of a canvas of the page's font: what ends further from the right is labelled where it ends."""

_INKS = {"s0": "#6b7178", "s1": "#0b3d66", "s2": "#8a4b08", "s3": "#4b5a2a", "s4": "#6b7178"}
_DASHES = {"s0": "4 4", "s2": "7 3", "s3": "2 3", "s4": "8 3 2 3"}
_TINTS = {"s0": "#eceef0", "s1": "#0b3d66", "s2": "#a7b0b9", "s3": "#dfe3e7", "s4": "#c7cdd3"}
_LOOK = {
    "g": 'stroke="#d5d8dc" stroke-width=".5"',
    "k": 'stroke="#6b7178" stroke-width=".6"',
    "z": 'stroke="#6b7178" stroke-width=".8"',
    "h": 'stroke="#16191d" stroke-width=".7" stroke-dasharray="1 2.5"',
    "t": 'fill="#5f666d"',
    "hl": 'fill="#5f666d"',
    "e": 'fill="#16191d" font-weight="600"',
    "gap": 'fill="#f2f3f5"',
    "band": 'fill="#f2f3f5"',
}


@dataclass(frozen=True, slots=True)
class Canvas:
    """Sizes in the drawing's own units; `font` is the size of its text. With `valued` the end
    labels carry the last value; `face` are the fonts where no style sheet says them."""

    width: float = 520.0
    height: float = 236.0
    left: float = 58.0
    right: float = 76.0
    top: float = 10.0
    bottom: float = 26.0
    font: float = 12.0
    valued: bool = False
    face: str = ""


PAGE = Canvas()


def svg(chart: Chart, canvas: Canvas = PAGE) -> str:
    """The drawing alone, named by the title of its figure (`figure` gives it that id)."""
    sheet = _Sheet(chart, canvas)
    drawn = "".join(sheet.nothing() if chart.is_empty else sheet.drawing())
    face = f' font-family="{escaped(canvas.face)}"' if canvas.face else ""
    return (
        f'<svg class="static" viewBox="0 0 {_n(canvas.width)} {_n(canvas.height)}" role="img" '
        f'aria-labelledby="{escaped(chart.id)}-t" xmlns="http://www.w3.org/2000/svg" '
        f'font-size="{_n(canvas.font)}"{face}>{drawn}</svg>'
    )


def path_of(points: Sequence[tuple[float, float] | None]) -> str:
    """A line through known points, broken at None; a point by itself is a dot."""
    steps: list[str] = []
    for place, point in enumerate(points):
        if point is None:
            continue
        begins = place == 0 or points[place - 1] is None
        ends = place == len(points) - 1 or points[place + 1] is None
        alone = "h.01" if begins and ends else ""
        steps.append(f"{'M' if begins else 'L'}{point[0]:.1f} {point[1]:.1f}{alone}")
    return " ".join(steps)


class _Sheet:
    def __init__(self, chart: Chart, canvas: Canvas) -> None:
        self.chart, self.canvas = chart, canvas
        self.small = canvas.font / PAGE.font
        self.labels = [self._label(place) for place in range(len(chart.series))]
        widest = max(len(label) for label in self.labels)
        room = widest * _WIDTH_OF_LETTER * canvas.font + 12 * self.small
        self.edge = canvas.width - max(canvas.right, room)
        self.floor = canvas.height - canvas.bottom

    def nothing(self) -> Iterator[str]:
        canvas, said = self.canvas, self.chart.empty
        yield self._text("t", canvas.width / 2, canvas.height / 2, said, anchor="middle")

    def drawing(self) -> Iterator[str]:
        if self.chart.kind != "bars":
            self._place_y()
        self.left = self._left()
        self._place_x()
        yield from self._missing()
        if self.chart.kind == "bars":
            yield from self._bars()
            yield from self._x_axis()
            return
        yield from self._band()
        yield from self._grid()
        yield from self._x_axis()
        yield from self._stack() if self.chart.kind == "stack" else self._lines()
        yield from self._references()
        yield from self._end_labels()

    # Placing

    def _place_x(self) -> None:
        chart = self.chart
        places = [x for x, _ in chart.rows]
        inset = (self.edge - self.left) / len(places) / 2 if chart.kind == "bars" else 0.0
        self.px = Placing(
            chart.x.scale,
            places[0] if chart.x.low is None else chart.x.low,
            places[-1] if chart.x.high is None else chart.x.high,
            self.left + inset,
            self.edge - inset,
        )

    def _place_y(self) -> None:
        chart, axis = self.chart, self.chart.y
        if chart.kind == "stack":
            low, high = 0.0, max(1.0, *(sum(v or 0.0 for v in values) for _, values in chart.rows))
        else:
            low, high = self._spread()
        low = low if axis.low is None else axis.low
        high = high if axis.high is None else axis.high
        if not low < high:
            high = low * 10 if axis.scale == "log" else low + 1
        self.py = Placing(axis.scale, low, high, self.floor, self.canvas.top)

    def _spread(self) -> tuple[float, float]:
        """Of the known values and the references, with a little room."""
        chart, log = self.chart, self.chart.y.scale == "log"
        values = [value for _, row in chart.rows for value in row if self._drawn(value)]
        values += [each.value for each in chart.references if each.along == "y"]
        known = [float(value) for value in values if value is not None]
        known = [value for value in known if value > 0 or not log] or [1.0]
        low, high = min(known), max(known)
        if log:
            return low, high
        pad = (high - low) * _PAD or abs(high) * _PAD or 1.0
        return (low if low == 0 else low - pad), high + pad

    def _drawn(self, value: float | None) -> bool:
        """On a logarithmic axis 0 has no place: it is a gap."""
        return value is not None and is_known(value) and (self.chart.y.scale != "log" or value > 0)

    def _points(self, values: Sequence[float | None]) -> list[tuple[float, float] | None]:
        return [
            (self.px(x), self.py(self.py.inside(value)))
            if value is not None and self._drawn(value)
            else None
            for (x, _), value in zip(self.chart.rows, values, strict=True)
        ]

    # Parts

    def _missing(self) -> Iterator[str]:
        for each in self.chart.missing:
            low, high = (self.px(self.px.inside(end)) for end in (each.start, each.end))
            top, height = self.canvas.top, self.floor - self.canvas.top
            yield self._rect("gap", low, top, high - low, height)
            wide = len(visible(each.label)) * _WIDTH_OF_LETTER * self.canvas.font
            if wide < high - low:
                middle = (low + high) / 2
                yield self._text("hl", middle, top + self.canvas.font, each.label, anchor="middle")

    def _band(self) -> Iterator[str]:
        if self.chart.band is not None:
            low, high = (self.py(self.py.inside(end)) for end in self.chart.band)
            wide = self.edge - self.left
            yield self._rect("band", self.left, high, wide, max(1.0, low - high))

    def _marks(self) -> list[tuple[float, str]]:
        """The numbers of the axis of values, and how they are written."""
        axis = self.chart.y
        if self.chart.kind == "bars":
            mark = nice(0, self._largest(), 2)[-1]
            found = [-mark, 0.0, mark]
        elif axis.scale == "log":
            found = powers(self.py.low, self.py.high)
        else:
            most = 5 if self.floor - self.canvas.top > 60 * self.small else 3
            found = nice(self.py.low, self.py.high, most)
            found = [value for value in found if self.py.low <= value <= self.py.high]
        return [(value, FORMATS[axis.tick_format](value)) for value in found]

    def _left(self) -> float:
        """As wide as the longest of them asks for."""
        longest = max((len(words) for _, words in self._marks()), default=0)
        room = longest * _WIDTH_OF_LETTER * self.canvas.font + 8 * self.small
        return max(self.canvas.left, room)

    def _largest(self) -> float:
        values = (value for _, row in self.chart.rows for value in row)
        return max((abs(value) for value in values if value and is_known(value)), default=1.0)

    def _grid(self) -> Iterator[str]:
        for value, words in self._marks():
            yield self._level("z" if value == 0 else "g", self.py(value))
            yield self._left_number(self.py(value), words)

    def _x_axis(self) -> Iterator[str]:
        axis, px = self.chart.x, self.px
        room = max(2, int((self.edge - self.left) / (64 * self.small)))
        if axis.scale == "time":
            marks = times(px.low, px.high, min(room, 8)) if px.low < px.high else []
        else:
            say = FORMATS[axis.tick_format]
            found = (
                powers(px.low, px.high)
                if axis.scale == "log"
                else nice(px.low, px.high, min(room, 6))
            )
            marks = [(value, say(value)) for value in found]
        for value, words in marks:
            x = px(value)
            yield self._line("k", x, self.floor, x, self.floor + 4 * self.small)
            below = self.floor + 5 * self.small + self.canvas.font
            yield self._text("t", x, below, words, anchor="middle")

    def _lines(self) -> Iterator[str]:
        for place, name in enumerate(self.chart.classes()):
            points = self._points([value for _, value in self.chart.column(place)])
            yield self._stroke(name, points)
            if self.canvas.valued and (known := [point for point in points if point is not None]):
                x, y = known[-1]
                yield (
                    f'<circle class="p {name}" cx="{x:.1f}" cy="{y:.1f}" r="1.8" fill="#fff" '
                    f'stroke="{_INKS[name]}" stroke-width=".9"/>'
                )

    def _stack(self) -> Iterator[str]:
        base: list[float] = [0.0] * len(self.chart.rows)
        whole = [all(map(is_known, values)) for _, values in self.chart.rows]
        for place, name in enumerate(self.chart.classes()):
            added = [value or 0.0 for _, value in self.chart.column(place)]
            top = [low + more for low, more in zip(base, added, strict=True)]
            for first, last in _runs(whole):
                part = slice(first, last + 1)
                ups = self._points(_only(top, part, len(top)))[part]
                downs = self._points(_only(base, part, len(base)))[part]
                around = path_of([*ups, *reversed(downs)])
                yield f'<path class="a {name}" fill="{_TINTS[name]}" d="{around}Z"/>'
                yield (
                    f'<path class="l solid {name}" fill="none" stroke="#fff" stroke-width=".6" '
                    f'd="{path_of(ups)}"/>'
                )
            base = top

    def _bars(self) -> Iterator[str]:
        chart, canvas = self.chart, self.canvas
        height = (self.floor - canvas.top) / len(chart.series)
        largest = self._largest()
        wide = max(1.0, (self.edge - self.left) / len(chart.rows) * _BAR)
        for place, name in enumerate(chart.classes()):
            middle = canvas.top + height * (place + 0.5)
            py = Placing(
                "linear", -largest, largest, middle + height / 2 - 5, middle - height / 2 + 5
            )
            for level, words in self._marks():
                yield self._level("z" if level == 0 else "g", py(level))
                yield self._left_number(py(level), words)
            for x, value in chart.column(place):
                if value:
                    top, tall = min(py(value), middle), max(1.0, abs(py(value) - middle))
                    yield self._rect(f"b {name}", self.px(x) - wide / 2, top, wide, tall)
            yield self._end_label(name, self.edge, middle, self.labels[place])

    def _references(self) -> Iterator[str]:
        canvas = self.canvas
        for each in self.chart.references:
            if each.along == "x":
                x = self.px(self.px.inside(each.value))
                yield self._line("h", x, canvas.top, x, self.floor)
                yield self._text("hl", x + 6 * self.small, canvas.top + canvas.font, each.label)
                continue
            y = self.py(self.py.inside(each.value))
            yield self._level("h", y)
            by = y + canvas.font + 3 * self.small if each.below else y - 4 * self.small
            yield self._text("hl", self.left + 4 * self.small, by, each.label)

    def _end_labels(self) -> Iterator[str]:
        """At the right end pushed apart; where a line ends before it, beside that end."""
        waiting = []
        base = 0.0
        for place, name in enumerate(self.chart.classes()):
            known = [(x, value) for x, value in self.chart.column(place) if self._drawn(value)]
            if not known:
                continue
            x, value = known[-1]
            at = value or 0.0
            if self.chart.kind == "stack":
                at, base = base + at / 2, base + at
            y = self.py(self.py.inside(at))
            if self.px(x) < self.edge - _NEAR_END * self.small:
                yield self._end_label(name, self.px(x), y, self.labels[place])
            else:
                waiting.append((y, name, self.labels[place]))
        waiting.sort()
        low, high = self.canvas.top + self.canvas.font / 2, self.floor - 2 * self.small
        placed = apart([y for y, *_ in waiting], self.canvas.font * 1.2, low, high)
        for y, (_, name, label) in zip(placed, waiting, strict=True):
            yield self._end_label(name, self.edge, y, label)

    def _label(self, place: int) -> str:
        label = visible(self.chart.series[place].label)
        label = label if len(label) <= LONGEST_LABEL else label[: LONGEST_LABEL - 1] + "…"
        known = [value for _, value in self.chart.column(place) if value is not None]
        if not (self.canvas.valued and known) or self.chart.kind == "bars":
            return label
        return f"{label} {FORMATS[self.chart.y.format](known[-1])}"

    # Elements

    def _end_label(self, name: str, x: float, y: float, label: str) -> str:
        return self._text(f"e {name}", x + 8 * self.small, y + self.canvas.font / 3, label)

    def _left_number(self, y: float, words: str) -> str:
        x = self.left - 6 * self.small
        return self._text("t", x, y + self.canvas.font / 3, words, anchor="end")

    def _level(self, kind: str, y: float) -> str:
        return self._line(kind, self.left, y, self.edge, y)

    def _stroke(self, name: str, points: Sequence[tuple[float, float] | None]) -> str:
        dash = f' stroke-dasharray="{_DASHES[name]}"' if name in _DASHES else ""
        return (
            f'<path class="l {name}" fill="none" stroke="{_INKS[name]}" '
            f'stroke-width="{_n(1.75 * self.small**0.5)}" stroke-linecap="round"{dash} '
            f'd="{path_of(points)}"/>'
        )

    @staticmethod
    def _line(kind: str, x1: float, y1: float, x2: float, y2: float) -> str:
        return (
            f'<line class="{kind}" {_LOOK[kind]} x1="{x1:.1f}" x2="{x2:.1f}" y1="{y1:.1f}" '
            f'y2="{y2:.1f}"/>'
        )

    @staticmethod
    def _rect(kind: str, x: float, y: float, width: float, height: float) -> str:
        head, _, series = kind.partition(" ")
        look = _LOOK.get(head) or f'fill="{_INKS[series]}"'
        return (
            f'<rect class="{kind}" {look} x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" '
            f'height="{height:.1f}"/>'
        )

    @staticmethod
    def _text(kind: str, x: float, y: float, words: str, *, anchor: str = "start") -> str:
        look = _LOOK[kind.partition(" ")[0]]
        at = "" if anchor == "start" else f' text-anchor="{anchor}"'
        return f'<text class="{kind}" {look} x="{x:.1f}" y="{y:.1f}"{at}>{escaped(words)}</text>'


def _runs(known: Sequence[bool]) -> Iterator[tuple[int, int]]:
    """The first and last place of each stretch that is known."""
    first = None
    for place, each in enumerate((*known, False)):
        if each and first is None:
            first = place
        elif not each and first is not None:
            yield first, place - 1
            first = None


def _only(values: Sequence[float], part: slice, count: int) -> list[float | None]:
    kept: list[float | None] = [None] * count
    kept[part] = values[part]
    return kept


def _n(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
