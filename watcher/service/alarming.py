"""Rules at work in a watch: what each tick does to alerts, from what is stored on."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Protocol

from watcher.alerts.alarms import Alarms
from watcher.alerts.rule import Rule
from watcher.state.alert import Past, RuleText
from watcher.state.block import Block
from watcher.state.measure import Measure
from watcher.state.target import Target
from watcher.store.alerts import OpenAlerts
from watcher.store.replay import fault
from watcher.store.tick import Resumption, TickResult


class AlertLedger(Protocol):
    """What rules need of the store."""

    def resume(self, chain_id: int) -> Resumption: ...

    def save_rules(self, rules: Sequence[RuleText]) -> None: ...

    def open_alerts(self, chain_id: int) -> OpenAlerts: ...

    def acts_after(self, chain_id: int, after: int) -> tuple[tuple[int, str, Past], ...]: ...

    def measures_in_force(
        self, chain_id: int, names: Collection[str]
    ) -> dict[str, tuple[Measure, ...]]: ...


class Alarming:
    """Used in the writer's thread alone. What it remembers is derived from what is stored, and
    given up unless it is of the branch's last block: after a reorg, and a commit that failed."""

    def __init__(
        self,
        chain_id: int,
        ledger: AlertLedger,
        rules: Sequence[Rule],
        targets: Sequence[Target],
        *,
        unit: str,
    ) -> None:
        self._chain_id = chain_id
        self._ledger = ledger
        self._rules = tuple(rules)
        self._targets = tuple(targets)
        self._unit = unit
        self._alarms: Alarms | None = None
        self._newest_act = 0
        self._at: str | None = None

    def judged(self, tick: TickResult, previous: Block | None) -> TickResult:
        """The tick with what it does to alerts. `previous` is the branch's last block: whenever it
        is not the one that was judged last, everything is read anew."""
        at = None if previous is None else previous.hash
        alarms = self._alarms if self._at == at else None
        self._alarms = None
        if alarms is None:
            alarms = self._restored()
        if alarms.open:
            for event_id, uid, past in self._ledger.acts_after(self._chain_id, self._newest_act):
                alarms.act(uid, past)
                self._newest_act = event_id
        events, notices = alarms.step(
            tick.block,
            previous,
            faults={
                one.target_id: fault(one.status.value, one.detail) for one in tick.observations
            },
            measures={one.target_id: one.measures for one in tick.computations},
        )
        self._alarms, self._at = alarms, tick.block.hash
        return replace(tick, alerts=events, notices=notices)

    def _restored(self) -> Alarms:
        alarms = Alarms(self._rules, self._targets, unit=self._unit)
        self._ledger.save_rules([rule.text for rule in self._rules])
        found = self._ledger.open_alerts(self._chain_id)
        self._newest_act = found.newest
        in_force = self._ledger.resume(self._chain_id).in_force
        alarms.restore(
            found.kept,
            measures=self._ledger.measures_in_force(self._chain_id, alarms.names),
            faults={
                uid: fault(one.observation.status.value, one.observation.detail)
                for uid, one in in_force.items()
            },
        )
        return alarms
