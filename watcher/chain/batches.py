"""Many requests to one endpoint in as few HTTP requests as it takes.

What the endpoint refused once is remembered: the next batch is no larger than that.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator, Sequence
from typing import Protocol, TypeAlias

from watcher.chain.endpoint import Endpoint
from watcher.chain.faults import EndpointError, Kind
from watcher.chain.jsonrpc import JsonRpc, Reply, Request
from watcher.errors import ReadError, TooLarge, Unavailable

log = logging.getLogger(__name__)

Outcome: TypeAlias = Reply | ReadError
"""A ReadError is that one request's own failure; the endpoint as a whole still answers."""

MAX_ITEMS = 500
MAX_REQUEST_BYTES = 1_000_000
"""Anvil takes bodies of 2 MB, go-ethereum of 5 MB."""

PARALLEL = 8
"""Single requests that are under way at once."""

SMALLER = frozenset({Kind.REQUEST_TOO_LARGE, Kind.REQUEST_REFUSED})


class Asking(Protocol):
    """How an endpoint is asked: web3's provider in the service, seen from headers and reader."""

    @property
    def endpoint(self) -> Endpoint: ...

    async def call(self, asked: Request) -> Reply:
        """Ask one thing. Raises EndpointError when no reply to it came back."""
        ...

    async def ask(self, requests: Sequence[Request]) -> list[Outcome]:
        """One outcome per request, in order. Raises EndpointError when the endpoint failed."""
        ...

    async def singly(self, requests: Sequence[Request]) -> list[Outcome]:
        """As `ask`, each in an HTTP request of its own, a few at a time."""
        ...


class Batching(Asking, Protocol):
    """One that can tell how much it asks at once."""

    @property
    def batch_limit(self) -> int:
        """Requests that go out in one HTTP request; 1 where the endpoint takes no batches."""
        ...


class Singly:
    """A node that is asked one thing at a time, whatever else it could."""

    batch_limit = 1

    def __init__(self, node: Asking) -> None:
        self._node = node

    @property
    def endpoint(self) -> Endpoint:
        return self._node.endpoint

    async def call(self, asked: Request) -> Reply:
        return await self._node.call(asked)

    async def ask(self, requests: Sequence[Request]) -> list[Outcome]:
        return await self._node.singly(requests)

    async def singly(self, requests: Sequence[Request]) -> list[Outcome]:
        return await self._node.singly(requests)


class Batches:
    """Splits, asks, and asks again in smaller pieces what an endpoint would not take at once."""

    def __init__(self, rpc: JsonRpc, *, reply_bytes: int, max_items: int = MAX_ITEMS) -> None:
        self._rpc = rpc
        self._reply_bytes = reply_bytes
        self._limit = max_items

    @property
    def endpoint(self) -> Endpoint:
        return self._rpc.endpoint

    @property
    def limit(self) -> int:
        """Requests in one batch; 1 where the endpoint takes no batches."""
        return self._limit

    async def ask(self, requests: Sequence[Request]) -> list[Outcome]:
        """One outcome per request, in order. Raises EndpointError when the endpoint failed."""
        outcomes: list[Outcome] = []
        for piece in self._pieces(requests):
            outcomes += await self._ask_piece(piece)
        return outcomes

    async def singly(self, requests: Sequence[Request]) -> list[Outcome]:
        """Each in an HTTP request of its own, a few at a time."""
        slots = asyncio.Semaphore(PARALLEL)

        async def one(asked: Request) -> Outcome:
            async with slots:
                return await self._single(asked)

        fault: EndpointError | None = None
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(one(asked)) for asked in requests]
        except* EndpointError as failed:
            fault = _first(failed)
        if fault is not None:
            raise fault
        return [task.result() for task in tasks]

    async def _ask_piece(self, piece: Sequence[Request]) -> list[Outcome]:
        if len(piece) > self._limit:  # lowered since the pieces were cut
            return await self.ask(piece)
        if len(piece) == 1 or self._limit == 1:
            return await self.singly(piece)
        try:
            return list(await self._rpc.batch(piece))
        except EndpointError as error:
            fault = error
        if fault.kind in SMALLER:
            self._lower(len(piece) // 2)
            return await self.ask(piece)
        if fault.kind is Kind.ANSWER_TOO_LONG:  # one answer's doing, not a limit of the endpoint
            half = len(piece) // 2
            return await self._ask_piece(piece[:half]) + await self._ask_piece(piece[half:])
        if fault.kind is Kind.BATCH_MANGLED:
            log.warning("%s; asking %d requests singly", fault, len(piece))
            return await self.singly(piece)
        raise fault

    async def _single(self, asked: Request) -> Outcome:
        try:
            return await self._rpc.call(asked)
        except EndpointError as error:
            fault = error
        if fault.kind is Kind.ANSWER_TOO_LONG:
            return TooLarge(str(fault))
        if fault.kind is Kind.REQUEST_TOO_LARGE:
            return Unavailable(str(fault))
        raise fault

    def _lower(self, limit: int) -> None:
        self._limit = min(self._limit, limit)
        how = f"at most {self._limit} requests at once" if self._limit > 1 else "one at a time"
        log.warning("%s takes no larger batch; asking %s", self.endpoint.name, how)

    def _pieces(self, requests: Sequence[Request]) -> Iterator[Sequence[Request]]:
        first, sent, expected = 0, 0, 0
        for index, asked in enumerate(requests):
            size = len(asked.params) + 100
            full = (
                index - first >= self._limit
                or sent + size > MAX_REQUEST_BYTES
                or expected + asked.reply_bytes > self._reply_bytes
            )
            if full and index > first:
                yield requests[first:index]
                first, sent, expected = index, 0, 0
            sent, expected = sent + size, expected + asked.reply_bytes
        if first < len(requests):
            yield requests[first:]


def _first(group: BaseExceptionGroup[EndpointError]) -> EndpointError:
    first = group.exceptions[0]
    return _first(first) if isinstance(first, BaseExceptionGroup) else first
