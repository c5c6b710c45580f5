"""Compound V2's markets: interest to a block, the exchange rate, what accounts have and owe.

Sources: CToken.sol, Exponential.sol and Comptroller.sol of Compound, and its models of rates. All
functions raise MathError where the contract reverts or answers an error.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import NamedTuple

from watcher.errors import MathError
from watcher.math.exact.fixed_point import UINT256_MAX

WAD = 10**18
HALF_WAD = WAD // 2
BORROW_RATE_MAX = 5 * 10**12
"""CToken.borrowRateMaxMantissa: 0.0005% a block."""


@dataclass(frozen=True, slots=True)
class Totals:
    """What a market has lent and kept; `cash` is its own balance."""

    cash: int
    total_borrows: int
    total_reserves: int
    borrow_index: int


@dataclass(frozen=True, slots=True)
class Curve:
    """The parameters of a model of rates, of one block in parts of 10**18; those of `annual` ones
    are of a year and divided by its blocks. Without a kink there is no jump."""

    base_rate: int
    multiplier: int
    jump_multiplier: int = 0
    kink: int = UINT256_MAX
    annual: int = 0


class Position(NamedTuple):
    """One account in one market that it entered."""

    shares: int
    borrow_balance: int
    exchange_rate: int
    factor: int
    price: int


class Valued(NamedTuple):
    """Sums over an account's markets, in parts of 10**18 of the oracle's unit of account: what it
    has by the factors, in full, and what it owes."""

    collateral: int
    value: int
    debt: int


def accrue_interest(
    totals: Totals,
    borrow_rate: int,
    reserve_factor: int,
    *,
    elapsed: int,
    most: int = BORROW_RATE_MAX,
) -> Totals:
    """The totals after `elapsed` blocks at the rate of their first (accrueInterest)."""
    if borrow_rate > most:
        raise MathError("borrow rate is absurdly high")
    factor = _product(borrow_rate, elapsed)
    interest = _product(factor, totals.total_borrows) // WAD
    borrows = _sum(interest, totals.total_borrows)
    reserves = _sum(_product(reserve_factor, interest) // WAD, totals.total_reserves)
    index = _sum(_product(factor, totals.borrow_index) // WAD, totals.borrow_index)
    return replace(totals, total_borrows=borrows, total_reserves=reserves, borrow_index=index)


def exchange_rate(totals: Totals, total_supply: int, initial: int) -> int:
    """Underlying for a share in parts of 10**18, rounded down (exchangeRateStoredInternal);
    `initial` while there is no share."""
    if total_supply == 0:
        return initial
    return _product(supplied(totals), WAD) // total_supply


def supplied(totals: Totals) -> int:
    """What the shares are a claim on: cash and what is lent, less the reserves."""
    owned = _sum(totals.cash, totals.total_borrows)
    if owned < totals.total_reserves:
        raise MathError("the reserves are more than the market has")
    return owned - totals.total_reserves


def borrow_balance(principal: int, interest_index: int, borrow_index: int) -> int:
    """What an account owes that owed `principal` at `interest_index` (borrowBalanceStored)."""
    if principal == 0:
        return 0
    if interest_index == 0:
        raise MathError("division by zero")
    return _product(principal, borrow_index) // interest_index


def redeem_amount(shares: int, rate: int) -> int:
    """The underlying that shares redeem for at an exchange rate, rounded down."""
    return _product(rate, shares) // WAD


def utilization_rate(totals: Totals, *, of_supplied: bool = True) -> int:
    """Borrows over what is supplied, in parts of 10**18; the first white-paper model leaves the
    reserves in (`of_supplied` false)."""
    if totals.total_borrows == 0:
        return 0
    whole = supplied(totals) if of_supplied else _sum(totals.cash, totals.total_borrows)
    if whole == 0:
        raise MathError("division by zero")
    return _product(totals.total_borrows, WAD) // whole


def get_borrow_rate(curve: Curve, totals: Totals) -> int:
    """The rate of one block at these totals (getBorrowRate of WhitePaperInterestRateModel and
    JumpRateModel)."""
    if curve.annual:
        used = utilization_rate(totals, of_supplied=False)
        return _sum(_product(used, curve.multiplier) // WAD, curve.base_rate) // curve.annual
    used = utilization_rate(totals)
    if used <= curve.kink:
        return _sum(_product(used, curve.multiplier) // WAD, curve.base_rate)
    normal = _sum(_product(curve.kink, curve.multiplier) // WAD, curve.base_rate)
    return _sum(_product(used - curve.kink, curve.jump_multiplier) // WAD, normal)


def valued(positions: Iterable[Position], *, half_up: bool) -> Valued:
    """As getAccountLiquidity adds up; `half_up` is how its `mulExp` rounded until ComptrollerG5,
    which rounds down."""
    collateral = value = debt = 0
    for each in positions:
        rate = _mul_exp(each.exchange_rate, each.price, half_up=half_up)
        weighted = _mul_exp(each.factor, each.exchange_rate, half_up=half_up)
        weighted = _mul_exp(weighted, each.price, half_up=half_up)
        collateral = _sum(_product(weighted, each.shares) // WAD, collateral)
        value = _sum(_product(rate, each.shares) // WAD, value)
        debt = _sum(_product(each.price, each.borrow_balance) // WAD, debt)
    return Valued(collateral, value, debt)


def liquidity_and_shortfall(account: Valued) -> tuple[int, int]:
    """The last two answers of getAccountLiquidity."""
    free = account.collateral - account.debt
    return max(free, 0), max(-free, 0)


def _mul_exp(a: int, b: int, *, half_up: bool) -> int:
    product = _product(a, b)
    return (_sum(product, HALF_WAD) if half_up else product) // WAD


def _product(a: int, b: int) -> int:
    if a * b > UINT256_MAX:
        raise MathError("the product is over 256 bits")
    return a * b


def _sum(a: int, b: int) -> int:
    if a + b > UINT256_MAX:
        raise MathError("the sum is over 256 bits")
    return a + b
