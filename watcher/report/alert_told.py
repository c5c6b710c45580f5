"""Alerts as pages and programs tell of them: the fact in a sentence, the rule as it was stored, and
what is so now; or all of it as it was known at a block."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from watcher.alerts.expression import expression
from watcher.alerts.health import Grade
from watcher.alerts.lifecycle import Open, restored
from watcher.alerts.rule import Rule
from watcher.alerts.syntax import SyntaxProblem
from watcher.alerts.telling import Place, fact_of
from watcher.alerts.values import UNREAD
from watcher.report.alarms import state_of
from watcher.report.text import visible
from watcher.state.alert import Gauge, Kept, Past
from watcher.state.block import Block
from watcher.state.measure import Measure
from watcher.state.notice import Severity
from watcher.state.target import Target
from watcher.store import Store
from watcher.store.replay import fault


@dataclass(frozen=True, slots=True)
class Terms:
    """A rule as it was when it made an alert's last event; times are seconds. `means` is of the
    rule of this name that is configured now, "" where there is none."""

    when: str
    clear: str | None
    agrees: str | None
    duration: int
    clear_duration: int
    repeat: float
    escalate: int | None
    means: str


@dataclass(frozen=True, slots=True)
class Told:
    """`open` is None once it has ended; `began` and `last` are its first and last block on the
    branch, None where all of them have left it. `fact` may hold names from the chain, made
    visible; it does not name the target."""

    kept: Kept
    target: Target
    terms: Terms
    open: Open | None
    state: str
    fact: str
    began: Block | None
    last: Block | None

    @property
    def is_open(self) -> bool:
        return self.open is not None

    @property
    def fired(self) -> bool:
        return self.open is not None and self.open.fired is not None

    @property
    def grade(self) -> Grade:
        """What an open one makes of its target; HEALTHY of one that only informs."""
        if self.kept.severity == "info":
            return Grade.HEALTHY
        if UNREAD in self.terms.when.split():
            return Grade.BLIND
        breached = self.kept.severity == "critical" and self.fired
        return Grade.BREACHED if breached else Grade.STRAINED

    @property
    def since(self) -> int | None:
        """In seconds: when the unbroken run began at which it holds, else when it began."""
        block = (self.open.since if self.open else None) or self.began
        return None if block is None else block.timestamp


def known_at(alert: Kept, block: Block) -> Kept | None:
    """The alert with what had happened to it by a block of its chain; None where nothing had. What
    people did counts from its wall time."""
    events = tuple(one for one in alert.events if _by(one, block))
    return replace(alert, events=events) if any(one.block for one in events) else None


def _by(event: Past, block: Block) -> bool:
    if event.block is not None:
        return event.block.number <= block.number
    return event.found_at is not None and event.found_at.timestamp() <= block.timestamp


class Teller:
    """Tells of alerts of one history. `now` is wall time in seconds, or that of the block at which
    they are told of."""

    def __init__(self, store: Store, rules: Iterable[Rule], *, unit: str, now: float) -> None:
        self._store = store
        self._means = {rule.name: rule.means for rule in rules}
        self._targets: Mapping[str, Target] = {one.id: one for one in store.targets()}
        self._terms: dict[str, Terms] = {}
        self._unit = unit
        self._now = now

    def tell(self, alert: Kept) -> Told:
        target = self._targets[alert.target_id]
        terms = self._terms_of(alert)
        seen = [one.block for one in alert.events if one.canonical and one.block is not None]
        return Told(
            kept=alert,
            target=target,
            terms=terms,
            open=restored(alert.uid, alert.events),
            state=state_of(alert, self._now),
            fact=self._fact(alert, target, terms),
            began=seen[0] if seen else None,
            last=seen[-1] if seen else None,
        )

    def tell_all(self, alerts: Iterable[Kept]) -> list[Told]:
        """Open ones first, the worst of them first; then those that are over, the newest first.
        What left no trace on the branch is left out."""
        told = [one for one in map(self.tell, alerts) if one.state != "gone"]
        return sorted(told, key=_urgency)

    def gauges_now(self, told: Told, number: int | None) -> tuple[Gauge, ...]:
        """The figures of the condition in force at block `number`, None for the newest; nothing
        where the stored rule cannot be asked of the target any more."""
        try:
            condition = expression(told.terms.when).by_kind.get(told.target.kind)
        except SyntaxProblem:
            return ()  # of a measure that this version no longer has
        found = self._store.figures_as_of(told.target.id, number)
        if condition is None or found is None:
            return ()
        return condition.gauges(_rows(found.measures))

    def _terms_of(self, alert: Kept) -> Terms:
        rule_hash = alert.events[-1].rule_hash
        if rule_hash not in self._terms:
            body = json.loads(self._store.rule_body(rule_hash))
            self._terms[rule_hash] = Terms(
                when=body["when"],
                clear=body["clear"],
                agrees=body["agrees"],
                duration=body["for"],
                clear_duration=body["clear_for"],
                repeat=body["repeat"],
                escalate=body["escalate"],
                means=self._means.get(alert.rule, ""),
            )
        return self._terms[rule_hash]

    def _fact(self, alert: Kept, target: Target, terms: Terms) -> str:
        """The condition as it stood at the last event at which it was looked at and had not
        cleared."""
        on_branch = [one for one in alert.events if one.canonical and one.block is not None]
        held = [one for one in on_branch if not one.kind.ends] or on_branch
        if not held or held[-1].block is None:
            return visible(f"{alert.rule} ({terms.when}), by blocks that have left the chain")
        number = held[-1].block.number
        rows = dict(self._measured(target.id, number))
        why = self._unread(target.id, number)
        if why:
            rows[UNREAD] = (Measure(UNREAD, 1.0, 1, reason=why),)
        place = Place(target=target, unit=self._unit, second="", rows=rows)
        return visible(fact_of(alert.rule, terms.when, held[-1].gauges, place))

    def _measured(self, target_id: str, number: int) -> Mapping[str, Sequence[Measure]]:
        found = self._store.figures_as_of(target_id, number)
        return _rows(found.measures) if found is not None else {}

    def _unread(self, target_id: str, number: int) -> str:
        """Why the target could not be read at a block; "" where it was."""
        found = self._store.observation_as_of(target_id, number)
        if found is None:
            return ""
        return fault(found.observation.status.value, found.observation.detail)


def _rows(measures: Iterable[Measure]) -> dict[str, list[Measure]]:
    found: dict[str, list[Measure]] = {}
    for one in measures:
        found.setdefault(one.name, []).append(one)
    return found


_ORDER: Mapping[Severity, int] = {"critical": 0, "warning": 1, "info": 2}


def _urgency(told: Told) -> tuple[bool, int, bool, float]:
    if not told.is_open:
        last = told.last.timestamp if told.last else -math.inf
        return True, 0, False, -last
    return False, _ORDER[told.kept.severity], not told.fired, told.since or 0.0
