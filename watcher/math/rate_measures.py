"""The measures of redemption rates: what redeeming gives beside what feeds and markets say."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from watcher.math.bridge import redemption_rate
from watcher.math.columns import Column, dims_of, price_reason, price_value
from watcher.math.prices import graph_of
from watcher.math.settings import Settings
from watcher.math.subject import Subject
from watcher.state.price import Price, Vote

NO_OTHER = "no independent reference: the token has no source but this rate"
ZERO = "the rate is zero"
NONE = [(Vote("none", "", math.nan, NO_OTHER), {"source": "none", "address": ""})]
"""What stands for the sources where there are none."""


def rate_measures(subjects: Sequence[Subject], settings: Settings) -> list[Column]:
    """`settings` say which sources there are, each of which has a row, read or not."""
    (subject,) = subjects
    rate = redemption_rate(subject.state)
    value = rate * price_value(subject, 1)
    problem = subject.reason or ("" if rate else ZERO) or price_reason(subject, 1)
    columns, logs = [], []
    others = _sources(subject, settings)
    for vote, dims in others or NONE:
        off = math.nan if problem else _log(vote.value, value)
        logs.append(off)
        columns.append(_column("ln_source_over_redemption", off, problem or vote.reason, dims))
    known = [off for off in logs if not math.isnan(off)]
    spread = max(0.0, *known) - min(0.0, *known) if known else math.nan
    why = problem or (price_reason(subject, 0) if others else NO_OTHER)
    return [
        _column("redemption_rate", rate, subject.reason),
        *columns,
        _column("three_way_deviation", spread, why),
    ]


def _sources(subject: Subject, settings: Settings) -> list[tuple[Vote, Mapping[str, str]]]:
    """What each source of the token but the judged one says, in the order of the file."""
    target, token = subject.target, subject.target.tokens[0].address
    price = subject.prices[token]
    sources = graph_of(settings).independent(target.chain_id, token, target)
    return [
        (vote, {"source": source.source, "address": source.address})
        for source, vote in zip(sources, _votes(price) if sources else (), strict=True)
    ]


def _votes(price: Price) -> tuple[Vote, ...]:
    """A price of one source has no votes: it is what that source says."""
    return price.votes or (Vote(price.source, "", price.value, price.reason),)


def _log(price: float, redeemed: float) -> float:
    ratio = price / redeemed if redeemed > 0 else math.nan
    return math.log(ratio) if ratio > 0 else math.nan


def _column(name: str, value: float, reason: str, dims: Mapping[str, str] | None = None) -> Column:
    return Column(name, np.array([value]), [reason], [dims_of(dims)] if dims else None)
