"""How every target stands, now or as of a block, and how much is stored."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select

from watcher.state.block import Block
from watcher.store import tables
from watcher.store.branch import BLOCK_COLUMNS
from watcher.store.database import SQLITE
from watcher.store.history import figures_as_of, in_force, observations_as_of
from watcher.store.register import Registered
from watcher.store.rows import block_of
from watcher.store.tables import canonical
from watcher.store.values import ChainExtent, Extent, TargetStatus

block, observation, target = tables.block, tables.observation, tables.target


def statuses(
    connection: Connection, entries: Iterable[Registered], *where: ColumnElement[bool]
) -> tuple[TargetStatus, ...]:
    """`where` is what the targets meet that `entries` are of."""
    observed = observations_as_of(connection, None, *where)
    since = _since(connection, None, *where)
    figures = figures_as_of(connection, None, *where)
    newest: dict[int, Block | None] = {}
    found = []
    for entry in entries:
        chain_id, uid = entry.target.chain_id, entry.target.id
        if chain_id not in newest:
            newest[chain_id] = newest_block(connection, chain_id)
        seen, _ = observed.get(uid, (None, None))
        found.append(
            TargetStatus(entry.target, newest[chain_id], seen, since.get(uid), figures.get(uid))
        )
    return tuple(found)


def statuses_as_of(
    connection: Connection,
    entries: Iterable[Registered],
    as_of: Block,
    *where: ColumnElement[bool],
) -> tuple[TargetStatus, ...]:
    """Of the targets of one chain, as they stood at block `as_of`; `where` as above."""
    mine, number = (target.c.chain_id == as_of.chain_id, *where), as_of.number
    observed = observations_as_of(connection, number, *mine)
    since = _since(connection, number, *mine)
    figures = figures_as_of(connection, number, *mine)
    return tuple(
        TargetStatus(
            entry.target,
            as_of,
            observed[uid][0] if uid in observed else None,
            since.get(uid),
            figures.get(uid),
        )
        for entry in entries
        if entry.target.chain_id == as_of.chain_id and (uid := entry.target.id)
    )


def newest_block(connection: Connection, chain_id: int) -> Block | None:
    return _edge(connection, chain_id, block.c.number.desc())


def _edge(connection: Connection, chain_id: int, order: ColumnElement[Any]) -> Block | None:
    query = select(*BLOCK_COLUMNS).where(block.c.chain_id == chain_id, canonical)
    row = connection.execute(query.order_by(order).limit(1)).mappings().first()
    return None if row is None else block_of(row)


def _since(
    connection: Connection, number: int | None, *where: ColumnElement[bool]
) -> dict[str, Block]:
    """By target id, for the targets that meet `where`: since when their status is what it is."""
    well = _since_of(connection, number, *where, healthy=True)
    return well | _since_of(connection, number, *where, healthy=False)


def _since_of(
    connection: Connection, number: int | None, *where: ColumnElement[bool], healthy: bool
) -> dict[str, Block]:
    """By target id, for the targets that are well now or for those that are not: the first block of
    the unbroken run of observations with the status of the last.

    A healthy target has changed its state countless times since it last failed, and the partial
    index leads to that failure at once. One that fails was stored a few times only since.
    """
    other, run = observation.alias(), observation.alias()
    known = [] if number is None else [other.c.block_number <= number]
    differs = tables.failed_of(other) if healthy else other.c.status != observation.c.status
    broken = (
        select(other.c.block_number)
        .join(past := block.alias(), past.c.id == other.c.block_id)
        .where(other.c.target_id == target.c.id, tables.canonical_of(past), differs, *known)
        .order_by(other.c.block_number.desc())
        .limit(1)
        .correlate(target, observation)
        .scalar_subquery()
    )
    first = (
        select(run.c.id)
        .join(seen := block.alias(), seen.c.id == run.c.block_id)
        .where(run.c.target_id == target.c.id, tables.canonical_of(seen))
        .where(run.c.block_number > func.coalesce(broken, -1))
        .order_by(run.c.block_number)
        .limit(1)
        .correlate(target, observation)
        .scalar_subquery()
    )
    begun = observation.alias()
    failed = tables.failed_of(observation)
    query = (
        select(target.c.uid, *BLOCK_COLUMNS)
        .select_from(target)
        .join(observation, observation.c.id == in_force(observation, number))
        .join(begun, begun.c.id == first)
        .join(block, block.c.id == begun.c.block_id)
        .where(~failed if healthy else failed, *where)
    )
    return {row["uid"]: block_of(row) for row in connection.execute(query).mappings()}


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
