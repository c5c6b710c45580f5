"""Balancer's weighted pools: those of V1, of V2's Vault and of V3's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal, TypeAlias

WeightedVariant: TypeAlias = Literal["v1", "v2_first", "v2", "v3_first", "v3"]
"""v1: BPool. v2_first: V2's pools of April 2021, whose powers never take a short cut. v2: the later
ones. v3_first: V3's of 2024. v3: the later revision, with least balances."""

ONE = 10**18
MOST_COINS = 100


@dataclass(frozen=True, slots=True)
class Weighted:
    """Amounts in each coin's smallest unit, pool tokens with 18 decimals, fractions of 18 decimals.

    `scaling_factors` are the pool's own: 1 in V1; of 18 decimals in V2, 10**30 for a coin of 6;
    whole in V3, 10**12 for one of 6. `rates` are 10**18 but for V3's coins that have one. `weights`
    need not add up to one in V1. `total_supply` is what adding and removing meets, in V2 with the
    pool tokens that the protocol is due by then (getActualSupply). `protocol_fees_due`, of 18
    decimals, are what the pools of V2 that pay the protocol in coins take out of the balances
    before; in V3, whose `balances` are without the yield fees due, the smallest units more that are
    due when something is added. Of V3 alone are `aggregate_swap_fee`, the part of the fees that
    leaves the pool (none in recovery mode), `minimum_trade` and, in its later revision,
    `minimum_balances`, of 18 decimals. While it is `paused`, by itself or by the Vault, nothing is
    exchanged, added or removed.
    """

    KIND: ClassVar[str] = "weighted"
    VERSION: ClassVar[int] = 1

    variant: WeightedVariant
    balances: tuple[int, ...]
    scaling_factors: tuple[int, ...]
    rates: tuple[int, ...]
    weights: tuple[int, ...]
    swap_fee: int
    aggregate_swap_fee: int
    minimum_trade: int
    minimum_balances: tuple[int, ...]
    protocol_fees_due: tuple[int, ...]
    total_supply: int
    decimals: tuple[int, ...]
    paused: bool


def problems(state: Weighted) -> Iterator[str]:
    """Why such a pool cannot be."""
    coins = len(state.balances)
    if not 2 <= coins <= MOST_COINS:
        yield f"state.balances does not hold 2 to {MOST_COINS} coins"
    per_coin = (state.scaling_factors, state.rates, state.weights, state.decimals)
    if any(len(values) != coins for values in per_coin):
        yield "state.balances and what the state says of each coin differ in length"
    if len(state.minimum_balances) != (coins if state.variant == "v3" else 0):
        yield "state.minimum_balances are of the variant v3, one for each coin"
    if len(state.protocol_fees_due) not in (0, coins):
        yield "state.protocol_fees_due holds neither none nor one for each coin"
    if 0 in (*state.scaling_factors, *state.rates, *state.weights):
        yield "state.scaling_factors, state.rates or state.weights holds a 0"
    if state.variant != "v1" and sum(state.weights) != ONE:
        yield f"state.weights do not add up to {ONE}"
    if state.swap_fee >= ONE or state.aggregate_swap_fee > ONE:
        yield f"a fee of the state is no part of {ONE}"
