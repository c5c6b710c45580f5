"""Do the figures of each block's flows follow from the flows and the states around them?

The rows of orphaned blocks are left out: the states around them are those of a branch that is gone.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, select, type_coerce
from sqlalchemy.types import NullType

from models.types import uint256_from_storage
from watcher.errors import WatcherError
from watcher.math.flow import flow_measures, units
from watcher.math.flow_catalogue import FLOW_VERSIONS
from watcher.state.canonical import canonical_json
from watcher.state.measure import Measure
from watcher.state.observation import Observation
from watcher.store import tables
from watcher.store.branch import BLOCK_COLUMNS, canonical_row
from watcher.store.check import Memory, Walk
from watcher.store.check_amounts import TOLERANCE
from watcher.store.check_measures import same, shown
from watcher.store.difference import Difference, Tally
from watcher.store.flows import decoded_of
from watcher.store.history import observations_as_of

block, window = tables.block, tables.flow_window
amount, measure = tables.flow_amount, tables.flow_measure

WINDOWS = (
    select(window, *(column.label(f"of_{column.name}") for column in BLOCK_COLUMNS))
    .join(block, block.c.id == window.c.block_id)
    .where(tables.canonical)
)

AMOUNTS = select(
    amount.c.window_id,
    amount.c.log_index,
    amount.c.position,
    amount.c.token_id,
    type_coerce(amount.c.raw, NullType()).label("raw"),
    amount.c.units,
)

REFUSALS = (ArithmeticError, LookupError, TypeError, ValueError, WatcherError)
"""What rows may raise that nobody would have stored so."""

Name = tuple[str, str]


class FlowCheck:
    """Goes through the windows again as the service does when it stores them."""

    def __init__(self, connection: Connection, tally: Tally, memory: Memory) -> None:
        self.tally = tally
        self.memory = memory
        self.walk = Walk(connection, window, memory.since)
        self.total = self.walk.total

    def step(self, connection: Connection) -> int:
        rows = self.walk.next(connection, WINDOWS)
        if not rows:
            return 0
        ids = [row.id for row in rows]
        self._check_units(connection, rows)
        stored: dict[int, list[Any]] = {window_id: [] for window_id in ids}
        figures = select(measure).where(measure.c.window_id.between(ids[0], ids[-1]))
        for row in connection.execute(figures):
            stored.get(row.window_id, []).append(row)
        for _, group in groupby(rows, key=lambda row: row.block_id):
            self._check_block(connection, list(group), stored)
        return len(rows)

    def _check_block(
        self, connection: Connection, rows: Sequence[Any], stored: Mapping[int, Sequence[Any]]
    ) -> None:
        """The windows of one block; one by one where a row of any of them cannot be read."""
        try:
            measured = self._again(connection, rows)
        except REFUSALS as error:
            if len(rows) == 1:
                self._note(rows[0], f"id {rows[0].id}", "flows", "present", f"nothing: {error}")
                return
            for row in rows:
                self._check_block(connection, [row], stored)
            return
        for row, measures in zip(rows, measured, strict=True):
            self._compare(row, stored[row.id], measures)

    def _again(self, connection: Connection, rows: Sequence[Any]) -> list[tuple[Measure, ...]]:
        ids, first = [row.target_id for row in rows], rows[0]
        decoded = decoded_of(connection, rows, self.memory.entries)
        parent = canonical_row(connection, first.of_chain_id, first.of_parent_hash)
        follows = parent is not None and parent["number"] == first.block_number - 1
        before = _in_force(connection, ids, first.block_number - 1) if follows else {}
        now = _in_force(connection, ids, first.block_number)
        targets = [self.memory.entries[row.target_id].target for row in rows]
        return [
            flow_measures(target, decoded[row.id], before.get(target.id), now.get(target.id))
            for target, row in zip(targets, rows, strict=True)
        ]

    def _check_units(self, connection: Connection, rows: Sequence[Any]) -> None:
        by_id = {row.id: row for row in rows}
        span = amount.c.window_id.between(rows[0].id, rows[-1].id)
        for each in connection.execute(AMOUNTS.where(span)):
            if each.window_id in by_id:
                self._check_amount(by_id[each.window_id], each)

    def _check_amount(self, row: Any, each: Any) -> None:
        self.tally.amounts += 1
        key = f"window_id {row.id}, log_index {each.log_index}, position {each.position}"
        entry = self.memory.entries[row.target_id]
        ids = {entry.token_ids[token.address]: token for token in entry.target.tokens}
        token = ids.get(each.token_id)
        if token is None:
            text = "none of the target's tokens"
            self._note(row, key, "token_id", str(each.token_id), text, table="flow_amount")
            return
        try:
            again = units(uint256_from_storage(each.raw), token)
        except ValueError as error:
            self._note(row, key, "raw", str(error), "a uint256", table="flow_amount")
            return
        if not math.isclose(each.units, again, rel_tol=TOLERANCE):
            self._note(row, key, "units", repr(each.units), repr(again), table="flow_amount")

    def _compare(self, row: Any, stored: Sequence[Any], measures: Sequence[Measure]) -> None:
        expected: dict[Name, Measure] = {
            (each.name, canonical_json(dict(each.dims))): each for each in measures
        }
        for one in stored:
            if one.version != FLOW_VERSIONS.get(one.name):
                self.tally.not_checked += 1
                expected.pop((one.name, one.dims), None)
                continue
            self.tally.measures += 1
            again = expected.pop((one.name, one.dims), None)
            if again is None:
                self._note_measure(row, (one.name, one.dims), shown(one), "nothing")
            elif not same(one, again):
                self._note_measure(row, (one.name, one.dims), shown(one), shown(again))
        self._missing(row, expected)

    def _missing(self, row: Any, expected: Mapping[Name, Measure]) -> None:
        for name, again in expected.items():
            self.tally.measures += 1
            self._note_measure(row, name, "nothing", shown(again))

    def _note_measure(self, row: Any, name: Name, stored: str, again: str) -> None:
        key = f"window_id {row.id}, name {name[0]}, dims {name[1]}"
        self._note(row, key, "value", stored, again, table="flow_measure")

    def _note(
        self, row: Any, key: str, field: str, stored: str, again: str, *, table: str = "flow_window"
    ) -> None:
        label = self.memory.entries[row.target_id].target.label
        self.tally.note(Difference(table, key, field, stored, again, label, row.block_number))


def _in_force(
    connection: Connection, target_ids: Sequence[int], number: int
) -> dict[str, Observation]:
    found = observations_as_of(connection, number, tables.target.c.id.in_(target_ids))
    return {uid: seen for uid, (seen, _) in found.items()}
