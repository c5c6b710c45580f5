"""What open alerts make of a target's state: strained while a rule's condition holds, breached once
a critical one has held for its duration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from watcher.alerts.health import Grade
from watcher.alerts.lifecycle import ended, restored
from watcher.alerts.telling import figure
from watcher.report.naming import symbols
from watcher.state.alert import Gauge, Kept
from watcher.state.target import Target
from watcher.store import Store


@dataclass(frozen=True, slots=True)
class Alarm:
    """The worst that an open alert says of a target, and the second since when."""

    grade: Grade
    rule: str
    why: str
    since: int


def alarms(store: Store, targets: Mapping[str, Target], *, unit: str) -> dict[str, Alarm]:
    """Of these targets, by their ids; nothing of one that has no open alert above severity info."""
    found: dict[str, Alarm] = {}
    for kept in store.alerts():
        if kept.target_id not in targets:
            continue
        alert = restored(kept.uid, kept.events)
        if alert is None or alert.since is None or kept.severity == "info":
            continue
        breached = kept.severity == "critical" and alert.fired is not None
        grade = Grade.BREACHED if breached else Grade.STRAINED
        why = f"{kept.rule}: {fact(kept, targets[kept.target_id], unit)}".removesuffix(": ")
        one = Alarm(grade, kept.rule, why, alert.since.timestamp)
        before = found.get(kept.target_id)
        if before is None or one.grade < before.grade:
            found[kept.target_id] = one
    return found


def state_of(alert: Kept, now: float) -> str:
    """One word: how it ended, or in which phase it is."""
    over = ended(alert.events)
    if over is not None:
        return over.value
    found = restored(alert.uid, alert.events)
    return "gone" if found is None else found.phase(int(now))


def fact(alert: Kept, target: Target, unit: str) -> str:
    """The figures of the rule's condition as they stood at the alert's last event."""
    seen = (one for one in reversed(alert.events) if one.canonical and one.gauges)
    last = next(seen, None)
    names = symbols(target)
    return "" if last is None else ", ".join(gauge_text(one, names, unit) for one in last.gauges)


def gauge_text(gauge: Gauge, names: Mapping[str, str], unit: str) -> str:
    of = ", ".join(names.get(value, value) for _, value in gauge.dims)
    said = f"{gauge.figure}{f' of {of}' if of else ''}"
    return f"{said} {figure(gauge, gauge.value, unit)}"
