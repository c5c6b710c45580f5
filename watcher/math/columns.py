"""Measures in the making: one column of figures over all targets of one kind."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from watcher.math.bridge import Floats
from watcher.math.catalogue import CATALOGUE
from watcher.math.subject import Subject
from watcher.state.measure import Measure
from watcher.state.token import Address

NO_DIMS: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Column:
    """`values` (target,), and for each target why its value is NaN where it is."""

    name: str
    values: Floats
    reasons: Sequence[str]
    dims: Sequence[Mapping[str, str]] | None = None

    def at(self, row: int, subject: Subject) -> Measure:
        value = float(self.values[row])
        known = math.isfinite(value)
        return Measure(
            name=self.name,
            value=value if known else math.nan,
            version=CATALOGUE[self.name].version,
            dims=tuple(sorted(self.dims[row].items())) if self.dims else (),
            reason="" if known else self.reasons[row] or subject.reason or "undefined",
        )


def price_reason(subject: Subject, coin: int) -> str:
    """Why the coin has no reference price that may judge this target; "" when it has one."""
    return token_reason(subject, subject.target.tokens[coin].address)


def token_reason(subject: Subject, token: Address) -> str:
    """As `price_reason`, of any token whose price the subject has."""
    price = subject.prices[token]
    if not price.known:
        return f"no reference for {token}: {price.reason}"
    if {subject.target.id, subject.target.address} & set(price.ancestry):
        return f"no independent reference for {token}: it comes from this target"
    return ""


def price_value(subject: Subject, coin: int) -> float:
    if price_reason(subject, coin):
        return math.nan
    return subject.prices[subject.target.tokens[coin].address].value
