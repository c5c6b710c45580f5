"""Findings page by page."""

from __future__ import annotations

from sqlalchemy import ColumnElement

from watcher.store import tables
from watcher.store.findings import StoredFinding, found_where
from watcher.store.paging import Page
from watcher.store.register import entry_of
from watcher.store.store import Store

finding = tables.finding


def finding_page(
    store: Store,
    *,
    target_id: str | None = None,
    retracted: bool = False,
    below: int | None = None,
    limit: int,
) -> Page[StoredFinding, int]:
    """The newest rows first, of one target or of all; a position is a row.

    Raises InputError where there is no such target, StoreError where a row is damaged.
    """
    where: list[ColumnElement[bool]] = [] if retracted else [tables.canonical]
    if below is not None:
        where.append(finding.c.id < below)
    with store.database.reading() as connection:
        if target_id is not None:
            where.append(finding.c.target_id == entry_of(connection, target_id).id)
        found = found_where(connection, where, order=(finding.c.id.desc(),), limit=limit + 1)
    return Page(tuple(found[:limit]), found[limit - 1].id if len(found) > limit else None)
