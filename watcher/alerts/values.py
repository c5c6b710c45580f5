"""How the parts of a condition are computed: rows of figures, and truth in three values."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeAlias

from watcher.state.measure import Measure

Rows: TypeAlias = Mapping[str, Sequence[Measure]]
"""The measures of one target by name; under UNREAD, while it cannot be read, why."""
Place: TypeAlias = tuple[str, ...]
Values: TypeAlias = list[tuple[Place, float]]
"""Rows of a figure, each with the values of the dimensions that are left; NaN is unknown."""
Truth: TypeAlias = bool | None
"""None is unknown."""

UNREAD = "unread"
"""The word for it in conditions too."""


def divided(one: float, other: float) -> float:
    return one / other if other else math.nan


ARITHMETIC: Mapping[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": divided,
}
OVER_ROWS: Mapping[str, Callable[[list[float]], float]] = {"min": min, "max": max, "sum": math.fsum}
BY_PAIRS: Mapping[str, Callable[[float, float], float]] = {"min": min, "max": max}
_COMPARE: Mapping[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}


def constant(value: float) -> Callable[[Rows], Values]:
    rows: Values = [((), value)]
    return lambda _: rows


def named(name: str, chosen: Sequence[tuple[str, str]]) -> Callable[[Rows], Values]:
    """The rows of a measure that have the chosen dimensions."""
    if not chosen:
        return lambda rows: [
            (tuple([value for _, value in one.dims]), one.value) for one in rows.get(name, ())
        ]
    wanted = dict(chosen)

    def run(rows: Rows) -> Values:
        return [
            (tuple([value for key, value in one.dims if key not in wanted]), one.value)
            for one in rows.get(name, ())
            if all(_same(value, wanted[key]) for key, value in one.dims if key in wanted)
        ]

    return run


def _same(value: str, wanted: str) -> bool:
    """Sizes and moves are compared as numbers, all else by its letters."""
    if value == wanted:
        return True
    try:
        return float(value) == float(wanted) and not value.startswith("0x")
    except ValueError:
        return value.casefold() == wanted.casefold()


def each(
    run: Callable[[Rows], Values], change: Callable[[float], float]
) -> Callable[[Rows], Values]:
    return lambda rows: [(place, change(value)) for place, value in run(rows)]


def together(
    run: Callable[[Rows], Values], over: Callable[[list[float]], float]
) -> Callable[[Rows], Values]:
    """All rows as one; unknown where one of them is, or there are none."""

    def joined_rows(rows: Rows) -> Values:
        found = [value for _, value in run(rows)]
        if not found or any(map(math.isnan, found)):
            return [((), math.nan)]
        return [((), _finite(over(found)))]

    return joined_rows


def joined(
    one: Callable[[Rows], Values],
    other: Callable[[Rows], Values],
    change: Callable[[float, float], float],
) -> Callable[[Rows], Values]:
    def run(rows: Rows) -> Values:
        return [(place, _both(change, x, y)) for place, x, y in pairs(one(rows), other(rows))]

    return run


def _both(change: Callable[[float, float], float], x: float, y: float) -> float:
    # min and max of Python take a NaN or leave it by its place.
    return math.nan if math.isnan(x) or math.isnan(y) else _finite(change(x, y))


def _finite(value: float) -> float:
    return value if math.isfinite(value) else math.nan


def pairs(one: Values, other: Values) -> list[tuple[Place, float, float]]:
    """The rows of both sides of the same dimensions; a side without any goes with each row."""
    if len(other) == 1 and not other[0][0]:
        value = other[0][1]
        return [(place, x, value) for place, x in one]
    if len(one) == 1 and not one[0][0]:
        value = one[0][1]
        return [(place, value, y) for place, y in other]
    by_place = dict(other)
    return [(place, x, by_place.get(place, math.nan)) for place, x in one]


def compared(
    sign: str, one: Callable[[Rows], Values], other: Callable[[Rows], Values]
) -> Callable[[Rows], Truth]:
    """True where any row's is; else unknown where any is unknown, or there are none."""
    holds = _COMPARE[sign]

    def run(rows: Rows) -> Truth:
        found = pairs(one(rows), other(rows))
        unknown = not found
        for _, x, y in found:
            if x != x or y != y:
                unknown = True
            elif holds(x, y):
                return True
        return None if unknown else False

    return run


def all_of(parts: Sequence[Callable[[Rows], Truth]]) -> Callable[[Rows], Truth]:
    def run(rows: Rows) -> Truth:
        found: Truth = True
        for part in parts:
            truth = part(rows)
            if truth is False:
                return False
            if truth is None:
                found = None
        return found

    return run


def any_of(parts: Sequence[Callable[[Rows], Truth]]) -> Callable[[Rows], Truth]:
    def run(rows: Rows) -> Truth:
        found: Truth = False
        for part in parts:
            truth = part(rows)
            if truth is True:
                return True
            if truth is None:
                found = None
        return found

    return run


def negated(part: Callable[[Rows], Truth]) -> Callable[[Rows], Truth]:
    def run(rows: Rows) -> Truth:
        truth = part(rows)
        return None if truth is None else not truth

    return run


def is_unread(rows: Rows) -> Truth:
    return UNREAD in rows


def is_unknown(run: Callable[[Rows], Values]) -> Callable[[Rows], Truth]:
    """Never unknown itself."""

    def asked(rows: Rows) -> Truth:
        found = run(rows)
        return not found or any(math.isnan(value) for _, value in found)

    return asked


def furthest(sign: str, one: Values, other: Values) -> tuple[float, float, Place]:
    """The row that is furthest on the side that `sign` asks for: value, limit and place; of
    unknown rows alone the first."""
    found = pairs(one, other)
    known = [row for row in found if not (math.isnan(row[1]) or math.isnan(row[2]))]
    if not known:
        place, value, limit = found[0] if found else ((), math.nan, math.nan)
        return value, limit, place
    place, value, limit = max(known, key=lambda row: _distance(sign, row[1], row[2]))
    return value, limit, place


def _distance(sign: str, value: float, limit: float) -> float:
    match sign[0]:
        case ">":
            return value - limit
        case "<":
            return limit - value
        case "=":
            return -abs(value - limit)
        case _:
            return abs(value - limit)


def reason(rows: Rows, names: Iterable[str]) -> str:
    """Why a figure of these measures is unknown."""
    for name in sorted(names):
        for one in rows.get(name, ()):
            if one.reason:
                return one.reason
    return "no such figure"
