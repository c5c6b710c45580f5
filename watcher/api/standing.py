"""How each target stands, as whoever makes the app judges it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from watcher.alerts.health import Grade
from watcher.config import Config
from watcher.protocols import Entry
from watcher.state.block import Block
from watcher.state.measure import Measure
from watcher.state.observation import Observation
from watcher.state.target import Target
from watcher.store import Store


@dataclass(frozen=True, slots=True)
class Judged:
    """One entry of the configuration: its grade in words and the one figure that says why.

    `grade` and `why` are of now, when data that are late make blind; `seen` is what the newest data
    say. `since` is a time in seconds, None where it is not known or nobody would ask. `target` and
    `observation` are None while nothing is stored of it, `newest` while nothing is of its chain.
    """

    target_id: str
    entry: Entry
    label: str
    grade: Grade
    seen: Grade
    why: str
    since: int | None
    measure: Measure | None
    newest: Block | None
    target: Target | None
    observation: Observation | None


class Judge(Protocol):
    """Every entry of the configuration, what needs a person first. `now` is in seconds."""

    def __call__(self, config: Config, store: Store, *, now: float) -> Sequence[Judged]: ...
