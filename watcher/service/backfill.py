"""Filling gaps: blocks that were not read in their time, read now as they were."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol, TypeAlias

import structlog

from watcher.config.values import Config
from watcher.errors import InputError, StaleBlock, StoreError, Unavailable
from watcher.math.settings import Settings
from watcher.service.finality import Finality
from watcher.service.flows import FlowReader
from watcher.service.lease import Renewing, holding_lease
from watcher.service.linked import linked
from watcher.service.observe import Observer
from watcher.service.prepare import connect, prepare
from watcher.service.tick import Branch, advance, watchlist
from watcher.service.watch import ChainView, Pace, both
from watcher.service.writer import Writer
from watcher.state.block import Block
from watcher.state.flow import FlowReading
from watcher.state.observation import Observation, Status
from watcher.state.target import Target
from watcher.store import Resumption, Store, TickResult
from watcher.store.trail import Trail

LOG = structlog.get_logger(__name__)

READ_AHEAD = 3
"""Blocks that are read while one is stored; most of what a distant node takes is waiting."""

Read: TypeAlias = tuple[dict[str, Observation], FlowReading | None]
Waiting: TypeAlias = deque[tuple[Block, asyncio.Task[Read]]]

NO_WINDOWS: Mapping[str, int] = MappingProxyType({})

ASKED_FOR = "not read yet when it was asked for"


@dataclass(frozen=True, slots=True)
class Stretch:
    """Blocks `first` to `last` of one chain that are not stored; with `only_logs` those that are,
    without what flowed in them."""

    chain_id: int
    first: int
    last: int
    only_logs: bool = False

    @property
    def blocks(self) -> int:
        return self.last - self.first + 1


@dataclass(frozen=True, slots=True)
class Filled:
    """One block of `stretch` that is stored now; all numbers up to its own are done."""

    stretch: Stretch
    block: Block


class FillLedger(Protocol):
    """What filling needs of the store."""

    def resume(self, chain_id: int, *, below: int | None = None) -> Resumption: ...

    def trail(
        self, chain_id: int, target_ids: Collection[str], *, longest: int, below: int | None = None
    ) -> Trail: ...

    def neighbours(self, chain_id: int, number: int) -> tuple[Block | None, Block | None]: ...

    def fill(self, result: TickResult) -> None: ...

    def logless(self, chain_id: int) -> Sequence[Block]: ...

    def fill_flows(self, block: Block, reading: FlowReading) -> None: ...

    def close_gap(self, chain_id: int, first: int, last: int) -> None: ...


class Backfill:
    """Fills the gaps of one chain. What is left to do is in the store after each block, so that one
    that was killed goes on where it was."""

    def __init__(
        self,
        *,
        chain_id: int,
        chain: ChainView,
        ledger: FillLedger,
        writer: Writer,
        targets: Sequence[Target],
        settings: Settings,
        pace: Pace,
    ) -> None:
        self._chain_id = chain_id
        self._chain = chain
        self._ledger = ledger
        self._writer = writer
        self._targets = tuple(targets)
        self._settings = settings
        self._pace = pace

    async def fill(self, stretch: Stretch) -> AsyncGenerator[Filled, None]:
        """Read and insert each block of the stretch, oldest first, giving each as it is stored.

        Only targets that were watched right after it are read: what is in force there would
        otherwise be said of blocks at which nobody looked. Raises Unavailable when the node has no
        state that old, StaleBlock when the stored branch is not the node's.
        """
        _, after = await self._writer.do(self._ledger.neighbours, self._chain_id, stretch.last)
        if after is None:
            raise StoreError(
                f"blocks {stretch.first} to {stretch.last} of eip155:{self._chain_id} are above "
                "what is stored: `watcher run` reads them."
            )
        await self._require_canonical(after)
        safe, finalized = await self._finality()
        watched = await self._resume(after.number + 1)
        targets = [target for target in self._targets if target.id in watched.in_force]
        watching = watchlist(targets, self._settings)
        branch = await self._resume(stretch.first, windows=watching.windows)
        before = branch.cursor
        if before is not None and before.number != stretch.first - 1:
            before = None
        async with aclosing(self._read_ahead(stretch, before, targets)) as read:
            async for block, observed, flows in read:
                _require_available(block, targets, observed)
                _require_logs(block, flows)
                result = await asyncio.to_thread(
                    advance,
                    branch,
                    block,
                    observed,
                    watching,
                    safe=safe,
                    finalized=finalized,
                    flows=flows,
                )
                await self._writer.do(self._ledger.fill, result.tick)
                branch = result.branch
                yield Filled(stretch, block)
        await self._writer.do(self._ledger.close_gap, self._chain_id, stretch.first, stretch.last)

    async def fill_logs(self, stretch: Stretch) -> AsyncGenerator[Filled, None]:
        """Read the logs of the stored blocks of the stretch that are without, oldest first, giving
        each as it is stored. Raises Unavailable when no node has them, StaleBlock when a block is
        not on the node's chain."""
        for block in await self._writer.do(self._ledger.logless, self._chain_id):
            if not stretch.first <= block.number <= stretch.last:
                continue
            watched = await self._resume(block.number + 1)
            targets = [target for target in self._targets if target.id in watched.in_force]
            flows = await FlowReader(self._chain.logs, targets).read(block)
            if flows is not None:
                _require_logs(block, flows)
                await self._writer.do(self._ledger.fill_flows, block, flows)
                yield Filled(stretch, block)

    async def _read_ahead(
        self, stretch: Stretch, before: Block | None, targets: Sequence[Target]
    ) -> AsyncGenerator[tuple[Block, dict[str, Observation], FlowReading | None], None]:
        """Each block that is due with what was read at it, the next ones being read meanwhile."""
        waiting: Waiting = deque()
        headers = self._chain.headers
        observer = Observer(self._chain.reader, targets)
        flows = FlowReader(self._chain.logs, targets if self._pace.reads_flow else ())
        try:
            async for block in linked(headers, stretch.first, stretch.last, after=before):
                if block.number % self._pace.every_blocks:
                    continue
                reading = asyncio.create_task(_read(observer, flows, block))
                waiting.append((block, reading))
                if len(waiting) > READ_AHEAD:
                    yield await _first(waiting)
            while waiting:
                yield await _first(waiting)
        finally:
            left = [reading for _, reading in waiting]
            for reading in left:
                reading.cancel()
            await asyncio.gather(*left, return_exceptions=True)

    async def _resume(self, below: int, *, windows: Mapping[str, int] = NO_WINDOWS) -> Branch:
        """With `windows` as the watch-list has them, what they reach back to as well."""
        stored = await self._writer.do(self._ledger.resume, self._chain_id, below=below)
        trail = Trail()
        if windows:
            ids, longest = tuple(windows), max(windows.values())
            trail = await self._writer.do(
                self._ledger.trail, self._chain_id, ids, longest=longest, below=below
            )
        return Branch(
            cursor=stored.cursor,
            in_force=stored.in_force,
            keys=stored.computation_keys,
            trail=trail,
        )

    async def _finality(self) -> tuple[int | None, int | None]:
        finality = Finality(self._chain_id, confirmations=self._pace.confirmations)
        return await finality.ask(self._chain.headers, await self._chain.headers.head())

    async def _require_canonical(self, stored: Block) -> None:
        now = await self._chain.headers.by_number(stored.number)
        if now is None or now.hash != stored.hash:
            raise StaleBlock(
                f"block {stored.number} ({stored.hash[:10]}…) of eip155:{self._chain_id}, which "
                "follows the gap, is not on the node's chain: let `watcher run` follow the chain, "
                "then fill the gap again"
            )


async def _read(observer: Observer, flows: FlowReader, block: Block) -> Read:
    return await both(observer.observe(block), flows.read(block))


async def _first(
    waiting: Waiting,
) -> tuple[Block, dict[str, Observation], FlowReading | None]:
    block, reading = waiting.popleft()
    observed, flows = await reading
    return block, observed, flows


def _require_available(
    block: Block, targets: Sequence[Target], observed: dict[str, Observation]
) -> None:
    """A gap says more than rows that say that nothing could be read."""
    for target in targets:
        found = observed[target.id]
        if found.status is Status.UNAVAILABLE:
            raise Unavailable(
                f"{target.label} could not be read at block {block.number}, and the gap stays "
                f"open from there: {found.detail}"
            )


def _require_logs(block: Block, flows: FlowReading | None) -> None:
    if flows is not None and flows.failure:
        raise Unavailable(
            f"the logs of block {block.number} could not be read, and are missing from there: "
            f"{flows.failure}"
        )


def open_stretches(store: Store, chain_id: int) -> list[Stretch]:
    """The listed gaps that are not filled, lowest first."""
    return [
        Stretch(chain_id, gap.first, gap.last)
        for gap in store.gaps(chain_id)
        if gap.filled_at is None
    ]


def asked_stretches(
    store: Store, chain_id: int, first: int | None, last: int | None, *, every_blocks: int
) -> list[Stretch]:
    """What is missing of the blocks `first` to `last`, noted as gaps; all listed gaps by default.

    Raises InputError for blocks that are not below the newest stored one.
    """
    cursor = store.resume(chain_id).cursor
    if cursor is None:
        raise InputError(f"no block of eip155:{chain_id} is stored yet: run `watcher once`.")
    if first is None and last is None:
        return [one for one in open_stretches(store, chain_id) if one.last < cursor.number]
    _, oldest = store.neighbours(chain_id, -1)
    begin = first if first is not None else (oldest or cursor).number
    end = last if last is not None else cursor.number
    if end > cursor.number:
        raise InputError(
            f"block {end} of eip155:{chain_id} is above the newest stored block {cursor.number}: "
            "`watcher run` reads it."
        )
    found = []
    for low, high in store.missing(chain_id, begin, end):
        if high // every_blocks * every_blocks >= low:
            store.record_gap(chain_id, low, high, ASKED_FOR)
            found.append(Stretch(chain_id, low, high))
    return found


def logless_stretches(
    store: Store, chain_id: int, first: int | None, last: int | None
) -> list[Stretch]:
    """The blocks between `first` and `last` whose logs no node had in their time."""
    return [
        Stretch(chain_id, one.number, one.number, only_logs=True)
        for one in store.logless(chain_id)
        if (first is None or one.number >= first) and (last is None or one.number <= last)
    ]


async def backfill(
    config: Config,
    store: Store,
    *,
    chain_ids: Sequence[int],
    first: int | None = None,
    last: int | None = None,
) -> AsyncGenerator[tuple[Sequence[Stretch], Filled | None], None]:
    """Fill what is missing: first everything that there is to do, then each block as it is stored.

    Raises StoreError while another instance watches into the database: what it holds in memory
    would no longer be what is stored.
    """
    async with AsyncExitStack() as stack:
        writer = stack.enter_context(Writer())
        await stack.enter_async_context(holding_lease(store, writer))
        lease = await stack.enter_async_context(Renewing(store, writer))
        wanted = [
            one
            for chain_id in chain_ids
            for one in asked_stretches(
                store, chain_id, first, last, every_blocks=config.chain(chain_id).every_blocks
            )
        ]
        wanted += [
            one
            for chain_id in chain_ids
            if config.chain(chain_id).flow
            for one in logless_stretches(store, chain_id, first, last)
        ]
        yield wanted, None
        for chain_id in chain_ids:
            mine = [one for one in wanted if one.chain_id == chain_id]
            if not mine:
                continue
            chain = config.chain(chain_id)
            client = await stack.enter_async_context(connect(chain))
            prepared = await prepare(config, chain, client, store=store, writer=writer)
            filling = Backfill(
                chain_id=chain_id,
                chain=client,
                ledger=store,
                writer=writer,
                targets=prepared.targets,
                settings=config.settings,
                pace=prepared.pace,
            )
            for stretch in mine:
                LOG.info("filling", chain=chain_id, first=stretch.first, last=stretch.last)
                fill = filling.fill_logs if stretch.only_logs else filling.fill
                async with aclosing(fill(stretch)) as steps:
                    async for filled in steps:
                        lease.require()
                        yield wanted, filled
