"""Depth, what of it imbalance has taken, and the largest trades within a loss: of pools of one kind
and of as many coins at once, on their curves."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import permutations

import numpy as np

from watcher.math.bridge import Floats
from watcher.math.coin_pools import POOLED
from watcher.math.coin_table import TOO_LARGE, CoinTable
from watcher.math.columns import Column, Dims
from watcher.math.curves.build import Curves
from watcher.math.curves.curve import ordered
from watcher.math.curves.questions import Questions
from watcher.math.depth_definitions import BAND, LOST_MOVE, MOVES, SLIPPAGES

NOT_SO_FAR = "no input moves the price so far"
ONE = MOVES.index(0.01)
NO_BALANCE = "the pool has no depth at its reference"


def curve_columns(
    table: CoinTable, curves: Sequence[Curves], problems: Sequence[str], *, one_move: bool = False
) -> list[Column]:
    """`problems` are why a pool is on none of the curves; `one_move` adds the depth to 1%, gross,
    without the fee and in money."""
    figures = _Figures(table)
    by_market = np.zeros(len(table.subjects), dtype=np.bool_)
    with np.errstate(all="ignore"):
        for part in curves:
            figures.fill(part)
            by_market[part.rows] = part.by_market
    own = [why or problem for why, problem in zip(table.own, problems, strict=True)]
    priced = [
        why or (price if market else "")
        for why, price, market in zip(own, table.priced(), by_market, strict=True)
    ]
    moves = figures.moves(own) if one_move else []
    return [
        *moves,
        *figures.depths(own),
        *figures.lost(priced),
        *figures.bands(own),
        *figures.sizes(own),
    ]


class _Figures:
    """NaN where nothing has filled them; coins are in their order, the coin in first."""

    def __init__(self, table: CoinTable) -> None:
        self._table = table
        targets, coins = table.prices.shape
        self._several = table.subjects[0].target.kind in POOLED
        self._ladder = np.full((len(MOVES), targets, coins, coins), np.nan)
        self._lost = np.full((targets, coins, coins), np.nan)
        self._band = np.full((targets, coins, coins), np.nan)
        self._feeless = np.full((targets, coins, coins), np.nan)
        self._within = np.full((len(SLIPPAGES), targets, coins, coins), np.nan)

    def fill(self, part: Curves) -> None:
        """All questions about all pairs of a curve are one search."""
        asked = Questions()
        prices, rows = self._table.prices[part.rows], part.rows
        for i, j in permutations(range(self._table.coins), 2):
            face, worth = part.curve.facing(i, j), ordered(prices, i, j)
            spot, wanted = face.spot(), (1 - LOST_MOVE) * face.reference(worth)
            for move in MOVES:
                asked.ask(face, (1 - move) * spot)
            asked.ask(face, wanted)
            asked.ask(face.balanced(worth), wanted)
            free = face.without_fee()
            asked.ask(free, math.exp(-BAND) * spot)
            asked.ask(free, (1 - MOVES[ONE]) * spot)
        answers = asked.depths()
        for i, j in permutations(range(self._table.coins), 2):
            unit = part.units[:, i]
            for step in range(len(MOVES)):
                self._ladder[step, rows, i, j] = next(answers) / unit
            now, balanced = next(answers), next(answers)
            lost = np.clip(1 - now / balanced, 0.0, 1.0)
            self._lost[rows, i, j] = np.where(balanced > 0, lost, np.nan)
            self._band[rows, i, j] = next(answers)
            if i < j:
                self._band[rows, i, j] *= part.curve.facing(i, j).spot()
            self._feeless[rows, i, j] = next(answers) / unit
        self._fill_sizes(part)

    def _fill_sizes(self, part: Curves) -> None:
        asked = Questions()
        for i, j in permutations(range(self._table.coins), 2):
            face = part.curve.facing(i, j)
            for loss in SLIPPAGES:
                asked.ask(face, np.full(part.rows.size, loss))
        answers = asked.sizes()
        for i, j in permutations(range(self._table.coins), 2):
            for step in range(len(SLIPPAGES)):
                self._within[step, part.rows, i, j] = next(answers) / part.units[:, i]

    def depths(self, reasons: Sequence[str]) -> list[Column]:
        return self._least("depth_ladder", self._ladder, "move", MOVES, reasons)

    def moves(self, reasons: Sequence[str]) -> list[Column]:
        columns = []
        for coin in range(self._table.coins):
            dims = self._table.dims("token_in", coin, move=f"{MOVES[ONE]:g}")
            deep, feeless = (
                self._worst(found, coin) for found in (self._ladder[ONE], self._feeless)
            )
            gross = known_column("depth", deep, reasons, NOT_SO_FAR, dims)
            priced = [
                why or price
                for why, price in zip(gross.reasons, self._table.reasons(coin), strict=True)
            ]
            with np.errstate(over="ignore", invalid="ignore"):
                money = deep * self._table.prices[:, coin]
            columns += [
                gross,
                known_column("depth_feeless", feeless, reasons, NOT_SO_FAR, dims),
                known_column("depth_money", money, priced, TOO_LARGE, dims),
            ]
        return columns

    def _worst(self, found: Floats, coin: int) -> Floats:
        """Of the coins out that one of which it is the least."""
        others = [other for other in range(self._table.coins) if other != coin]
        least: Floats = found[:, coin, others].min(axis=1)
        return least

    def sizes(self, reasons: Sequence[str]) -> list[Column]:
        return self._least("size_within_slippage", self._within, "slippage", SLIPPAGES, reasons)

    def bands(self, reasons: Sequence[str]) -> list[Column]:
        """Of each coin but the first, beside it."""
        columns = []
        for coin in range(1, self._table.coins):
            up, down = self._band[:, coin, 0], self._band[:, 0, coin]
            with np.errstate(all="ignore"):
                off = (up - down) / (up + down)
            dims = self._table.dims("token", coin) if self._several else None
            columns.append(known_column("depth_imbalance", off, reasons, NOT_SO_FAR, dims))
        return columns

    def lost(self, reasons: Sequence[str]) -> list[Column]:
        table = self._table
        pairs = list(permutations(range(table.coins), 2))
        worst = np.max([self._lost[:, i, j] for i, j in pairs], axis=0)
        return [
            known_column("lost_depth", worst, reasons, NO_BALANCE),
            *(
                known_column(
                    "lost_depth_pair",
                    self._lost[:, i, j],
                    reasons,
                    NO_BALANCE,
                    table.pair_dims(i, j),
                )
                for i, j in pairs
            ),
        ]

    def _least(
        self,
        name: str,
        figures: Floats,
        dim: str,
        steps: Sequence[float],
        reasons: Sequence[str],
    ) -> list[Column]:
        columns = []
        for coin in range(self._table.coins):
            for step, found in zip(steps, figures, strict=True):
                dims = self._table.dims("token_in", coin, **{dim: f"{step:g}"})
                least = self._worst(found, coin)
                columns.append(known_column(name, least, reasons, NOT_SO_FAR, dims))
        return columns


def known_column(
    name: str,
    values: Floats,
    reasons: Sequence[str],
    otherwise: str,
    dims: Sequence[Dims] | None = None,
) -> Column:
    """`otherwise` is why a figure is unknown that has no other reason."""
    known = np.isfinite(values)
    why = [
        reason or ("" if finite else otherwise)
        for reason, finite in zip(reasons, known, strict=True)
    ]
    return Column(name, values, why, dims)
