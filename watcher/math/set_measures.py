"""The measures of Set's index tokens, of one target at a time: each has components of its own."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from watcher.math import bridge
from watcher.math.columns import Column, dims_of, price_reason, price_value
from watcher.math.disparity import total_variation
from watcher.math.settings import Settings
from watcher.math.subject import Subject
from watcher.state.set_token import WAD, SetToken
from watcher.state.token import Token

SHARE_DECIMALS = 18
NO_WEIGHTS = "no target weights are configured"
NO_BAND = "no band is configured"
NO_VALUER = "its valuer is not asked"
NOTHING = "the basket is worth nothing"
NOTHING_OWED = "nothing is owed"
DEBT = "a component is owed more than it is held"
TOO_LARGE = "the figure is over what a float can hold"

Figure = tuple[float, str]
"""A value, and why it is unknown where it is NaN."""


@dataclass(frozen=True, slots=True)
class _Basket:
    """What one whole index token has of each component in whole ones, what all of them are due and
    what the contract holds, prices, and why one of them is missing."""

    units: tuple[float, ...]
    due: tuple[float, ...]
    held: tuple[float, ...]
    prices: tuple[float, ...]
    problem: str

    def worth(self, amounts: Sequence[float]) -> float:
        """What there is none of is worth nothing, whatever its price."""
        pairs = zip(amounts, self.prices, strict=True)
        return float(sum(amount * price for amount, price in pairs if amount))


def set_measures(subjects: Sequence[Subject], settings: Settings) -> list[Column]:
    """`settings` are not used: no figure of a basket depends on sizes."""
    (subject,) = subjects
    basket = _basket(subject)
    shares, why = _shares(basket)
    off, weightless = _disparity(subject, shares, why)
    return [
        _column("nav_per_share", _nav(basket)),
        _column("own_valuation", _valuation(subject)),
        *(
            _column("value_share", (share, why), {"token": token.address})
            for share, token in zip(shares, subject.target.tokens, strict=True)
        ),
        _column("disparity_value", (off, weightless)),
        _column("band_used", _band_used(subject, shares, weightless)),
        *(
            _column("component_coverage", _coverage(basket, row), {"token": token.address})
            for row, token in enumerate(subject.target.tokens)
        ),
        _column("solvency_reference", _solvency(basket)),
        _column("shortfall_money", _shortfall(basket)),
    ]


def _basket(subject: Subject) -> _Basket:
    tokens = subject.target.tokens
    prices = tuple(price_value(subject, row) for row in range(len(tokens)))
    state = subject.state
    if not isinstance(state, SetToken):
        unknown = (math.nan,) * len(tokens)
        return _Basket(unknown, unknown, unknown, prices, subject.reason)
    whole = [Fraction(1, 10**token.decimals) for token in tokens]
    supply = Fraction(state.total_supply, 10**SHARE_DECIMALS)
    parts = list(zip(state.components, whole, strict=True))
    why = (price_reason(subject, row) for row in range(len(tokens)))
    return _Basket(
        units=tuple(float(one.total_unit * unit) for one, unit in parts),
        due=tuple(float(one.default_unit * unit * supply) for one, unit in parts),
        held=tuple(float(one.balance * unit) for one, unit in parts),
        prices=prices,
        problem=next(filter(None, why), ""),
    )


def _nav(basket: _Basket) -> Figure:
    if basket.problem:
        return math.nan, basket.problem
    return basket.worth(basket.units), TOO_LARGE


def _valuation(subject: Subject) -> Figure:
    state = subject.state
    if not isinstance(state, SetToken):
        return math.nan, subject.reason
    if not state.valuation:
        return math.nan, NO_VALUER
    return bridge.whole(state.valuation[0], SHARE_DECIMALS), ""


def _shares(basket: _Basket) -> tuple[tuple[float, ...], str]:
    """Each component's part of what a whole index token is worth."""
    none = (math.nan,) * len(basket.units)
    nav, why = _nav(basket)
    if math.isnan(nav) or math.isinf(nav):
        return none, why
    if any(unit < 0 for unit in basket.units):
        return none, DEBT
    if nav <= 0:
        return none, NOTHING
    pairs = zip(basket.units, basket.prices, strict=True)
    return tuple(unit * price / nav for unit, price in pairs), TOO_LARGE


def _weights(subject: Subject, tokens: Sequence[Token]) -> list[float]:
    """From the target, so that its rows do not depend on what was read; none where none are."""
    named = str(subject.target.params["weights"]).split()
    return [float(Fraction(one)) for one in named][: len(tokens)]


def _disparity(subject: Subject, shares: Sequence[float], why: str) -> Figure:
    if isinstance(subject.state, SetToken) and not subject.state.weights:
        return math.nan, NO_WEIGHTS
    if not isinstance(subject.state, SetToken) or math.isnan(shares[0]):
        return math.nan, why
    weights = np.array([[one / WAD for one in subject.state.weights]])
    return float(total_variation(np.array([shares]), weights)[0]), ""


def _band_used(subject: Subject, shares: Sequence[float], why: str) -> Figure:
    band = str(subject.target.params["band"])
    if not band:
        return math.nan, why or NO_BAND
    if why or not isinstance(subject.state, SetToken):
        return math.nan, why
    weights = [one / WAD for one in subject.state.weights]
    off = max(abs(share - weight) for share, weight in zip(shares, weights, strict=True))
    return off / float(Fraction(band)), ""


def _coverage(basket: _Basket, row: int) -> Figure:
    due, held = basket.due[row], basket.held[row]
    if math.isnan(due):
        return math.nan, basket.problem
    return (held / due, TOO_LARGE) if due else (math.nan, NOTHING_OWED)


def _solvency(basket: _Basket) -> Figure:
    if basket.problem:
        return math.nan, basket.problem
    owed = basket.worth(basket.due)
    return (basket.worth(basket.held) / owed, TOO_LARGE) if owed else (math.nan, NOTHING_OWED)


def _shortfall(basket: _Basket) -> Figure:
    """Of the components that lack something: what another has too much of is not for sale."""
    if basket.problem:
        return math.nan, basket.problem
    pairs = zip(basket.due, basket.held, strict=True)
    return basket.worth([max(due - held, 0.0) for due, held in pairs]), TOO_LARGE


def _column(name: str, found: Figure, dims: Mapping[str, str] | None = None) -> Column:
    value, reason = found
    return Column(name, np.array([value]), [reason], [dims_of(dims)] if dims else None)
