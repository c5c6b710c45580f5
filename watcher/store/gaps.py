"""Blocks that were not read: noted, shrunk as they are read after all, and listed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from watcher.store import tables
from watcher.store.rows import storable
from watcher.store.tables import block, canonical
from watcher.store.values import Gap

gap = tables.gap


def record_gap(
    connection: Connection, chain_id: int, first: int, last: int, reason: str, found_at: datetime
) -> None:
    """Note that the blocks `first` to `last` are not read.

    One that overlaps with open gaps is joined with them, and keeps the reason of the first.
    """
    known = _open(connection, chain_id, first, last)
    if any(row.first <= first and last <= row.last for row in known):
        return
    for row in known:
        connection.execute(delete(gap).where(gap.c.id == row.id))
    values = {
        "chain_id": chain_id,
        "first": min([first, *(row.first for row in known)]),
        "last": max([last, *(row.last for row in known)]),
        "reason": known[0].reason if known else storable(reason),
        "found_at": known[0].found_at if known else found_at,
    }
    connection.execute(insert(gap).values(values))


def shrink_gaps(
    connection: Connection, chain_id: int, first: int, last: int, *, filled_at: datetime
) -> None:
    """What is open of the blocks `first` to `last` is filled; what is left of a gap stays open."""
    for row in _open(connection, chain_id, first, last):
        connection.execute(delete(gap).where(gap.c.id == row.id))
        same = {"chain_id": chain_id, "reason": row.reason, "found_at": row.found_at}
        for begin, end in ((row.first, first - 1), (last + 1, row.last)):
            if begin <= end:
                connection.execute(insert(gap).values(first=begin, last=end, **same))
        begin, end = max(row.first, first), min(row.last, last)
        _add_filled(connection, same, begin, end, filled_at)


def _add_filled(
    connection: Connection, same: dict[str, Any], first: int, last: int, filled_at: datetime
) -> None:
    """A gap that is filled block by block leaves one row, not one a block."""
    lengthened = connection.execute(
        update(gap)
        .where(
            gap.c.chain_id == same["chain_id"],
            gap.c.last == first - 1,
            gap.c.filled_at.is_not(None),
            gap.c.reason == same["reason"],
            gap.c.found_at == same["found_at"],
        )
        .values(last=last, filled_at=filled_at)
    )
    if lengthened.rowcount == 0:
        connection.execute(insert(gap).values(first=first, last=last, filled_at=filled_at, **same))


def _open(connection: Connection, chain_id: int, first: int, last: int) -> list[Any]:
    """The open gaps that overlap with the blocks `first` to `last`."""
    query = select(gap).where(
        gap.c.chain_id == chain_id,
        gap.c.filled_at.is_(None),
        gap.c.first <= last,
        gap.c.last >= first,
    )
    return list(connection.execute(query.order_by(gap.c.first, gap.c.id)))


def gaps(connection: Connection, chain_id: int) -> tuple[Gap, ...]:
    query = select(gap).where(gap.c.chain_id == chain_id).order_by(gap.c.first, gap.c.id)
    return tuple(
        Gap(row.chain_id, row.first, row.last, row.reason, row.found_at, row.filled_at)
        for row in connection.execute(query)
    )


def missing(
    connection: Connection, chain_id: int, first: int, last: int
) -> tuple[tuple[int, int], ...]:
    """The stretches between `first` and `last` of which no block is stored, both ends included."""
    query = (
        select(block.c.number)
        .where(block.c.chain_id == chain_id, canonical, block.c.number.between(first, last))
        .order_by(block.c.number)
    )
    found, begin = [], first
    for number in [*connection.execute(query).scalars(), last + 1]:
        if begin < number:
            found.append((begin, number - 1))
        begin = number + 1
    return tuple(found)
