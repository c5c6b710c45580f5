"""Set's index tokens to the wei: what issuing asks, what redeeming pays, what a valuer sums.

Source: set-protocol-v2 0.1.16 PreciseUnitMath.sol, BasicIssuanceModule.sol, SetValuer.sol. Units
are of a whole index token, in a component's smallest unit.
"""

from __future__ import annotations

from collections.abc import Sequence

from watcher.errors import MathError
from watcher.math.exact.fixed_point import checked, div_truncated

PRECISE_UNIT = 10**18


def precise_mul(a: int, b: int) -> int:
    """Of unsigned integers, rounded down."""
    return checked(a * b, 256, "SafeMath: multiplication overflow") // PRECISE_UNIT


def precise_mul_ceil(a: int, b: int) -> int:
    return -(-checked(a * b, 256, "SafeMath: multiplication overflow") // PRECISE_UNIT)


def precise_mul_int(a: int, b: int) -> int:
    """Of signed integers, rounded towards zero."""
    return div_truncated(_int256(a * b), PRECISE_UNIT)


def precise_div_int(a: int, b: int) -> int:
    """Of signed integers, rounded towards zero."""
    return div_truncated(_int256(a * PRECISE_UNIT), b)


def required_for_issue(quantity: int, units: Sequence[int]) -> tuple[int, ...]:
    """What issuing asks of each component."""
    return tuple(precise_mul_ceil(unit, quantity) for unit in units)


def paid_for_redemption(quantity: int, units: Sequence[int]) -> tuple[int, ...]:
    """What redeeming pays of each component."""
    return tuple(precise_mul(quantity, unit) for unit in units)


def valuation(units: Sequence[int], decimals: Sequence[int], prices: Sequence[int]) -> int:
    """SetValuer.calculateSetTokenValuation in the oracle's master quote asset: `units` are the
    total ones, which debts lower, prices have 18 decimals. Raises where the sum is below zero."""
    total = 0
    for unit, places, price in zip(units, decimals, prices, strict=True):
        normalized = precise_div_int(unit, 10**places)
        total = _int256(precise_mul_int(normalized, price) + total)
    return checked(total, 256, "value must be positive")


def _int256(value: int) -> int:
    if not -(1 << 255) <= value < 1 << 255:
        raise MathError("SignedSafeMath: overflow")
    return value
