"""Several endpoints of one chain in memory, put together as `open_chain` does."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from tests.support.faulty_node import CHAIN_ID, FaultyNode, MemoryTransport
from watcher.chain.client import link_over
from watcher.chain.endpoint import EndpointOptions
from watcher.chain.failover import FailoverReader
from watcher.chain.failover_logs import FailoverLogs
from watcher.chain.faults import EndpointError, Kind
from watcher.chain.health import State
from watcher.chain.lag import LagLimits
from watcher.chain.links import Link, Links
from watcher.chain.quorum import QuorumHeaders
from watcher.chain.retry import Patience
from watcher.chain.sample import Sampler
from watcher.chain.ways import Way
from watcher.state.endpoint_event import EventKind

NAMES = ("node-a.example", "node-b.example", "node-c.example", "node-d.example")


class Clock:
    """Monotonic seconds that pass only when told."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


class BreakableTransport(MemoryTransport):
    """Raises `error` while there is one; `hangs` never answers. `bodies` counts what was sent."""

    error: EndpointError | None = None
    hangs = False
    bodies = 0

    async def send(self, body: bytes, *, about: str) -> bytes:
        self.bodies += 1
        if self.hangs:
            await asyncio.Event().wait()
        if self.error is not None:
            raise self.error
        return await super().send(body, about=about)

    def fail(self, kind: Kind, *, retry_after: float | None = None) -> None:
        name = self.endpoint.name
        text = f"{name} failed: {kind}"
        self.error = EndpointError(text, endpoint=name, kind=kind, retry_after=retry_after)


@dataclass
class Linked:
    """Endpoints by their row: how each is broken, how it stands, and the chain over all."""

    clock: Clock
    transports: Sequence[BreakableTransport]
    links: Links
    headers: QuorumHeaders
    reader: FailoverReader
    logs: FailoverLogs

    def states(self) -> list[State]:
        return [link.health.state for link in self.links.all]

    def link(self, row: int) -> Link:
        return self.links.all[row]

    def events(self) -> list[tuple[str, EventKind]]:
        return [(event.endpoint, event.kind) for event in self.links.events]


@asynccontextmanager
async def linked(
    nodes: Sequence[FaultyNode],
    *,
    quorum: int | None = None,
    sample: int = 20,
    deadline: float = 5.0,
    archives: Sequence[int] = (),
    patience: Patience = Patience(),  # noqa: B008 - frozen
    limits: LagLimits = LagLimits(),  # noqa: B008 - frozen
    wall: float = 1_100.0,
    real_clock: bool = False,
) -> AsyncIterator[Linked]:
    """`wall` is the time of day; with `real_clock` pauses pass by themselves."""
    clock = Clock()
    transports = [
        BreakableTransport(node, host=name) for node, name in zip(nodes, NAMES, strict=False)
    ]
    made = [
        link_over(
            CHAIN_ID,
            EndpointOptions(transport.endpoint, archive=row in archives),
            transport,
            deadline=deadline,
            longest_wait=deadline / 10,
            patience=patience,
            ways=(Way.BATCH,),  # these nodes run no lens
            clock=time.monotonic if real_clock else clock,
        )[0]
        for row, transport in enumerate(transports)
    ]
    links = Links(
        CHAIN_ID, made, deadline=deadline, quorum=quorum, limits=limits, wall=lambda: wall
    )
    headers = QuorumHeaders(links)
    try:
        reader = FailoverReader(links, Sampler(sample))
        yield Linked(clock, transports, links, headers, reader, FailoverLogs(links))
    finally:
        await headers.close()
