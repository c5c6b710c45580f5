"""The same questions asked of exact quotes, one pool after the other: for figures on demand, for
kinds that have no curve in floats, and to hold those that have to."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from fractions import Fraction
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from watcher.errors import MathError
from watcher.math.bridge import Floats, whole
from watcher.math.coin_pools import CoinPool
from watcher.math.coin_search import depth

SWEEPS = 100
AT_REFERENCE = 1e-15
"""An amplified pool has this much of the price over a wide way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExactCurve:
    """`pools` (row,), each seen from one place of its coins to another, `ways` (row, 2); amounts in
    whole tokens."""

    pools: NDArray[np.object_]
    ways: NDArray[np.intp]

    @property
    def held(self) -> Floats:
        return self._each(lambda pool, i, _j: whole(pool.balances[i], pool.decimals[i]))

    def facing(self, coin_in: int, coin_out: int) -> ExactCurve:
        ways = [(pool.coins[coin_in], pool.coins[coin_out]) for pool in self.pools]
        return replace(self, ways=np.array(ways, dtype=np.intp))

    def without_fee(self) -> ExactCurve:
        return self._with(lambda pool: pool.without_fee())

    def balanced(self, prices: Floats) -> ExactCurve:
        """`prices` are in the order of the row's coins, those of its way first."""
        moved = np.empty_like(self.pools)
        for row, pool in enumerate(self.pools):
            first = [int(place) for place in self.ways[row]]
            places = [*first, *(coin for coin in pool.coins if coin not in first)]
            worth = dict(zip(places, map(float, prices[row]), strict=True))
            try:
                moved[row] = _balanced(pool, worth)
            except MathError:
                moved[row] = None
        return replace(self, pools=moved)

    def reference(self, prices: Floats) -> Floats:
        rates = self._each(_rate)
        return np.where(np.isnan(rates), prices[:, 0] / prices[:, 1], rates)

    def spot(self) -> Floats:
        return self._each(lambda pool, i, j: float(pool.spot(i, j) * _scale(pool, i, j)))

    def most(self) -> Floats:
        return np.full(self.pools.shape, np.inf)

    def out(self, given: Floats) -> Floats:
        def paid(pool: CoinPool, i: int, j: int, amount: float) -> float:
            return whole(pool.quote(i, j, round(amount * 10 ** pool.decimals[i])), pool.decimals[j])

        return self._each(paid, given)

    def depth_to(self, price: Floats) -> Floats:
        def deep(pool: CoinPool, i: int, j: int, wanted: float) -> float:
            keep = wanted / float(pool.spot(i, j) * _scale(pool, i, j))
            return whole(depth(pool, i, j, keep), pool.decimals[i]) if keep <= 1 else 0.0

        return self._each(deep, price)

    def _each(self, figure: Callable[..., float], *arguments: Floats) -> Floats:
        """NaN where the contract refuses, and where there is no pool: None."""
        found = np.full(self.pools.shape, np.nan)
        for row, pool in enumerate(self.pools):
            if pool is None:
                continue
            i, j = (int(place) for place in self.ways[row])
            try:
                found[row] = figure(pool, i, j, *(float(values[row]) for values in arguments))
            except MathError:
                found[row] = math.nan
        return found

    def _with(self, changed: Callable[[CoinPool], CoinPool]) -> ExactCurve:
        pools = np.empty_like(self.pools)
        pools[:] = [changed(pool) for pool in self.pools]
        return replace(self, pools=pools)


def exact_row(pool: CoinPool) -> Mapping[str, Any]:
    return {"pools": pool, "ways": pool.coins[:2], "units": [1.0] * len(pool.coins)}


def _balanced(pool: CoinPool, prices: Mapping[int, float]) -> CoinPool:
    """Pair by pair, until no exchange without a fee brings it nearer. Raises MathError where one
    cannot be made."""
    free = pool.without_fee().at_rest()
    for _ in range(SWEEPS):
        still = True
        for i, j in combinations(pool.coins, 2):
            rate = free.reference(i, j)
            wanted = rate or Fraction(prices[i] / prices[j]) / _scale(pool, i, j)
            off = float(free.spot(i, j) / wanted - 1)
            coin_in, coin_out = (i, j) if off > 0 else (j, i)
            if abs(off) <= AT_REFERENCE:
                continue
            given = depth(free, coin_in, coin_out, min(1 / (1 + off), 1 + off))
            if given:
                still = False
                free = free.after(coin_in, coin_out, given)
        if still:
            break
    return _with_fee_of(pool, free)


def _with_fee_of(pool: CoinPool, moved: CoinPool) -> CoinPool:
    """The moved pool with every field that taking the fee away, and resting, has changed."""
    free = pool.without_fee().at_rest().state
    return replace(moved, state=_restored(pool.state, free, moved.state))


def _restored(state: Any, free: Any, moved: Any) -> Any:
    if not is_dataclass(moved):
        return moved if state == free else state
    names = [field.name for field in fields(moved)]
    parts = {
        name: _restored(getattr(state, name), getattr(free, name), getattr(moved, name))
        for name in names
    }
    return replace(moved, **parts)  # type: ignore[type-var]


def _scale(pool: CoinPool, i: int, j: int) -> Fraction:
    """From smallest units to whole tokens."""
    return Fraction(10 ** pool.decimals[i], 10 ** pool.decimals[j])


def _rate(pool: CoinPool, i: int, j: int) -> float:
    """The pool's own, of whole tokens; NaN where it has none."""
    rate = pool.reference(i, j)
    return math.nan if rate is None else float(rate * _scale(pool, i, j))
