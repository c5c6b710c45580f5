"""One tick's facts, in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, select, values
from sqlalchemy.sql.expression import column

from models.types import BlockHash, Int64
from watcher.errors import StoreError
from watcher.state.amount import amounts
from watcher.state.measure import Computation
from watcher.state.observation import Observation
from watcher.store import branch, gaps, tables
from watcher.store.bulk import insert_many, insert_new, insert_with_ids
from watcher.store.register import Book, Registered
from watcher.store.rows import DETAIL_LENGTH, measure_columns, state_columns, storable
from watcher.store.tick import TickResult

PAIRS = 500
"""Inputs looked up at a time: SQLite takes 32,766 parameters in one statement."""


@dataclass(frozen=True, slots=True)
class Tick:
    """A tick on its way into the tables."""

    connection: Connection
    result: TickResult
    block_id: int
    book: dict[str, Registered]

    @property
    def where(self) -> str:
        return f"block {self.result.block.number} of eip155:{self.result.block.chain_id}"

    def entry(self, target_id: str) -> Registered:
        try:
            return self.book[target_id]
        except KeyError:
            raise StoreError(
                f"target {target_id[:12]} of {self.where} is not registered: register it first."
            ) from None


def commit_tick(connection: Connection, result: TickResult, *, now: datetime, book: Book) -> Tick:
    """Append what the tick found and move the cursor.

    A block that is stored already may come again (a crash between the commit and what follows it):
    what is there is left alone, and the last block also takes what is missing (a target that was
    configured since). Raises StoreError when what comes differs from what is stored, or when the
    block is not the next of the branch.
    """
    block = result.block
    branch.lock_branch(connection, block.chain_id)
    cursor = branch.cursor_of(connection, block.chain_id)
    stored = branch.canonical_row(connection, block.chain_id, block.hash)
    if stored is None:
        branch.require_successor(cursor, block)
        block_id = branch.add_block(connection, block, seen_at=now)
        branch.move_cursor(connection, block.chain_id, block_id)
        gaps.shrink_gaps(connection, block.chain_id, block.number, block.number, filled_at=now)
    else:
        block_id = stored["id"]
    tick = tick_of(connection, result, block_id, book=book)
    observations, computations = result.observations, result.computations
    if stored is not None:
        observations = _missing_observations(tick)
        computations = _missing_computations(tick)
        if (observations or computations) and (cursor is None or cursor.hash != block.hash):
            raise StoreError(f"{tick.where} is complete and no longer the last: nothing was added.")
    observation_ids = add_observations(tick, observations)
    add_computations(tick, computations, observation_ids)
    branch.settle(connection, block.chain_id, safe=result.safe, finalized=result.finalized)
    return tick


def tick_of(
    connection: Connection, result: TickResult, block_id: int, *, book: Book | None = None
) -> Tick:
    named = {each.target_id for each in result.observations}
    named |= {each.target_id for each in result.computations}
    named |= {each.target_id for each in result.codes}
    named |= {each.target_id for each in result.alerts}
    named |= {each.decoded.target_id for each in result.flows.windows} if result.flows else set()
    named |= {used.target_id for each in result.computations for used in each.inputs}
    entries = (book or Book()).entries(connection, named)
    return Tick(connection, result, block_id, entries)


def _missing_observations(tick: Tick) -> tuple[Observation, ...]:
    table = tables.observation
    query = select(table.c.status, table.c.state_hash)
    missing = []
    for observation in tick.result.observations:
        row = tick.connection.execute(query.where(*_same(tick, table, observation.target_id)))
        stored = row.first()
        state_hash = state_columns(observation.state)["hash"] if observation.state else None
        if stored is None:
            missing.append(observation)
        elif tuple(stored) != (observation.status, state_hash):
            raise StoreError(_differs(tick, "observation", observation.target_id))
    return tuple(missing)


def _missing_computations(tick: Tick) -> tuple[Computation, ...]:
    table = tables.computation
    missing = []
    for computation in tick.result.computations:
        query = select(table.c.key).where(*_same(tick, table, computation.target_id))
        key = tick.connection.execute(query).scalar()
        if key is None:
            missing.append(computation)
        elif key != computation.key:
            raise StoreError(_differs(tick, "computation", computation.target_id))
    return tuple(missing)


def _same(tick: Tick, table: Table, target_id: str) -> tuple[Any, ...]:
    return (
        table.c.target_id == tick.entry(target_id).id,
        table.c.block_number == tick.result.block.number,
        table.c.block_id == tick.block_id,
    )


def _differs(tick: Tick, what: str, target_id: str) -> str:
    return (
        f"{tick.where} is stored with another {what} of {tick.entry(target_id).target.label}: "
        "go on from what is stored."
    )


def add_observations(tick: Tick, observations: Sequence[Observation]) -> dict[str, int]:
    """Returns the row ids by target id."""
    if not observations:
        return {}
    states = {o.target_id: state_columns(o.state) for o in observations if o.state is not None}
    insert_new(tick.connection, tables.state, list(states.values()))
    rows = [
        {
            "target_id": tick.entry(observation.target_id).id,
            "block_id": tick.block_id,
            "block_number": tick.result.block.number,
            "status": observation.status.value,
            "state_hash": states.get(observation.target_id, {}).get("hash"),
            "detail": storable(observation.detail, limit=DETAIL_LENGTH),
        }
        for observation in observations
    ]
    ids = insert_with_ids(tick.connection, tables.observation, rows)
    by_target = {o.target_id: ids[tick.entry(o.target_id).id] for o in observations}
    insert_many(tick.connection, tables.amount, _amount_rows(tick, observations, by_target))
    return by_target


def _amount_rows(
    tick: Tick, observations: Iterable[Observation], ids: dict[str, int]
) -> list[dict[str, Any]]:
    return [
        {
            "observation_id": ids[observation.target_id],
            "position": position,
            "field": amount.field,
            "token_id": tick.entry(observation.target_id).token_ids[amount.token.address],
            "raw": amount.raw,
            "units": amount.units,
        }
        for observation in observations
        if observation.state is not None
        for position, amount in enumerate(
            amounts(tick.entry(observation.target_id).target, observation.state)
        )
    ]


def add_computations(
    tick: Tick, computations: Sequence[Computation], observation_ids: dict[str, int]
) -> None:
    if not computations:
        return
    rows = [
        {
            "target_id": tick.entry(computation.target_id).id,
            "block_id": tick.block_id,
            "block_number": tick.result.block.number,
            "settings_hash": tick.result.settings_hash,
            "key": computation.key,
        }
        for computation in computations
    ]
    ids = insert_with_ids(tick.connection, tables.computation, rows)
    sources = _sources(tick, computations, observation_ids)
    inputs, measures = [], []
    for computation in computations:
        computation_id = ids[tick.entry(computation.target_id).id]
        inputs += [
            {
                "computation_id": computation_id,
                "role": used.role,
                "observation_id": sources[used.target_id, used.block_hash],
            }
            for used in computation.inputs
        ]
        measures += [measure_columns(measure, computation_id) for measure in computation.measures]
    insert_many(tick.connection, tables.computation_input, inputs)
    insert_many(tick.connection, tables.measure, measures)


def _sources(
    tick: Tick, computations: Sequence[Computation], observation_ids: dict[str, int]
) -> dict[tuple[str, str], int]:
    """The observations that are used, by target id and hash of the block they were appended at."""
    here = tick.result.block.hash
    found = {(target_id, here): row_id for target_id, row_id in observation_ids.items()}
    wanted = {
        (used.target_id, used.block_hash) for each in computations for used in each.inputs
    } - found.keys()
    pairs = sorted(wanted)
    for start in range(0, len(pairs), PAIRS):
        found |= _find(tick, pairs[start : start + PAIRS])
    for target_id, block_hash in wanted - found.keys():
        raise StoreError(
            f"a computation of {tick.where} uses an observation of "
            f"{tick.entry(target_id).target.label} at block {block_hash[:12]}, which is not on the "
            "stored branch: go on from what is stored."
        )
    return found


def _find(tick: Tick, pairs: Sequence[tuple[str, str]]) -> dict[tuple[str, str], int]:
    block, observation = tables.block, tables.observation
    uids = {tick.entry(target_id).id: target_id for target_id, _ in pairs}
    wanted = (
        values(column("target_id", Int64), column("hash", BlockHash()), name="wanted")
        .data([(tick.entry(target_id).id, block_hash) for target_id, block_hash in pairs])
        .cte("wanted")
    )
    query = (
        select(observation.c.target_id, block.c.hash, observation.c.id)
        .select_from(wanted)
        .join(
            block,
            (block.c.chain_id == tick.result.block.chain_id)
            & (block.c.hash == wanted.c.hash)
            & tables.canonical,
        )
        .join(
            observation,
            (observation.c.target_id == wanted.c.target_id)
            & (observation.c.block_number == block.c.number)
            & (observation.c.block_id == block.c.id),
        )
    )
    return {(uids[row[0]], row[1]): row[2] for row in tick.connection.execute(query)}
