"""One step of a swap: between two prices at constant liquidity, with the fee.

Source: Uniswap v3-core SwapMath.computeSwapStep; Pancake V3's is the same and Algebra's
PriceMovementMath.movePriceTowardsTarget gives the same numbers. v4-core differs in how it splits
the last step's input into amount and fee, and allows a fee of 100%.
"""

from __future__ import annotations

from typing import NamedTuple

from watcher.errors import MathError
from watcher.math.exact.fixed_point import mul_div_up
from watcher.math.exact.sqrt_price_math import (
    RESOLUTION,
    get_amount0_delta,
    get_amount1_delta,
    get_next_sqrt_price_from_input,
    get_next_sqrt_price_from_output,
)

FEE_DENOMINATOR = 1_000_000
"""Fees are in pips, hundredths of a basis point."""


class SwapStep(NamedTuple):
    """Where the price went and for what; the fee comes on top of `amount_in`. (A tuple, because
    it is made anew in each step of the hot loop.)"""

    sqrt_price_x96: int
    amount_in: int
    amount_out: int
    fee_amount: int


def compute_swap_step(
    sqrt_price_x96: int,
    sqrt_price_target_x96: int,
    *,
    liquidity: int,
    amount_remaining: int,
    fee_pips: int,
    is_v4: bool = False,
) -> SwapStep:
    """Move the price towards its target for `amount_remaining`: input when it is not negative,
    else the output that is still wanted.

    Input is rounded up, output down, the fee up. None of the products below reaches 256 bits:
    amounts are below liquidity * 2**96 < 2**224.
    """
    zero_for_one = sqrt_price_x96 >= sqrt_price_target_x96
    if amount_remaining >= 0 and fee_pips < FEE_DENOMINATOR and sqrt_price_target_x96 > 0:
        # A range that the input reaches through, which most of a long swap are: SqrtPriceMath's
        # amounts written out.
        if zero_for_one:
            product = liquidity * (sqrt_price_x96 - sqrt_price_target_x96)
            amount_in = -(-(product << RESOLUTION) // sqrt_price_x96 // sqrt_price_target_x96)
            amount_out = product >> RESOLUTION
        else:
            product = liquidity * (sqrt_price_target_x96 - sqrt_price_x96)
            amount_in = -(-product >> RESOLUTION)
            amount_out = (product << RESOLUTION) // sqrt_price_target_x96 // sqrt_price_x96
        part = FEE_DENOMINATOR - fee_pips
        if amount_remaining * part // FEE_DENOMINATOR >= amount_in:
            fee_amount = -(-amount_in * fee_pips // part)
            return _new_step(SwapStep, (sqrt_price_target_x96, amount_in, amount_out, fee_amount))
    delta_in, delta_out = (
        (get_amount0_delta, get_amount1_delta)
        if zero_for_one
        else (get_amount1_delta, get_amount0_delta)
    )
    after = sqrt_price_target_x96
    if amount_remaining >= 0:
        less_fee = amount_remaining * (FEE_DENOMINATOR - fee_pips) // FEE_DENOMINATOR
        amount_in = delta_in(sqrt_price_x96, after, liquidity=liquidity, round_up=True)
        if less_fee < amount_in:
            after = get_next_sqrt_price_from_input(
                sqrt_price_x96, liquidity, amount_in=less_fee, zero_for_one=zero_for_one
            )
            # Strictly before the target, so what remains of the input is the fee.
            amount_in = (
                less_fee
                if is_v4
                else delta_in(sqrt_price_x96, after, liquidity=liquidity, round_up=True)
            )
            fee_amount = amount_remaining - amount_in
        else:
            fee_amount = _fee_on_top(amount_in, fee_pips)
        amount_out = delta_out(sqrt_price_x96, after, liquidity=liquidity, round_up=False)
        return SwapStep(after, amount_in, amount_out, fee_amount)
    amount_out = delta_out(sqrt_price_x96, after, liquidity=liquidity, round_up=False)
    if -amount_remaining < amount_out:
        # The price is rounded past the wanted output, which is all that is paid.
        amount_out = -amount_remaining
        after = get_next_sqrt_price_from_output(
            sqrt_price_x96, liquidity, amount_out=amount_out, zero_for_one=zero_for_one
        )
    amount_in = delta_in(sqrt_price_x96, after, liquidity=liquidity, round_up=True)
    return SwapStep(after, amount_in, amount_out, _fee_on_top(amount_in, fee_pips))


_new_step = tuple.__new__
"""Makes a SwapStep without its checks of how many values there are."""


def calculate_swap_fee(protocol_fee_pips: int, lp_fee_pips: int) -> int:
    """Uniswap V4: the protocol takes its part of the input first, the pool its fee of the rest.

    Source: v4-core ProtocolFeeLibrary.calculateSwapFee; the product is rounded down, the sum of
    both therefore up. In pips.
    """
    product = protocol_fee_pips * lp_fee_pips
    return protocol_fee_pips + lp_fee_pips - product // FEE_DENOMINATOR


def _fee_on_top(amount_in: int, fee_pips: int) -> int:
    if fee_pips == FEE_DENOMINATOR and amount_in == 0:
        return 0
    if fee_pips >= FEE_DENOMINATOR:
        raise MathError("a fee of 100% takes all input")
    return mul_div_up(amount_in, fee_pips, FEE_DENOMINATOR - fee_pips)
