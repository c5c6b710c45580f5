"""Integer division as the EVM does it, with the rounding in the name."""

from __future__ import annotations

from watcher.errors import MathError

UINT256_MAX = 2**256 - 1


def mul_div_down(x: int, y: int, denominator: int) -> int:
    """floor(x * y / denominator) for unsigned x and y; raises MathError where the EVM reverts."""
    if denominator == 0:
        raise MathError("division by zero")
    return x * y // denominator


def mul_div_up(x: int, y: int, denominator: int) -> int:
    """ceil(x * y / denominator) for unsigned x and y; raises MathError where the EVM reverts."""
    if denominator == 0:
        raise MathError("division by zero")
    return -(-x * y // denominator)


def div_truncated(x: int, y: int) -> int:
    """x / y rounded towards zero, as the EVM divides signed integers; Python's `//` floors."""
    if y == 0:
        raise MathError("division by zero")
    quotient = abs(x) // abs(y)
    return quotient if (x < 0) == (y < 0) else -quotient


def checked(value: int, bits: int, reason: str) -> int:
    """`value` when it fits an unsigned integer of `bits`; otherwise MathError(reason)."""
    if value < 0 or value.bit_length() > bits:
        raise MathError(reason)
    return value


def mul_div(a: int, b: int, denominator: int) -> int:
    """floor(a * b / denominator) for unsigned a and b, the product kept in 512 bits.

    Source: Uniswap v3-core FullMath.mulDiv. Raises MathError for a denominator of zero and for a
    result beyond 256 bits.
    """
    return checked(mul_div_down(a, b, denominator), 256, "mulDiv exceeds 256 bits")


def mul_div_rounding_up(a: int, b: int, denominator: int) -> int:
    """ceil(a * b / denominator), otherwise as `mul_div` (FullMath.mulDivRoundingUp)."""
    return checked(mul_div_up(a, b, denominator), 256, "mulDiv exceeds 256 bits")
