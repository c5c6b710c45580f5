"""Sending what is in the outbox: one line a receiver, so that a slow one holds no other."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import ParamSpec, TypeVar

import structlog

from watcher.alerts.channels.receiver import Receiver
from watcher.errors import StoreError
from watcher.service.lease import holder, is_dead
from watcher.service.sending import Outcome, tell
from watcher.service.writer import Writer
from watcher.store import Delivery, Outbox

P = ParamSpec("P")
T = TypeVar("T")

LOG = structlog.get_logger(__name__)

POLL_SECONDS = 5.0
"""How late something is noticed that another process put in; a tick of our own wakes the lines."""

DRAIN_SECONDS = 15.0
"""How long the end of the service waits for what is due."""

HOLD_SECONDS = 30.0
"""Beyond the attempt's own deadline: for the writer to mark it."""

STORE_PAUSE_SECONDS = 2.0
FIRST_WAIT = 1.0
LONGEST_WAIT = 300.0
LONGEST_REST = 60.0
LONGEST_ASKED = 3_600.0
MOST_DOUBLINGS = 16

GONE = "the receiver wants no more of these (410)"
STRANGER = "no receiver of this name is configured"


def wait_after(failures: int, *, longest: float, share: float) -> float:
    """Seconds before the next attempt, after so many failures: twice as long each time, up to
    `longest`, of which a random `share` of at least one half is waited."""
    return min(FIRST_WAIT * 2.0 ** min(failures - 1, MOST_DOUBLINGS), longest) * share


class Line:
    """Sends to one receiver, one after the other, each alert's notices in their order."""

    def __init__(self, receiver: Receiver, outbox: Outbox, writer: Writer) -> None:
        self._receiver = receiver
        self._outbox = outbox
        self._writer = writer
        self._woken = asyncio.Event()
        self._ending = asyncio.Event()
        self._failures = 0

    @property
    def name(self) -> str:
        return self._receiver.name

    def wake(self) -> None:
        """Something may have been put in."""
        self._woken.set()

    def end(self) -> None:
        """Send what is due now, then end."""
        self._ending.set()
        self._woken.set()

    async def work(self) -> None:
        """Until `end`."""
        while True:
            self._woken.clear()
            due = await self._kept(self._outbox.next_due, self.name)
            if due == 0.0:
                delivery = await self._kept(
                    self._outbox.claim,
                    self.name,
                    holder=holder(),
                    seconds=self._receiver.deadline_seconds + HOLD_SECONDS,
                )
                if delivery is not None:
                    await self._send(delivery)
                    continue
            if self._ending.is_set():
                return
            # What is due and was not to be had is being sent by another process.
            wait = POLL_SECONDS if not due else min(due, POLL_SECONDS)
            await _first(self._woken, wait)

    async def _send(self, delivery: Delivery) -> None:
        outcome = await tell(self._receiver, delivery.notice)
        if outcome.taken:
            self._failures = 0
            await self._kept(self._outbox.sent, delivery.id)
            LOG.info("told", **self._about(delivery), ms=round(1_000 * outcome.seconds))
        elif outcome.gone:
            await self._kept(self._outbox.kill, delivery.id, outcome.detail, reason=GONE)
            LOG.error("not told", **self._about(delivery), detail=outcome.detail)
        else:
            await self._failed(delivery, outcome)

    async def _failed(self, delivery: Delivery, outcome: Outcome) -> None:
        self._failures += 1
        asked = min(outcome.retry_after or 0.0, LONGEST_ASKED)
        wait = wait_after(delivery.attempts, longest=LONGEST_WAIT, share=_share())
        dead = await self._kept(
            self._outbox.failed,
            delivery,
            outcome.detail,
            wait=max(wait, asked),
            give_up=self._receiver.give_up_seconds,
            all_wait=asked > 0,
        )
        say = LOG.error if dead else LOG.warning
        event = "not told" if dead else "not told yet"
        say(event, **self._about(delivery), attempts=delivery.attempts, detail=outcome.detail)
        # A receiver that is down is not asked once for each notice that waits for it.
        rest = wait_after(self._failures, longest=LONGEST_REST, share=_share())
        await _first(self._ending, rest)

    def _about(self, delivery: Delivery) -> dict[str, object]:
        notice = delivery.notice
        return {"receiver": self.name, "id": notice.uid, "kind": notice.kind.value}

    async def _kept(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What the outbox answers, however long its database is away: an attempt that was made
        must be marked before another is."""
        while True:
            try:
                return await self._writer.do(work, *args, **kwargs)
            except StoreError as error:
                LOG.error("outbox", receiver=self.name, detail=str(error))
                await asyncio.sleep(STORE_PAUSE_SECONDS)


class Deliverer:
    """All lines of one service."""

    def __init__(self, receivers: Sequence[Receiver], outbox: Outbox, writer: Writer) -> None:
        self._lines = [Line(one, outbox, writer) for one in receivers]
        self._outbox = outbox
        self._writer = writer
        self._tasks: list[asyncio.Task[None]] = []

    def wake(self) -> None:
        """A block was committed, perhaps with something to tell."""
        for line in self._lines:
            line.wake()

    async def start(self) -> None:
        """Take over what a killed process was sending, and begin."""
        names = [line.name for line in self._lines]
        buried = await self._writer.do(self._outbox.bury_strangers, names, reason=STRANGER)
        if buried:
            LOG.warning("not told", notices=buried, detail=STRANGER)
        for other in await self._writer.do(self._outbox.holders):
            if is_dead(other):
                await self._writer.do(self._outbox.give_back, other)
        self._tasks = [asyncio.create_task(line.work()) for line in self._lines]

    async def drain(self, seconds: float) -> None:
        """Send what is due, for at most so long. Raises what ended a line before its time."""
        for line in self._lines:
            line.end()
        if not self._tasks:
            return
        _, late = await asyncio.wait(self._tasks, timeout=seconds)
        for task in late:
            task.cancel()
        ended = await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._writer.do(self._outbox.give_back, holder())
        for one in ended:
            if isinstance(one, Exception):
                raise one


@asynccontextmanager
async def delivering(
    receivers: Sequence[Receiver],
    outbox: Outbox,
    writer: Writer,
    *,
    drain_seconds: float = DRAIN_SECONDS,
) -> AsyncIterator[Deliverer]:
    """Sends for the context. At its end what is due is sent; the rest waits for the next start."""
    deliverer = Deliverer(receivers, outbox, writer)
    await deliverer.start()
    try:
        yield deliverer
    finally:
        await deliverer.drain(drain_seconds)


def _share() -> float:
    return random.uniform(0.5, 1.0)  # noqa: S311 - no secret


async def _first(event: asyncio.Event, seconds: float) -> None:
    """Wait for `event`, at most so long."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
