"""A target's state in one word, and the one figure that says why.

The words are ordered by what needs a person: breached, blind, strained, healthy. Blind comes
second, since silence is never good news.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum

from watcher.math.prices.pools import NO_HISTORY
from watcher.state.measure import Measure
from watcher.state.observation import Status


class Grade(IntEnum):
    """Lower needs a person sooner."""

    BREACHED = 0
    BLIND = 1
    STRAINED = 2
    HEALTHY = 3

    @property
    def word(self) -> str:
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Limits:
    """A measure's absolute value from which a target is strained, and from which breached."""

    strained: float
    breached: float


DEFAULT_LIMITS: Mapping[str, Limits] = {
    "ln_spot_over_reference": Limits(strained=0.01, breached=0.03),
    "ln_spot_over_time_weighted": Limits(strained=0.03, breached=0.1),
    "price_per_share_change": Limits(strained=0.002, breached=0.01),
}


FIRST_REASONS = ("no state one block earlier", NO_HISTORY)
"""A first block has nothing to change from, a first window no mean: that is no blindness."""


@dataclass(frozen=True, slots=True)
class Health:
    """`measure` is the figure that decided, None where no figure did."""

    grade: Grade
    why: str
    measure: Measure | None = None


def health(
    status: Status | None, measures: Iterable[Measure], *, limits: Mapping[str, Limits]
) -> Health:
    """Grade a target by its latest reading and figures; `status` None means never read."""
    if status is None:
        return Health(Grade.BLIND, "not read yet")
    if status is not Status.OK:
        return Health(Grade.BLIND, f"could not be read: {status}")
    judged = [
        _judge(measure, limits[measure.name]) for measure in measures if measure.name in limits
    ]
    if not judged:
        return Health(Grade.HEALTHY, "")
    return min(judged, key=lambda found: (found.grade, -_size(found.measure)))


def _judge(measure: Measure, limits: Limits) -> Health:
    if math.isnan(measure.value):
        first = measure.reason in FIRST_REASONS
        return Health(Grade.HEALTHY if first else Grade.BLIND, measure.reason, measure)
    size = abs(measure.value)
    if size >= limits.breached:
        return Health(Grade.BREACHED, measure.name, measure)
    if size >= limits.strained:
        return Health(Grade.STRAINED, measure.name, measure)
    return Health(Grade.HEALTHY, measure.name, measure)


def _size(measure: Measure | None) -> float:
    return 0.0 if measure is None or math.isnan(measure.value) else abs(measure.value)
