"""Which ways an endpoint has: found out once, remembered, and tried again after a while."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from watcher.chain.chunks import Clock
from watcher.chain.ways import ManyCalls

log = logging.getLogger(__name__)

TRY_AGAIN, TRY_LATEST = 300.0, 7_200.0
"""Seconds until a way that failed is tried again; twice as long after each time."""

GASES = (1_000_000_000, 50_000_000, 25_000_000, 16_000_000)
"""What is asked for, until the node takes it. Most cap it in silence (go-ethereum at 50 million),
some refuse more than they allow."""


@dataclass(frozen=True, slots=True)
class Able:
    """A way that works: with `gas` asked for, a call is given `gas_seen`."""

    way: ManyCalls
    gas: int
    gas_seen: int


Probe: TypeAlias = Callable[[ManyCalls], Awaitable[Able | None]]


@dataclass(slots=True)
class _Known:
    able: Able | None = None
    try_at: float = 0.0
    wait: float = TRY_AGAIN


class Abilities:
    """The ways of one endpoint, the best first."""

    def __init__(self, ways: Sequence[ManyCalls], *, name: str, clock: Clock) -> None:
        self._known = {way: _Known() for way in ways}
        self._name = name
        self._clock = clock

    @property
    def known(self) -> Able | None:
        """The best way that was found to work; None before the first reading, or without one."""
        return next((known.able for known in self._known.values() if known.able), None)

    async def best(self, probe: Probe) -> Able | None:
        """The first way that works; what was not tried yet, or not for long, is probed."""
        for way, known in self._known.items():
            if known.able is None and self._clock() >= known.try_at:
                known.able = await probe(way)
                if known.able is None:
                    self._later(known)
                else:
                    log.info("%s: many calls by %s", self._name, way.name)
            if known.able is not None:
                return known.able
        return None

    def lose(self, able: Able) -> None:
        """The way no longer works: the next one is taken."""
        log.warning("%s no longer answers by %s", self._name, able.way.name)
        known = self._known[able.way]
        known.able = None
        self._later(known)

    def _later(self, known: _Known) -> None:
        known.try_at = self._clock() + known.wait
        known.wait = min(2 * known.wait, TRY_LATEST)
