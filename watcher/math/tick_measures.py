"""The measures of pools with ticks. Each pool has its own ranges, so that they are walked one by
one; what all pools of two coins share is computed at once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial

import numpy as np

from watcher.math import tick_curve
from watcher.math.bridge import PAIR, Floats
from watcher.math.columns import Column
from watcher.math.exact.sqrt_price_math import Q96
from watcher.math.exploitability.tick_arbitrage import tick_arbitrage
from watcher.math.pool_table import (
    DEPTH_MOVE,
    PoolTable,
    arbitrage_column,
    pool_table,
    price_columns,
    share_columns,
)
from watcher.math.settings import Settings
from watcher.math.subject import Subject
from watcher.math.tick_depths import depth_columns
from watcher.math.tick_sides import TickCurve, each, tick_curve_of
from watcher.state.concentrated import Concentrated
from watcher.state.kinds import State

NO_BALANCES = "what the pool holds is not known"
HOLDS_NOTHING = "the pool holds nothing"


def tick_measures(subjects: Sequence[Subject], settings: Settings) -> list[Column]:
    states = [_state(subject) for subject in subjects]
    problems = [tick_curve.problem(state) if state else "no state" for state in states]
    curves = [
        tick_curve_of(state) if state and not bad else None
        for state, bad in zip(states, problems, strict=True)
    ]
    table = pool_table(subjects, problems)
    spot = np.array([tick_curve.spot_price(curve.state) if curve else math.nan for curve in curves])
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return [
            *price_columns(table, spot),
            *_share_columns(table, states),
            *_size_columns(table, curves, settings.sizes),
            *_depth_columns(table, curves),
            arbitrage_column(table, _profit),
            *depth_columns(table.side_by_side(), curves),
        ]


def _state(subject: Subject) -> Concentrated | None:
    return subject.state if isinstance(subject.state, Concentrated) else None


def _share_columns(table: PoolTable, states: Sequence[Concentrated | None]) -> list[Column]:
    amounts = np.full((len(states), PAIR), np.nan)
    reasons = []
    for row, state in enumerate(states):
        own = "" if state else table.own_reasons[row]
        if state and state.balances:
            decimals = (state.decimals0, state.decimals1)
            amounts[row] = [
                held / 10**digits for held, digits in zip(state.balances, decimals, strict=True)
            ]
            own = "" if any(state.balances) else HOLDS_NOTHING
        elif state:
            own = NO_BALANCES
        first, second = table.price_reasons[row]
        reasons.append(own or first or second)
    return share_columns(table, amounts, reasons)


def _size_columns(
    table: PoolTable, curves: Sequence[TickCurve | None], sizes: Sequence[float]
) -> list[Column]:
    columns = []
    for coin in range(PAIR):
        for size in sizes:
            amounts = size / table.prices[:, coin]
            dims = table.size_dims(coin, size)
            for name, with_fee in (("price_impact", False), ("slippage", True)):
                figure = partial(_slippage, coin=coin, amounts=amounts, with_fee=with_fee)
                values, reasons = each(curves, table.coin_reasons(coin), figure)
                columns.append(Column(name, values, reasons, dims))
    return columns


def _depth_columns(table: PoolTable, curves: Sequence[TickCurve | None]) -> list[Column]:
    columns = []
    for coin in range(PAIR):
        dims = table.depth_dims(coin)
        feeless, reasons = each(curves, table.own_reasons, partial(_depth, coin=coin))
        gamma = np.array([curve.gamma[coin] if curve else math.nan for curve in curves])
        gross = feeless / gamma
        columns.append(Column("depth", gross, reasons, dims))
        columns.append(Column("depth_feeless", feeless, reasons, dims))
        money_reasons = [
            own or why for own, why in zip(reasons, table.coin_reasons(coin), strict=True)
        ]
        columns.append(Column("depth_money", gross * table.prices[:, coin], money_reasons, dims))
    return columns


def _slippage(curve: TickCurve, row: int, *, coin: int, amounts: Floats, with_fee: bool) -> float:
    """1 - (out/q) / spot; `amounts` (target,) are q in whole tokens."""
    amount_in = float(amounts[row]) * curve.unit(coin)
    if not 0.0 < amount_in < math.inf:
        return math.nan
    gamma = curve.gamma[coin] if with_fee else 1.0
    amount_out = curve.side(coin).amount_out(amount_in * gamma)
    start = curve.state.sqrt_price_x96 / Q96
    spot = start * start if coin == 0 else 1 / (start * start)
    return 1.0 - amount_out / amount_in / spot


def _depth(curve: TickCurve, _row: int, *, coin: int) -> float:
    """Whole tokens that move the price by DEPTH_MOVE, without the fee."""
    ratio = tick_curve.root_of_move(DEPTH_MOVE, zero_for_one=coin == 0)
    return curve.side(coin).amount_to(ratio) / curve.unit(coin)


def _profit(state: State, price0: float, price1: float) -> float:
    if not isinstance(state, Concentrated):
        return math.nan
    return tick_arbitrage(state, price0, price1).profit
