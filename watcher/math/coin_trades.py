"""Slippage and arbitrage of pools of several coins, on curves in floats."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import permutations

import numpy as np

from watcher.math.bridge import Floats
from watcher.math.coin_depths import known_column
from watcher.math.coin_table import TOO_LARGE, CoinTable
from watcher.math.columns import Column
from watcher.math.curves.build import AnyCurve, Curves
from watcher.math.curves.curve import Rows, take

TOO_LITTLE = "so much money is less than a smallest unit of the coin"
TOO_MUCH = "the pool takes no trade of that size"

PLACES = 8
"""Sizes that are tried before a top is looked for: a fee that falls with the imbalance may make
several."""
ROUNDS = 26
"""Each leaves 0.62 of the way: a top is flat, so that the profit is found to some 10^-10."""
GOLDEN = (5**0.5 - 1) / 2


def trade_columns(
    table: CoinTable,
    curves: Sequence[Curves],
    problems: Sequence[str],
    sizes: Sequence[float],
) -> Iterator[Column]:
    own = [why or problem for why, problem in zip(table.own, problems, strict=True)]
    with np.errstate(all="ignore"):
        for coin in range(table.coins):
            for size in sizes:
                yield from _size_columns(table, curves, own, coin, size)
        yield _profit_column(table, curves, own)


def _size_columns(
    table: CoinTable, curves: Sequence[Curves], own: Sequence[str], coin: int, size: float
) -> Iterator[Column]:
    """1 - (out/q) / spot, of the coin out of which it is the most."""
    impact, slippage = (np.full(len(table.subjects), -np.inf) for _ in range(2))
    tokens = size / table.prices[:, coin]
    reasons = [why or price for why, price in zip(own, table.reasons(coin), strict=True)]
    for row, pool in enumerate(table.pools):
        if pool is not None and tokens[row] * 10 ** pool.decimals[table.places[row][coin]] < 1:
            reasons[row] = reasons[row] or TOO_LITTLE
    for part in curves:
        given = tokens[part.rows] * part.units[:, coin]
        for other in range(table.coins):
            if other != coin:
                face = part.curve.facing(coin, other)
                for found, seen in ((impact, face.without_fee()), (slippage, face)):
                    found[part.rows] = np.maximum(found[part.rows], _lost(seen, given))
    dims = table.dims("token_in", coin, size=f"{size:.15g}")
    yield known_column("price_impact", impact, reasons, TOO_MUCH, dims)
    yield known_column("slippage", slippage, reasons, TOO_MUCH, dims)


def _lost(face: AnyCurve, given: Floats) -> Floats:
    lost = 1 - face.out(given) / given / face.spot()
    return np.where(given <= face.most(), lost, np.nan)


def _profit_column(table: CoinTable, curves: Sequence[Curves], own: Sequence[str]) -> Column:
    """The most that one exchange earns, by any pair; 0 where none does."""
    best = np.full(len(table.subjects), np.nan)
    reasons = [why or price for why, price in zip(own, table.priced(), strict=True)]
    for part in curves:
        worth = table.prices[part.rows] / part.units
        found = np.where(np.isfinite(worth).all(axis=1), 0.0, np.nan)
        for i, j in permutations(range(table.coins), 2):
            face = part.curve.facing(i, j)
            rows = np.flatnonzero(face.spot() > worth[:, i] / worth[:, j])
            if rows.size:
                earned = most_earned(take(face, rows), worth[rows, i], worth[rows, j])
                found[rows] = np.maximum(found[rows], earned)
        best[part.rows] = found
    return known_column("arbitrage_value", best, reasons, TOO_LARGE)


def most_earned(face: AnyCurve, paid: Floats, received: Floats) -> Floats:
    """By one trade, a unit of the coin in being worth `paid` elsewhere, and one of the coin out
    `received`."""
    free = face.without_fee()
    # the fee makes the best trade smaller than it is without, unless it is the largest there is
    deep = free.depth_to(paid / received)
    most = np.where(deep < free.most(), np.minimum(deep, face.most()), face.most())

    def profit(given: Floats) -> Floats:
        earned = face.out(given) * received - given * paid
        return np.where(given > 0, earned, 0.0)

    places = np.arange(PLACES + 1)[:, None] / PLACES * most
    tried = np.stack([profit(place) for place in places])
    top = np.clip(tried.argmax(axis=0), 1, PLACES - 1)
    each: Rows = np.arange(most.size)
    low, high = places[top - 1, each], places[top + 1, each]
    inner, outer = high - GOLDEN * (high - low), low + GOLDEN * (high - low)
    at_inner, at_outer = profit(inner), profit(outer)
    for _ in range(ROUNDS):
        left = at_inner >= at_outer
        low, high = np.where(left, low, inner), np.where(left, outer, high)
        fresh = np.where(left, high - GOLDEN * (high - low), low + GOLDEN * (high - low))
        at_fresh = profit(fresh)
        inner, outer = np.where(left, fresh, outer), np.where(left, inner, fresh)
        at_inner, at_outer = (
            np.where(left, at_fresh, at_outer),
            np.where(left, at_inner, at_fresh),
        )
    best: Floats = np.max([tried.max(axis=0), at_inner, at_outer], axis=0)
    return np.maximum(best, 0.0)
