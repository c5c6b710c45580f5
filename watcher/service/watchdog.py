"""Who looks after the watcher: a heartbeat that somebody else misses, and a word when a chain is
silent."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import structlog

from watcher.alerts.channels.receiver import Watchdog
from watcher.chain.endpoint import Endpoint
from watcher.config.values import ChainConfig
from watcher.errors import StoreError
from watcher.service.health import ChainHealth
from watcher.service.sending import ask
from watcher.service.writer import Writer
from watcher.state.block import Block
from watcher.state.notice import Notice, NoticeKind
from watcher.store import Store

LOG = structlog.get_logger(__name__)

BEAT_DEADLINE = 10.0
LONGEST_LOOK = 5.0
"""Seconds between two looks; a quarter of the silence that is told where that is shorter."""

Healths = Callable[[], Sequence[ChainHealth]]


@dataclass(slots=True)
class _Chain:
    """`last` is the block committed last, `at` when that was or the watch began (monotonic);
    `told`: somebody was told that nothing followed it."""

    config: ChainConfig
    last: Block | None
    at: float
    told: bool


class Lookout:
    """Knows of every committed block."""

    def __init__(
        self,
        watchdog: Watchdog,
        chains: Sequence[ChainConfig],
        store: Store,
        writer: Writer,
        healths: Healths,
        on_told: Callable[[], None],
    ) -> None:
        self._watchdog = watchdog
        self._configs = chains
        self._store = store
        self._writer = writer
        self._healths = healths
        self._on_told = on_told
        self._chains: dict[int, _Chain] = {}
        self._newest: dict[int, tuple[Block, float]] = {}
        self._beat = asyncio.Event()

    def ticked(self, block: Block) -> None:
        """A block was committed."""
        self._newest[block.chain_id] = (block, time.monotonic())
        self._beat.set()

    async def beat(self, endpoint: Endpoint) -> None:
        """Ask for the heartbeat's URL after a committed block, at most every so often."""
        private = self._watchdog.allow_private
        while True:
            await self._beat.wait()
            self._beat.clear()
            done = await ask(endpoint, allow_private=private, deadline=BEAT_DEADLINE)
            if not done.taken:
                LOG.warning("heartbeat", detail=done.detail)
            await asyncio.sleep(self._watchdog.every_seconds)

    async def look(self, silent: float) -> None:
        """Tell, once, of each chain that had no committed block for `silent` seconds, and once of
        its going on."""
        for config in self._configs:
            self._chains[config.chain_id] = await self._begun(config)
        while True:
            await asyncio.sleep(min(LONGEST_LOOK, silent / 4))
            for chain in self._chains.values():
                try:
                    await self._look_at(chain, silent)
                except StoreError as error:
                    LOG.error("watchdog", chain=chain.config.chain_id, detail=str(error))

    async def _begun(self, config: ChainConfig) -> _Chain:
        """As it was left: whoever was told of a silence before a restart is told of its end."""
        blocks = await self._writer.do(self._store.recent_blocks, config.chain_id, 1)
        chain = _Chain(config, blocks[0] if blocks else None, time.monotonic(), told=False)
        chain.told = await self._writer.do(self._store.outbox.knows, _uid(chain, NoticeKind.FIRED))
        return chain

    async def _look_at(self, chain: _Chain, silent: float) -> None:
        newest, at = self._newest.get(chain.config.chain_id, (chain.last, chain.at))
        if newest is not None and newest != chain.last:
            if chain.told:
                await self._tell(_goes_on(chain, newest))
            chain.last, chain.at, chain.told = newest, at, False
        quiet = time.monotonic() - chain.at
        if quiet < silent or chain.told:
            return
        await self._tell(_silent(chain, quiet, self._cause(chain.config.chain_id)))
        chain.told = True

    async def _tell(self, notice: Notice) -> None:
        outbox, receivers = self._store.outbox, self._watchdog.receivers
        if await self._writer.do(outbox.enqueue, notice, receivers):
            LOG.warning("watchdog", chain=notice.chain_id, detail=notice.title)
            self._on_told()

    def _cause(self, chain_id: int) -> str:
        for one in self._healths():
            if one.chain_id == chain_id:
                return one.stopped or one.failing or "The node answers, and its head stays."
        return ""


@asynccontextmanager
async def looking_out(
    watchdog: Watchdog | None,
    chains: Sequence[ChainConfig],
    store: Store,
    writer: Writer,
    healths: Healths,
    on_told: Callable[[], None],
) -> AsyncIterator[Lookout | None]:
    """Looks out for the context, calling `on_told` when there is something to send; None where
    nobody wants it."""
    if watchdog is None:
        yield None
        return
    lookout = Lookout(watchdog, chains, store, writer, healths, on_told)
    tasks: list[asyncio.Task[None]] = []
    if watchdog.heartbeat is not None:
        tasks.append(asyncio.create_task(lookout.beat(watchdog.heartbeat)))
    if watchdog.silent_seconds is not None:
        tasks.append(asyncio.create_task(lookout.look(watchdog.silent_seconds)))
    try:
        yield lookout
    finally:
        for task in tasks:
            task.cancel()
        for ended in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(ended, Exception):
                raise ended


def _silent(chain: _Chain, quiet: float, cause: str) -> Notice:
    seen = "no block is stored yet"
    if chain.last is not None:
        at = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(chain.last.timestamp))
        seen = f"the last is block {chain.last.number:,} of {at} UTC"
    return _notice(
        chain,
        NoticeKind.FIRED,
        title=f"{chain.config.name}: no new block for {_span(quiet)}, nothing is watched",
        body=f"No block was stored for {_span(quiet)}; {seen}.\n{cause}".strip(),
    )


def _goes_on(chain: _Chain, newest: Block) -> Notice:
    return _notice(
        chain,
        NoticeKind.RESOLVED,
        title=f"{chain.config.name} is watched again, at block {newest.number:,}",
        body="What was missed meanwhile is read now, as far back as catch_up_blocks allows.",
    )


def _notice(chain: _Chain, kind: NoticeKind, *, title: str, body: str) -> Notice:
    """An alert of its own, so that its end is told after its beginning and ends it everywhere."""
    last = chain.last
    return Notice(
        uid=_uid(chain, kind),
        alert=_alert(chain),
        rule="watchdog",
        severity="critical",
        kind=kind,
        chain_id=chain.config.chain_id,
        target_id="",
        target_name="",
        block_number=None if last is None else last.number,
        block_hash=None if last is None else last.hash,
        at=int(time.time()),
        title=title,
        body=body,
    )


def _uid(chain: _Chain, kind: NoticeKind) -> str:
    return f"{_alert(chain)}:{kind.value}"


def _alert(chain: _Chain) -> str:
    """One silence is what follows one block, whoever looks at it."""
    after = "nothing" if chain.last is None else chain.last.hash
    return f"watchdog:{chain.config.chain_id}:{after}"


def _span(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7_200 else f"{seconds / 3_600:.1f} h"
