"""The measures of what pools say of their own past: spot, mean over time and reference compared."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from watcher.math.columns import Column, price_reason, price_value
from watcher.math.prices.pools import (
    NO_HISTORY,
    pair_oracle_spot,
    read_tick_oracle,
    tick_oracle_spot,
)
from watcher.math.prices.reading import Reading, nothing
from watcher.math.settings import Settings
from watcher.math.subject import Subject
from watcher.state.pair_oracle import PairOracle
from watcher.state.tick_oracle import TickOracle


def oracle_measures(subjects: Sequence[Subject], settings: Settings) -> list[Column]:
    """`settings` are not used: no figure of a mean depends on sizes."""
    spots, means = [_spot(one) for one in subjects], [_mean(one) for one in subjects]
    spot = np.array([one.value for one in spots])
    mean = np.array([one.value for one in means])
    prices = np.array([[price_value(one, coin) for coin in (0, 1)] for one in subjects])
    missing = [price_reason(one, 0) or price_reason(one, 1) for one in subjects]
    no_spot, no_mean = ([one.reason for one in found] for found in (spots, means))
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        reference = prices[:, 0] / prices[:, 1]
        return [
            Column("spot_price", spot, no_spot),
            Column("time_weighted_price", mean, no_mean),
            Column("reference_price", reference, missing),
            Column("ln_spot_over_time_weighted", np.log(spot / mean), _first(no_spot, no_mean)),
            Column(
                "ln_time_weighted_over_reference",
                np.log(mean / reference),
                _first(no_mean, missing),
            ),
        ]


def _spot(subject: Subject) -> Reading:
    match subject.state:
        case TickOracle():
            return tick_oracle_spot(subject.state)
        case PairOracle():
            return pair_oracle_spot(subject.state)
    return nothing(subject.reason)


def _mean(subject: Subject) -> Reading:
    match subject.state:
        case TickOracle():
            return read_tick_oracle(subject.state, is_token0=True)
        case PairOracle():
            return subject.mean or nothing(NO_HISTORY)
    return nothing(subject.reason)


def _first(reasons: Sequence[str], others: Sequence[str]) -> list[str]:
    return [one or other for one, other in zip(reasons, others, strict=True)]
