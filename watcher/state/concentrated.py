"""A pool whose liquidity is concentrated between ticks: Uniswap V3 and V4, Pancake V3, Algebra."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, TypeAlias

ConcentratedVariant: TypeAlias = Literal[
    "algebra_integral", "algebra_v1", "pancake_v3", "uniswap_v3", "uniswap_v4"
]


@dataclass(frozen=True, slots=True)
class Concentrated:
    """Amounts in each token's smallest unit.

    `sqrt_price_x96` is the square root of the price of token0 in token1, in units of 2**-96;
    `liquidity` is what is in range there. `fee0` is the pool's part of token0 when that is sold,
    `fee1` of token1, in pips (millionths); Uniswap V4's without the protocol's. `protocol_fee0` and
    `protocol_fee1` are in the contract's own unit: one n-th of the fee (Uniswap V3), 1/10,000 of it
    (Pancake), 1/1,000 of it (Algebra), pips of the input (Uniswap V4).

    `ticks` are the initialised ones from `known_from` to `known_to`, the range that was read,
    ascending; `liquidity_net` and `liquidity_gross` stand in the same order. `balance0` and
    `balance1` are what the pool holds, uncollected fees included, None where one contract holds the
    tokens of all pools.
    """

    KIND: ClassVar[str] = "concentrated"
    VERSION: ClassVar[int] = 1

    variant: ConcentratedVariant
    sqrt_price_x96: int
    tick: int
    liquidity: int
    fee0: int
    fee1: int
    protocol_fee0: int
    protocol_fee1: int
    tick_spacing: int
    ticks: tuple[int, ...]
    liquidity_net: tuple[int, ...]
    liquidity_gross: tuple[int, ...]
    known_from: int
    known_to: int
    balance0: int | None
    balance1: int | None
    decimals0: int
    decimals1: int
