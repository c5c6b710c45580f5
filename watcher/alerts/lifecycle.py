"""The life of an alert, as a pure machine: from truth at blocks to events, and from events back.

    (condition holds) pending -> fired -> [worsened | escalated]* -> resolved
                      pending -> passed, a spike if it held at a single block only

What is so is told by the events of the canonical branch alone; what people were told, by all
events, for nobody can be untold. After a reorg both may differ: an alert that people know of and
that the new branch does not have is retracted once that branch is as high as it was when they were
told; one that it has as well is confirmed without a word.

While the condition is unknown nothing begins and nothing ends.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from watcher.alerts.rule import Rule, worse
from watcher.alerts.values import Truth
from watcher.state.alert import AlertEvent, EventKind, Gauge, Past
from watcher.state.block import Block
from watcher.state.canonical import canonical_json, content_hash

SINGLE = "held at a single block"


@dataclass(frozen=True, slots=True)
class Known:
    """What people were told last: that it is `on` or over, at which height and time, and with which
    figures."""

    on: bool
    number: int
    timestamp: int
    gauges: tuple[Gauge, ...] = ()


@dataclass(frozen=True, slots=True)
class Open:
    """An alert that has not ended. `since` is the first block of the unbroken run at which the
    condition held, `fired` the one at which it had held for long enough, `easing` the first at
    which it was clear again; each None while there is none on the branch."""

    uid: str
    since: Block | None = None
    fired: Block | None = None
    easing: Block | None = None
    known: Known | None = None
    first: tuple[Gauge, ...] = ()
    escalated: bool = False
    acknowledged: bool = False
    silenced_until: int = 0

    def silenced(self, timestamp: int) -> bool:
        return timestamp < self.silenced_until

    def phase(self, timestamp: int) -> str:
        """In one word: pending, firing, acknowledged or silenced; in doubt after a reorg."""
        if self.fired is None:
            return "pending" if self.known is None else "in doubt"
        if self.silenced(timestamp):
            return "silenced"
        return "acknowledged" if self.acknowledged else "firing"


@dataclass(frozen=True, slots=True)
class Seen:
    """A rule on a target at a block. `agrees` is what a second source says, None where there is
    none or it does not know; `previous` is the last block before that was looked at."""

    block: Block
    previous: Block | None
    when: Truth
    clear: Truth
    agrees: Truth
    gauges: tuple[Gauge, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """`tells`: people are told of it, unless the alert is silenced."""

    kind: EventKind
    detail: str = ""
    tells: bool = False


def alert_uid(rule: str, target_id: str, since: Block) -> str:
    """The same alert has the same uid, however often its block is computed."""
    return content_hash(canonical_json([rule, target_id, since.hash]))


def advance(
    rule: Rule, target_id: str, alert: Open | None, seen: Seen
) -> tuple[Open | None, tuple[Step, ...]]:
    """The alert after a block, None once it has ended, and what happened."""
    if alert is None:
        if seen.when is not True:
            return None, ()
        alert = Open(alert_uid(rule.name, target_id, seen.block))
    if alert.fired is None:
        return _not_firing(rule, alert, seen)
    return _firing(rule, alert, seen)


def _not_firing(rule: Rule, alert: Open, seen: Seen) -> tuple[Open | None, tuple[Step, ...]]:
    if seen.when is True:
        began = alert.since is None
        since = alert.since or seen.block
        alert = replace(alert, since=since, first=seen.gauges if began else alert.first)
        due = seen.block.timestamp - since.timestamp >= rule.duration
        if due and seen.agrees is not False:
            return _fire(alert, seen)
        return alert, (Step(EventKind.PENDING),) if began else ()
    steps: tuple[Step, ...] = ()
    if seen.when is False and alert.since is not None:
        single = seen.previous is not None and seen.previous.hash == alert.since.hash
        if alert.known is None or not alert.known.on:
            return None, (Step(EventKind.SPIKE if single else EventKind.PASSED),)
        alert, steps = replace(alert, since=None, first=()), (Step(EventKind.LAPSED),)
    if alert.since is None and alert.known is not None:
        if not alert.known.on:
            return None, (Step(EventKind.RETRACTED),)
        if seen.when is False and seen.block.number >= alert.known.number:
            return None, (*steps, Step(EventKind.RETRACTED, tells=True))
    return alert, steps


def _fire(alert: Open, seen: Seen) -> tuple[Open, tuple[Step, ...]]:
    fired = replace(alert, fired=seen.block, easing=None)
    if alert.known is not None and alert.known.on:
        return fired, (Step(EventKind.CONFIRMED),)
    kind = EventKind.FIRED if alert.known is None else EventKind.REOPENED
    return _told(fired, seen), (Step(kind, tells=True),)


def _told(alert: Open, seen: Seen) -> Open:
    known = Known(True, seen.block.number, seen.block.timestamp, seen.gauges)
    return replace(alert, known=known)


def _firing(rule: Rule, alert: Open, seen: Seen) -> tuple[Open | None, tuple[Step, ...]]:
    steps: list[Step] = []
    if seen.clear is True and seen.when is not True:
        if alert.easing is None:
            alert = replace(alert, easing=seen.block)
            if rule.clear_duration:
                steps.append(Step(EventKind.EASED))
        easing = alert.easing or seen.block
        if seen.block.timestamp - easing.timestamp >= rule.clear_duration:
            return None, (*steps, _resolved(alert, seen))
    elif alert.easing is not None and (seen.when is True or seen.clear is False):
        alert = replace(alert, easing=None)
        steps.append(Step(EventKind.RELAPSED))
    known = alert.known
    if known is None:
        raise ValueError(f"alert {alert.uid[:12]} fires and nobody was told")
    if not known.on:
        if seen.block.number >= known.number:
            alert = _told(alert, seen)
            steps.append(Step(EventKind.REOPENED, tells=True))
        return alert, tuple(steps)
    if seen.when is True and worse(seen.gauges, known.gauges, rule.repeat):
        alert = replace(_told(alert, seen), acknowledged=False, escalated=False)
        steps.append(Step(EventKind.WORSENED, tells=True))
    elif _is_old(rule, alert, known, seen.block.timestamp):
        alert = replace(alert, escalated=True)
        steps.append(Step(EventKind.ESCALATED, tells=True))
    return alert, tuple(steps)


def _resolved(alert: Open, seen: Seen) -> Step:
    since = alert.easing or seen.block
    single = (
        alert.since is not None
        and alert.since == alert.fired
        and since == seen.block
        and seen.previous is not None
        and seen.previous.hash == alert.since.hash
    )
    tells = alert.known is not None and alert.known.on
    return Step(EventKind.RESOLVED, SINGLE if single else "", tells=tells)


def _is_old(rule: Rule, alert: Open, known: Known, timestamp: int) -> bool:
    if rule.escalate is None or alert.acknowledged or alert.escalated or alert.silenced(timestamp):
        return False
    return timestamp - known.timestamp >= rule.escalate


def restored(uid: str, events: Iterable[Past]) -> Open | None:
    """What `advance` had made of an alert by its last event; None once it has ended."""
    alert: Open | None = Open(uid)
    for event in events:
        if alert is None:
            return None
        alert = _after(alert, event)
    if alert is None or (alert.since is None and alert.known is None):
        return None
    return alert


def _after(alert: Open, event: Past) -> Open | None:
    alert = _known_after(alert, event)
    block = event.block
    if block is None or not event.canonical:
        return alert
    match event.kind:
        case EventKind.PENDING:
            return replace(alert, since=block, first=event.gauges)
        case EventKind.FIRED | EventKind.CONFIRMED | EventKind.REOPENED:
            if alert.fired is not None:
                return alert
            first = alert.first or event.gauges
            return replace(alert, since=alert.since or block, fired=block, first=first)
        case EventKind.EASED:
            return replace(alert, easing=block)
        case EventKind.RELAPSED:
            return replace(alert, easing=None)
        case EventKind.LAPSED:
            return replace(alert, since=None, first=())
        case kind if kind.ends:
            return None
    return alert


def continued(alert: Open, block: Block, gauges: tuple[Gauge, ...]) -> Open:
    """People know of it already, by another alert of the same rule and target."""
    return replace(alert, known=Known(True, block.number, block.timestamp, gauges))


def acted(alert: Open, event: Past) -> Open:
    """After what a person did to it."""
    match event.kind:
        case EventKind.ACKNOWLEDGED:
            return replace(alert, acknowledged=True)
        case EventKind.SILENCED:
            return replace(alert, silenced_until=event.until or 0)
    return alert


def _known_after(alert: Open, event: Past) -> Open:
    if event.block is None:
        return acted(alert, event)
    match event.kind:
        case EventKind.ESCALATED:
            return replace(alert, escalated=True)
        case EventKind.FIRED | EventKind.REOPENED | EventKind.WORSENED:
            at, gauges = event.block, event.gauges
            known = Known(True, at.number, at.timestamp, gauges)
            if event.kind is EventKind.WORSENED:
                return replace(alert, known=known, acknowledged=False, escalated=False)
            return replace(alert, known=known)
        case EventKind.CONTINUED:
            return continued(alert, event.block, event.gauges)
        case EventKind.RESOLVED | EventKind.RETRACTED if alert.known is not None:
            return replace(alert, known=replace(alert.known, on=False, number=event.block.number))
    return alert


def ended(events: Sequence[Past]) -> EventKind | None:
    """How an alert ended on the branch; None while it has not."""
    return next((one.kind for one in events if one.canonical and one.kind.ends), None)


def event_of(rule: Rule, target_id: str, uid: str, step: Step, seen: Seen) -> AlertEvent:
    return AlertEvent(
        alert=uid,
        rule=rule.name,
        rule_hash=rule.text.hash,
        target_id=target_id,
        kind=step.kind,
        block=seen.block,
        detail=step.detail,
        gauges=seen.gauges,
    )
