"""Alerts page by page, and those that a block of a chain knew."""

from __future__ import annotations

from sqlalchemy import select

from watcher.state.alert import Kept
from watcher.store import tables
from watcher.store.alerts import ended_on_branch, kept_where
from watcher.store.paging import Page
from watcher.store.store import Store

alert, event, target = tables.alert, tables.alert_event, tables.target


def alert_page(
    store: Store, *, every: bool, below: int | None = None, limit: int
) -> Page[Kept, int]:
    """The newest first; without `every` those alone that have not ended. A position is a row."""
    query = select(alert.c.id).order_by(alert.c.id.desc()).limit(limit + 1)
    if not every:
        query = query.where(~ended_on_branch())
    if below is not None:
        query = query.where(alert.c.id < below)
    with store.database.reading() as connection:
        ids = list(connection.execute(query).scalars())
        found = kept_where(connection, alert.c.id.in_(ids[:limit])) if ids else ()
    return Page(tuple(reversed(found)), ids[limit - 1] if len(ids) > limit else None)


def alerts_begun_by(store: Store, chain_id: int, number: int, *, limit: int) -> tuple[Kept, ...]:
    """Those of a chain with an event at or below block `number`, the newest of them, oldest first;
    each with all that happened to it since."""
    query = (
        select(alert.c.id)
        .join(target, target.c.id == alert.c.target_id)
        .join(event, event.c.alert_id == alert.c.id)
        .where(target.c.chain_id == chain_id, event.c.block_number <= number)
        .distinct()
        .order_by(alert.c.id.desc())
        .limit(limit)
    )
    with store.database.reading() as connection:
        ids = list(connection.execute(query).scalars())
        return kept_where(connection, alert.c.id.in_(ids)) if ids else ()
