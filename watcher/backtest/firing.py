"""How often each rule would have fired on a stretch of the history, and for how long."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from watcher.alerts.alarms import Alarms
from watcher.alerts.rule import Rule
from watcher.state.alert import AlertEvent, EventKind
from watcher.state.block import Block
from watcher.state.target import Target
from watcher.store.replay import Replayed

DAY = 86_400


@dataclass(frozen=True, slots=True)
class Firing:
    """One alert that would have fired; `ended` is None while it had not by the last block. `told`
    is how often somebody would have been told of it, its end left out."""

    rule: str
    target_id: str
    fired: Block
    ended: Block | None = None
    told: int = 1

    def seconds(self, last: Block) -> int:
        """How long it was open, to the last block at most."""
        return (self.ended or last).timestamp - self.fired.timestamp


@dataclass(frozen=True, slots=True)
class Tried:
    """What one chain's stretch came to. `passed` and `spikes` are how often a rule's condition
    held, but not for its duration; of these, at a single block only."""

    first: Block
    last: Block
    blocks: int
    firings: tuple[Firing, ...]
    passed: dict[str, int]
    spikes: dict[str, int]

    @property
    def days(self) -> float:
        return (self.last.timestamp - self.first.timestamp) / DAY


@dataclass(slots=True)
class _Count:
    open: dict[str, Firing] = field(default_factory=dict)
    done: list[Firing] = field(default_factory=list)
    passed: dict[str, int] = field(default_factory=dict)
    spikes: dict[str, int] = field(default_factory=dict)

    def take(self, event: AlertEvent) -> None:
        match event.kind:
            case EventKind.FIRED:
                self.open[event.alert] = Firing(event.rule, event.target_id, event.block)
            case EventKind.WORSENED | EventKind.ESCALATED:
                known = self.open[event.alert]
                self.open[event.alert] = replace(known, told=known.told + 1)
            case EventKind.RESOLVED:
                self.done.append(replace(self.open.pop(event.alert), ended=event.block))
            case EventKind.PASSED | EventKind.SPIKE:
                self.passed[event.rule] = self.passed.get(event.rule, 0) + 1
                if event.kind is EventKind.SPIKE:
                    self.spikes[event.rule] = self.spikes.get(event.rule, 0) + 1


def tried(
    rules: Sequence[Rule], targets: Sequence[Target], steps: Iterable[Replayed], *, unit: str
) -> Tried | None:
    """Play `steps` to the rules, as the service would have; None where there are none.

    Nobody acknowledges anything: each alert that is old enough escalates.
    """
    alarms = Alarms(rules, targets, unit=unit)
    count = _Count()
    first: Block | None = None
    last: Block | None = None
    blocks = 0
    for step in steps:
        events, _ = alarms.step(step.block, last, faults=step.faults, measures=step.measures)
        for event in events:
            count.take(event)
        first, last, blocks = first or step.block, step.block, blocks + 1
    if first is None or last is None:
        return None
    firings = sorted((*count.done, *count.open.values()), key=lambda one: one.fired.number)
    return Tried(first, last, blocks, tuple(firings), count.passed, count.spikes)
