"""Do the amounts beside each observation repeat its state?"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, LargeBinary, select, type_coerce
from sqlalchemy.types import NullType

from models.types import uint256_from_storage
from watcher.state.amount import Amount, amounts
from watcher.store import tables
from watcher.store.check import Memory, Walk
from watcher.store.difference import Difference, Tally
from watcher.store.register import Registered

TOLERANCE = 1e-12
"""Relative, for floats; integers must be equal."""

observation, amount, state = tables.observation, tables.amount, tables.state

OBSERVATIONS = select(
    observation.c.id,
    observation.c.target_id,
    observation.c.block_number,
    observation.c.status,
    observation.c.detail,
    type_coerce(observation.c.state_hash, LargeBinary).label("state_hash"),
    state.c.body,
).outerjoin(state, state.c.hash == observation.c.state_hash)

AMOUNTS = select(
    amount.c.observation_id,
    amount.c.position,
    amount.c.field,
    amount.c.token_id,
    type_coerce(amount.c.raw, NullType()).label("raw"),
    amount.c.units,
)


class AmountCheck:
    """Takes the amounts out of each observed state again."""

    def __init__(self, connection: Connection, tally: Tally, memory: Memory) -> None:
        self.tally = tally
        self.memory = memory
        self.walk = Walk(connection, observation, memory.since)
        self.total = self.walk.total

    def step(self, connection: Connection) -> int:
        rows = self.walk.next(connection, OBSERVATIONS)
        if not rows:
            return 0
        stored: dict[int, dict[int, Any]] = defaultdict(dict)
        span = amount.c.observation_id.between(rows[0].id, rows[-1].id)
        for row in connection.execute(AMOUNTS.where(span)):
            stored[row.observation_id][row.position] = row
        for row in rows:
            self._check(row, stored.get(row.id, {}))
        return len(rows)

    def _check(self, row: Any, stored: Mapping[int, Any]) -> None:
        entry = self.memory.entries[row.target_id]
        try:
            seen = self.memory.observation(row)
            expected = dict(enumerate(amounts(entry.target, seen.state) if seen.state else ()))
        except ValueError as error:
            text = f"nothing: {error}"
            self._note("observation", f"id {row.id}", row, "state", "a state", text)
            return
        for position in sorted(expected.keys() | stored.keys()):
            self.tally.amounts += 1
            key = f"observation_id {row.id}, position {position}"
            found = differing(stored.get(position), expected.get(position), entry)
            if found:
                self._note("amount", key, row, *found)

    def _note(
        self, table: str, key: str, row: Any, field: str, stored: str, recomputed: str
    ) -> None:
        label = self.memory.entries[row.target_id].target.label
        self.tally.note(Difference(table, key, field, stored, recomputed, label, row.block_number))


def differing(
    stored: Any | None, expected: Amount | None, entry: Registered
) -> tuple[str, str, str] | None:
    """The first field that differs, with its stored and its recomputed value."""
    if stored is None or expected is None:
        return (
            "the row",
            "nothing" if stored is None else stored.field,
            "nothing" if expected is None else f"{expected.field} {expected.raw}",
        )
    if stored.field != expected.field:
        return "field", stored.field, expected.field
    token_id = entry.token_ids[expected.token.address]
    if stored.token_id != token_id:
        return f"token_id of {stored.field}", str(stored.token_id), str(token_id)
    try:
        raw = uint256_from_storage(stored.raw)
    except ValueError as error:
        return f"raw of {stored.field}", str(error), str(expected.raw)
    if raw != expected.raw:
        return f"raw of {stored.field}", str(raw), str(expected.raw)
    if not math.isclose(stored.units, expected.units, rel_tol=TOLERANCE):
        return f"units of {stored.field}", repr(stored.units), repr(expected.units)
    return None
