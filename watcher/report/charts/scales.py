"""Where a value lies on an axis, and where the axis has its marks."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from watcher.report.charts.spec import Scale

_STEPS = (1, 2, 5, 10)
_DAY = 86_400
_TIMES = (
    *(1, 5, 15, 30, 60, 300, 900, 1800, 3600, 10_800, 21_600, 43_200),
    *(_DAY, 2 * _DAY, 7 * _DAY, 14 * _DAY),
)
_MONTHS = (1, 3, 6, 12, 24, 60, 120)
_MONTH = 30.44 * _DAY


@dataclass(frozen=True, slots=True)
class Placing:
    """From values between `low` and `high` to positions between `start` and `end`."""

    scale: Scale
    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        low, high, at = (self._even(each) for each in (self.low, self.high, value))
        part = 0.5 if high == low else (at - low) / (high - low)
        return self.start + part * (self.end - self.start)

    def inside(self, value: float) -> float:
        """The nearest value that is drawn."""
        return min(max(value, self.low), self.high)

    def _even(self, value: float) -> float:
        return math.log10(value) if self.scale == "log" else value


def nice(low: float, high: float, most: int = 5) -> list[float]:
    """Values in steps of 1, 2 or 5 times a power of ten, about `most` of them."""
    span = high - low
    if not span > 0:
        return [low]
    power = 10.0 ** math.floor(math.log10(span / most))
    step = next((power * each for each in _STEPS if span / (power * each) <= most), power * 10)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [round(place * step, 12) + 0.0 for place in range(first, last + 1)]


def powers(low: float, high: float) -> list[float]:
    """The powers of ten of a logarithmic axis; both ends where none lies between them."""
    first, last = math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9)
    return [10.0**power for power in range(first, last + 1)] or [low, high]


def times(low: float, high: float, most: int = 6) -> list[tuple[float, str]]:
    """Marks of a time axis in UTC with their words: clock times, days or months."""
    span = high - low
    step = next((each for each in _TIMES if span / each <= most), None)
    if step is None:
        return _months(low, high, most)
    say = _clock(step, span) if step < _DAY else _day
    # days of steps of several count from the epoch: the same step has the same marks
    first = math.ceil(low / step)
    return [
        (float(place * step), say(place * step)) for place in range(first, int(high // step) + 1)
    ]


def _clock(step: int, span: float) -> Callable[[float], str]:
    pattern = "%H:%M:%S" if step < 60 else "%H:%M"

    def say(at: float) -> str:
        moment = datetime.fromtimestamp(at, UTC)
        midnight = at % _DAY == 0 and span > _DAY / 2
        return _day(at) if midnight else moment.strftime(pattern)

    return say


def _day(at: float) -> str:
    moment = datetime.fromtimestamp(at, UTC)
    return f"{moment.day} {moment:%b}"


def _months(low: float, high: float, most: int) -> list[tuple[float, str]]:
    step = next((each for each in _MONTHS if (high - low) / (each * _MONTH) <= most), _MONTHS[-1])
    return [
        (at, f"{moment:%b %Y}" if moment.month == 1 or not place else f"{moment:%b}")
        for place, (at, moment) in enumerate(_firsts(low, high, step))
    ]


def _firsts(low: float, high: float, step: int) -> Iterator[tuple[float, datetime]]:
    """The first of every `step`-th month, counted from January."""
    month = math.ceil(datetime.fromtimestamp(low, UTC).year * 12 / step) * step
    while True:
        if month // 12 > 9999:
            return
        moment = datetime(month // 12, month % 12 + 1, 1, tzinfo=UTC)
        if moment.timestamp() > high:
            return
        if moment.timestamp() >= low:
            yield moment.timestamp(), moment
        month += step


def apart(places: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """`places`, rising, pushed apart to `gap` and kept between `low` and `high` while there is
    room."""
    count = len(places)
    gap = min(gap, (high - low) / (count - 1)) if count > 1 else gap
    found: list[float] = []
    for place, wanted in enumerate(places):
        least = found[-1] + gap if found else low
        found.append(min(max(wanted, least), high - (count - 1 - place) * gap))
    return found
