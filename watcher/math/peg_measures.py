"""The measures of peg stability modules."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from watcher.errors import MathError
from watcher.math import bridge
from watcher.math.columns import Column, dims_of, price_reason, price_value
from watcher.math.exact.peg_stability import most_stable_out
from watcher.math.families.peg_stability import module_of
from watcher.math.settings import Settings
from watcher.math.subject import Subject
from watcher.state.peg_stability import PegStability

STABLE = 0
DOLLARS = "USD"
DOLLAR_DECIMALS = 18
NO_CAP = "nothing may be minted"
NOTHING_OWED = "nothing is owed"
TOO_LARGE = "the figure is over what a float can hold"

Figure = tuple[float, str]
"""A value, and why it is unknown where it is NaN."""


def peg_measures(subjects: Sequence[Subject], settings: Settings) -> list[Column]:
    """`settings` say the unit of account: what is minted is owed in dollars."""
    backed = [_backed(subject, settings) for subject in subjects]
    return [
        _column("cap_used", [_cap_used(subject) for subject in subjects], {"side": "mint"}),
        _column("withdrawable", [_withdrawable(subject) for subject in subjects]),
        _column("solvency_reference", [_solvency(*each) for each in backed]),
        _column("shortfall_money", [_shortfall(*each) for each in backed]),
    ]


def _cap_used(subject: Subject) -> Figure:
    state = subject.state
    if not isinstance(state, PegStability):
        return math.nan, subject.reason
    if not state.mint_cap:
        return math.nan, NO_CAP
    return state.minted / state.mint_cap, ""


def _withdrawable(subject: Subject) -> Figure:
    state = subject.state
    if not isinstance(state, PegStability):
        return math.nan, subject.reason
    try:
        return bridge.whole(most_stable_out(module_of(state)), state.stable_decimals), ""
    except MathError as error:
        return math.nan, str(error)


def _backed(subject: Subject, settings: Settings) -> tuple[float, float, str]:
    """What is held at the reference price, what is owed, and why either is unknown."""
    state = subject.state
    if not isinstance(state, PegStability):
        return math.nan, math.nan, subject.reason
    owed = bridge.whole(state.minted, DOLLAR_DECIMALS)
    if settings.unit != DOLLARS:
        return (
            math.nan,
            owed,
            f"what is owed counts dollars, the unit of account is {settings.unit}",
        )
    held = bridge.whole(state.held, state.stable_decimals) * price_value(subject, STABLE)
    return held, owed, price_reason(subject, STABLE)


def _solvency(held: float, owed: float, problem: str) -> Figure:
    if problem or not owed:
        return math.nan, problem or NOTHING_OWED
    return held / owed, TOO_LARGE


def _shortfall(held: float, owed: float, problem: str) -> Figure:
    return (math.nan, problem) if problem else (max(owed - held, 0.0), "")


def _column(name: str, found: Sequence[Figure], dims: dict[str, str] | None = None) -> Column:
    return Column(
        name,
        np.array([value for value, _ in found]),
        [reason for _, reason in found],
        [dims_of(dims)] * len(found) if dims else None,
    )
