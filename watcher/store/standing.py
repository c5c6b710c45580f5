"""How every target stands now, and how much is stored."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select

from watcher.state.block import Block
from watcher.state.observation import Status
from watcher.store import tables
from watcher.store.branch import BLOCK_COLUMNS
from watcher.store.database import SQLITE
from watcher.store.history import figures_as_of, observations_as_of
from watcher.store.register import Registered
from watcher.store.rows import block_of
from watcher.store.tables import canonical
from watcher.store.values import ChainExtent, Extent, TargetStatus

block, observation = tables.block, tables.observation


def statuses(connection: Connection, entries: Iterable[Registered]) -> tuple[TargetStatus, ...]:
    observed = observations_as_of(connection, None)
    figures = figures_as_of(connection, None)
    newest: dict[int, Block | None] = {}
    found = []
    for entry in entries:
        chain_id, uid = entry.target.chain_id, entry.target.id
        if chain_id not in newest:
            newest[chain_id] = newest_block(connection, chain_id)
        seen, _ = observed.get(uid, (None, None))
        since = None if seen is None else _since(connection, entry, seen.status)
        found.append(TargetStatus(entry.target, newest[chain_id], seen, since, figures.get(uid)))
    return tuple(found)


def newest_block(connection: Connection, chain_id: int) -> Block | None:
    return _edge(connection, chain_id, block.c.number.desc())


def _edge(connection: Connection, chain_id: int, order: ColumnElement[Any]) -> Block | None:
    query = select(*BLOCK_COLUMNS).where(block.c.chain_id == chain_id, canonical)
    row = connection.execute(query.order_by(order).limit(1)).mappings().first()
    return None if row is None else block_of(row)


def _since(connection: Connection, entry: Registered, status: Status) -> Block:
    """The first block of the unbroken run of observations with this status, up to now."""
    query = (
        select(*BLOCK_COLUMNS)
        .select_from(observation)
        .join(block, block.c.id == observation.c.block_id)
        .where(observation.c.target_id == entry.id, canonical)
    )
    # A healthy target has changed its state countless times since it last failed: the partial
    # index leads to that failure at once.
    healthy = status is Status.OK
    other = tables.failed if healthy else observation.c.status != status.value
    before = query.where(other).order_by(observation.c.block_number.desc()).limit(1)
    broken = connection.execute(before).mappings().first()
    run = query.order_by(observation.c.block_number).limit(1)
    if broken is not None:
        run = run.where(observation.c.block_number > broken["number"])
    return block_of(connection.execute(run).mappings().one())


def extent(connection: Connection) -> Extent:
    targets = connection.execute(select(func.count()).select_from(tables.target)).scalar_one()
    counts = connection.execute(
        select(block.c.chain_id, func.count()).where(canonical).group_by(block.c.chain_id)
    )
    chains = [
        ChainExtent(chain_id, count, first, newest)
        for chain_id, count in sorted(tuple(row) for row in counts)
        if (first := _edge(connection, chain_id, block.c.number)) is not None
        and (newest := newest_block(connection, chain_id)) is not None
    ]
    return Extent(size=_size(connection), targets=targets, chains=tuple(chains))


def _size(connection: Connection) -> int:
    if connection.dialect.name == SQLITE:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        return int(pages) * int(connection.exec_driver_sql("PRAGMA page_size").scalar_one())
    size = connection.exec_driver_sql("SELECT pg_database_size(current_database())").scalar_one()
    return int(size)
