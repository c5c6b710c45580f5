"""The store: everything that is kept, behind values; no row and no session leaves it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime
from types import TracebackType

from watcher.math.settings import Settings
from watcher.state.block import Block
from watcher.state.code import CodeChange, Deployed
from watcher.state.endpoint_event import EndpointEvent
from watcher.state.flow import FlowReading
from watcher.state.measure import Measure
from watcher.state.snapshot import Snapshot
from watcher.state.target import Target
from watcher.store import (
    alerts,
    branch,
    codes,
    commit,
    endpoints,
    fill,
    find,
    flows,
    gaps,
    history,
    lease,
    mend_flows,
    register,
    sampled,
    schema,
    snapshots,
    standing,
    tables,
    trail,
)
from watcher.store.alert_store import AlertStore
from watcher.store.database import WAIT_SECONDS, Database
from watcher.store.finding_store import FindingStore
from watcher.store.outbox import enqueue_all
from watcher.store.schema import Schema
from watcher.store.series_store import SeriesStore
from watcher.store.tick import Resumption, TickResult
from watcher.store.trail import Trail
from watcher.store.values import (
    Extent,
    Figure,
    Figures,
    FlowCoverage,
    FlowRecord,
    Gap,
    NetFlow,
    Reading,
    Standing,
    StoredEvent,
    TargetStatus,
    Within,
)


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Store(AlertStore, FindingStore, SeriesStore):
    """One database. Synchronous, and safe to share between threads: each call takes a connection of
    its own. Whatever a call raises, what was stored before it is whole.

    After a call that writes has failed its outcome may be unknown (the connection broke at the
    commit): go on from `resume`, never from memory.
    """

    def __init__(
        self,
        url: str,
        *,
        now: Callable[[], datetime] = _utc_now,
        wait_seconds: float = WAIT_SECONDS,
        read_only: bool = False,
    ) -> None:
        self.database = Database(url, wait_seconds=wait_seconds, read_only=read_only)
        self._now = now
        self._book = register.Book()

    @classmethod
    def open(
        cls, url: str, *, now: Callable[[], datetime] = _utc_now, read_only: bool = False
    ) -> Store:
        """Raises StoreError unless the database is there with exactly this program's schema; with
        `read_only` the database itself refuses whatever would change it."""
        store = cls(url, now=now, read_only=read_only)
        try:
            schema.require_current(store.database)
        except BaseException:
            store.close()
            raise
        return store

    @classmethod
    def create(cls, url: str, *, now: Callable[[], datetime] = _utc_now) -> Store:
        """Make the database, or bring an older one up, and open it."""
        store = cls(url, now=now)
        try:
            store.upgrade()
        except BaseException:
            store.close()
            raise
        return store

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        self.database.close()

    # The schema

    def upgrade(self) -> None:
        schema.upgrade(self.database)

    def current(self) -> Schema:
        return schema.current(self.database)

    def require_current(self) -> None:
        """Raises StoreError, with the cure, unless the schema is exactly this program's."""
        schema.require_current(self.database)

    # Writing

    def register(self, targets: Sequence[Target]) -> None:
        """Idempotent; names follow. Raises StoreError when a token's decimals have changed."""
        with self.database.writing() as connection:
            register.register(connection, targets)
        self._book = register.Book()

    def save_settings(self, settings: Settings) -> str:
        """Returns the hash that ticks refer to."""
        with self.database.writing() as connection:
            return register.save_settings(connection, settings)

    def commit_tick(self, result: TickResult) -> None:
        """All of a tick and the cursor, or nothing. Raises StoreError when the block does not
        follow the stored branch, or is stored with other facts."""
        with self.database.writing() as connection:
            tick = commit.commit_tick(connection, result, now=self._now(), book=self._book)
            if result.codes:
                codes.add_codes(tick)
            if result.flows is not None:
                flows.add_flows(tick, result.flows)
            alerts.add_alerts(tick, now=self._now())
            enqueue_all(connection, result.notices, at=self._now())

    def rewind(self, chain_id: int, ancestor_hash: str | None) -> int:
        """Orphan what lies above the ancestor (None: everything); returns how many blocks.

        Raises BelowFinality, and changes nothing, if that would orphan a finalized block.
        """
        with self.database.writing() as connection:
            return branch.rewind(connection, chain_id, ancestor_hash)

    def record_gap(self, chain_id: int, first: int, last: int, reason: str) -> None:
        with self.database.writing() as connection:
            gaps.record_gap(connection, chain_id, first, last, reason, self._now())

    def fill(self, result: TickResult) -> None:
        """Insert a block that is missing below the cursor, and mend what was stored after it.

        Raises StoreError when the block does not lie on the stored branch.
        """
        with self.database.writing() as connection:
            fill.fill(connection, result, now=self._now())

    def fill_flows(self, block: Block, reading: FlowReading) -> None:
        """Add what flowed in a stored block whose logs no node had in its time.

        Raises StoreError when the block does not lie on the stored branch.
        """
        with self.database.writing() as connection:
            mend_flows.fill_flows(connection, block, reading)

    def close_gap(self, chain_id: int, first: int, last: int) -> None:
        """Of these blocks all that are watched are stored now."""
        with self.database.writing() as connection:
            gaps.shrink_gaps(connection, chain_id, first, last, filled_at=self._now())

    def record_endpoint_events(self, events: Sequence[EndpointEvent]) -> None:
        with self.database.writing() as connection:
            endpoints.record(connection, events, at=self._now())

    # Going on

    def resume(self, chain_id: int, *, below: int | None = None) -> Resumption:
        """What is in force at the cursor, or at the last stored block below number `below`."""
        with self.database.reading() as connection:
            return history.resume(connection, chain_id, below=below)

    def trail(
        self,
        chain_id: int,
        target_ids: Collection[str],
        *,
        longest: int,
        below: int | None = None,
    ) -> Trail:
        """What was in force of some targets at each block of the last `longest` seconds, up to the
        cursor or the last stored block below number `below`."""
        with self.database.reading() as connection:
            return trail.trail_of(connection, chain_id, target_ids, longest=longest, below=below)

    def neighbours(self, chain_id: int, number: int) -> tuple[Block | None, Block | None]:
        """The nearest canonical blocks below and above `number`."""
        with self.database.reading() as connection:
            return branch.neighbours(connection, chain_id, number)

    def recent_blocks(self, chain_id: int, count: int) -> tuple[Block, ...]:
        """The canonical blocks, newest first: what a reorg is walked back along."""
        with self.database.reading() as connection:
            return branch.recent_blocks(connection, chain_id, count)

    def gaps(self, chain_id: int) -> tuple[Gap, ...]:
        with self.database.reading() as connection:
            return gaps.gaps(connection, chain_id)

    def missing(self, chain_id: int, first: int, last: int) -> tuple[tuple[int, int], ...]:
        """The stretches between `first` and `last` of which no block is stored."""
        with self.database.reading() as connection:
            return gaps.missing(connection, chain_id, first, last)

    def logless(self, chain_id: int) -> tuple[Block, ...]:
        """The stored blocks whose logs no node had, oldest first."""
        with self.database.reading() as connection:
            return mend_flows.logless(connection, chain_id)

    def deployed(self, chain_id: int) -> dict[str, Deployed]:
        """By target id, what was deployed when it was looked at last."""
        with self.database.reading() as connection:
            return codes.deployed_now(connection, chain_id)

    def endpoint_events(self, chain_id: int) -> tuple[StoredEvent, ...]:
        """What befell the chain's endpoints, oldest first."""
        with self.database.reading() as connection:
            return endpoints.events(connection, chain_id)

    # The history

    def code_changes(self, target_id: str) -> tuple[CodeChange, ...]:
        """When a target's code or implementation changed, oldest first."""
        with self.database.reading() as connection:
            mine = tables.target.c.id == register.entry_of(connection, target_id).id
            return codes.code_changes(connection, mine)

    def code_changes_of_chain(self, chain_id: int) -> tuple[CodeChange, ...]:
        """The same of all targets of a chain."""
        with self.database.reading() as connection:
            return codes.code_changes(connection, tables.target.c.chain_id == chain_id)

    def targets(self) -> tuple[Target, ...]:
        """In the order of their registration."""
        with self.database.reading() as connection:
            return tuple(entry.target for entry in register.registered(connection))

    def target(self, target_id: str) -> Target:
        """Raises InputError when there is no such target."""
        with self.database.reading() as connection:
            return register.entry_of(connection, target_id).target

    def find_target(self, text: str) -> Target:
        """By name, address, CAIP-10 or the first digits of the id; raises InputError with hints."""
        with self.database.reading() as connection:
            return find.find_target(register.registered(connection), text).target

    def block_as_of(self, chain_id: int, number: int | None) -> Block:
        """The newest stored block up to `number`. Raises InputError outside of what is stored."""
        with self.database.reading() as connection:
            return history.block_as_of(connection, chain_id, number)

    def latest(self, target_id: str) -> Figures | None:
        """The measures of the last computation, None while there is none."""
        with self.database.reading() as connection:
            mine = tables.target.c.id == register.entry_of(connection, target_id).id
            return history.figures_as_of(connection, None, mine).get(target_id)

    def figures_as_of(self, target_id: str, number: int | None) -> Figures | None:
        """The measures in force at block `number`, by default at the newest."""
        with self.database.reading() as connection:
            entry = register.entry_of(connection, target_id)
            as_of = history.block_as_of(connection, entry.target.chain_id, number)
            mine = tables.target.c.id == entry.id
            return history.figures_as_of(connection, as_of.number, mine).get(target_id)

    def measure_history(
        self,
        target_id: str,
        names: Sequence[str] = (),
        *,
        first: int | None = None,
        last: int | None = None,
        limit: int | None = None,
    ) -> tuple[Figure, ...]:
        """What was computed from block `first` to `last`, oldest first; of more than `limit` rows
        the newest."""
        with self.database.reading() as connection:
            entry = register.entry_of(connection, target_id)
            return history.measure_history(
                connection, entry, names, first=first, last=last, limit=limit
            )

    def flows(
        self, target_id: str, *, first: int | None = None, last: int | None = None
    ) -> tuple[FlowRecord, ...]:
        """What flowed through a target from block `first` to `last`, oldest first."""
        with self.database.reading() as connection:
            entry = register.entry_of(connection, target_id)
            return flows.flow_records(connection, entry, first=first, last=last)

    def flow_coverage(
        self, target_id: str, *, first: int | None = None, last: int | None = None
    ) -> FlowCoverage:
        """At how many of the stored blocks from `first` to `last` a target's logs were read."""
        with self.database.reading() as connection:
            entry = register.entry_of(connection, target_id)
            return flows.coverage(connection, entry, first=first, last=last)

    def observation_as_of(self, target_id: str, number: int | None) -> Standing | None:
        """None where the target had not been read yet at block `number`."""
        with self.database.reading() as connection:
            entry = register.entry_of(connection, target_id)
            return history.observation_as_of(connection, entry, number)

    def settings_as_of(self, target_id: str, number: int | None) -> Settings | None:
        with self.database.reading() as connection:
            entry = register.entry_of(connection, target_id)
            return history.settings_as_of(connection, entry, number)

    def snapshot(self, target_id: str, number: int | None = None) -> Snapshot:
        """The state at block `number` with the prices it was measured by."""
        with self.database.reading() as connection:
            return snapshots.snapshot(connection, register.entry_of(connection, target_id), number)

    def statuses(self, only: Collection[str] | None = None) -> tuple[TargetStatus, ...]:
        """How every target stands now, or those with the ids `only`, in the order of
        registration."""
        with self.database.reading() as connection:
            entries = register.registered(connection, uids=only)
            return standing.statuses(connection, entries, *register.among(only))

    def statuses_as_of(
        self, chain_id: int, number: int, only: Collection[str] | None = None
    ) -> tuple[TargetStatus, ...]:
        """The same of one chain, as of block `number`. Raises InputError outside of what is
        stored."""
        with self.database.reading() as connection:
            as_of = history.block_as_of(connection, chain_id, number)
            entries = register.registered(connection, uids=only)
            return standing.statuses_as_of(connection, entries, as_of, *register.among(only))

    def block_at(self, newest: Block, moment: int) -> Block:
        """The first block at or after the time `moment`, at most `newest`."""
        with self.database.reading() as connection:
            return sampled.block_at(connection, newest, moment)

    def figures_along(
        self, target_id: str, names: Collection[str], *, first: int, last: int, points: int
    ) -> tuple[Figures, ...]:
        """The measures `names` in force at `points` evenly spaced blocks, each computation once."""
        with self.database.reading() as connection:
            entry = register.entry_of(connection, target_id)
            return sampled.figures_along(
                connection, entry, names, first=first, last=last, points=points
            )

    def values_along(
        self,
        chain_id: int,
        wanted: Sequence[tuple[str, str, str]],
        *,
        first: int,
        last: int,
        points: int,
    ) -> dict[str, tuple[float | None, ...]]:
        """By target id, of one figure each (target id, measure, dims as canonical JSON): its value
        in force at `points` evenly spaced blocks."""
        with self.database.reading() as connection:
            return sampled.values_along(
                connection, chain_id, wanted, first=first, last=last, points=points
            )

    def within_since(
        self, target_id: str, figure: Measure, within: Within, *, number: int | None, most: int
    ) -> int | None:
        """Since when, up to block `number`, a figure is what it is; looking back at most `most`
        computations."""
        with self.database.reading() as connection:
            entry = register.entry_of(connection, target_id)
            return sampled.within_since(connection, entry, figure, within, number=number, most=most)

    def readings(
        self, target_id: str, *, first: int, last: int, limit: int = 400
    ) -> tuple[Reading, ...]:
        """When the target's reading failed between two blocks, and when it came back."""
        with self.database.reading() as connection:
            entry = register.entry_of(connection, target_id)
            return sampled.readings(connection, entry, first=first, last=last, limit=limit)

    def net_flows(
        self, target_id: str, *, first: int, last: int, buckets: int
    ) -> tuple[NetFlow, ...]:
        """What came into a target less what left it, by token, in equal stretches of blocks."""
        with self.database.reading() as connection:
            entry = register.entry_of(connection, target_id)
            return sampled.net_flows(connection, entry, first=first, last=last, buckets=buckets)

    def extent(self) -> Extent:
        with self.database.reading() as connection:
            return standing.extent(connection)

    # The lease

    def acquire(self, name: str, *, holder: str, seconds: float) -> bool:
        """True when `holder` now has the right called `name` for so long."""
        with self.database.writing() as connection:
            return lease.acquire(connection, name, holder=holder, seconds=seconds, now=self._now())

    def renew(self, name: str, *, holder: str, seconds: float) -> bool:
        """False when `holder` has it no longer."""
        with self.database.writing() as connection:
            return lease.renew(connection, name, holder=holder, seconds=seconds, now=self._now())

    def release(self, name: str, *, holder: str) -> None:
        with self.database.writing() as connection:
            lease.release(connection, name, holder=holder)

    def lease_holder(self, name: str) -> str | None:
        """Who has the right called `name`, or had it last; None when it was given back."""
        with self.database.reading() as connection:
            return lease.holder_of(connection, name)
