"""The measures of lockboxes: what is held for what was issued."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from watcher.math import bridge
from watcher.math.columns import Column, price_reason, price_value
from watcher.math.exact.lockbox import unbacked
from watcher.math.settings import Settings
from watcher.math.subject import Subject
from watcher.state.lockbox import Lockbox

NOTHING_OWED = "nothing is owed"
TOO_LARGE = "the figure is over what a float can hold"


def lockbox_measures(subjects: Sequence[Subject], settings: Settings) -> list[Column]:
    """`settings` are not used: no figure of a lockbox depends on sizes."""
    ratios = np.array([_solvency(subject) for subject in subjects])
    missing = np.array([_unbacked(subject) for subject in subjects])
    prices = np.array([price_value(subject, 0) for subject in subjects])
    with np.errstate(over="ignore"):
        # of nothing no price need be known
        money = np.where(missing == 0, 0.0, missing * prices)
    return [
        Column("solvency_reference", ratios, [s.reason or NOTHING_OWED for s in subjects]),
        Column("unbacked", missing, [s.reason for s in subjects]),
        Column(
            "shortfall_money",
            money,
            [s.reason or price_reason(s, 0) or TOO_LARGE for s in subjects],
        ),
    ]


def _solvency(subject: Subject) -> float:
    """The price cancels: both are counted in the locked token."""
    state = subject.state
    if not isinstance(state, Lockbox) or not state.issued:
        return math.nan
    scale = Fraction(10**state.issued_decimals, 10**state.locked_decimals)
    return bridge.nearest(Fraction(sum(state.locked), state.issued) * scale)


def _unbacked(subject: Subject) -> float:
    state = subject.state
    if not isinstance(state, Lockbox):
        return math.nan
    missing = unbacked(
        sum(state.locked),
        state.issued,
        locked_decimals=state.locked_decimals,
        issued_decimals=state.issued_decimals,
    )
    return bridge.whole(missing, state.locked_decimals)
