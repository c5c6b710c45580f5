"""The measures of Morpho Blue's markets, of one target at a time: each names its own accounts."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction

import numpy as np

from watcher.errors import MathError
from watcher.math import bridge, stress
from watcher.math.columns import Column, dims_of, price_reason, price_value
from watcher.math.exact.morpho import (
    ORACLE_PRICE_SCALE,
    WAD,
    borrowed,
    max_borrow,
    withdrawable,
)
from watcher.math.families.morpho_market import (
    known_bad_debt,
    market_of,
    position_of,
    terms_of,
)
from watcher.math.lending import NO_ACCOUNTS
from watcher.math.lending_measures import shock_text
from watcher.math.settings import Settings
from watcher.math.subject import Subject
from watcher.state.morpho_market import MorphoMarket, MorphoPosition

YEAR = 31_536_000
LOAN, COLLATERAL = 0, 1
NO_SUPPLY = "nothing is supplied"
NO_DEBT = "nothing is owed"
NO_PRICE = "the market's own price is zero"

Figure = tuple[float, str]
"""A value, and why it is unknown where it is NaN."""


def morpho_measures(subjects: Sequence[Subject], settings: Settings) -> list[Column]:
    """`settings` are not used: no figure of a market depends on sizes."""
    (subject,) = subjects
    health, (lost, problem) = _health(subject), _bad_debt(subject)
    return [
        _column("utilization", _utilization(subject)),
        _column("withdrawable", _withdrawable(subject)),
        _column("total_supplied", _total(subject, "total_supply_assets")),
        _column("total_debt", _total(subject, "total_borrow_assets")),
        _column("borrow_rate", _borrow_rate(subject)),
        _column("ln_oracle_over_reference", _oracle(subject)),
        *health,
        _column("weakest_health", _weakest(subject, health)),
        _column("known_debt_share", _known(subject)),
        *(_stressed(subject, shock, name) for name in STRESSED for shock in stress.SHOCKS),
        _column("bad_debt", (lost, problem)),
        _column(
            "bad_debt_money",
            (lost * price_value(subject, LOAN), problem or price_reason(subject, LOAN)),
        ),
    ]


def _utilization(subject: Subject) -> Figure:
    if not isinstance(subject.state, MorphoMarket):
        return math.nan, subject.reason
    part = _ratio(subject.state.total_borrow_assets, subject.state.total_supply_assets)
    return part, NO_SUPPLY


def _withdrawable(subject: Subject) -> Figure:
    state = subject.state
    if not isinstance(state, MorphoMarket):
        return math.nan, subject.reason
    return bridge.whole(withdrawable(market_of(state), state.loan_balance), state.loan_decimals), ""


def _total(subject: Subject, name: str) -> Figure:
    if not isinstance(subject.state, MorphoMarket):
        return math.nan, subject.reason
    return bridge.whole(getattr(subject.state, name), subject.state.loan_decimals), ""


def _borrow_rate(subject: Subject) -> Figure:
    if not isinstance(subject.state, MorphoMarket):
        return math.nan, subject.reason
    return subject.state.borrow_rate * YEAR / WAD, ""


def _oracle(subject: Subject) -> Figure:
    state = subject.state
    if not isinstance(state, MorphoMarket):
        return math.nan, subject.reason
    if not state.oracle_price:
        return math.nan, NO_PRICE
    scale = Fraction(10**state.collateral_decimals, 10**state.loan_decimals)
    own = math.log(bridge.nearest(scale * Fraction(state.oracle_price, ORACLE_PRICE_SCALE)))
    why = price_reason(subject, COLLATERAL) or price_reason(subject, LOAN)
    if why:
        return math.nan, why
    return own - math.log(price_value(subject, COLLATERAL)) + math.log(
        price_value(subject, LOAN)
    ), ""


def _health(subject: Subject) -> list[Column]:
    accounts = str(subject.target.params["accounts"]).split()
    state = subject.state
    rows: list[MorphoPosition | None] = [None] * len(accounts)
    if isinstance(state, MorphoMarket):
        rows = list(state.positions)
    return [
        _column("account_health", _account(subject, position), {"account": account})
        for account, position in zip(accounts, rows, strict=True)
    ]


def _account(subject: Subject, position: MorphoPosition | None) -> Figure:
    state = subject.state
    if position is None or not isinstance(state, MorphoMarket):
        return math.nan, subject.reason
    held = position_of(position)
    try:
        limit, debt = max_borrow(held, terms_of(state)), borrowed(market_of(state), held)
    except MathError as error:
        return math.nan, str(error)
    return _ratio(limit, debt) if position.borrow_shares else math.nan, NO_DEBT


def _weakest(subject: Subject, health: Sequence[Column]) -> Figure:
    """Unknown where the health of any account that owes is."""
    if not isinstance(subject.state, MorphoMarket):
        return math.nan, subject.reason
    owing = [
        column
        for column, position in zip(health, subject.state.positions, strict=True)
        if position.borrow_shares
    ]
    why = next((one.reasons[0] for one in owing if math.isnan(one.values[0])), "")
    if why or not owing:
        return math.nan, why or NO_DEBT
    return min(float(one.values[0]) for one in owing), ""


def _known(subject: Subject) -> Figure:
    state = subject.state
    if not isinstance(state, MorphoMarket):
        return math.nan, subject.reason
    known = sum(position.borrow_shares for position in state.positions)
    return _ratio(known, state.total_borrow_shares), NO_DEBT


def _bad_debt(subject: Subject) -> Figure:
    state = subject.state
    if not isinstance(state, MorphoMarket):
        return math.nan, subject.reason
    try:
        return bridge.whole(known_bad_debt(state), state.loan_decimals), ""
    except MathError as error:
        return math.nan, str(error)


STRESSED = ("debt_at_risk", "coverage", "bad_debt_at_shock")


def _stressed(subject: Subject, shock: Fraction, name: str) -> Column:
    """One step of the ladder of shocks."""
    dims = {"shock": shock_text(shock)}
    state = subject.state
    if not isinstance(state, MorphoMarket):
        return _column(name, (math.nan, subject.reason), dims)
    if not state.positions:
        return _column(name, (math.nan, NO_ACCOUNTS), dims)
    try:
        if name == "bad_debt_at_shock":
            found = bridge.whole(stress.morpho_bad_debt_at(state, shock), state.loan_decimals)
        else:
            at_risk = stress.morpho_debt_at_risk(state, shock)
            found = bridge.whole(at_risk, state.loan_decimals)
            if name == "coverage":
                payable = stress.morpho_withdrawable(state)
                found = bridge.nearest(stress.coverage(payable, at_risk))
    except MathError as error:
        return _column(name, (math.nan, str(error)), dims)
    return _column(name, (found, ""), dims)


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else math.nan


def _column(name: str, found: Figure, dims: Mapping[str, str] | None = None) -> Column:
    value, reason = found
    return Column(name, np.array([value]), [reason], [dims_of(dims)] if dims else None)
