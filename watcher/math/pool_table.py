"""What the measures of all pools of two coins share: their prices, and why a figure is unknown."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from watcher.errors import MathError
from watcher.math import disparity
from watcher.math.bridge import PAIR, Floats
from watcher.math.coin_table import CoinTable
from watcher.math.columns import Column, Dims, price_reason, price_value
from watcher.math.share_measures import shape_columns
from watcher.math.subject import Subject
from watcher.state.kinds import State

DEPTH_MOVE = 0.01


@dataclass(frozen=True, slots=True)
class PoolTable:
    """The subjects with their `prices` (target, coin), and for each target why its own figures or
    its reference are unknown, "" where they are known."""

    subjects: Sequence[Subject]
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

    def side_by_side(self) -> CoinTable:
        """As the measures on curves see them: pools of two coins."""
        return CoinTable(
            subjects=self.subjects,
            pools=[None] * len(self.subjects),
            places=[tuple(range(PAIR))] * len(self.subjects),
            prices=self.prices,
            own=self.own_reasons,
            price_reasons=list(self.price_reasons),
        )

    def coin_dims(self, coin: int) -> list[Dims]:
        return [(("token", self.token(row, coin)),) for row in range(len(self.subjects))]

    def size_dims(self, coin: int, size: float) -> list[Dims]:
        """Of a trade of so much money of this coin."""
        said = "size", f"{size:.15g}"
        return [(said, ("token_in", self.token(row, coin))) for row in range(len(self.subjects))]

    def depth_dims(self, coin: int) -> list[Dims]:
        said = "move", f"{DEPTH_MOVE:g}"
        return [(said, ("token_in", self.token(row, coin))) for row in range(len(self.subjects))]


def pool_table(subjects: Sequence[Subject], own_reasons: Sequence[str]) -> PoolTable:
    """`own_reasons`: why a state gives no figures; where there is no state that goes before."""
    prices = np.array(
        [[price_value(subject, coin) for coin in range(PAIR)] for subject in subjects]
    ).reshape(len(subjects), PAIR)
    return PoolTable(
        subjects=subjects,
        prices=prices,
        own_reasons=[
            (subject.reason or own) if own else ""
            for subject, own in zip(subjects, own_reasons, strict=True)
        ],
        price_reasons=[
            (price_reason(subject, 0), price_reason(subject, 1)) for subject in subjects
        ],
    )


def price_columns(table: PoolTable, spot: Floats) -> list[Column]:
    """`spot` (target,): whole tokens 1 for a whole token 0."""
    reference = table.prices[:, 0] / table.prices[:, 1]
    both = [first or second for first, second in table.price_reasons]
    return [
        Column("spot_price", spot, table.own_reasons),
        Column("reference_price", reference, both),
        Column("ln_spot_over_reference", np.log(spot / reference), table.reference_reasons()),
    ]


def share_columns(table: PoolTable, amounts: Floats, reasons: Sequence[str]) -> list[Column]:
    """`amounts` (target, coin) in whole tokens; `reasons` why a share is unknown."""
    shares = disparity.value_shares(amounts, table.prices)
    weights = np.full_like(shares, 1 / PAIR)
    columns = [
        Column("value_share", shares[:, coin], reasons, table.coin_dims(coin))
        for coin in range(PAIR)
    ]
    columns.append(Column("disparity_value", disparity.total_variation(shares, weights), reasons))
    return [*columns, *shape_columns(shares, weights, reasons, "value")]


def arbitrage_column(table: PoolTable, profit: Callable[[State, float, float], float]) -> Column:
    """`profit(state, price0, price1)` raises MathError where there is no answer."""
    values = np.full(len(table.subjects), np.nan)
    reasons = table.reference_reasons()
    for row, subject in enumerate(table.subjects):
        price0, price1 = map(float, table.prices[row])
        known = not reasons[row] and math.isfinite(price0) and math.isfinite(price1)
        if not known or subject.state is None:
            continue
        try:
            values[row] = profit(subject.state, price0, price1)
        except MathError as error:
            reasons[row] = str(error)
        except OverflowError:
            reasons[row] = "the profit is more than a float can hold"
    return Column("arbitrage_value", values, reasons)
