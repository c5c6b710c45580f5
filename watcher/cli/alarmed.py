"""What open alerts make of a target's state: strained while a rule's condition holds, breached once
a critical one has held for its duration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from watcher.alerts.health import Grade
from watcher.alerts.lifecycle import restored
from watcher.cli.alerted import fact
from watcher.state.target import Target

if TYPE_CHECKING:
    from watcher.store import Store


@dataclass(frozen=True, slots=True)
class Alarm:
    """The worst that an open alert says of a target, and the second since when."""

    grade: Grade
    why: str
    since: int


def alarms(store: Store, targets: Mapping[str, Target], *, unit: str) -> dict[str, Alarm]:
    """By target id; nothing of targets without an open alert, or with one of severity info."""
    found: dict[str, Alarm] = {}
    for kept in store.alerts():
        alert = restored(kept.uid, kept.events)
        if alert is None or alert.since is None or kept.severity == "info":
            continue
        breached = kept.severity == "critical" and alert.fired is not None
        grade = Grade.BREACHED if breached else Grade.STRAINED
        why = f"{kept.rule}: {fact(kept, targets[kept.target_id], unit)}".removesuffix(": ")
        one = Alarm(grade, why, alert.since.timestamp)
        before = found.get(kept.target_id)
        if before is None or one.grade < before.grade:
            found[kept.target_id] = one
    return found
