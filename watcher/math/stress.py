"""Lending markets when collateral falls: who may be liquidated, whether the market could pay out
what it then must have back, and what liquidators leave unpaid. Exact numbers.

A shock s takes the part s of the worth of all collateral against all that is owed. Liquidators
repay at the close factor while it pays them: each unit repaid takes a bonus in collateral, so that
an account whose collateral is worth less than its debt and the bonus ends with nothing but debt,
and any other ends healthy or paid. What is left is debt less collateral / bonus, whatever the
steps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from watcher.errors import MathError
from watcher.math.exact.morpho import borrowed, is_healthy, withdrawable
from watcher.math.families.morpho_market import known_bad_debt as settled
from watcher.math.families.morpho_market import market_of, position_of, terms_of
from watcher.math.lending import Owing
from watcher.state.morpho_market import MorphoMarket

SHOCKS = tuple(Fraction(step, 100) for step in (0, 5, 10, 20, 30, 50))
"""The ladder: parts of the worth of all collateral that are lost."""

NOBODY = "no known account may be liquidated at this shock"


def debt_at_risk(accounts: Sequence[Owing], shock: Fraction) -> int:
    """What the accounts that may be liquidated under a shock owe here, in the smallest unit."""
    return sum(each.owed for each in accounts if _unhealthy(each, shock))


def bad_debt_at(accounts: Sequence[Owing], shock: Fraction, bonus: Fraction) -> Fraction:
    """What liquidating them leaves unpaid of what they owe here, in the smallest unit; `bonus` is
    what a repaid unit takes, 1.08 of Compound. An account that owes in several markets loses the
    same part in each."""
    lost = Fraction(0)
    for each in accounts:
        if _unhealthy(each, shock):
            covered = each.value * (1 - shock) / bonus
            lost += each.owed * max(1 - covered / each.debt, Fraction(0))
    return lost


def shocked(state: MorphoMarket, shock: Fraction) -> MorphoMarket:
    """The market at an oracle's price that is lower by a part, rounded down."""
    return replace(state, oracle_price=int(state.oracle_price * (1 - shock)))


def morpho_debt_at_risk(state: MorphoMarket, shock: Fraction) -> int:
    """As `debt_at_risk`, to the wei. Raises MathError where the contract reverts."""
    lower, market = shocked(state, shock), market_of(state)
    return sum(
        borrowed(market, position_of(each))
        for each in state.positions
        if each.borrow_shares and not is_healthy(market, position_of(each), terms_of(lower))
    )


def morpho_bad_debt_at(state: MorphoMarket, shock: Fraction) -> int:
    """What liquidating the named accounts leaves unpaid, to the wei. Raises MathError where the
    contract reverts."""
    return settled(shocked(state, shock))


def morpho_withdrawable(state: MorphoMarket) -> int:
    return withdrawable(market_of(state), state.loan_balance)


def coverage(payable: int, at_risk: int) -> Fraction:
    """What the market could pay out now, for each unit that it must have back under a shock. Raises
    MathError where nobody would have to pay."""
    if not at_risk:
        raise MathError(NOBODY)
    return Fraction(payable, at_risk)


def _unhealthy(account: Owing, shock: Fraction) -> bool:
    return account.counted * (1 - shock) < account.debt
