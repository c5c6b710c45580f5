"""The history page by page: what is written meanwhile moves nothing from one page to another.

A page goes on after a position, not after a count, and where the block of that position has left
the branch the next page is refused: what was given before it would no longer be the history.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection, Select, and_, or_, select, tuple_

from watcher.errors import StaleBlock
from watcher.state.block import Block
from watcher.state.endpoint_event import EventKind
from watcher.state.flow import FlowWindow
from watcher.store import tables
from watcher.store.branch import BLOCK_COLUMNS, canonical_row
from watcher.store.flows import decoded_of, measures_of
from watcher.store.history import MEASURE_COLUMNS
from watcher.store.register import Registered, entry_of
from watcher.store.rows import block_of, measure_of
from watcher.store.store import Store
from watcher.store.tables import canonical
from watcher.store.values import Figure, FlowRecord, Gap, StoredEvent

T = TypeVar("T")
K = TypeVar("K")

block, gap = tables.block, tables.gap
computation, measure, window = tables.computation, tables.measure, tables.flow_window


@dataclass(frozen=True, slots=True)
class Page(Generic[T, K]):
    """`after` is where the next page goes on, None where this is the last for now."""

    items: tuple[T, ...]
    after: K | None


@dataclass(frozen=True, slots=True)
class Position:
    """A row of a history: its block, and what tells rows of one block apart."""

    number: int
    hash: str
    name: str = ""
    dims: str = ""


@dataclass(frozen=True, slots=True)
class Span:
    """The blocks `first` to `last`, both included; None leaves a side open."""

    first: int | None = None
    last: int | None = None

    def limit(self, query: Select[Any], column: Any) -> Select[Any]:
        if self.first is not None:
            query = query.where(column >= self.first)
        if self.last is not None:
            query = query.where(column <= self.last)
        return query


ALL = Span()


@dataclass(frozen=True, slots=True)
class StoredBlock:
    """A canonical block, how settled it is, and the wall time when it was stored."""

    block: Block
    status: str
    seen_at: datetime


def block_page(
    store: Store, chain_id: int, *, span: Span = ALL, below: int | None = None, limit: int
) -> Page[StoredBlock, int]:
    """The newest first; `below` is a block's number."""
    query: Select[Any] = (
        select(*BLOCK_COLUMNS, block.c.status, block.c.seen_at)
        .where(block.c.chain_id == chain_id, canonical)
        .order_by(block.c.number.desc())
        .limit(limit + 1)
    )
    query = span.limit(query, block.c.number)
    if below is not None:
        query = query.where(block.c.number < below)
    with store.database.reading() as connection:
        rows = connection.execute(query).mappings().all()
    items = [StoredBlock(block_of(row), row["status"], row["seen_at"]) for row in rows]
    return _page(items, limit, lambda one: one.block.number)


def gap_page(
    store: Store, chain_id: int, *, after: tuple[int, int] | None = None, limit: int
) -> Page[Gap, tuple[int, int]]:
    """The lowest first; a position is the first block of a gap and its row."""
    query = select(gap).where(gap.c.chain_id == chain_id).order_by(gap.c.first, gap.c.id)
    if after is not None:
        query = query.where(tuple_(gap.c.first, gap.c.id) > after)
    with store.database.reading() as connection:
        rows = connection.execute(query.limit(limit + 1)).all()
    items = tuple(
        Gap(row.chain_id, row.first, row.last, row.reason, row.found_at, row.filled_at)
        for row in rows[:limit]
    )
    last = rows[limit - 1] if len(rows) > limit else None
    return Page(items, None if last is None else (last.first, last.id))


def event_page(
    store: Store, chain_id: int, *, below: int | None = None, limit: int
) -> Page[StoredEvent, int]:
    """What befell endpoints, the newest first; a position is a row."""
    table = tables.endpoint_event
    query = select(table).where(table.c.chain_id == chain_id).order_by(table.c.id.desc())
    if below is not None:
        query = query.where(table.c.id < below)
    with store.database.reading() as connection:
        rows = connection.execute(query.limit(limit + 1)).all()
    items = tuple(
        StoredEvent(
            row.chain_id,
            row.endpoint,
            EventKind(row.kind),
            row.block_number,
            row.block_hash,
            row.detail,
            row.found_at,
        )
        for row in rows[:limit]
    )
    return Page(items, rows[limit - 1].id if len(rows) > limit else None)


def measure_page(
    store: Store,
    target_id: str,
    names: Sequence[str] = (),
    *,
    span: Span = ALL,
    after: Position | None = None,
    newest_first: bool = False,
    limit: int,
) -> Page[Figure, Position]:
    """What was computed, by block, name and dims. No names means all.

    Raises StaleBlock where the block of `after` has left the branch, InputError where there is no
    such target.
    """
    order = (computation.c.block_number, measure.c.name, measure.c.dims)
    with store.database.reading() as connection:
        entry = entry_of(connection, target_id)
        query: Select[Any] = (
            select(*BLOCK_COLUMNS, *MEASURE_COLUMNS)
            .select_from(computation)
            .join(block, block.c.id == computation.c.block_id)
            .join(measure, measure.c.computation_id == computation.c.id)
            .where(computation.c.target_id == entry.id, canonical)
            .order_by(*((one.desc() for one in order) if newest_first else order))
            .limit(limit + 1)
        )
        if names:
            query = query.where(measure.c.name.in_(names))
        query = span.limit(query, computation.c.block_number)
        if after is not None:
            _require_canonical(connection, entry, after)
            query = query.where(_beyond(after, newest_first=newest_first))
        rows = connection.execute(query).mappings().all()
    items = tuple(Figure(block_of(row), measure_of(row)) for row in rows[:limit])
    last = rows[limit - 1] if len(rows) > limit else None
    return Page(
        items,
        None
        if last is None
        else Position(last["number"], last["hash"], last["name"], last["dims"]),
    )


def flow_page(
    store: Store,
    target_id: str,
    *,
    span: Span = ALL,
    after: Position | None = None,
    limit: int,
) -> Page[FlowRecord, Position]:
    """What flowed, block by block, oldest first. Raises as `measure_page`."""
    with store.database.reading() as connection:
        entry = entry_of(connection, target_id)
        query = (
            select(window, *BLOCK_COLUMNS)
            .join(block, block.c.id == window.c.block_id)
            .where(window.c.target_id == entry.id, canonical)
            .order_by(window.c.block_number)
            .limit(limit + 1)
        )
        query = span.limit(query, window.c.block_number)
        if after is not None:
            _require_canonical(connection, entry, after)
            query = query.where(window.c.block_number > after.number)
        rows = connection.execute(query).all()
        decoded = decoded_of(connection, rows[:limit], {entry.id: entry})
        measures = measures_of(connection, [row.id for row in rows[:limit]])
    items = [
        FlowRecord(block_of(row._mapping), FlowWindow(decoded[row.id], measures[row.id]))
        for row in rows[:limit]
    ]
    more = len(rows) > limit
    last = items[-1].block if more else None
    return Page(tuple(items), None if last is None else Position(last.number, last.hash))


def _page(items: Sequence[T], limit: int, position: Any) -> Page[T, Any]:
    more = len(items) > limit
    return Page(tuple(items[:limit]), position(items[limit - 1]) if more else None)


def _require_canonical(connection: Connection, entry: Registered, after: Position) -> None:
    chain_id = entry.target.chain_id
    row = canonical_row(connection, chain_id, after.hash)
    if row is None or row["number"] != after.number:
        raise StaleBlock(
            f"block {after.number} of eip155:{chain_id}, where this page would go on, has left the "
            "chain: begin again without the cursor."
        )


def _beyond(after: Position, *, newest_first: bool) -> Any:
    """The rows after a position, said so that the index of blocks is used."""
    number = computation.c.block_number
    row, last = tuple_(measure.c.name, measure.c.dims), (after.name, after.dims)
    if newest_first:
        return and_(number <= after.number, or_(number < after.number, row < last))
    return and_(number >= after.number, or_(number > after.number, row > last))
