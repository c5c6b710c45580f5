"""Positions of concentrated liquidity: what they hold, cost, pay and earn, to the wei.

Source: Uniswap v3-core UniswapV3Pool._modifyPosition, Tick.sol and Position.sol, v3-periphery
LiquidityAmounts.sol; v4-core and Algebra compute the same amounts. Token amounts are in smallest
units, `_x128` is fee growth per unit of liquidity in units of 2**-128, modulo 2**256.
"""

from __future__ import annotations

from typing import NamedTuple

from watcher.errors import MathError
from watcher.math.exact.concentrated import Pool, add_delta
from watcher.math.exact.fixed_point import UINT256_MAX, checked, mul_div
from watcher.math.exact.sqrt_price_math import Q96, get_amount0_delta, get_amount1_delta
from watcher.math.exact.tick_math import MAX_TICK, MIN_TICK, get_sqrt_price_at_tick

Q128 = 1 << 128


class Amounts(NamedTuple):
    """Of token0 and token1, in that order."""

    amount0: int
    amount1: int


class FeeGrowth(NamedTuple):
    """Per unit of liquidity, of token0 and token1."""

    growth0_x128: int
    growth1_x128: int


def position_amounts(
    pool: Pool, liquidity: int, *, tick_lower: int, tick_upper: int, round_up: bool
) -> Amounts:
    """What `liquidity` between two ticks is at the pool's price: rounded up it is what minting
    costs, rounded down what burning pays."""
    return range_amounts(
        pool.sqrt_price_x96,
        pool.tick,
        liquidity,
        tick_lower=tick_lower,
        tick_upper=tick_upper,
        round_up=round_up,
    )


def range_amounts(
    sqrt_price_x96: int,
    tick: int,
    liquidity: int,
    *,
    tick_lower: int,
    tick_upper: int,
    round_up: bool,
) -> Amounts:
    """As `position_amounts`, of a pool's price and current tick alone."""
    lower, upper = get_sqrt_price_at_tick(tick_lower), get_sqrt_price_at_tick(tick_upper)
    # By the tick, not the price: on a tick that was just crossed downwards they differ.
    if tick < tick_lower:
        within0, within1 = lower, lower
    elif tick < tick_upper:
        within0, within1 = sqrt_price_x96, sqrt_price_x96
    else:
        within0, within1 = upper, upper
    return Amounts(
        get_amount0_delta(within0, upper, liquidity=liquidity, round_up=round_up),
        get_amount1_delta(lower, within1, liquidity=liquidity, round_up=round_up),
    )


def mint(
    pool: Pool,
    liquidity: int,
    *,
    tick_lower: int,
    tick_upper: int,
    gross_lower: int = 0,
    gross_upper: int = 0,
) -> Amounts:
    """What adding `liquidity` costs; `gross_lower` and `gross_upper` already begin or end there.

    Raises MathError where `mint` reverts: no liquidity, ticks in the wrong order, out of range or
    off the spacing, or more at a tick than the pool allows.
    """
    if liquidity == 0:
        raise MathError("no liquidity is added")
    checked(liquidity, 127, "the liquidity exceeds 127 bits")
    _require_ticks(tick_lower, tick_upper)
    most = pool.variant.max_liquidity_per_tick(pool.tick_spacing)
    if max(gross_lower, gross_upper) + liquidity > most:
        raise MathError("LO")
    if tick_lower % pool.tick_spacing or tick_upper % pool.tick_spacing:
        raise MathError("a tick is off the spacing")
    if tick_lower <= pool.tick < tick_upper:
        add_delta(pool.liquidity, liquidity)
    return position_amounts(
        pool, liquidity, tick_lower=tick_lower, tick_upper=tick_upper, round_up=True
    )


def burn(
    pool: Pool, liquidity: int, *, tick_lower: int, tick_upper: int, position_liquidity: int
) -> Amounts:
    """What taking `liquidity` out of a position of `position_liquidity` pays, without its fees.

    Taking nothing only collects fees; from an empty position that reverts, as does too much.
    """
    checked(liquidity, 127, "the liquidity exceeds 127 bits")
    _require_ticks(tick_lower, tick_upper)
    if position_liquidity == 0 and liquidity == 0:
        raise MathError("NP")
    add_delta(position_liquidity, -liquidity)
    return position_amounts(
        pool, liquidity, tick_lower=tick_lower, tick_upper=tick_upper, round_up=False
    )


def get_liquidity_for_amounts(
    sqrt_price_x96: int, amounts: Amounts, *, sqrt_price_a_x96: int, sqrt_price_b_x96: int
) -> int:
    """The most liquidity between two prices that the amounts pay for, each part rounded down.

    Source: v3-periphery LiquidityAmounts.getLiquidityForAmounts, which asks the price and not the
    tick. Raises MathError where it exceeds 128 bits.
    """
    lower, upper = sorted((sqrt_price_a_x96, sqrt_price_b_x96))
    if sqrt_price_x96 <= lower:
        return _liquidity_for_amount0(lower, upper, amounts.amount0)
    if sqrt_price_x96 >= upper:
        return _liquidity_for_amount1(lower, upper, amounts.amount1)
    return min(
        _liquidity_for_amount0(sqrt_price_x96, upper, amounts.amount0),
        _liquidity_for_amount1(lower, sqrt_price_x96, amounts.amount1),
    )


def fee_growth_inside(
    tick: int,
    *,
    tick_lower: int,
    tick_upper: int,
    growth_global: FeeGrowth,
    outside_lower: FeeGrowth,
    outside_upper: FeeGrowth,
) -> FeeGrowth:
    """Fees per unit of liquidity earned between two ticks since a start that only differences
    cancel (Tick.getFeeGrowthInside); `tick` is the pool's."""
    return FeeGrowth(
        *(
            _growth_inside(
                everywhere,
                below if tick >= tick_lower else everywhere - below,
                above if tick < tick_upper else everywhere - above,
            )
            for everywhere, below, above in zip(
                growth_global, outside_lower, outside_upper, strict=True
            )
        )
    )


def tokens_owed(liquidity: int, *, inside: FeeGrowth, inside_last: FeeGrowth) -> Amounts:
    """Fees that a position earned since `inside_last`, rounded down (Position.update).

    What was owed before and what was burned come on top, all modulo 2**128 as the contract keeps
    what it owes: whoever waits for more loses it.
    """
    return Amounts(
        *(
            mul_div((now - last) & UINT256_MAX, liquidity, Q128) % Q128
            for now, last in zip(inside, inside_last, strict=True)
        )
    )


def _growth_inside(everywhere: int, below: int, above: int) -> int:
    return (everywhere - below - above) & UINT256_MAX


def _liquidity_for_amount0(lower: int, upper: int, amount0: int) -> int:
    intermediate = mul_div(lower, upper, Q96)
    return checked(mul_div(amount0, intermediate, upper - lower), 128, "liquidity exceeds 128 bits")


def _liquidity_for_amount1(lower: int, upper: int, amount1: int) -> int:
    return checked(mul_div(amount1, Q96, upper - lower), 128, "liquidity exceeds 128 bits")


def _require_ticks(tick_lower: int, tick_upper: int) -> None:
    if tick_lower >= tick_upper:
        raise MathError("TLU")
    if tick_lower < MIN_TICK:
        raise MathError("TLM")
    if tick_upper > MAX_TICK:
        raise MathError("TUM")
