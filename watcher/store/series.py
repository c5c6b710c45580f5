"""Series from outside, each under the hash of its points."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, func, insert, select

from watcher.errors import InputError
from watcher.state.outside_series import OutsideSeries
from watcher.store.rows import DETAIL_LENGTH, storable
from watcher.store.tables import series, series_point
from watcher.store.values import StoredSeries

LEAST_DIGITS = 8
"""Of a hash: so few may name a series."""


def add(connection: Connection, added: Sequence[OutsideSeries], *, at: datetime) -> None:
    for one in added:
        known = (series.c.name == one.name) & (series.c.hash == one.hash)
        if connection.execute(select(series.c.id).where(known)).first() is not None:
            continue
        row = {
            "name": storable(one.name),
            "hash": one.hash,
            "source": storable(one.source, limit=DETAIL_LENGTH),
            "unit": storable(one.unit),
            "imported_at": at,
        }
        made = connection.execute(insert(series).values(row).returning(series.c.id)).scalar_one()
        points = zip(one.times, one.values, strict=True)
        connection.execute(
            insert(series_point),
            [{"series_id": made, "timestamp": time, "value": value} for time, value in points],
        )


def listed(connection: Connection) -> tuple[StoredSeries, ...]:
    """By name, the newest first."""
    points = series_point.c.timestamp
    query = (
        select(series, func.count(points), func.min(points), func.max(points))
        .join(series_point, series_point.c.series_id == series.c.id)
        .group_by(*series.c)
        .order_by(series.c.name, series.c.id.desc())
    )
    return tuple(
        StoredSeries(
            row.name, row.unit, row.source, row.hash, row[-3], row[-2], row[-1], row.imported_at
        )
        for row in connection.execute(query)
    )


def read(connection: Connection, name: str) -> OutsideSeries:
    """The newest of that name, or the one whose hash begins so."""
    query = select(series).order_by(series.c.id.desc())
    rows = connection.execute(query).all()
    found = next((row for row in rows if row.name == name), None)
    if found is None and len(name) >= LEAST_DIGITS:
        found = next((row for row in rows if row.hash.startswith(name)), None)
    if found is None:
        names = ", ".join(sorted({row.name for row in rows})) or "none is"
        raise InputError(f"no series {name[:50]!r} is imported: there is {names[:500]}")
    points = connection.execute(
        select(series_point.c.timestamp, series_point.c.value)
        .where(series_point.c.series_id == found.id)
        .order_by(series_point.c.timestamp)
    ).all()
    return OutsideSeries(
        found.name,
        found.unit,
        found.source,
        tuple(row.timestamp for row in points),
        tuple(row.value for row in points),
    )
