"""How fast an endpoint may be asked, learnt from its refusals.

Additive increase, multiplicative decrease (Chiu and Jain 1989), as TCP does: halved at each answer
that names a rate limit, then a little more each second. Every item of a batch counts, since
providers bill them so.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable

from watcher.chain.endpoint import Endpoint
from watcher.chain.faults import EndpointError, Kind
from watcher.chain.transport import Transport

WINDOW = 10.0
"""Seconds over which the speed is measured that turned out to be too high."""

LEAST = 4.0
"""Items a second below which no endpoint is slowed: each block takes a few."""

FORGOTTEN = 10_000.0
"""Items a second from which on there is no limit worth keeping."""

BURST = 2.0
"""Seconds' worth of items that may go out at once after a rest."""

GROWTH = 0.05
LEAST_GROWTH = 1.0
"""Each second adds this part of the limit that was found, and one item a second at least: it is
back at the limit in ten seconds, and at twice that in another twenty."""


class Rate:
    """The limit of one endpoint; `None` until it names one. Times are `clock`'s seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._sent: deque[tuple[float, int]] = deque()
        self._per_second: float | None = None
        self._found = 0.0
        self._grown_at = 0.0
        self._free_at = 0.0
        self._lowered_at = -WINDOW

    @property
    def per_second(self) -> float | None:
        """Items a second that it is asked at most."""
        self._grow()
        return self._per_second

    def delay(self) -> float:
        """Seconds until the next request may go out."""
        self._grow()
        if self._per_second is None:
            return 0.0
        return max(self._free_at - BURST - self._clock(), 0.0)

    def book(self, items: int) -> None:
        """`items` are going out as soon as `delay` allows."""
        now = self._clock()
        while self._sent and self._sent[0][0] < now - WINDOW:
            self._sent.popleft()
        self._sent.append((now, items))
        if self._per_second is not None:
            self._free_at = max(self._free_at, now) + items / self._per_second

    def limited(self) -> None:
        """The endpoint named its limit. Answers to what was under way together count once."""
        now = self._clock()
        if now - self._lowered_at < 1.0:
            return
        self._grow()
        measured = sum(items for _, items in self._sent) / WINDOW
        found = measured if self._per_second is None else self._per_second
        self._found = max(found, LEAST)
        self._per_second = max(self._found / 2, LEAST)
        self._lowered_at = self._grown_at = now

    def _grow(self) -> None:
        now = self._clock()
        if self._per_second is not None:
            growth = max(GROWTH * self._found, LEAST_GROWTH)
            self._per_second += growth * max(now - self._grown_at, 0.0)
            if self._per_second > FORGOTTEN:
                self._per_second = None
        self._grown_at = now


class Paced:
    """A transport that keeps to the endpoint's rate and refuses what would wait too long."""

    def __init__(self, inner: Transport, rate: Rate, *, longest_wait: float) -> None:
        self._inner = inner
        self._rate = rate
        self._longest_wait = longest_wait

    @property
    def endpoint(self) -> Endpoint:
        return self._inner.endpoint

    async def send(self, body: bytes, *, about: str) -> bytes:
        delay = self._rate.delay()
        if delay > self._longest_wait:
            raise EndpointError(
                f"{self.endpoint.name} is not asked {about} for {delay:.1f} s, to keep to its rate "
                "limit: use another endpoint beside it",
                endpoint=self.endpoint.name,
                kind=Kind.RATE_LIMITED,
                retry_after=delay,
            )
        self._rate.book(items_in(body))
        if delay > 0:
            await asyncio.sleep(delay)
        try:
            return await self._inner.send(body, about=about)
        except EndpointError as error:
            if error.kind is Kind.RATE_LIMITED:
                self._rate.limited()
            raise


def items_in(body: bytes) -> int:
    """Requests in a body; inside a JSON text its quotes would be escaped."""
    return max(body.count(b'"jsonrpc":'), 1)
