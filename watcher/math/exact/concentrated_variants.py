"""In what the protocols with concentrated liquidity differ; all else they share.

Sources: Uniswap v3-core UniswapV3Pool.sol, Pancake V3's PancakeV3Pool.sol, v4-core Pool.sol and
ProtocolFeeLibrary.sol, Algebra V1's AlgebraPool.sol and Algebra Integral's SwapCalculation.sol.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from watcher.math.exact.fixed_point import div_truncated
from watcher.math.exact.swap_math import FEE_DENOMINATOR, SwapStep
from watcher.math.exact.tick_math import MAX_TICK, MIN_TICK

UINT128_MAX = 2**128 - 1


def _towards_zero(tick_spacing: int) -> int:
    """Tick.tickSpacingToMaxLiquidityPerTick of v3-core: the usable ticks share 2**128 - 1."""
    lowest, highest = div_truncated(MIN_TICK, tick_spacing), MAX_TICK // tick_spacing
    return UINT128_MAX // (highest - lowest + 1)


def _towards_infinity(tick_spacing: int) -> int:
    """Pool.tickSpacingToMaxLiquidityPerTick of v4-core, which counts one tick more."""
    return UINT128_MAX // (MAX_TICK // tick_spacing - MIN_TICK // tick_spacing + 1)


def _every_tick(_tick_spacing: int) -> int:
    """Constants.MAX_LIQUIDITY_PER_TICK of Algebra Integral, whose spacing may change later."""
    return 191_757_638_537_527_648_490_752_896_198_553


@dataclass(frozen=True, slots=True)
class Variant:
    """One protocol's rules.

    `walks_words`: a swap also stops where a word of 256 ticks of the bitmap ends, and each stop
    rounds; otherwise it goes straight to the next initialised tick. `fee_on_top`: the protocol's
    fee is pips of the input, taken before the pool's own; otherwise it is a part of the pool's fee,
    n of `protocol_denominator`, or 1/n where that is 0. `amount_bits`: of a signed amount;
    `reserve_bits`: of what the pool counts as its own of a token, 0 where it does not.
    `max_liquidity_per_tick(tick_spacing)`: what may begin or end at one tick. The last three are
    what the contract says when it refuses.
    """

    walks_words: bool = True
    fee_on_top: bool = False
    protocol_denominator: int = 0
    amount_bits: int = 256
    reserve_bits: int = 0
    max_liquidity_per_tick: Callable[[int], int] = _towards_zero
    no_amount: str = "AS"
    limit_passed: str = "SPL"
    limit_out_of_bounds: str = "SPL"


UNISWAP_V3 = Variant()
PANCAKE_V3 = Variant(protocol_denominator=10_000)
UNISWAP_V4 = Variant(
    fee_on_top=True,
    amount_bits=128,
    max_liquidity_per_tick=_towards_infinity,
    no_amount="SwapAmountCannotBeZero",
    limit_passed="PriceLimitAlreadyExceeded",
    limit_out_of_bounds="PriceLimitOutOfBounds",
)
ALGEBRA_V1 = Variant(protocol_denominator=1_000)
ALGEBRA_INTEGRAL = Variant(
    walks_words=False,
    protocol_denominator=1_000,
    reserve_bits=128,
    max_liquidity_per_tick=_every_tick,
    no_amount="zeroAmountRequired",
    limit_passed="invalidLimitSqrtPrice",
    limit_out_of_bounds="invalidLimitSqrtPrice",
)

VARIANTS: Mapping[str, Variant] = MappingProxyType(
    {
        "algebra_integral": ALGEBRA_INTEGRAL,
        "algebra_v1": ALGEBRA_V1,
        "pancake_v3": PANCAKE_V3,
        "uniswap_v3": UNISWAP_V3,
        "uniswap_v4": UNISWAP_V4,
    }
)


def protocol_part(variant: Variant, protocol_fee: int, fee_pips: int, step: SwapStep) -> int:
    """What of the step's fee goes to the protocol, rounded down; the rest is the positions'.

    `protocol_fee` is in the contract's own unit and not zero; `fee_pips` is the whole swap fee.
    """
    if not variant.fee_on_top:
        if variant.protocol_denominator == 0:
            return step.fee_amount // protocol_fee
        return step.fee_amount * protocol_fee // variant.protocol_denominator
    if fee_pips == protocol_fee:
        return step.fee_amount
    return (step.amount_in + step.fee_amount) * protocol_fee // FEE_DENOMINATOR
