"""What the checks of a recomputation share."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Protocol

from sqlalchemy import Connection, Select, Table, func, select

from watcher.errors import InputError
from watcher.state.canonical import state_from_json
from watcher.state.kinds import State
from watcher.state.observation import Observation, Status
from watcher.store.register import Registered
from watcher.store.rows import state_text

BATCH = 500
"""Rows at a time: a few MB, and many subjects for one call of the measures."""

PARSED = 4_096
"""States kept parsed: an observation is used by several computations in a row."""


class Check(Protocol):
    """`step` checks the next rows and returns how many; 0 at the end."""

    total: int

    def step(self, connection: Connection) -> int: ...


class Damaged(ValueError):
    """A row whose content cannot be read any more; the text says which and why."""


class Memory:
    """The targets by row id, the states parsed last, and from which block on to check."""

    def __init__(self, entries: Mapping[int, Registered], since: int | None) -> None:
        self.entries = entries
        self.since = since
        self._parse = lru_cache(PARSED)(parse_state)

    def observation(self, row: Any) -> Observation:
        """`row` has target_id, status, detail, state_hash and body. Raises Damaged."""
        state = None
        if row.state_hash is not None:
            try:
                state = self._parse(row.body)
            except (InputError, ValueError) as error:
                raise Damaged(f"state {row.state_hash.hex()[:12]} is damaged: {error}") from None
        return Observation(
            target_id=self.entries[row.target_id].target.id,
            status=Status(row.status),
            state=state,
            detail=row.detail,
        )


def parse_state(body: bytes) -> State:
    return state_from_json(state_text(body))


class Walk:
    """Goes through the rows of a table of facts by id, up to the last one that is there now."""

    def __init__(self, connection: Connection, table: Table, since: int | None) -> None:
        self.table = table
        self.since = since
        self.last = connection.execute(select(func.max(table.c.id))).scalar() or 0
        self.after = 0
        counted = self._limited(select(func.count()).select_from(table))
        self.total = connection.execute(counted).scalar_one()

    def next(self, connection: Connection, query: Select[Any]) -> list[Any]:
        """The next rows of `query`, whose first column is the table's id."""
        ordered = self._limited(query).order_by(self.table.c.id).limit(BATCH)
        rows = list(connection.execute(ordered))
        if rows:
            self.after = rows[-1][0]
        return rows

    def _limited(self, query: Select[Any]) -> Select[Any]:
        query = query.where(self.table.c.id > self.after, self.table.c.id <= self.last)
        if self.since is not None:
            query = query.where(self.table.c.block_number >= self.since)
        return query
