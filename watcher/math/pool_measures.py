"""The measures of constant-product pools, all pools of a block at once."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from watcher.math import slippage
from watcher.math.bridge import PAIR, Floats, pool_arrays
from watcher.math.coin_depths import curve_columns
from watcher.math.columns import Column
from watcher.math.curves.build import Curves
from watcher.math.curves.product import ProductCurve
from watcher.math.exploitability.arbitrage import arbitrage
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
from watcher.state.constant_product import ConstantProduct
from watcher.state.kinds import State

EMPTY_SIDE = "a side of the pool is empty"


def pool_measures(subjects: Sequence[Subject], settings: Settings) -> list[Column]:
    arrays = pool_arrays([subject.state for subject in subjects])
    usable: NDArray[np.bool_] = np.asarray((arrays.reserves > 0).all(axis=1))
    reserves = np.where(usable[:, None], arrays.reserves, np.nan)
    table = pool_table(subjects, ["" if known else EMPTY_SIDE for known in usable])
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return [
            *price_columns(table, reserves[:, 1] / reserves[:, 0]),
            *share_columns(table, reserves, table.reference_reasons()),
            *_drift_columns(table, arrays.drift),
            *_size_columns(table, reserves, arrays.gamma, settings.sizes),
            *_depth_columns(table, reserves, arrays.gamma),
            arbitrage_column(table, _profit),
            *_curve_columns(table, reserves, arrays.gamma),
        ]


def _drift_columns(table: PoolTable, drift: Floats) -> list[Column]:
    """An empty pair has a drift too: what was sent to it is there for whoever asks first."""
    reasons = [subject.reason for subject in table.subjects]
    return [
        Column("reserve_drift", drift[:, coin], reasons, table.coin_dims(coin))
        for coin in range(PAIR)
    ]


def _size_columns(
    table: PoolTable, reserves: Floats, gamma: Floats, sizes: Sequence[float]
) -> list[Column]:
    columns = []
    for coin in range(PAIR):
        reasons = table.coin_reasons(coin)
        for size in sizes:
            u = size / table.prices[:, coin] / reserves[:, coin]
            dims = table.size_dims(coin, size)
            columns.append(Column("price_impact", slippage.price_impact(u), reasons, dims))
            columns.append(Column("slippage", slippage.slippage(u, gamma), reasons, dims))
    return columns


def _depth_columns(table: PoolTable, reserves: Floats, gamma: Floats) -> list[Column]:
    columns = []
    gross = slippage.depth(DEPTH_MOVE, gamma)
    feeless = slippage.depth(DEPTH_MOVE, np.ones_like(gamma))
    for coin in range(PAIR):
        reserve, dims = reserves[:, coin], table.depth_dims(coin)
        columns.append(Column("depth", reserve * gross, table.own_reasons, dims))
        columns.append(Column("depth_feeless", reserve * feeless, table.own_reasons, dims))
        money = reserve * gross * table.prices[:, coin]
        columns.append(Column("depth_money", money, table.coin_reasons(coin), dims))
    return columns


def _curve_columns(table: PoolTable, reserves: Floats, gamma: Floats) -> list[Column]:
    rows = np.flatnonzero(np.isfinite(reserves).all(axis=1))
    curve = ProductCurve(
        x=reserves[rows],
        weights=np.full((rows.size, PAIR), 1 / PAIR),
        real=reserves[rows],
        gamma=gamma[rows],
        alpha=np.ones(rows.size),
        largest=np.full(rows.size, np.inf),
        largest_gross=np.full(rows.size, np.inf),
    )
    curves = Curves(rows, curve, np.ones((rows.size, PAIR)), by_market=True)
    sides = table.side_by_side()
    return curve_columns(sides, [curves], [""] * len(sides.subjects))


def _profit(state: State, price0: float, price1: float) -> float:
    return (
        arbitrage(state, price0, price1).profit if isinstance(state, ConstantProduct) else math.nan
    )
