"""What happened to alerts: the events that their state is derived from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from watcher.state.block import Block
from watcher.state.notice import Notice, Severity


class EventKind(StrEnum):
    """The closed set of what befalls an alert. All but those by people are of a block."""

    PENDING = "pending"
    FIRED = "fired"
    CONFIRMED = "confirmed"
    """Holds on the new branch too, after a reorg: nobody is told again."""
    CONTINUED = "continued"
    """People know of it already, by another alert of the same whose blocks have left the chain."""
    REOPENED = "reopened"
    """Its resolution was undone by a reorg, and it still holds."""
    WORSENED = "worsened"
    ESCALATED = "escalated"
    EASED = "eased"
    RELAPSED = "relapsed"
    LAPSED = "lapsed"
    """No longer pending, but people were told of it on another branch."""
    PASSED = "passed"
    SPIKE = "spike"
    """Passed after a single block."""
    RESOLVED = "resolved"
    RETRACTED = "retracted"
    ACKNOWLEDGED = "acknowledged"
    SILENCED = "silenced"

    @property
    def ends(self) -> bool:
        return self in ENDS

    @property
    def by_people(self) -> bool:
        return self in (EventKind.ACKNOWLEDGED, EventKind.SILENCED)


ENDS = (EventKind.PASSED, EventKind.SPIKE, EventKind.RESOLVED, EventKind.RETRACTED)


@dataclass(frozen=True, slots=True)
class Gauge:
    """One comparison of a rule's condition as it stood: `value` is of the row that is furthest on
    the side that it asks for, NaN with `reason` where it is unknown. `limit` is a number's, or the
    other side's value."""

    figure: str
    sign: str
    limit: float
    value: float
    dims: tuple[tuple[str, str], ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RuleText:
    """A rule as the history keeps it: `hash` is that of `body`, canonical JSON."""

    hash: str
    name: str
    severity: Severity
    body: str


@dataclass(frozen=True, slots=True)
class AlertEvent:
    """What a block did to the alert `alert` of a rule on a target."""

    alert: str
    rule: str
    rule_hash: str
    target_id: str
    kind: EventKind
    block: Block
    detail: str = ""
    gauges: tuple[Gauge, ...] = ()


@dataclass(frozen=True, slots=True)
class Past:
    """An event as it was stored. `canonical` is false of a block that has left the chain; what
    people did is of no block, and stays. `actor` is who did it, `until` when a silence ends,
    `found_at` wall time."""

    kind: EventKind
    block: Block | None
    canonical: bool
    gauges: tuple[Gauge, ...] = ()
    until: int | None = None
    actor: str = ""
    detail: str = ""
    rule_hash: str = ""
    found_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """An alert as the history has it: its events in the order of storing."""

    uid: str
    rule: str
    severity: Severity
    chain_id: int
    target_id: str
    events: tuple[Past, ...]


@dataclass(frozen=True, slots=True)
class Act:
    """What a person did to an alert, and why. `at` is wall time; `until` is the second at which a
    silence ends, None for an acknowledgement."""

    alert: str
    kind: EventKind
    who: str
    why: str
    at: datetime
    until: int | None = None


@dataclass(frozen=True, slots=True)
class Routed:
    """A notice and the names of those who get it."""

    notice: Notice
    receivers: tuple[str, ...]
