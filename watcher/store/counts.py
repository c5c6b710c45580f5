"""How many there are: what a monitor is told of a history."""

from __future__ import annotations

from sqlalchemy import func, select

from watcher.store import tables
from watcher.store.store import Store


def endpoint_event_counts(store: Store) -> dict[tuple[int, str, str], int]:
    """By chain, endpoint and kind, of all that ever befell endpoints."""
    table = tables.endpoint_event
    keys = (table.c.chain_id, table.c.endpoint, table.c.kind)
    query = select(*keys, func.count()).group_by(*keys)
    with store.database.reading() as connection:
        rows = connection.execute(query).all()
    return {(chain_id, endpoint, kind): count for chain_id, endpoint, kind, count in rows}
