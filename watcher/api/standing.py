"""How each target stands, as whoever makes the app judges it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from watcher.alerts.health import Grade
from watcher.api.reading import Reading
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


FRESH_SECONDS = 1.0
STILL_SECONDS = 5.0
"""Judging reads every target: those who ask within FRESH_SECONDS are told the same, and those who
ask within STILL_SECONDS as well while no chain has another block."""


class Standings:
    """Judges once for all who ask at the same time."""

    def __init__(
        self, config: Config, reading: Reading, judge: Judge, *, now: Callable[[], float]
    ) -> None:
        self._config = config
        self._reading = reading
        self._judge = judge
        self._now = now
        self._lock = asyncio.Lock()
        self._found: Sequence[Judged] | None = None
        self._heads: tuple[Block, ...] = ()
        self._judged_at = 0.0

    async def ask(self) -> Sequence[Judged]:
        async with self._lock:
            found, age = self._found, time.monotonic() - self._judged_at
            if found is not None and age < FRESH_SECONDS:
                return found
            heads = await self._reading.do(self._newest)
            if found is None or heads != self._heads or age > STILL_SECONDS:
                found = await self._reading.do(self._ask)
                self._found, self._heads, self._judged_at = found, heads, time.monotonic()
            return found

    def _newest(self, store: Store) -> tuple[Block, ...]:
        chains = self._config.chains
        return tuple(one for each in chains for one in store.recent_blocks(each.chain_id, 1))

    def _ask(self, store: Store) -> Sequence[Judged]:
        return self._judge(self._config, store, now=self._now())
