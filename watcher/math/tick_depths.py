"""Depth, what of it imbalance has taken, and the largest trades within a loss: of pools with ticks,
each on its own ranges."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from watcher.errors import MathError
from watcher.math.bridge import PAIR
from watcher.math.coin_depths import NO_BALANCE, NOT_SO_FAR
from watcher.math.coin_table import CoinTable
from watcher.math.columns import Column
from watcher.math.depth_definitions import BAND, LOST_MOVE, MOVES, SLIPPAGES
from watcher.math.exact.sqrt_price_math import Q96
from watcher.math.tick_curve import root_of_move, spot_price
from watcher.math.tick_sides import TickCurve, each

Curves = Sequence[TickCurve | None]


def depth_columns(table: CoinTable, curves: Curves) -> list[Column]:
    return [
        *_stepped(table, curves, "depth_ladder", "move", MOVES, _depth),
        *_lost_columns(table, curves),
        Column("depth_imbalance", *each(curves, table.own, _band)),
        *_stepped(table, curves, "size_within_slippage", "slippage", SLIPPAGES, _size),
    ]


def _stepped(
    table: CoinTable,
    curves: Curves,
    name: str,
    dim: str,
    steps: Sequence[float],
    figure: Callable[[TickCurve, int, float], float],
) -> list[Column]:
    """`figure` of a curve, the coin that is sold and a step, in whole tokens."""
    columns = []
    for coin in range(PAIR):
        for step in steps:
            one = partial(_of_step, figure=figure, coin=coin, step=step)
            dims = table.dims("token_in", coin, **{dim: f"{step:g}"})
            columns.append(Column(name, *each(curves, table.own, one), dims))
    return columns


def _of_step(
    curve: TickCurve,
    _row: int,
    *,
    figure: Callable[[TickCurve, int, float], float],
    coin: int,
    step: float,
) -> float:
    return figure(curve, coin, step) / curve.unit(coin)


def _depth(curve: TickCurve, coin: int, move: float) -> float:
    ratio = root_of_move(move, zero_for_one=coin == 0)
    return curve.side(coin).amount_to(ratio) / curve.gamma[coin]


def _size(curve: TickCurve, coin: int, loss: float) -> float:
    return curve.side(coin).largest_within(loss, curve.gamma[coin])


def _band(curve: TickCurve, _row: int) -> float:
    """(up - down) / (up + down) of token 0's price, in smallest units of token 1."""
    root = curve.state.sqrt_price_x96 / Q96
    up = curve.side(1).amount_to(math.exp(BAND / 2))
    down = curve.side(0).amount_to(math.exp(-BAND / 2)) * root * root
    if not up + down:
        raise MathError(NOT_SO_FAR)
    return (up - down) / (up + down)


def _lost_columns(table: CoinTable, curves: Curves) -> list[Column]:
    pairs = []
    for coin in range(PAIR):
        figure = partial(_lost, coin=coin, table=table)
        dims = table.pair_dims(coin, 1 - coin)
        values, reasons = each(curves, table.priced(), figure)
        pairs.append(Column("lost_depth_pair", values, reasons, dims))
    first, second = pairs
    worst = np.maximum(first.values, second.values)
    reasons = [one or two for one, two in zip(first.reasons, second.reasons, strict=True)]
    return [Column("lost_depth", worst, reasons), *pairs]


def _lost(curve: TickCurve, row: int, *, coin: int, table: CoinTable) -> float:
    """The fee is outside of the curve, and the same on both."""
    reference = table.price(row, 0) / table.price(row, 1)
    at = math.sqrt(reference / spot_price(curve.state))
    until = at * root_of_move(LOST_MOVE, zero_for_one=coin == 0)
    beyond = _sold_to(curve, coin, until)
    balanced = beyond - _sold_to(curve, coin, at)
    if not balanced > 0:
        raise MathError(NO_BALANCE)
    return min(max(1 - max(beyond, 0.0) / balanced, 0.0), 1.0)


def _sold_to(curve: TickCurve, coin: int, ratio: float) -> float:
    """What of `coin` is sold, without the fee, until sqrt(price) has moved by the factor; below 0
    what is bought of it when the price moves the other way."""
    if ratio == 1:
        return 0.0
    forward = ratio <= 1 if coin == 0 else ratio >= 1
    if forward:
        return curve.side(coin).amount_to(ratio)
    return -curve.side(1 - coin).paid_to(ratio)
