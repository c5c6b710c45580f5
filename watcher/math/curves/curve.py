"""What a float curve can be asked, and the searches that all of them share.

Amounts are in the curve's own units, of which a whole token has so many (`math.curves.build`); a
price is that of the coin in, in units of the coin out. All arrays have the rows of the curve.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from typing import Any, ClassVar, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from watcher.math.bridge import Floats

Rows = NDArray[np.intp]

GROWTH = 4.0
FIRST = 1 / 16
"""The first input that is tried, as a part of what the pool holds."""
LARGEST = GROWTH**30
SMALLEST = GROWTH**-24
MOST_ROUNDS = 200


class Curve(Protocol):
    """Each row is a pool, its coin in the first column, its coin out the second."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def held(self) -> Floats:
        """What there is of the coin in."""

    def facing(self, coin_in: int, coin_out: int) -> Curve:
        """The same pools seen from one coin to another, of a curve that has them in order."""

    def without_fee(self) -> Curve: ...

    def balanced(self, prices: Floats) -> Curve:
        """Moved along its own fee-free invariant to where each coin is at its reference: `prices`
        (row, coin), in money, where the pool has none of its own."""

    def reference(self, prices: Floats) -> Floats:
        """What the spot is then."""

    def spot(self) -> Floats:
        """The fee-less marginal price."""

    def most(self) -> Floats:
        """The largest input that the contract takes."""

    def out(self, given: Floats) -> Floats:
        """What an input pays after all fees."""

    def depth_to(self, price: Floats) -> Floats:
        """The largest gross input after which the spot still is at least `price`: 0 where it is
        below already, NaN where no input moves it so far."""


C = TypeVar("C", bound=Curve)


def take(curve: C, rows: Rows) -> C:
    """These rows, in this order."""
    return replace(curve, **{f.name: getattr(curve, f.name)[rows] for f in fields(curve)})


def stack(curves: Sequence[C]) -> C:
    """One curve with the rows of all."""
    return replace(
        curves[0],
        **{
            f.name: np.concatenate([getattr(curve, f.name) for curve in curves])
            for f in fields(curves[0])
        },
    )


def ordered(values: Floats, coin_in: int, coin_out: int) -> Floats:
    """Columns with the coin in first and the coin out second."""
    rest = [k for k in range(values.shape[1]) if k not in (coin_in, coin_out)]
    return values[:, [coin_in, coin_out, *rest]]


def depth_by_search(curve: C, price: Floats, price_after: Callable[[C, Floats], Floats]) -> Floats:
    """`Curve.depth_to` of a curve whose price after an input falls as it grows."""

    def margin(rows: Rows, given: Floats) -> Floats:
        part = take(curve, rows)
        return np.log(price_after(part, given) / price[rows])

    start = np.log(curve.spot() / price)
    low, at_low = np.zeros_like(start), start
    high, found = np.minimum(curve.held * FIRST, curve.most()), np.full_like(start, np.nan)
    found[start < 0] = 0.0
    at_high = np.full_like(start, np.nan)
    rows = np.flatnonzero(start >= 0)
    while rows.size:
        at_high[rows] = margin(rows, high[rows])
        beyond = at_high[rows] >= 0
        last = beyond & (high[rows] >= curve.most()[rows])
        found[rows[last]] = high[rows[last]]
        rows = rows[beyond & ~last & (high[rows] < curve.held[rows] * LARGEST)]
        low[rows], at_low[rows] = high[rows], at_high[rows]
        high[rows] = np.minimum(high[rows] * GROWTH, curve.most()[rows])
    rows = np.flatnonzero((start >= 0) & np.isnan(found) & ~(at_high >= 0))
    found[rows] = _crossing(margin, rows, low[rows], at_low[rows], high[rows], at_high[rows])
    return found


def largest_within(curve: C, lost: Floats) -> Floats:
    """The largest input that pays at least (1 - lost) of what it would at the spot price; 0 where
    none does.

    Looked for from above, in steps by GROWTH: a fee that falls as a trade mends the pool may let a
    large trade have what a smaller one has not.
    """
    straight = curve.spot() * (1 - lost)

    def margin(rows: Rows, given: Floats) -> Floats:
        return np.log(take(curve, rows).out(given) / (given * straight[rows]))

    found = np.zeros_like(straight)
    above, at_above = (
        np.minimum(curve.held * GROWTH**6, curve.most()),
        np.full_like(straight, np.nan),
    )
    rows = np.arange(straight.size)
    at_above[rows] = margin(rows, above[rows])
    taken = at_above >= 0
    found[taken] = above[taken]
    rows = np.flatnonzero(~taken)
    while rows.size:
        below = above[rows] / GROWTH
        at_below = margin(rows, below)
        within = at_below >= 0
        inside = rows[within]
        found[inside] = _crossing(
            margin, inside, below[within], at_below[within], above[inside], at_above[inside]
        )
        rows, below, at_below = rows[~within], below[~within], at_below[~within]
        above[rows], at_above[rows] = below, at_below
        rows = rows[below > curve.held[rows] * SMALLEST]
    return np.where(np.isnan(straight), np.nan, found)


def _crossing(
    margin: Callable[[Rows, Floats], Floats],
    rows: Rows,
    low: Floats,
    at_low: Floats,
    high: Floats,
    at_high: Floats,
) -> Floats:
    """The last amount at which the function is not below zero, between one where it is not and one
    where it is, or has no value. Chandrupatla (1997), all rows at once."""
    at_high = np.where(at_high < 0, at_high, -1.0)
    x1, f1, x2, f2 = high.copy(), at_high.copy(), low.copy(), at_low.copy()
    x3, f3 = x1.copy(), f1.copy()
    part = np.full_like(x1, 0.5)
    active = np.arange(rows.size)
    for _ in range(MOST_ROUNDS):
        if not active.size:
            break
        x = x1[active] + part[active] * (x2[active] - x1[active])
        f = margin(rows[active], x)
        f = np.where(np.isnan(f), -1.0, f)
        same = (f >= 0) == (f1[active] >= 0)
        x3[active], f3[active] = (
            np.where(same, x1[active], x2[active]),
            np.where(same, f1[active], f2[active]),
        )
        x2[active] = np.where(same, x2[active], x1[active])
        f2[active] = np.where(same, f2[active], f1[active])
        x1[active], f1[active] = x, f
        part[active], near = _part(x1, f1, x2, f2, x3, f3, active)
        active = active[~near]
    return np.where(f1 >= 0, x1, x2)


def _part(
    x1: Floats, f1: Floats, x2: Floats, f2: Floats, x3: Floats, f3: Floats, active: Rows
) -> tuple[Floats, NDArray[np.bool_]]:
    """Where the root may be on the way from the newest point to the other; whether it is found."""
    a, b, c = x1[active], x2[active], x3[active]
    fa, fb, fc = f1[active], f2[active], f3[active]
    least = 2.0**-51 * np.maximum(np.abs(a), np.abs(b)) / np.abs(b - a)
    near = ~(least < 0.5) | (fa == 0.0)
    xi, phi = (a - b) / (c - b), (fa - fb) / (fc - fb)
    bends = (phi**2 < xi) & ((1 - phi) ** 2 < 1 - xi)
    curved = fa / (fb - fa) * fc / (fb - fc) + (c - a) / (b - a) * fa / (fc - fa) * fb / (fc - fb)
    part = np.where(bends & np.isfinite(curved), curved, 0.5)
    return np.clip(part, np.minimum(least, 0.5), np.maximum(1 - least, 0.5)), near
