"""All rules on all targets of a chain, block by block: what changed is asked, what is open goes on.

What an alarm knows between two blocks is derived from what is stored: `Alarms` is made anew after a
start, a reorg and whenever it is not known whether a commit was made.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import TypeAlias

from watcher.alerts.expression import Condition
from watcher.alerts.lifecycle import (
    Open,
    Seen,
    Step,
    acted,
    advance,
    alert_uid,
    continued,
    event_of,
    restored,
)
from watcher.alerts.rule import Rule
from watcher.alerts.telling import Place, notice
from watcher.alerts.values import UNREAD, Rows, Truth
from watcher.state.alert import AlertEvent, EventKind, Gauge, Kept, Past, Routed
from watcher.state.block import Block
from watcher.state.measure import Measure
from watcher.state.target import Target

Pair: TypeAlias = tuple[str, str]
"""A rule's name and a target's id."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """A rule as it is asked of one kind of targets."""

    rule: Rule
    when: Condition
    clear: Condition | None


class Alarms:
    """Not safe to share between threads; `step` once a block, in order."""

    def __init__(self, rules: Sequence[Rule], targets: Sequence[Target], *, unit: str) -> None:
        self.names = frozenset().union(*(rule.names for rule in rules))
        self._rules = {rule.name: rule for rule in rules}
        self._targets = {target.id: target for target in targets}
        self._unit = unit
        self._asked = {target.id: _asked(rules, target) for target in targets}
        self._by_name = {
            (one.rule.name, target_id): one
            for target_id, asked in self._asked.items()
            for one in asked
        }
        self._beside = _beside(targets)
        self._rows: dict[str, Rows] = {}
        self._faults: dict[str, str] = {}
        self._holding: set[Pair] = set()
        self._judged: dict[Pair, tuple[Truth, Truth, tuple[Gauge, ...]]] = {}
        self._open: dict[Pair, Open] = {}
        self._gone: list[Kept] = []
        self._doubled: list[tuple[Pair, Open]] = []

    @property
    def open(self) -> Mapping[Pair, Open]:
        return self._open

    def restore(
        self,
        kept: Iterable[Kept],
        *,
        measures: Mapping[str, Sequence[Measure]],
        faults: Mapping[str, str],
    ) -> None:
        """Go on from what is stored: alerts that have not ended, and what is in force."""
        for target_id in self._targets:
            self._take(target_id, measures.get(target_id), faults.get(target_id, ""))
        for one in kept:
            found = restored(one.uid, one.events)
            if found is None:
                continue
            pair = (one.rule, one.target_id)
            if pair not in self._by_name:
                self._gone.append(one)
            elif pair in self._open:
                self._doubled.append((pair, found))
            else:
                self._open[pair] = found

    def act(self, uid: str, past: Past) -> None:
        """A person has acknowledged or silenced an alert."""
        for pair, alert in self._open.items():
            if alert.uid == uid:
                self._open[pair] = acted(alert, past)
                return

    def step(
        self,
        block: Block,
        previous: Block | None,
        *,
        faults: Mapping[str, str],
        measures: Mapping[str, Sequence[Measure]],
    ) -> tuple[tuple[AlertEvent, ...], tuple[Routed, ...]]:
        """What `block` does to alerts, and who is told what; both in a fixed order. `faults` and
        `measures` are of the targets whose status or figures changed: why one cannot be read, empty
        where it can be."""
        for target_id in faults.keys() | measures.keys():
            if target_id in self._asked:
                why = faults.get(target_id, self._faults.get(target_id, ""))
                self._take(target_id, measures.get(target_id), why)
        events: list[AlertEvent] = []
        told: list[Routed] = []
        self._settle(block, previous, events)
        for pair in sorted(self._holding | self._open.keys()):
            before = self._open.get(pair)
            asked = self._by_name[pair]
            seen = self._seen(asked, pair[1], block, previous, alert=before)
            alert, steps = advance(asked.rule, pair[1], before, seen)
            if alert is None:
                self._open.pop(pair, None)
            else:
                self._open[pair] = alert
            for step in steps:
                uid = _uid(alert, before, asked.rule, pair[1], block)
                event = event_of(asked.rule, pair[1], uid, step, seen)
                events.append(event)
                if step.tells:
                    told.extend(self._told(asked.rule, event, alert or before, step))
        return tuple(events), tuple(told)

    def _take(self, target_id: str, measures: Sequence[Measure] | None, why: str) -> None:
        """What is in force of a target now; without measures those from before."""
        self._faults[target_id] = why
        rows: dict[str, Sequence[Measure]] = {}
        if measures is None:
            rows.update(self._rows.get(target_id, {}))
            rows.pop(UNREAD, None)
        else:
            found: dict[str, list[Measure]] = {}
            names = self.names
            for one in measures:
                if one.name in names:
                    found.setdefault(one.name, []).append(one)
            rows.update(found)
        if why:
            rows[UNREAD] = (Measure(UNREAD, 1.0, 1, reason=why),)
        self._rows[target_id] = rows
        for asked in self._asked[target_id]:
            pair = (asked.rule.name, target_id)
            self._judged.pop(pair, None)
            if asked.when.truth(rows) is True:
                self._holding.add(pair)
            else:
                self._holding.discard(pair)

    def _seen(
        self,
        asked: _Asked,
        target_id: str,
        block: Block,
        previous: Block | None,
        *,
        alert: Open | None,
    ) -> Seen:
        pair = (asked.rule.name, target_id)
        if pair not in self._judged:
            self._judged[pair] = _judge(asked, self._rows[target_id])
        when, clear, gauges = self._judged[pair]
        firing = alert is not None and alert.fired is not None
        agrees = None if firing else self._agrees(asked.rule, target_id)
        return Seen(block, previous, when, clear, agrees, gauges)

    def _agrees(self, rule: Rule, target_id: str) -> Truth:
        """What other targets at the same address say: false where one denies it."""
        if rule.agrees is None:
            return None
        said = [
            rule.agrees.by_kind[target.kind].truth(self._rows.get(target.id, {}))
            for target in self._beside.get(target_id, ())
            if target.kind in rule.agrees.by_kind
        ]
        if False in said:
            return False
        return True if True in said else None

    def _settle(self, block: Block, previous: Block | None, events: list[AlertEvent]) -> None:
        """End what cannot go on: alerts of rules and targets that are no longer configured, and
        those that a reorg has made a second one of the same."""
        events.extend(
            AlertEvent(
                alert=kept.uid,
                rule=kept.rule,
                rule_hash=kept.events[-1].rule_hash,
                target_id=kept.target_id,
                kind=EventKind.RESOLVED,
                block=block,
                detail="its rule is no longer asked of its target",
            )
            for kept in self._gone
        )
        self._gone.clear()
        for pair, other in self._doubled:
            rule, first = self._rules[pair[0]], self._open[pair]
            seen = Seen(block, previous, None, None, None, ())
            end = Step(EventKind.RETRACTED, f"goes on as {first.uid[:12]}")
            events.append(event_of(rule, pair[1], other.uid, end, seen))
            if other.known is not None and other.known.on:
                gauges = other.known.gauges
                seen = replace(seen, gauges=gauges)
                step = Step(EventKind.CONTINUED)
                events.append(event_of(rule, pair[1], first.uid, step, seen))
                self._open[pair] = continued(first, block, gauges)
        self._doubled.clear()

    def _told(
        self, rule: Rule, event: AlertEvent, alert: Open | None, step: Step
    ) -> Iterable[Routed]:
        if alert is None or alert.silenced(event.block.timestamp):
            return
        receivers = rule.route
        if step.kind is EventKind.ESCALATED and rule.escalate_route:
            receivers = rule.escalate_route
        place = Place(
            target=self._targets[event.target_id],
            unit=self._unit,
            second=self._said(rule, event.target_id),
            rows=self._rows[event.target_id],
        )
        yield Routed(notice(rule, event, alert, place), receivers)

    def _said(self, rule: Rule, target_id: str) -> str:
        """Whether a second source agrees, in words."""
        if rule.agrees is None:
            return ""
        match self._agrees(rule, target_id):
            case True:
                return f"a second source at the same address agrees ({rule.agrees.text})"
            case False:
                return f"a second source at the same address no longer agrees ({rule.agrees.text})"
        return "no second source that knows is watched"


def _judge(asked: _Asked, rows: Rows) -> tuple[Truth, Truth, tuple[Gauge, ...]]:
    when = asked.when.truth(rows)
    if asked.clear is not None:
        clear = asked.clear.truth(rows)
    else:
        clear = None if when is None else not when
    return when, clear, asked.when.gauges(rows)


def _uid(alert: Open | None, before: Open | None, rule: Rule, target_id: str, block: Block) -> str:
    known = alert or before
    return alert_uid(rule.name, target_id, block) if known is None else known.uid


def _asked(rules: Iterable[Rule], target: Target) -> tuple[_Asked, ...]:
    return tuple(
        _Asked(
            rule,
            rule.when.by_kind[target.kind],
            None if rule.clear is None else rule.clear.by_kind[target.kind],
        )
        for rule in rules
        if rule.applies(target)
    )


def _beside(targets: Sequence[Target]) -> dict[str, tuple[Target, ...]]:
    """By target id, the other targets at its address."""
    at: dict[tuple[int, str], list[Target]] = {}
    for target in sorted(targets, key=attrgetter("id")):
        at.setdefault((target.chain_id, target.address), []).append(target)
    return {
        one.id: tuple(other for other in alike if other.id != one.id)
        for alike in at.values()
        if len(alike) > 1
        for one in alike
    }
