"""A pool whose liquidity is concentrated between ticks: Uniswap V3 and V4, Pancake V3, Algebra."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar, Literal, TypeAlias

ConcentratedVariant: TypeAlias = Literal[
    "algebra_integral", "algebra_v1", "pancake_v3", "uniswap_v3", "uniswap_v4"
]

# TickMath.sol: the lowest and highest tick, and the prices there.
_MIN_TICK, _MAX_TICK = -887_272, 887_272
_MIN_PRICE = 4_295_128_739
_MAX_PRICE = 1_461_446_703_485_210_103_287_273_052_203_988_822_378_723_970_342
_UINT128_MAX = 2**128 - 1

# What each contract's setter of the protocol fee allows.
_MOST_PROTOCOL_FEE: Mapping[str, int] = {
    "algebra_integral": 1_000,
    "algebra_v1": 1_000,
    "pancake_v3": 10_000,
    "uniswap_v3": 10,
    "uniswap_v4": 1_000,
}


@dataclass(frozen=True, slots=True)
class Concentrated:
    """Amounts in each token's smallest unit.

    `sqrt_price_x96` is the square root of the price of token0 in token1, in units of 2**-96;
    `liquidity` is what is in range there. `fee0` is the pool's part of token0 when that is sold,
    `fee1` of token1, in pips (millionths); Uniswap V4's without the protocol's. `protocol_fee0` and
    `protocol_fee1` are in the contract's own unit: one n-th of the fee (Uniswap V3), 1/10,000 of it
    (Pancake), 1/1,000 of it (Algebra), pips of the input (Uniswap V4).

    `ticks` are the initialised ones from `known_from` to `known_to`, the range that was read,
    ascending; `liquidity_net` and `liquidity_gross` stand in the same order. `balances` is what the
    pool holds of both tokens, uncollected fees included; it is empty where one contract holds the
    tokens of all pools (Uniswap V4). `hooked`: a hook or plugin runs at each swap and may change
    its amounts or its fee, which nobody can tell beforehand.
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
    balances: tuple[int, ...]
    decimals0: int
    decimals1: int
    hooked: bool = False

    def problems(self) -> Iterator[str]:
        """What no pool can be: one sentence each, for files that a stranger wrote."""
        yield from self._price_problems()
        yield from self._fee_problems()
        yield from self._tick_problems()
        if len(self.balances) not in (0, 2) or not _within(self.balances, 0, 2**256 - 1):
            yield "state.balances are not those of two tokens"

    def _price_problems(self) -> Iterator[str]:
        if not (self.sqrt_price_x96 == 0 or _MIN_PRICE <= self.sqrt_price_x96 < _MAX_PRICE):
            yield "state.sqrt_price_x96 is out of the range of prices"
        if not _MIN_TICK - 1 <= self.tick <= _MAX_TICK:
            yield "state.tick is out of the range of ticks"
        if not 0 <= self.liquidity <= _UINT128_MAX:
            yield "state.liquidity is out of the range of its type"

    def _fee_problems(self) -> Iterator[str]:
        most = 1_000_000 if self.variant == "uniswap_v4" else 999_999
        if not _within((self.fee0, self.fee1), 0, most):
            yield f"state.fee0 and state.fee1 are not 0 to {most} pips"
        most = _MOST_PROTOCOL_FEE[self.variant]
        if not _within((self.protocol_fee0, self.protocol_fee1), 0, most):
            yield f"state.protocol_fee0 and state.protocol_fee1 are not 0 to {most}"

    def _tick_problems(self) -> Iterator[str]:
        if not 1 <= self.tick_spacing <= 32_767:
            yield "state.tick_spacing is not 1 to 32767"
        if not len(self.ticks) == len(self.liquidity_net) == len(self.liquidity_gross):
            yield "state.ticks, state.liquidity_net and state.liquidity_gross differ in length"
        if any(above <= below for below, above in pairwise(self.ticks)):
            yield "state.ticks do not ascend"
        if not _MIN_TICK <= self.known_from <= self.known_to <= _MAX_TICK:
            yield "state.known_from and state.known_to are no range of ticks"
        if not _within(self.ticks, self.known_from, self.known_to):
            yield "state.ticks are not within state.known_from and state.known_to"
        if not _within(self.liquidity_net, -_UINT128_MAX, _UINT128_MAX):
            yield "state.liquidity_net is out of the range of its type"
        if not _within(self.liquidity_gross, 1, _UINT128_MAX):
            yield "state.liquidity_gross is out of the range of an initialised tick"


def _within(values: Iterable[int], least: int, most: int) -> bool:
    return all(least <= value <= most for value in values)
