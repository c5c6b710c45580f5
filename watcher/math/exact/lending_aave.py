"""Aave V3's reserves: indexes brought to a time, balances out of scaled ones, health.

Sources: MathUtils.sol, WadRayMath.sol, PercentageMath.sol, ReserveLogic.sol and GenericLogic.sol of
Aave V3 core 1.19.3. All functions raise MathError where the contract reverts.
"""

from __future__ import annotations

from watcher.errors import MathError
from watcher.math.exact.fixed_point import UINT256_MAX

WAD = 10**18
RAY = 10**27
BPS = 10**4
SECONDS_PER_YEAR = 365 * 86_400


def ray_mul(a: int, b: int) -> int:
    """a * b in rays, rounded half up."""
    return _mul_half_up(a, b, RAY)


def ray_div(a: int, b: int) -> int:
    """a / b in rays, rounded half up."""
    return _div_half_up(a, b, RAY)


def wad_div(a: int, b: int) -> int:
    """a / b in wads, rounded half up."""
    return _div_half_up(a, b, WAD)


def percent_mul(value: int, percentage: int) -> int:
    """A part of `value` in basis points, rounded half up."""
    return _mul_half_up(value, percentage, BPS)


def calculate_linear_interest(rate: int, elapsed: int) -> int:
    """The factor of so many seconds at a yearly rate, in rays, rounded down."""
    return _checked(RAY + _checked(rate * elapsed) // SECONDS_PER_YEAR)


def calculate_compounded_interest(rate: int, elapsed: int) -> int:
    """(1 + rate / SECONDS_PER_YEAR)^elapsed in rays by the first terms of its binomial series."""
    if elapsed == 0:
        return RAY
    less_one, less_two = elapsed - 1, max(elapsed - 2, 0)
    power_two = ray_mul(rate, rate) // SECONDS_PER_YEAR**2
    power_three = ray_mul(power_two, rate) // SECONDS_PER_YEAR
    second = _checked(elapsed * less_one * power_two) // 2
    third = _checked(elapsed * less_one * less_two * power_three) // 6
    return _checked(RAY + _checked(rate * elapsed) // SECONDS_PER_YEAR + second + third)


def normalized_income(liquidity_index: int, liquidity_rate: int, elapsed: int) -> int:
    """The liquidity index `elapsed` seconds after it was stored (getReserveNormalizedIncome)."""
    if elapsed == 0:
        return liquidity_index
    return ray_mul(calculate_linear_interest(liquidity_rate, elapsed), liquidity_index)


def normalized_debt(variable_borrow_index: int, variable_borrow_rate: int, elapsed: int) -> int:
    """As `normalized_income`, of the variable debt (getReserveNormalizedVariableDebt)."""
    if elapsed == 0:
        return variable_borrow_index
    grown = calculate_compounded_interest(variable_borrow_rate, elapsed)
    return ray_mul(grown, variable_borrow_index)


def accrued_to_treasury(
    accrued: int,
    scaled_debt: int,
    reserve_factor: int,
    *,
    borrow_indexes: tuple[int, int],
    liquidity_index: int,
) -> int:
    """The treasury's scaled part after `_accrueToTreasury` of a reserve without stable debt:
    `borrow_indexes` are before and after, `liquidity_index` is after."""
    before, after = (ray_mul(scaled_debt, index) for index in borrow_indexes)
    if after < before:
        raise MathError("the debt has shrunk")
    minted = percent_mul(after - before, reserve_factor)
    return accrued + ray_div(minted, liquidity_index) if minted else accrued


def health_factor(collateral: int, debt: int, liquidation_threshold: int) -> int:
    """Counted collateral over debt in wads; the largest number where nothing is owed."""
    if debt == 0:
        return UINT256_MAX
    return wad_div(percent_mul(collateral, liquidation_threshold), debt)


def _mul_half_up(a: int, b: int, unit: int) -> int:
    return _checked(a * b + unit // 2) // unit


def _div_half_up(a: int, b: int, unit: int) -> int:
    if b == 0:
        raise MathError("division by zero")
    return _checked(a * unit + b // 2) // b


def _checked(number: int) -> int:
    if number > UINT256_MAX:
        raise MathError("the number is over 256 bits")
    return number
