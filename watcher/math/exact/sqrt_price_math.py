"""Amounts between two prices, and the price after an amount, at constant liquidity.

Source: Uniswap v3-core SqrtPriceMath.sol (v4-core's, and Algebra's TokenDeltaMath and
PriceMovementMath, give the same numbers). Every rounding is against whoever trades.
"""

from __future__ import annotations

from watcher.errors import MathError
from watcher.math.exact.fixed_point import UINT256_MAX, checked, mul_div, mul_div_rounding_up

RESOLUTION = 96
Q96 = 1 << RESOLUTION
UINT160_MAX = 2**160 - 1


def get_amount0_delta(
    sqrt_price_a_x96: int, sqrt_price_b_x96: int, *, liquidity: int, round_up: bool
) -> int:
    """liquidity * (1/sqrt(a) - 1/sqrt(b)), rounded twice, both times up or both times down.

    Never beyond 256 bits: the first quotient is below liquidity * 2**96. Raises MathError for a
    price of zero.
    """
    if sqrt_price_a_x96 > sqrt_price_b_x96:
        sqrt_price_a_x96, sqrt_price_b_x96 = sqrt_price_b_x96, sqrt_price_a_x96
    if sqrt_price_a_x96 <= 0:
        raise MathError("the price is zero")
    numerator = (liquidity << RESOLUTION) * (sqrt_price_b_x96 - sqrt_price_a_x96)
    if round_up:
        return -(-numerator // sqrt_price_b_x96 // sqrt_price_a_x96)
    return numerator // sqrt_price_b_x96 // sqrt_price_a_x96


def get_amount1_delta(
    sqrt_price_a_x96: int, sqrt_price_b_x96: int, *, liquidity: int, round_up: bool
) -> int:
    """liquidity * (sqrt(b) - sqrt(a)), rounded once."""
    numerator = liquidity * abs(sqrt_price_b_x96 - sqrt_price_a_x96)
    return -(-numerator >> RESOLUTION) if round_up else numerator >> RESOLUTION


def get_next_sqrt_price_from_input(
    sqrt_price_x96: int, liquidity: int, *, amount_in: int, zero_for_one: bool
) -> int:
    """The price after `amount_in`, without fee; rounded so that it never passes the true one."""
    _require_pool(sqrt_price_x96, liquidity)
    if zero_for_one:
        return _after_adding_amount0(sqrt_price_x96, liquidity, amount_in)
    quotient = mul_div(amount_in, Q96, liquidity)
    return checked(sqrt_price_x96 + quotient, 160, "the price exceeds 160 bits")


def get_next_sqrt_price_from_output(
    sqrt_price_x96: int, liquidity: int, *, amount_out: int, zero_for_one: bool
) -> int:
    """The price after `amount_out` left; rounded so that it always passes the true one.

    Raises MathError where the liquidity cannot pay that much at any price.
    """
    _require_pool(sqrt_price_x96, liquidity)
    if not zero_for_one:
        return _after_removing_amount0(sqrt_price_x96, liquidity, amount_out)
    quotient = mul_div_rounding_up(amount_out, Q96, liquidity)
    if sqrt_price_x96 <= quotient:
        raise MathError("the output exceeds what the liquidity holds")
    return sqrt_price_x96 - quotient


def _after_adding_amount0(sqrt_price_x96: int, liquidity: int, amount: int) -> int:
    """liquidity * sqrt(P) / (liquidity + amount * sqrt(P)), rounded up.

    Where that denominator exceeds 256 bits the contract divides by liquidity / sqrt(P) + amount.
    """
    if amount == 0:
        return sqrt_price_x96
    numerator = liquidity << RESOLUTION
    denominator = numerator + amount * sqrt_price_x96
    if denominator <= UINT256_MAX:
        return mul_div_rounding_up(numerator, sqrt_price_x96, denominator)
    denominator = checked(numerator // sqrt_price_x96 + amount, 256, "the input overflows")
    return -(-numerator // denominator)


def _after_removing_amount0(sqrt_price_x96: int, liquidity: int, amount: int) -> int:
    """liquidity * sqrt(P) / (liquidity - amount * sqrt(P)), rounded up."""
    if amount == 0:
        return sqrt_price_x96
    numerator = liquidity << RESOLUTION
    product = amount * sqrt_price_x96
    if product >= numerator:
        raise MathError("the output exceeds what the liquidity holds")
    price = mul_div_rounding_up(numerator, sqrt_price_x96, numerator - product)
    return checked(price, 160, "the price exceeds 160 bits")


def _require_pool(sqrt_price_x96: int, liquidity: int) -> None:
    if sqrt_price_x96 <= 0:
        raise MathError("the price is zero")
    if liquidity <= 0:
        raise MathError("there is no liquidity")
