"""A pool with ticks as its measures see it: both of its sides, walked once."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from watcher.errors import MathError
from watcher.math import tick_curve
from watcher.math.bridge import PAIR, Floats
from watcher.math.families.concentrated import HOOKED, fee
from watcher.math.tick_curve import Side
from watcher.state.concentrated import Concentrated


@dataclass(frozen=True, slots=True)
class TickCurve:
    """One pool; a side is a sentence where there is none."""

    state: Concentrated
    sides: tuple[Side | str, Side | str]
    gamma: tuple[float, float]

    def unit(self, coin: int) -> int:
        """Smallest units of a whole token."""
        return int(10 ** (self.state.decimals0, self.state.decimals1)[coin])

    def side(self, coin: int) -> Side:
        """Where `coin` is sold. Raises MathError."""
        found = self.sides[coin]
        if isinstance(found, str):
            raise MathError(found)
        return found


def tick_curve_of(state: Concentrated) -> TickCurve:
    if state.hooked:
        return TickCurve(state, (HOOKED, HOOKED), (math.nan, math.nan))

    def one(coin: int) -> Side | str:
        try:
            return tick_curve.side(state, zero_for_one=coin == 0)
        except MathError as error:
            return str(error)

    gamma0, gamma1 = (float(1 - fee(state, coin)) for coin in range(PAIR))
    return TickCurve(state, (one(0), one(1)), (gamma0, gamma1))


def each(
    curves: Sequence[TickCurve | None],
    reasons: Sequence[str],
    figure: Callable[[TickCurve, int], float],
) -> tuple[Floats, list[str]]:
    """A figure of each curve that has no reason against it; a MathError is its reason."""
    values, why = np.full(len(curves), np.nan), list(reasons)
    for row, curve in enumerate(curves):
        if curve is None or why[row]:
            continue
        try:
            values[row] = figure(curve, row)
        except MathError as error:
            why[row] = str(error)
    return values, why
