"""18-decimal fixed point as Balancer V2 and V3 round it.

Source: FixedPoint.sol of both. Every function raises MathError where the contract reverts: on an
overflow, a division by zero, a difference below zero.
"""

from __future__ import annotations

from watcher.errors import MathError
from watcher.math.exact.fixed_point import UINT256_MAX
from watcher.math.exact.log_exp_math import power

ONE = 10**18
TWO = 2 * ONE
FOUR = 4 * ONE
MAX_POW_RELATIVE_ERROR = 10_000

OVERFLOW = "overflow"
UNDERFLOW = "underflow"
DIVISION = "division by zero"


def uint(value: int) -> int:
    """`value` where it fits a uint256."""
    if value > UINT256_MAX:
        raise MathError(OVERFLOW)
    return value


def sub(a: int, b: int) -> int:
    if b > a:
        raise MathError(UNDERFLOW)
    return a - b


def mul_down(a: int, b: int) -> int:
    product = a * b
    if product > UINT256_MAX:
        raise MathError(OVERFLOW)
    return product // ONE


def mul_up(a: int, b: int) -> int:
    product = a * b
    if product > UINT256_MAX:
        raise MathError(OVERFLOW)
    return -(-product // ONE)


def div_down(a: int, b: int) -> int:
    if b == 0:
        raise MathError(DIVISION)
    return uint(a * ONE) // b


def div_up(a: int, b: int) -> int:
    if b == 0:
        raise MathError(DIVISION)
    return -(-uint(a * ONE) // b)


def divide_down(a: int, b: int) -> int:
    """Integers, `Math.divDown`."""
    if b == 0:
        raise MathError(DIVISION)
    return a // b


def divide_up(a: int, b: int) -> int:
    """Integers, `Math.divUp` and V3's `divUpRaw`."""
    if b == 0:
        raise MathError(DIVISION)
    return -(-a // b)


def complement(x: int) -> int:
    """1 - x, or 0."""
    return ONE - x if x < ONE else 0


def pow_down(x: int, y: int, *, short_cuts: bool = True) -> int:
    """x^y less the greatest error of `power`. The pools of April 2021 take no `short_cuts`: those
    multiply for the exponents 1, 2 and 4."""
    if short_cuts and y in (ONE, TWO, FOUR):
        return _multiplied(x, y, up=False)
    raw = power(x, y)
    return max(0, raw - max_error(raw))


def pow_up(x: int, y: int, *, short_cuts: bool = True) -> int:
    """x^y and the greatest error of `power`."""
    if short_cuts and y in (ONE, TWO, FOUR):
        return _multiplied(x, y, up=True)
    raw = power(x, y)
    return uint(raw + max_error(raw))


def max_error(raw: int) -> int:
    return mul_up(raw, MAX_POW_RELATIVE_ERROR) + 1


def _multiplied(x: int, y: int, *, up: bool) -> int:
    if y == ONE:
        return x
    multiply = mul_up if up else mul_down
    square = multiply(x, x)
    return square if y == TWO else multiply(square, square)
