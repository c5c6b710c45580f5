"""The measures of constant-product pools, all pools of a block at once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from watcher.math import disparity, slippage
from watcher.math.bridge import PAIR, Floats, pool_arrays
from watcher.math.columns import Column, price_reason, price_value
from watcher.math.exploitability.arbitrage import arbitrage
from watcher.math.settings import Settings
from watcher.math.subject import Subject
from watcher.state.constant_product import ConstantProduct

DEPTH_MOVE = 0.01
EMPTY_SIDE = "a side of the pool is empty"


@dataclass(frozen=True, slots=True)
class Pools:
    """The subjects as arrays: `reserves` and `prices` (target, coin), `gamma` (target,), and for
    each target why its own figures or its reference are unknown, "" where they are known."""

    subjects: Sequence[Subject]
    reserves: Floats
    gamma: Floats
    prices: Floats
    own_reasons: list[str]
    price_reasons: list[tuple[str, str]]

    def token(self, row: int, coin: int) -> str:
        return self.subjects[row].target.tokens[coin].address

    def reference_reasons(self) -> list[str]:
        """Why a figure that needs both prices is unknown."""
        return [
            own or prices[0] or prices[1]
            for own, prices in zip(self.own_reasons, self.price_reasons, strict=True)
        ]

    def coin_reasons(self, coin: int) -> list[str]:
        """Why a figure that needs the price of one coin is unknown."""
        return [
            own or prices[coin]
            for own, prices in zip(self.own_reasons, self.price_reasons, strict=True)
        ]


def pool_measures(subjects: Sequence[Subject], settings: Settings) -> list[Column]:
    pools = _pools(subjects)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return [
            *_price_columns(pools),
            *_share_columns(pools),
            *_size_columns(pools, settings.sizes),
            *_depth_columns(pools),
            _arbitrage_column(pools),
        ]


def _pools(subjects: Sequence[Subject]) -> Pools:
    arrays = pool_arrays([subject.state for subject in subjects])
    usable: NDArray[np.bool_] = np.asarray((arrays.reserves > 0).all(axis=1))
    prices = np.array(
        [[price_value(subject, coin) for coin in range(PAIR)] for subject in subjects]
    ).reshape(len(subjects), PAIR)
    return Pools(
        subjects=subjects,
        reserves=np.where(usable[:, None], arrays.reserves, np.nan),
        gamma=arrays.gamma,
        prices=prices,
        own_reasons=[
            "" if known else subject.reason or EMPTY_SIDE
            for subject, known in zip(subjects, usable, strict=True)
        ],
        price_reasons=[
            (price_reason(subject, 0), price_reason(subject, 1)) for subject in subjects
        ],
    )


def _price_columns(pools: Pools) -> list[Column]:
    spot = pools.reserves[:, 1] / pools.reserves[:, 0]
    reference = pools.prices[:, 0] / pools.prices[:, 1]
    both = [first or second for first, second in pools.price_reasons]
    return [
        Column("spot_price", spot, pools.own_reasons),
        Column("reference_price", reference, both),
        Column("ln_spot_over_reference", np.log(spot / reference), pools.reference_reasons()),
    ]


def _share_columns(pools: Pools) -> list[Column]:
    shares = disparity.value_shares(pools.reserves, pools.prices)
    weights = np.full_like(shares, 1 / PAIR)
    reasons = pools.reference_reasons()
    columns = [
        Column(
            "value_share",
            shares[:, coin],
            reasons,
            [{"token": pools.token(row, coin)} for row in range(len(reasons))],
        )
        for coin in range(PAIR)
    ]
    columns.append(Column("disparity_value", disparity.total_variation(shares, weights), reasons))
    return columns


def _size_columns(pools: Pools, sizes: Sequence[float]) -> list[Column]:
    columns = []
    for coin in range(PAIR):
        reasons = pools.coin_reasons(coin)
        for size in sizes:
            u = size / pools.prices[:, coin] / pools.reserves[:, coin]
            dims = [
                {"size": f"{size:.15g}", "token_in": pools.token(row, coin)}
                for row in range(len(reasons))
            ]
            columns.append(Column("price_impact", slippage.price_impact(u), reasons, dims))
            columns.append(Column("slippage", slippage.slippage(u, pools.gamma), reasons, dims))
    return columns


def _depth_columns(pools: Pools) -> list[Column]:
    columns = []
    gross = slippage.depth(DEPTH_MOVE, pools.gamma)
    feeless = slippage.depth(DEPTH_MOVE, np.ones_like(pools.gamma))
    for coin in range(PAIR):
        reserve = pools.reserves[:, coin]
        dims = [
            {"move": f"{DEPTH_MOVE:g}", "token_in": pools.token(row, coin)}
            for row in range(len(reserve))
        ]
        columns.append(Column("depth", reserve * gross, pools.own_reasons, dims))
        columns.append(Column("depth_feeless", reserve * feeless, pools.own_reasons, dims))
        money = reserve * gross * pools.prices[:, coin]
        columns.append(Column("depth_money", money, pools.coin_reasons(coin), dims))
    return columns


def _arbitrage_column(pools: Pools) -> Column:
    values = np.full(len(pools.subjects), np.nan)
    reasons = pools.reference_reasons()
    for row, (subject, reason) in enumerate(zip(pools.subjects, reasons, strict=True)):
        price0, price1 = map(float, pools.prices[row])
        known = not reason and math.isfinite(price0) and math.isfinite(price1)
        if known and isinstance(subject.state, ConstantProduct):
            try:
                values[row] = arbitrage(subject.state, price0, price1).profit
            except OverflowError:
                reasons[row] = "the profit is more than a float can hold"
    return Column("arbitrage_value", values, reasons)
