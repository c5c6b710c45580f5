"""What befell the endpoints of a chain."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, insert, select

from watcher.state.endpoint_event import EndpointEvent, EventKind
from watcher.store import tables
from watcher.store.rows import DETAIL_LENGTH, storable
from watcher.store.values import StoredEvent

table = tables.endpoint_event


def record(connection: Connection, events: Sequence[EndpointEvent], *, at: datetime) -> None:
    rows = [
        {
            "chain_id": event.chain_id,
            "endpoint": storable(event.endpoint),
            "kind": event.kind.value,
            "block_number": None if event.block is None else event.block.number,
            "block_hash": None if event.block is None else event.block.hash,
            "detail": storable(event.detail, limit=DETAIL_LENGTH),
            "found_at": at,
        }
        for event in events
    ]
    if rows:
        connection.execute(insert(table), rows)


def events(connection: Connection, chain_id: int) -> tuple[StoredEvent, ...]:
    """Oldest first."""
    query = select(table).where(table.c.chain_id == chain_id).order_by(table.c.id)
    return tuple(
        StoredEvent(
            row.chain_id,
            row.endpoint,
            EventKind(row.kind),
            row.block_number,
            row.block_hash,
            row.detail,
            row.found_at,
        )
        for row in connection.execute(query)
    )
