"""Measures in the making: one column of figures over all targets of one kind."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat
from math import isfinite, nan
from typing import TypeAlias

from watcher.math.bridge import Floats
from watcher.math.catalogue import CATALOGUE
from watcher.math.subject import Subject
from watcher.state.measure import Measure
from watcher.state.token import Address

Dims: TypeAlias = tuple[tuple[str, str], ...]
"""Names and values, sorted by name."""


@dataclass(frozen=True, slots=True)
class Column:
    """`values` (target,), and for each target why its value is NaN where it is."""

    name: str
    values: Floats
    reasons: Sequence[str]
    dims: Sequence[Dims] | None = None

    def measures(self, subjects: Sequence[Subject]) -> list[Measure]:
        """One of each target."""
        name, version = self.name, CATALOGUE[self.name].version
        dims: Iterable[Dims] = self.dims or repeat(())
        rows = zip(self.values.tolist(), dims, self.reasons, subjects, strict=False)
        return [
            Measure(name, value, version, told)
            if isfinite(value)
            else Measure(name, nan, version, told, reason or subject.reason or "undefined")
            for value, told, reason, subject in rows
        ]


def dims_of(named: Mapping[str, str]) -> Dims:
    return tuple(sorted(named.items()))


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
