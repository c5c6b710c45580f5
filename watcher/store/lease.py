"""Keeps a second writer out: a named right that one holder has until it expires."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from watcher.store import tables
from watcher.store.database import SQLITE

lease = tables.lease


def acquire(
    connection: Connection, name: str, *, holder: str, seconds: float, now: datetime
) -> bool:
    """True when the right is `holder`'s now: it was free, had expired, or was its own already."""
    make = sqlite.insert if connection.dialect.name == SQLITE else postgresql.insert
    wanted = make(lease).values(
        name=name, holder=holder, expires_at=now + timedelta(seconds=seconds)
    )
    taken = wanted.on_conflict_do_update(
        index_elements=[lease.c.name],
        set_={"holder": wanted.excluded.holder, "expires_at": wanted.excluded.expires_at},
        where=or_(lease.c.holder == wanted.excluded.holder, lease.c.expires_at <= now),
    )
    return connection.execute(taken.returning(lease.c.name)).first() is not None


def renew(connection: Connection, name: str, *, holder: str, seconds: float, now: datetime) -> bool:
    """False when another has it, or nobody."""
    kept = (
        update(lease)
        .where(lease.c.name == name, lease.c.holder == holder)
        .values(expires_at=now + timedelta(seconds=seconds))
    )
    return connection.execute(kept).rowcount == 1


def release(connection: Connection, name: str, *, holder: str) -> None:
    """Give it back; another's is left alone."""
    connection.execute(delete(lease).where(lease.c.name == name, lease.c.holder == holder))


def holder_of(connection: Connection, name: str) -> str | None:
    """Who has the right, or had it last; None when it was given back."""
    held: str | None = connection.execute(
        select(lease.c.holder).where(lease.c.name == name)
    ).scalar()
    return held
