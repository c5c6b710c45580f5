"""Pools of one kind and of as many coins, as their measures see them: side by side, each with why
a figure of it is unknown."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from watcher.errors import MathError
from watcher.math.bridge import Floats
from watcher.math.coin_pools import CoinPool, coin_pool, coins_of
from watcher.math.columns import Column, Dims, price_reason, price_value
from watcher.math.subject import Subject

TOO_LARGE = "the figure is more than a float can hold"
_NO_STATE = "no state"


@dataclass(frozen=True, slots=True)
class CoinTable:
    """`places` (target, coin) are those of the measured coins among a target's tokens, `prices`
    (target, coin) theirs. `own` says why a target has no pool, `price_reasons` why a coin has no
    price; "" where it is known."""

    subjects: Sequence[Subject]
    pools: Sequence[CoinPool | None]
    places: Sequence[tuple[int, ...]]
    prices: Floats
    own: list[str]
    price_reasons: list[tuple[str, ...]]

    @property
    def coins(self) -> int:
        return len(self.places[0])

    def address(self, row: int, coin: int) -> str:
        return self.subjects[row].target.tokens[self.places[row][coin]].address

    def price(self, row: int, coin: int) -> float:
        return float(self.prices[row, coin])

    def dims(self, name: str, coin: int, **same: str) -> Sequence[Dims]:
        """Of one coin of each target, under the name that its dimension has; that of `same` comes
        before it."""
        said = tuple(same.items())
        return [(*said, (name, self.address(row, coin))) for row in range(len(self.subjects))]

    def pair_dims(self, coin_in: int, coin_out: int) -> Sequence[Dims]:
        return [
            (
                ("token_in", self.address(row, coin_in)),
                ("token_out", self.address(row, coin_out)),
            )
            for row in range(len(self.subjects))
        ]

    def reasons(self, *coins: int) -> list[str]:
        """Why a figure is unknown that needs the prices of these coins."""
        return [
            own or next((why[coin] for coin in coins if why[coin]), "")
            for own, why in zip(self.own, self.price_reasons, strict=True)
        ]

    def priced(self) -> list[str]:
        return self.reasons(*range(self.coins))

    def each(
        self,
        name: str,
        reasons: Sequence[str],
        figure: Callable[[CoinPool, int], float],
        *,
        dims: Sequence[Dims] | None = None,
    ) -> Column:
        """One pool after the other; a MathError is the reason of a figure that is unknown."""
        values, why = np.full(len(self.subjects), np.nan), list(reasons)
        for row, pool in enumerate(self.pools):
            if why[row] or pool is None:
                continue
            try:
                values[row] = figure(pool, row)
                why[row] = "" if math.isfinite(values[row]) else TOO_LARGE
            except MathError as error:
                why[row] = str(error)
            except OverflowError:
                why[row] = TOO_LARGE
        return Column(name, values, why, dims)


def coin_table(subjects: Sequence[Subject]) -> CoinTable:
    """Of targets of one kind and of as many coins."""
    places = [coins_of(subject.target) for subject in subjects]
    rows = list(zip(subjects, places, strict=True))
    return CoinTable(
        subjects=subjects,
        pools=[
            coin_pool(subject.target, subject.state) if subject.state is not None else None
            for subject in subjects
        ],
        places=places,
        prices=np.array(
            [[price_value(subject, coin) for coin in coins] for subject, coins in rows]
        ),
        own=["" if one.state is not None else one.reason or _NO_STATE for one in subjects],
        price_reasons=[
            tuple(price_reason(subject, coin) for coin in coins) for subject, coins in rows
        ],
    )
