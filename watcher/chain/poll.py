"""Asking all endpoints for their heads at once, without waiting for one that hangs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace

from watcher.chain.health import State
from watcher.chain.lag import Heard, lag
from watcher.chain.links import Link, Links
from watcher.errors import ReadError
from watcher.state import Block

GRACE = 0.1
"""Seconds that slower endpoints get once enough have answered, so that they have a say too."""

ABOUT = "eth_getBlockByNumber (the head)"


class HeadPoll:
    """Polls of the heads. What is still under way when enough have answered goes on by itself: its
    endpoint's health follows, and it is not asked a second time meanwhile."""

    def __init__(self, links: Links) -> None:
        self._links = links
        self._under_way: dict[Link, asyncio.Task[Block]] = {}

    async def close(self) -> None:
        """End what is still under way."""
        tasks = list(self._under_way.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._under_way.clear()

    async def poll(self, enough: int) -> AsyncGenerator[tuple[dict[Link, Block], bool], None]:
        """The heads so far, again whenever more of them came; the flag tells that these are all.

        The first time as soon as `enough` have answered and the others had their grace. Raises
        ReadError when nobody answers.
        """
        self._start()
        heads: dict[Link, Block] = {}
        faults: list[ReadError] = []
        while self._under_way:
            await self._wait(enough - len(heads))
            for link, outcome in self._finished().items():
                if isinstance(outcome, Block):
                    heads[link] = outcome
                else:
                    faults.append(outcome)
            if len(heads) >= enough and self._under_way:
                yield heads, False
        if not heads:
            raise faults[0] if faults else self._links.nobody(ABOUT)
        yield heads, True

    async def _wait(self, missing: int) -> None:
        while missing > 0 and (waiting := self._unfinished()):
            done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            missing -= len(done)
        if waiting := self._unfinished():
            await asyncio.wait(waiting, timeout=GRACE)

    def _unfinished(self) -> list[asyncio.Task[Block]]:
        return [task for task in self._under_way.values() if not task.done()]

    def _finished(self) -> dict[Link, Block | ReadError]:
        """What is no longer under way; it is forgotten here."""
        finished: dict[Link, Block | ReadError] = {}
        for link, task in list(self._under_way.items()):
            if not task.done():
                continue
            del self._under_way[link]
            error = task.exception()
            if error is None:
                finished[link] = task.result()
            elif isinstance(error, ReadError):
                finished[link] = error
            else:
                raise error
        return finished

    def _start(self) -> None:
        self._finished()  # heads of an earlier poll, too old to count
        # Who was outvoted is asked as well: it may agree again.
        due = [link for link in self._links.all if link.health.retry_in == 0]
        if not due and not self._under_way:
            due = self._links.in_order(cooling=True)
        for link in due:
            if link not in self._under_way:
                self._under_way[link] = asyncio.create_task(self._head(link))

    async def _head(self, link: Link) -> Block:
        head = await self._links.ask(
            link, lambda one: one.headers.head(), about=ABOUT, seconds=self._links.share
        )
        now = link.health.clock()
        before = link.health.heard
        link.health.heard = (
            Heard(head, now, head.number) if before is None else before.then(head, now=now)
        )
        return head

    def keeps_up(self, link: Link) -> bool:
        """Whether its head, taken by itself, can be the chain's: neither back, stuck nor ahead of
        the time."""
        heard = link.health.heard
        return heard is not None and not self._lag(heard, 0)

    def judge_lag(self, agreed: Block | None) -> None:
        """Mark who lags: behind the agreed head, or the others where one alone is believed."""
        heard = {
            link: link.health.heard
            for link in self._links.all
            if link.health.heard is not None and link.health.state is not State.DISABLED
        }
        leading = [one.head.number for link, one in heard.items() if self.keeps_up(link)]
        newest = max(leading, default=0) if agreed is None else agreed.number
        for link, one in heard.items():
            # Who has the agreed head has left behind whatever it said before.
            now = replace(one, highest=one.head.number) if one.head == agreed else one
            link.health.heard = now
            link.health.lags(self._lag(now, newest))

    def _lag(self, heard: Heard, newest: int) -> str:
        links = self._links
        clock = links.all[0].health.clock
        return lag(heard, newest, now=clock(), wall=links.wall(), limits=links.limits)
