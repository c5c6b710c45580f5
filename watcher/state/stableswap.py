"""Pools of the StableSwap invariant, Curve's of all eras and Saddle's, and Curve's metapools."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal, TypeAlias

StableSwapVariant: TypeAlias = Literal[
    "gen1",
    "lending",
    "ren",
    "three_pool",
    "factory",
    "steth",
    "rate_oracle",
    "aave",
    "ng",
    "ng_early",
    "saddle",
    "connext",
]
"""Whose order of operations it is: `math.exact.stableswap_variants` says what each one does."""

FEE_DENOMINATOR = 10**10
MOST_COINS = 8


@dataclass(frozen=True, slots=True)
class StableSwap:
    """Amounts in each coin's smallest unit, LP tokens with 18 decimals, fees in parts of 10**10.

    `balances` are those that belong to the LPs. `rates` are what the pool takes one smallest unit
    of each coin for, as it stood at the block: 10**18 for a coin of 18 decimals worth one, 10**30
    for one of 6, times a lending or redemption rate or an oracle's. `amplification` is
    A n^(n-1) times `amplification_precision`, where it stood on its ramp at the block. Up to an
    `offpeg_fee_multiplier` of 10**10 the fee is flat. `withdraw_fee` is Saddle's, of who withdraws
    at once. `underlying_decimals` is empty unless the pool lends its coins out.
    """

    KIND: ClassVar[str] = "stableswap"
    VERSION: ClassVar[int] = 1

    variant: StableSwapVariant
    balances: tuple[int, ...]
    rates: tuple[int, ...]
    amplification: int
    amplification_precision: int
    fee: int
    admin_fee: int
    offpeg_fee_multiplier: int
    withdraw_fee: int
    total_supply: int
    decimals: tuple[int, ...]
    underlying_decimals: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class StableSwapMeta:
    """A pool of one coin and the LP token of `base`; `pool.rates[1]` is the virtual price of the
    base that the pool uses, which older ones keep for ten minutes."""

    KIND: ClassVar[str] = "stableswap_meta"
    VERSION: ClassVar[int] = 1

    pool: StableSwap
    base: StableSwap


def problems(state: StableSwap) -> Iterator[str]:
    """Why such a pool cannot be."""
    coins = len(state.balances)
    if not 2 <= coins <= MOST_COINS:
        yield f"state.balances does not hold 2 to {MOST_COINS} coins"
    if len(state.rates) != coins or len(state.decimals) != coins:
        yield "state.balances, state.rates and state.decimals differ in length"
    if len(state.underlying_decimals) != (coins if state.variant == "lending" else 0):
        yield "state.underlying_decimals is for a lending pool, one for each coin"
    if 0 in state.rates:
        yield "state.rates holds a 0"
    if not 1 <= state.amplification_precision <= state.amplification:
        yield "state.amplification / state.amplification_precision is below 1"
    if max(state.fee, state.withdraw_fee) >= FEE_DENOMINATOR or state.admin_fee > FEE_DENOMINATOR:
        yield f"a fee of the state is no part of {FEE_DENOMINATOR}"
    if any(decimals > 18 for decimals in state.underlying_decimals):
        yield "state.underlying_decimals is over 18"


def problems_of_metapool(state: StableSwapMeta) -> Iterator[str]:
    yield from problems(state.pool)
    yield from (f"base: {problem}" for problem in problems(state.base))
    if len(state.pool.balances) != 2:
        yield "state.pool does not hold its own coin and the base's LP token"
