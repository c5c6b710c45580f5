"""The watch over one chain: from its head to committed rows, block by block, through reorgs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

import structlog

from watcher.alerts.rule import Rule
from watcher.chain.headers import Headers
from watcher.chain.logs import Logs
from watcher.chain.reader import Reader
from watcher.errors import BelowFinality, StaleBlock, Unavailable
from watcher.math.settings import Settings
from watcher.math.subject import Subject
from watcher.service import codes
from watcher.service.alarming import Alarming, AlertLedger
from watcher.service.decimals import Decimals
from watcher.service.finality import Final, Finality
from watcher.service.flows import FlowReader
from watcher.service.linked import linked
from watcher.service.observe import Observer
from watcher.service.tick import Advance, Branch, advance, watchlist
from watcher.service.upgrades import Upgrades
from watcher.service.writer import Writer
from watcher.state.block import Block
from watcher.state.code import Deployed
from watcher.state.flow import FlowReading
from watcher.state.observation import Observation
from watcher.state.target import Target
from watcher.store.tick import Resumption, TickResult
from watcher.store.trail import Trail

LOG = structlog.get_logger(__name__)

A = TypeVar("A")
B = TypeVar("B")

REORG_DEPTH = 256
"""Known blocks compared after a reorg; finality is nearer on every chain that is watched."""


class Ledger(AlertLedger, Protocol):
    """What the watch needs of the store."""

    def resume(self, chain_id: int) -> Resumption: ...

    def trail(self, chain_id: int, target_ids: Collection[str], *, longest: int) -> Trail: ...

    def recent_blocks(self, chain_id: int, count: int) -> Sequence[Block]: ...

    def commit_tick(self, tick: TickResult) -> None: ...

    def rewind(self, chain_id: int, ancestor_hash: str | None) -> int: ...

    def deployed(self, chain_id: int) -> Mapping[str, Deployed]: ...

    def record_gap(self, chain_id: int, first: int, last: int, reason: str) -> None: ...


class ChainView(Protocol):
    """What the watch needs of a chain."""

    @property
    def headers(self) -> Headers: ...

    @property
    def reader(self) -> Reader: ...

    @property
    def logs(self) -> Logs: ...


@dataclass(frozen=True, slots=True)
class Pace:
    """Which blocks are watched, how far back a watch that was away is filled, and how many blocks
    pass before it is looked at again what is deployed and how many decimals tokens have. `flow`:
    each block's logs are read as well."""

    every_blocks: int = 1
    confirmations: int = 12
    catch_up_blocks: int = 7_200
    code_every_blocks: int = 300
    flow: bool = True

    @property
    def reads_flow(self) -> bool:
        """Between two blocks of which some are left out nobody knows what flowed."""
        return self.flow and self.every_blocks == 1


@dataclass(frozen=True, slots=True)
class Ticked:
    """One committed block. `orphaned` blocks were given up just before it; `failing` targets could
    not be read; `subjects` were measured; times are seconds."""

    tick: TickResult
    orphaned: int
    failing: int
    seconds: float
    subjects: tuple[Subject, ...] = ()

    @property
    def block(self) -> Block:
        return self.tick.block


class ChainWatch:
    """Follows one chain. One `advance` at a time; everything that it knows is in the store."""

    def __init__(
        self,
        *,
        chain_id: int,
        chain: ChainView,
        ledger: Ledger,
        writer: Writer,
        targets: Sequence[Target],
        settings: Settings,
        pace: Pace,
        rules: Sequence[Rule] = (),
    ) -> None:
        self._chain_id = chain_id
        self._chain = chain
        self._ledger = ledger
        self._writer = writer
        self._watched = watchlist(targets, settings)
        self._observer = Observer(chain.reader, self._watched.targets)
        self._flows = FlowReader(chain.logs, self._watched.targets if pace.reads_flow else ())
        self._decimals = Decimals(self._watched.targets)
        self._pace = pace
        self._finality = Finality(chain_id, confirmations=pace.confirmations)
        self._branch: Branch | None = None
        self._alarming = Alarming(chain_id, ledger, rules, targets, unit=settings.unit)
        self._codes_at: int | None = None
        self._upgrades = Upgrades(chain.logs)

    async def advance(self, *, head_only: bool = False) -> AsyncGenerator[Ticked, None]:
        """Commit every block from the cursor to the head, giving each as it is done.

        With `head_only` just the head, and a gap row for what lies between.

        Ends early when the chain changes under way: the next call goes on. Raises Unavailable when
        the node does not answer, BelowFinality when its chain contradicts what is final here; what
        was committed stays.
        """
        try:
            async for ticked in self._advance(head_only=head_only):
                yield ticked
        except StaleBlock as error:
            LOG.info("chain changed while it was read", chain=self._chain_id, detail=str(error))

    async def _advance(self, *, head_only: bool) -> AsyncIterator[Ticked]:
        head = await self._chain.headers.head()
        branch = self._branch or await self._resume()
        if branch.cursor is not None and head.hash == branch.cursor.hash:
            return
        if branch.cursor is not None and head.parent_hash == branch.cursor.hash:
            # The usual case: one new block on top of ours needs no further header.
            if head.number % self._pace.every_blocks == 0:
                yield await self._tick(head)
            return
        final = await self._finality.ask(self._chain.headers, head)
        orphaned = 0
        if branch.cursor is not None:
            orphaned = await self._rewind_if_reorganised(branch.cursor)
            if orphaned:
                branch = await self._resume()
        async for block in self._due(branch.cursor, head, head_only=head_only):
            yield await self._tick(block, final=final, orphaned=orphaned)
            orphaned = 0

    async def _resume(self) -> Branch:
        stored = await self._writer.do(self._ledger.resume, self._chain_id)
        self._finality.remember(stored.finalized)
        trail = Trail()
        if self._watched.windows:
            ids, longest = tuple(self._watched.windows), self._watched.longest
            trail = await self._writer.do(self._ledger.trail, self._chain_id, ids, longest=longest)
        self._branch = Branch(
            cursor=stored.cursor,
            in_force=stored.in_force,
            keys=stored.computation_keys,
            trail=trail,
        )
        return self._branch

    async def _rewind_if_reorganised(self, cursor: Block) -> int:
        """Give up the blocks that have left the chain; how many they were.

        A head below the cursor whose blocks are all known is a node that lags, and no reorg.
        """
        now = await self._chain.headers.by_number(cursor.number)
        if now is not None and now.hash == cursor.hash:
            return 0
        known = await self._writer.do(self._ledger.recent_blocks, self._chain_id, REORG_DEPTH)
        ancestor = await self._chain.headers.common_ancestor(known)
        if ancestor is None:
            self._require_young(known)
        elif now is None and await self._only_lags(ancestor):
            return 0
        ancestor_hash = None if ancestor is None else ancestor.hash
        orphaned = await self._writer.do(self._ledger.rewind, self._chain_id, ancestor_hash)
        self._branch = None
        LOG.warning(
            "reorg",
            chain=self._chain_id,
            ancestor=None if ancestor is None else ancestor.number,
            orphaned=orphaned,
        )
        return orphaned

    def _require_young(self, known: Sequence[Block]) -> None:
        """A history of a few blocks may have left the chain as a whole; an older one may not."""
        final = self._finality.highest
        if len(known) < REORG_DEPTH and final is not None and known[-1].number > final:
            return
        raise BelowFinality(
            f"none of the last {len(known)} stored blocks of eip155:{self._chain_id} is on the "
            "node's chain: it serves another chain, or was reset; use another database for it"
        )

    async def _only_lags(self, ancestor: Block) -> bool:
        head = await self._chain.headers.head()
        return head.hash == ancestor.hash

    async def _due(
        self, cursor: Block | None, head: Block, *, head_only: bool
    ) -> AsyncIterator[Block]:
        """The blocks to watch, oldest first; a first watch begins at the head."""
        if cursor is None or head_only:
            if cursor is not None:
                await self._leave_gap(cursor.number + 1, head.number - 1, "looked at once only")
            yield head
            return
        first = await self._skip_what_is_too_old(cursor.number + 1, head.number)
        before = cursor if first == cursor.number + 1 else None
        async for block in linked(self._chain.headers, first, head.number, after=before):
            if block.number % self._pace.every_blocks == 0:
                yield block

    async def _skip_what_is_too_old(self, first: int, head: int) -> int:
        start = head - self._pace.catch_up_blocks + 1
        if first >= start:
            return first
        reason = f"away for more than catch_up_blocks = {self._pace.catch_up_blocks}"
        await self._leave_gap(first, start - 1, reason)
        return start

    async def _leave_gap(self, first: int, last: int, reason: str) -> None:
        if first <= last:
            await self._writer.do(self._ledger.record_gap, self._chain_id, first, last, reason)
            LOG.warning("gap", chain=self._chain_id, first=first, last=last, reason=reason)

    async def _tick(self, block: Block, *, final: Final | None = None, orphaned: int = 0) -> Ticked:
        """Read `block` and commit it. Without `final` it is the head, and what is final is asked
        while it is read."""
        started = time.monotonic()
        branch = self._branch or await self._resume()
        reading = both(self._observer.observe(block), self._flows.read(block))
        if final is None:
            asking = self._finality.ask(self._chain.headers, block)
            (observed, flows), now_final = await both(reading, asking)
        else:
            (observed, flows), now_final = await reading, final
        found = await self._look_slowly(block)
        observed = self._decimals.judged(observed)
        # Should the commit fail, whether it was made is unknown: the store alone can tell.
        self._branch = None
        result = await self._writer.do(
            self._commit, branch, block, observed, now_final, found, flows
        )
        self._branch = result.branch
        return Ticked(
            tick=result.tick,
            orphaned=orphaned,
            failing=sum(found.state is None for found in observed.values()),
            seconds=time.monotonic() - started,
            subjects=result.subjects,
        )

    def _commit(
        self,
        branch: Branch,
        block: Block,
        observed: Mapping[str, Observation],
        final: Final,
        found: tuple[Deployed, ...],
        flows: FlowReading | None,
    ) -> Advance:
        """Measure and store, in the writer's thread at one go: each change of threads takes time
        between the head and its commit."""
        safe, finalized = final
        result = advance(
            branch,
            block,
            observed,
            self._watched,
            safe=safe,
            finalized=finalized,
            flows=flows,
        )
        if found:
            result = replace(result, tick=replace(result.tick, codes=found))
        tick = self._alarming.judged(result.tick, branch.cursor)
        self._ledger.commit_tick(tick)
        return replace(result, tick=tick)

    async def _look_slowly(self, block: Block) -> tuple[Deployed, ...]:
        """Where it is time for it, what has been deployed since the last look; and the decimals."""
        if not await self._codes_are_due(block):
            return ()
        before = await self._writer.do(self._ledger.deployed, self._chain_id)
        try:
            found = await codes.deployed(self._chain.reader, block, self._watched.targets)
            await self._decimals.look(self._chain.reader, block)
        except Unavailable as error:
            # The block itself was read: it is stored, and the next one is looked at instead.
            LOG.warning("code not read", chain=self._chain_id, detail=str(error))
            return ()
        now = codes.changed(found, before)
        codes.tell(block, now, before)
        self._codes_at = block.number
        self._upgrades.looked(block, codes.proxies(found, self._watched.targets))
        return now

    async def _codes_are_due(self, block: Block) -> bool:
        """In their turn, or because a proxy says that it was upgraded; with blocks left out between
        two ticks nobody knows the blocks whose logs would be asked."""
        last = self._codes_at
        if last is None or not last <= block.number < last + self._pace.code_every_blocks:
            return True
        since = self._upgrades.last
        if since is None or self._pace.every_blocks > 1 or not self._upgrades.due(block):
            return False
        count = block.number - since.number
        known = await self._writer.do(self._ledger.recent_blocks, self._chain_id, count)
        after = [one for one in reversed(known) if since.number < one.number < block.number]
        return await self._upgrades.announced([*after, block])


async def both(one: Awaitable[A], other: Awaitable[B]) -> tuple[A, B]:
    """Both results; where one fails its error, once both have ended."""
    first, second = await asyncio.gather(one, other, return_exceptions=True)
    if isinstance(first, BaseException):
        raise first
    if isinstance(second, BaseException):
        raise second
    return first, second
