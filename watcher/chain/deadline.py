"""One total time for a piece of work, however many waits it is made of."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from contextlib import suppress
from typing import TypeVar

from watcher.chain.endpoint import Endpoint
from watcher.chain.faults import EndpointError, Kind
from watcher.chain.transport import Transport

T = TypeVar("T")


async def within(seconds: float, work: Awaitable[T], *, endpoint: Endpoint, about: str) -> T:
    """Await `work`, cancelled after `seconds`. Raises EndpointError when it is late."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            return await work
    raise EndpointError(
        f"{endpoint.name} did not answer {about} within {seconds:g} s: "
        "the node is slow or hangs; try again or use another endpoint",
        endpoint=endpoint.name,
        kind=Kind.TIMEOUT,
    )


class Deadline:
    """A transport whose connecting, sending and reading together take at most `seconds`."""

    def __init__(self, inner: Transport, seconds: float) -> None:
        self._inner = inner
        self._seconds = seconds

    @property
    def endpoint(self) -> Endpoint:
        return self._inner.endpoint

    async def send(self, body: bytes, *, about: str) -> bytes:
        work = self._inner.send(body, about=about)
        return await within(self._seconds, work, endpoint=self.endpoint, about=about)
