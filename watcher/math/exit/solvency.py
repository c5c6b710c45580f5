"""Assets against what is owed, at reference prices and at what an exit really pays.

What is owed is never taken from the vault's own conversion, which would compare its assets with
themselves: it is a supply of shares at their own independent price, or amounts that people name.
Money is in the unit of account, NaN with its reason where a price is unknown.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from watcher.errors import MathError
from watcher.math import bridge
from watcher.math.exit.plan import ExitPlan
from watcher.state.finding import Deltas, deltas
from watcher.state.kinds import State
from watcher.state.lockbox import Lockbox
from watcher.state.price import Price
from watcher.state.set_token import SetToken
from watcher.state.share_vault import ShareVault
from watcher.state.target import Target
from watcher.state.token import Address, Token
from watcher.state.yearn_vault import YearnVault

NOTHING_OWED = "nothing is owed"


@dataclass(frozen=True, slots=True)
class Money:
    """`value` is NaN where `reason` says why."""

    value: float
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Solvency:
    """`reference` is A_ref, all that is held at reference prices; `exit` is A_exit, what the plan
    brings in; `owed` is L."""

    reference: Money
    exit: Money
    owed: Money

    @property
    def over_reference(self) -> Money:
        return _quotient(self.reference, self.owed)

    @property
    def over_exit(self) -> Money:
        return _quotient(self.exit, self.owed)

    @property
    def discount(self) -> Money:
        """What leaving costs, a part of what is held."""
        part = _quotient(self.exit, self.reference)
        return Money(1 - part.value, part.reason)


def solvency(
    plan: ExitPlan, owed: Deltas, prices: Mapping[Address, Price], tokens: Mapping[Address, Token]
) -> Solvency:
    """Of a plan and of what is owed, in smallest units."""
    received = deltas((plan.into, plan.received))
    return Solvency(
        reference=worth(plan.reference, prices, tokens),
        exit=worth(received, prices, tokens),
        owed=worth(owed, prices, tokens) if owed else Money(math.nan, NOTHING_OWED),
    )


def worth(
    amounts: Deltas, prices: Mapping[Address, Price], tokens: Mapping[Address, Token]
) -> Money:
    """All of it at reference prices; what is not there is worth nothing at any price."""
    values = []
    for token, amount in amounts:
        price, known = prices.get(token), tokens.get(token)
        if known is None or price is None or not price.known:
            why = price.reason if price is not None else "it has no price"
            return Money(math.nan, f"{token}: {why}")
        values.append(Fraction(price.value) * Fraction(amount, 10**known.decimals))
    return Money(bridge.nearest(sum(values, Fraction(0))))


def owed_by(target: Target, state: State) -> Deltas:
    """What a target owes by its own state: the supply of its shares, or of what was issued for what
    is locked, in the locked token rounded up. Raises MathError where it issues nothing."""
    match state:
        case ShareVault() | YearnVault() | SetToken() if target.share is not None:
            return deltas((target.share.address, state.total_supply))
        case Lockbox():
            scaled = state.issued * 10**state.locked_decimals
            return deltas((target.tokens[0].address, -(-scaled // 10**state.issued_decimals)))
    raise MathError(f"{target.label} issues no share whose supply could be owed")


def known_prices(found: Iterable[Price]) -> dict[Address, Price]:
    """The first price of each token that is known, else the first reason why there is none."""
    prices: dict[Address, Price] = {}
    for price in found:
        if price.token not in prices or (not prices[price.token].known and price.known):
            prices[price.token] = price
    return prices


def _quotient(part: Money, whole: Money) -> Money:
    reason = part.reason or whole.reason
    if reason:
        return Money(math.nan, reason)
    if whole.value == 0:
        return Money(math.nan, NOTHING_OWED)
    return Money(part.value / whole.value)
