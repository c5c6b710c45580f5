"""The measures of lending markets."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import partial

import numpy as np

from watcher.errors import MathError
from watcher.math import lending, stress
from watcher.math.bridge import nearest
from watcher.math.catalogue import CATALOGUE
from watcher.math.columns import Column, dims_of, price_reason, price_value
from watcher.math.lending import Lending
from watcher.math.settings import Settings
from watcher.math.subject import Subject

EMPTY = "nothing is supplied"
NO_DEBT = "nothing is owed"
NO_BONUS = "the protocol gives liquidators no bonus"
NO_PRICE = "the oracle has no price"
NO_RESERVES = "the reserves are more than the market has"
TOO_LARGE = "the figure is over what a float can hold"

Figure = tuple[float, str]
"""A value, or NaN and why."""


def lending_measures(subjects: Sequence[Subject], settings: Settings) -> list[Column]:
    """`settings` are not used: no figure of a market depends on sizes."""
    markets = [_market(subject) for subject in subjects]
    columns = [
        _column(name, [_figure(market, exact) for market in markets])
        for name, exact in FIGURES.items()
    ]
    capped = subjects[0].target.kind in CATALOGUE["cap_used"].kinds
    caps = [
        _column("cap_used", [_figure(market, exact) for market in markets], side=side)
        for side, exact in (CAPS if capped else {}).items()
    ]
    return [*columns, *caps, *_stressed(subjects, markets), _oracle_column(subjects, markets)]


Market = Lending | str
"""A market, or why there is none."""


def _market(subject: Subject) -> Market:
    try:
        return lending.lending(subject.state) or subject.reason
    except MathError as error:
        return str(error)


def _figure(market: Market, exact: Callable[[Lending], Fraction]) -> Figure:
    if isinstance(market, str):
        return math.nan, market
    try:
        value = nearest(exact(market))
    except MathError as error:
        return math.nan, str(error)
    return (value, "") if math.isfinite(value) else (math.nan, TOO_LARGE)


def _over(part: int, whole: int, reason: str) -> Fraction:
    if whole <= 0:
        raise MathError(reason)
    return Fraction(part, whole)


def _tokens(market: Lending, amount: int) -> Fraction:
    return Fraction(amount, 10**market.decimals)


def _utilization(market: Lending) -> Fraction:
    return Fraction(0) if market.lent == 0 else _over(market.lent, market.whole, EMPTY)


def _rate(rate: Fraction | None) -> Fraction:
    if rate is None:
        raise MathError(lending.NO_YEAR)
    return rate


def _cap(used: int, cap: int | None) -> Fraction:
    if cap is None:
        raise MathError(lending.NO_CAP)
    return _over(used, cap, lending.ZERO_CAP)


def _price(market: Lending) -> Fraction:
    if market.price is None:
        raise MathError(NO_PRICE)
    return market.price


def _known(market: Lending) -> Fraction:
    if not market.named:
        raise MathError(lending.NO_ACCOUNTS)
    return _over(market.known_debt, market.stored_debt, NO_DEBT)


FIGURES: dict[str, Callable[[Lending], Fraction]] = {
    "utilization": _utilization,
    "cash_share": lambda market: _over(market.withdrawable, market.supplied, EMPTY),
    "withdrawable": lambda market: _tokens(market, market.withdrawable),
    "total_supplied": lambda market: _tokens(market, market.supplied),
    "total_debt": lambda market: _tokens(market, market.total_debt),
    "reserves": lambda market: _tokens(market, market.reserves),
    "supply_index": lambda market: market.supply_index,
    "borrow_rate": lambda market: _rate(market.borrow_rate),
    "supply_rate": lambda market: _rate(market.supply_rate),
    "weakest_health": lending.weakest_health,
    "uncovered_debt": lending.uncovered_debt,
    "known_debt_share": _known,
    "oracle_price": _price,
}

CAPS: dict[str, Callable[[Lending], Fraction]] = {
    "supply": lambda market: _cap(market.capped, market.supply_cap),
    "borrow": lambda market: _cap(market.total_debt, market.borrow_cap),
}


def _stressed(subjects: Sequence[Subject], markets: Sequence[Market]) -> list[Column]:
    """The ladder of shocks."""
    exact = {"debt_at_risk": _at_risk, "coverage": _coverage, "bad_debt_at_shock": _bad_debt}
    kind = subjects[0].target.kind
    return [
        _column(
            name,
            [_figure(market, partial(figure, shock=shock)) for market in markets],
            shock=shock_text(shock),
        )
        for name, figure in exact.items()
        if kind in CATALOGUE[name].kinds
        for shock in stress.SHOCKS
    ]


def shock_text(shock: Fraction) -> str:
    """How a step of the ladder is written in the dims: 0.05."""
    return f"{float(shock):g}"


def _at_risk(market: Lending, *, shock: Fraction) -> Fraction:
    return _tokens(market, stress.debt_at_risk(lending.valued_accounts(market), shock))


def _coverage(market: Lending, *, shock: Fraction) -> Fraction:
    at_risk = stress.debt_at_risk(lending.valued_accounts(market), shock)
    return stress.coverage(market.withdrawable, at_risk)


def _bad_debt(market: Lending, *, shock: Fraction) -> Fraction:
    if not market.bonus:
        raise MathError(NO_BONUS)
    lost = stress.bad_debt_at(lending.valued_accounts(market), shock, market.bonus)
    return lost * Fraction(1, 10**market.decimals)


def _oracle_column(subjects: Sequence[Subject], markets: Sequence[Market]) -> Column:
    figures = []
    for subject, market in zip(subjects, markets, strict=True):
        told, reason = _figure(market, _price)
        ratio = told / price_value(subject, 0) if told else 0.0
        reason = reason or price_reason(subject, 0)
        if not reason and not 0 < ratio < math.inf:
            reason = TOO_LARGE
        figures.append((math.nan, reason) if reason else (math.log(ratio), ""))
    return _column("ln_oracle_over_reference", figures)


def _column(name: str, figures: Sequence[Figure], **dims: str) -> Column:
    return Column(
        name,
        np.array([value for value, _ in figures]),
        [reason for _, reason in figures],
        [dims_of(dims)] * len(figures) if dims else None,
    )
