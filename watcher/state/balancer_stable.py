"""Balancer's stable pools: V2's, composable or not, and V3's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal, TypeAlias

BalancerStableVariant: TypeAlias = Literal["v2_first", "v2", "v3_first", "v3"]
"""v2_first: V2's pools whose invariant is rounded by choice. v2: those that round it down, all
composable ones. v3_first: V3's of 2024. v3: the later revision, which limits the imbalance."""

ONE = 10**18
AMPLIFICATION_PRECISION = 1000
MOST_COINS = 6
"""Five, and a composable pool's own tokens."""


@dataclass(frozen=True, slots=True)
class BalancerStable:
    """Amounts in each coin's smallest unit, pool tokens with 18 decimals, fractions of 18 decimals.

    `scaling_factors` are the pool's own: in V2 of 18 decimals, 10**30 for a coin of 6; whole in V3,
    10**12 for one of 6. `rates` are those that the next swap uses: in V2 the pool's cached one, or
    the provider's where that has expired. `amplification` is A n^(n-1) times 1000, where it stood
    on its ramp at the block. `bpt_index` is where a composable pool holds itself among its coins,
    and their number where it does not. `total_supply` is what adding and removing meets: in V2 with
    the pool tokens that the protocol is due by then, and without those that a composable pool holds
    (getActualSupply). `protocol_fees_due`, of 18 decimals, are what the pools of V2 that pay the
    protocol in coins take out of the balances before; in V3, whose `balances` are without the yield
    fees due, the smallest units more that are due when something is added. Of V3 alone are
    `aggregate_swap_fee`, the part of the fees that leaves the pool (none in recovery mode),
    `minimum_trade`, and the StableSurge hook's `surge_threshold` and `surge_max_fee`: without the
    hook 10**18, which no imbalance is above, and 0. While it is `paused`, by itself or by the
    Vault, nothing is exchanged, added or removed.
    """

    KIND: ClassVar[str] = "balancer_stable"
    VERSION: ClassVar[int] = 1

    variant: BalancerStableVariant
    balances: tuple[int, ...]
    scaling_factors: tuple[int, ...]
    rates: tuple[int, ...]
    amplification: int
    swap_fee: int
    aggregate_swap_fee: int
    minimum_trade: int
    surge_threshold: int
    surge_max_fee: int
    protocol_fees_due: tuple[int, ...]
    total_supply: int
    bpt_index: int
    decimals: tuple[int, ...]
    paused: bool


def problems(state: BalancerStable) -> Iterator[str]:
    """Why such a pool cannot be."""
    held = len(state.balances)
    coins = held - (state.bpt_index < held)
    if not 2 <= coins < MOST_COINS:
        yield f"state.balances does not hold 2 to {MOST_COINS - 1} coins besides the pool's own"
    per_coin = (state.scaling_factors, state.rates, state.decimals)
    if any(len(values) != held for values in per_coin):
        yield "state.balances and what the state says of each coin differ in length"
    if state.bpt_index > held or (state.bpt_index < held and state.variant != "v2"):
        yield "state.bpt_index is no place among the coins of a composable pool, nor their number"
    if len(state.protocol_fees_due) not in (0, coins):
        yield "state.protocol_fees_due holds neither none nor one for each coin"
    if 0 in (*state.scaling_factors, *state.rates):
        yield "state.scaling_factors or state.rates holds a 0"
    if state.amplification < AMPLIFICATION_PRECISION:
        yield f"state.amplification / {AMPLIFICATION_PRECISION} is below 1"
    if (
        state.swap_fee >= ONE
        or max(state.aggregate_swap_fee, state.surge_threshold, state.surge_max_fee) > ONE
    ):
        yield f"a fee or the threshold of the state is no part of {ONE}"
