"""One measure of one target as a line in time, with few enough points for a chart."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from sqlalchemy import Connection, Select, select

from watcher.errors import InputError
from watcher.math.downsample import kept
from watcher.store import tables
from watcher.store.branch import BLOCK_COLUMNS
from watcher.store.history import MEASURE_COLUMNS
from watcher.store.paging import ALL, Span
from watcher.store.register import IDS, Registered, entry_of
from watcher.store.rows import block_of, measure_of
from watcher.store.store import Store
from watcher.store.tables import canonical
from watcher.store.values import Figure

block, computation, measure = tables.block, tables.computation, tables.measure

NO_DIMS: Mapping[str, str] = MappingProxyType({})
MOST_ROWS = 500_000
"""Read for one answer: above it the blocks must be said."""


class TooManyRows(InputError):
    """Of a series, more than MOST_ROWS."""


@dataclass(frozen=True, slots=True)
class Line:
    """Rows that differ in their block alone, oldest first. `rows` is how many there were before
    only the points of `figures` were kept."""

    dims: str
    rows: int
    figures: tuple[Figure, ...]


def lines(
    store: Store,
    target_id: str,
    name: str,
    *,
    dims: Mapping[str, str] = NO_DIMS,
    span: Span = ALL,
    points: int,
) -> tuple[Line, ...]:
    """The lines of measure `name` with `dims` among their dims, each of at most `points`.

    A figure holds until the next one. Where the span has a beginning, so has each line: what was in
    force there, computed at a block before it. Raises InputError where there is no such target, and
    TooManyRows.
    """
    with store.database.reading() as connection:
        entry = entry_of(connection, target_id)
        begun = _begun(connection, entry, span)
        rows = _rows(connection, entry, name, span=Span(begun, span.last))
        if len(rows) > MOST_ROWS:
            raise TooManyRows(
                f"there are more than {MOST_ROWS} rows of {name}: say which blocks, from and to."
            )
        found: dict[str, list[Any]] = {}
        for number, row_dims, value in rows:
            found.setdefault(row_dims, []).append((number, value))
        return tuple(
            Line(one, len(pairs), _figures(connection, entry, name, one, _chosen(pairs, points)))
            for one, pairs in sorted(found.items())
            if dims.items() <= json.loads(one).items()
        )


def _begun(connection: Connection, entry: Registered, span: Span) -> int | None:
    """The block of the computation that is in force where the span begins."""
    if span.first is None:
        return None
    query = (
        select(computation.c.block_number)
        .join(block, block.c.id == computation.c.block_id)
        .where(computation.c.target_id == entry.id, canonical)
        .where(computation.c.block_number <= span.first)
        .order_by(computation.c.block_number.desc())
        .limit(1)
    )
    found: int | None = connection.execute(query).scalar()
    return span.first if found is None else found


def _of(query: Select[Any], entry: Registered, name: str) -> Select[Any]:
    return (
        query.select_from(computation)
        .join(block, block.c.id == computation.c.block_id)
        .join(measure, measure.c.computation_id == computation.c.id)
        .where(computation.c.target_id == entry.id, canonical, measure.c.name == name)
        .order_by(computation.c.block_number)
    )


def _rows(connection: Connection, entry: Registered, name: str, *, span: Span) -> Sequence[Any]:
    columns = (computation.c.block_number, measure.c.dims, measure.c.value)
    query = _of(select(*columns), entry, name)
    query = span.limit(query, computation.c.block_number)
    # All at once: row by row takes twice as long.
    return connection.execute(query.limit(MOST_ROWS + 1)).all()


def _chosen(pairs: list[tuple[int, float | None]], points: int) -> list[int]:
    numbers = np.array([number for number, _ in pairs], np.int64)
    values = np.array([np.nan if value is None else value for _, value in pairs], np.float64)
    return [int(number) for number in numbers[kept(numbers, values, points)]]


def _figures(
    connection: Connection, entry: Registered, name: str, dims: str, numbers: list[int]
) -> tuple[Figure, ...]:
    found: list[Figure] = []
    for start in range(0, len(numbers), IDS):
        query = _of(select(*BLOCK_COLUMNS, *MEASURE_COLUMNS), entry, name).where(
            measure.c.dims == dims,
            computation.c.block_number.in_(numbers[start : start + IDS]),
        )
        rows = connection.execute(query).mappings()
        found += [Figure(block_of(row), measure_of(row)) for row in rows]
    return tuple(found)
