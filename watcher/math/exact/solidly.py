"""Solidly pools to the wei: stable, x^3 y + y^3 x = k, and volatile, x y = k.

Sources: Velodrome V1's Pair.sol (as Solidly's BaseV1Pair) and Aerodrome's Pool.sol (Velodrome V2);
`version` says whose search for y it is. Reserves and amounts are in the tokens' smallest units,
inside the stable curve they have 18 decimals.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import isqrt
from typing import Literal, TypeAlias

from watcher.errors import MathError
from watcher.math.exact.fixed_point import UINT256_MAX, checked

WAD = 10**18
MAX_ROUNDS = 255
MINIMUM_LIQUIDITY = 1000
MINIMUM_K = 10**10

OVERFLOW = "arithmetic overflow"
UNDERFLOW = "arithmetic underflow"
DIVISION = "division by zero"

Version: TypeAlias = Literal["v1", "v2"]
"""v1 stops when two rounds differ by one unit, and after 255; v2 searches for the least y that
keeps k, and reverts after 255."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """What the arithmetic of one pool needs; `units` are 10**decimals of each token.

    balances: what the pool holds; what is above its reserves counts for whoever comes next.
    fee: a part of fee_denominator, taken off the input and kept outside of the pool.
    """

    version: Version
    stable: bool
    reserves: tuple[int, int]
    balances: tuple[int, int]
    units: tuple[int, int]
    fee: int
    fee_denominator: int
    total_supply: int


def get_amount_out(pool: Pool, coin_in: int, amount_in: int) -> int:
    """What the view getAmountOut answers; `swap` can refuse it."""
    amount = checked(amount_in, 256, UNDERFLOW)
    amount -= _fee(pool, amount)
    reserve_in, reserve_out = pool.reserves[coin_in], pool.reserves[1 - coin_in]
    if not pool.stable:
        if reserve_in + amount == 0:
            raise MathError(DIVISION)
        return checked(amount * reserve_out, 256, OVERFLOW) // (reserve_in + amount)
    unit_in, unit_out = pool.units[coin_in], pool.units[1 - coin_in]
    xy = get_k(pool, *pool.reserves)
    x = _scaled(reserve_in, unit_in) + _scaled(amount, unit_in)
    y = _scaled(reserve_out, unit_out)
    given = checked(y - get_y(pool, x, xy, y), 256, UNDERFLOW)
    return given * unit_out // WAD


def swap(pool: Pool, coin_in: int, amount_in: int, amount_out: int) -> Pool:
    """The pool after it has taken `amount_in` and paid `amount_out`; MathError where it refuses."""
    if amount_out <= 0:
        raise MathError("InsufficientOutputAmount")
    if amount_out >= pool.reserves[1 - coin_in]:
        raise MathError("InsufficientLiquidity")
    sent = [
        balance - reserve for balance, reserve in zip(pool.balances, pool.reserves, strict=True)
    ]
    sent[coin_in] += amount_in
    if sent[coin_in] <= 0 and sent[1 - coin_in] <= 0:
        raise MathError("InsufficientInputAmount")
    left = [
        balance - _fee(pool, max(given, 0))
        for balance, given in zip(pool.balances, sent, strict=True)
    ]
    left[coin_in] += amount_in
    left[1 - coin_in] -= amount_out
    if get_k(pool, *left) < get_k(pool, *pool.reserves):
        raise MathError("K")
    return _holding(pool, left[0], left[1])


def exact_in(pool: Pool, coin_in: int, amount_in: int) -> int:
    """What getAmountOut quotes and the pool then pays: what a router's trade gets."""
    amount_out = get_amount_out(pool, coin_in, amount_in)
    swap(pool, coin_in, amount_in, amount_out)
    return amount_out


def get_k(pool: Pool, x: int, y: int) -> int:
    """The invariant of two balances. Raises MathError on an overflow."""
    if not pool.stable:
        return checked(x * y, 256, OVERFLOW)
    return _curve(_scaled(x, pool.units[0]), _scaled(y, pool.units[1]))


def get_y(pool: Pool, x0: int, xy: int, y: int) -> int:
    """The balance that keeps `xy` beside `x0`, searched for from `y`; all with 18 decimals."""
    try:
        return _y_of_v1(x0, xy, y) if pool.version == "v1" else _y_of_v2(pool, x0, xy, y)
    except ZeroDivisionError:
        raise MathError(DIVISION) from None


def _y_of_v1(x0: int, xy: int, y: int) -> int:
    """y = y - (f - k) / f', with another order of divisions in f than k has."""
    for _ in range(MAX_ROUNDS):
        previous = y
        k = _f_of_v1(x0, y)
        step = checked(abs(xy - k) * WAD, 256, OVERFLOW) // _slope(x0, y)
        y = checked(y + step if k < xy else y - step, 256, UNDERFLOW)
        if abs(y - previous) <= 1:
            return y
    return y


def _y_of_v2(pool: Pool, x0: int, xy: int, y: int) -> int:
    """The rounds are `_curve` and `_slope` written out, what depends on x0 alone computed once."""
    x_squared = checked(x0 * x0, 256, OVERFLOW) // WAD
    x_cubed = checked(x_squared * x0, 256, OVERFLOW) // WAD
    for _ in range(MAX_ROUNDS):
        square = y * y
        y_squared = square // WAD
        product = (x0 * y // WAD) * (x_squared + y_squared)
        k = product // WAD
        gap, rise = abs(xy - k) * WAD, 3 * x0 * y_squared
        if square > UINT256_MAX or product > UINT256_MAX:
            raise MathError(OVERFLOW)
        if gap > UINT256_MAX or rise > UINT256_MAX:
            raise MathError(OVERFLOW)
        step = gap // (rise // WAD + x_cubed)
        if k < xy:
            # The contract asks its k, which scales by the decimals what has been scaled before.
            if step == 0 and get_k(pool, x0, y + 1) > xy:
                return y + 1
            y += max(step, 1)
        else:
            if step == 0 and (k == xy or _curve(x0, _less(y)) < xy):
                return y
            y = checked(y - max(step, 1), 256, UNDERFLOW)
    raise MathError("!y")


def mint(pool: Pool, amount0: int, amount1: int) -> tuple[int, Pool]:
    """LP tokens for what was sent, and the pool afterwards; MathError where it reverts.

    The first deposit locks MINIMUM_LIQUIDITY, and into a stable pool it must be of equal values.
    """
    held = pool.balances[0] + amount0, pool.balances[1] + amount1
    amount0, amount1 = (
        checked(balance - reserve, 256, UNDERFLOW)
        for balance, reserve in zip(held, pool.reserves, strict=True)
    )
    supply = pool.total_supply
    if supply == 0:
        _require_first(pool, amount0, amount1)
        liquidity = isqrt(amount0 * amount1) - MINIMUM_LIQUIDITY
        supply = MINIMUM_LIQUIDITY
    else:
        if 0 in pool.reserves:
            raise MathError(DIVISION)
        liquidity = min(
            checked(amount * supply, 256, OVERFLOW) // reserve
            for amount, reserve in zip((amount0, amount1), pool.reserves, strict=True)
        )
    if liquidity <= 0:
        raise MathError("InsufficientLiquidityMinted")
    return liquidity, replace(_holding(pool, *held), total_supply=supply + liquidity)


def _require_first(pool: Pool, amount0: int, amount1: int) -> None:
    checked(amount0 * amount1, 256, OVERFLOW)
    if pool.stable:
        if _scaled(amount0, pool.units[0]) != _scaled(amount1, pool.units[1]):
            raise MathError("DepositsNotEqual")
        if get_k(pool, amount0, amount1) <= MINIMUM_K:
            raise MathError("BelowMinimumK")


def burn(pool: Pool, liquidity: int) -> tuple[tuple[int, int], Pool]:
    """What burning LP tokens pays, and the pool afterwards; MathError where it reverts."""
    supply = pool.total_supply
    if not 0 <= liquidity <= supply:
        raise MathError(UNDERFLOW)
    if supply == 0:
        raise MathError(DIVISION)
    balance0, balance1 = pool.balances
    amount0 = checked(liquidity * balance0, 256, OVERFLOW) // supply
    amount1 = checked(liquidity * balance1, 256, OVERFLOW) // supply
    if 0 in (amount0, amount1):
        raise MathError("InsufficientLiquidityBurned")
    after = _holding(pool, balance0 - amount0, balance1 - amount1)
    return (amount0, amount1), replace(after, total_supply=supply - liquidity)


def _holding(pool: Pool, balance0: int, balance1: int) -> Pool:
    return replace(pool, reserves=(balance0, balance1), balances=(balance0, balance1))


def _fee(pool: Pool, amount: int) -> int:
    return checked(amount * pool.fee, 256, OVERFLOW) // pool.fee_denominator


def _curve(x: int, y: int) -> int:
    """x y (x^2 + y^2), each product rounded down."""
    xx, yy = x * x, y * y
    product = (x * y // WAD) * (xx // WAD + yy // WAD)
    # x y is between the squares.
    if xx > UINT256_MAX or yy > UINT256_MAX or product > UINT256_MAX:
        raise MathError(OVERFLOW)
    return product // WAD


def _f_of_v1(x0: int, y: int) -> int:
    y_cubed, x_cubed = _cubed(y), _cubed(x0)
    _require_fits(x0 * y_cubed, x_cubed * y)
    return x0 * y_cubed // WAD + x_cubed * y // WAD


def _slope(x0: int, y: int) -> int:
    """3 x y^2 + x^3."""
    squared = y * y // WAD
    _require_fits(y * y, 3 * x0 * squared)
    return 3 * x0 * squared // WAD + _cubed(x0)


def _cubed(x: int) -> int:
    squared = checked(x * x, 256, OVERFLOW) // WAD
    return checked(squared * x, 256, OVERFLOW) // WAD


def _scaled(amount: int, unit: int) -> int:
    return checked(amount * WAD, 256, OVERFLOW) // unit


def _less(y: int) -> int:
    return checked(y - 1, 256, UNDERFLOW)


def _require_fits(*values: int) -> None:
    if max(values) > UINT256_MAX:
        raise MathError(OVERFLOW)
