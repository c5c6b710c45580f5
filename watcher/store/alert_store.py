"""What the store keeps of rules and alerts, and of whom they are told to."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime

from watcher.state.alert import Act, Kept, Past, Routed, RuleText
from watcher.state.measure import Measure
from watcher.store import alerts, replay
from watcher.store.alerts import OpenAlerts
from watcher.store.database import Database
from watcher.store.outbox import Outbox, enqueue_all
from watcher.store.replay import Replayed


class AlertStore:
    """A part of Store."""

    database: Database
    _now: Callable[[], datetime]

    def save_rules(self, rules: Sequence[RuleText]) -> None:
        """Idempotent. Events of alerts refer to them."""
        with self.database.writing() as connection:
            alerts.save_rules(connection, rules)

    def record_act(self, act: Act, notices: Sequence[Routed] = ()) -> None:
        """What a person did to an alert. Raises InputError where there is no such alert."""
        with self.database.writing() as connection:
            alerts.add_act(connection, act)
            enqueue_all(connection, notices, at=self._now())

    def open_alerts(self, chain_id: int) -> OpenAlerts:
        """The alerts of a chain that have not ended on its branch."""
        with self.database.reading() as connection:
            return alerts.open_alerts(connection, chain_id)

    def acts_after(self, chain_id: int, after: int) -> tuple[tuple[int, str, Past], ...]:
        """What people did to alerts since the event `after`: event, alert, and what it was."""
        with self.database.reading() as connection:
            return alerts.acts_after(connection, chain_id, after)

    def measures_in_force(
        self, chain_id: int, names: Collection[str], *, number: int | None = None
    ) -> dict[str, tuple[Measure, ...]]:
        """By target id, the measures of these names at block `number`, by default at the newest."""
        with self.database.reading() as connection:
            return alerts.measures_in_force(connection, chain_id, names, number)

    def alerts(self, *, every: bool = False, limit: int = 1_000) -> tuple[Kept, ...]:
        """The newest alerts; without `every` those alone that have not ended."""
        with self.database.reading() as connection:
            return alerts.alerts(connection, every=every, limit=limit)

    def find_alert(self, text: str) -> Kept:
        """By the first digits of its uid; raises InputError where none or several begin so."""
        with self.database.reading() as connection:
            return alerts.find_alert(connection, text)

    def rule_body(self, rule_hash: str) -> str:
        """A rule that was in effect, as canonical JSON."""
        with self.database.reading() as connection:
            return alerts.rule_body(connection, rule_hash)

    def replay(
        self, chain_id: int, names: Collection[str], *, first: int, last: int
    ) -> Iterator[Replayed]:
        """The stored blocks from `first` to `last`, each with what changed at it; the first with
        all that was in force."""
        with self.database.reading() as connection:
            yield from replay.replay(connection, chain_id, names, first=first, last=last)

    def span(
        self, chain_id: int, *, since: int | None, until: int | None
    ) -> tuple[int, int] | None:
        """The first and last stored block between two times in seconds; None where there is
        none."""
        with self.database.reading() as connection:
            return replay.span(connection, chain_id, since=since, until=until)

    @property
    def outbox(self) -> Outbox:
        """Shares this store's database and its clock."""
        return Outbox(self.database, now=self._now)
