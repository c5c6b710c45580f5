"""Reading back what was stored, as of any block of the canonical branch."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import ColumnElement, Connection, ScalarSelect, Select, Table, select

from watcher.errors import InputError
from watcher.math.settings import Settings
from watcher.state.block import Block
from watcher.state.canonical import from_plain, parse_json
from watcher.state.observation import Observation
from watcher.store import tables
from watcher.store.branch import BLOCK_COLUMNS, cursor_of, finalized_of, neighbours
from watcher.store.register import Registered
from watcher.store.rows import block_of, measure_of, observation_of
from watcher.store.tables import canonical
from watcher.store.tick import InForce, Resumption
from watcher.store.values import Figure, Figures, Standing

block, target, state = tables.block, tables.target, tables.state
observation, computation, measure = tables.observation, tables.computation, tables.measure

OBSERVATION_COLUMNS = (
    target.c.uid,
    observation.c.status,
    observation.c.detail,
    observation.c.state_hash,
    state.c.body,
)

MEASURE_COLUMNS = (
    measure.c.name,
    measure.c.dims,
    measure.c.value,
    measure.c.reason,
    measure.c.version,
)


def in_force(facts: Table, number: int | None) -> ScalarSelect[Any]:
    """The id of the newest row of `facts` for the target of the surrounding query, on the canonical
    branch and at most at block `number`: one probe of the index."""
    row, seen = facts.alias(), block.alias()
    query = (
        select(row.c.id)
        .join(seen, seen.c.id == row.c.block_id)
        .where(row.c.target_id == target.c.id, tables.canonical_of(seen))
        .order_by(row.c.block_number.desc())
        .limit(1)
        .correlate(target)
    )
    if number is not None:
        query = query.where(row.c.block_number <= number)
    return query.scalar_subquery()


def resume(connection: Connection, chain_id: int, *, below: int | None = None) -> Resumption:
    """What is in force at the cursor, or at the last block below number `below`."""
    number = None if below is None else below - 1
    mine = target.c.chain_id == chain_id
    cursor = cursor_of(connection, chain_id)
    if below is not None:
        cursor, _ = neighbours(connection, chain_id, below)
    observed = observations_as_of(connection, number, mine)
    return Resumption(
        cursor=cursor,
        in_force={uid: InForce(seen, since.hash) for uid, (seen, since) in observed.items()},
        computation_keys=keys_as_of(connection, number, mine),
        finalized=finalized_of(connection, chain_id),
    )


def keys_as_of(
    connection: Connection, number: int | None, *where: ColumnElement[bool]
) -> dict[str, str]:
    """By target id, for the targets that meet `where`: the key of the last computation."""
    query = (
        select(target.c.uid, computation.c.key)
        .select_from(target)
        .join(computation, computation.c.id == in_force(computation, number))
        .where(*where)
    )
    return {row.uid: row.key for row in connection.execute(query)}


def block_as_of(connection: Connection, chain_id: int, number: int | None) -> Block:
    """The newest stored block up to `number`. Raises InputError outside of what is stored."""
    query = select(*BLOCK_COLUMNS).where(block.c.chain_id == chain_id, canonical).limit(1)
    newest = connection.execute(query.order_by(block.c.number.desc())).mappings().first()
    if newest is None:
        raise InputError(f"no block of eip155:{chain_id} is stored yet: run `watcher once`.")
    if number is None or number == newest["number"]:
        return block_of(newest)
    if number > newest["number"]:
        raise InputError(
            f"block {number} of eip155:{chain_id} is not stored: the newest is {newest['number']}."
        )
    below = query.where(block.c.number <= number).order_by(block.c.number.desc())
    row = connection.execute(below).mappings().first()
    if row is None:
        first = connection.execute(query.order_by(block.c.number)).mappings().one()["number"]
        raise InputError(
            f"block {number} of eip155:{chain_id} is not stored: the history begins at {first}."
        )
    return block_of(row)


def observation_as_of(
    connection: Connection, entry: Registered, number: int | None
) -> Standing | None:
    """None where the target had not been read yet."""
    as_of = block_as_of(connection, entry.target.chain_id, number)
    found = observations_as_of(connection, as_of.number, target.c.id == entry.id)
    for observed, since in found.values():
        return Standing(as_of, observed, since)
    return None


def observations_as_of(
    connection: Connection, number: int | None, *where: ColumnElement[bool]
) -> dict[str, tuple[Observation, Block]]:
    """By target id, for the targets that meet `where`: what is in force, and since which block."""
    rows = connection.execute(_observations(number).where(*where)).mappings()
    return {row["uid"]: (observation_of(row), block_of(row)) for row in rows}


def figures_as_of(
    connection: Connection, number: int | None, *where: ColumnElement[bool]
) -> dict[str, Figures]:
    """By target id, for the targets that meet `where`: the last computation up to `number`."""
    query = (
        select(target.c.uid, computation.c.settings_hash, *BLOCK_COLUMNS, *MEASURE_COLUMNS)
        .select_from(target)
        .join(computation, computation.c.id == in_force(computation, number))
        .join(block, block.c.id == computation.c.block_id)
        .outerjoin(measure, measure.c.computation_id == computation.c.id)
        .where(*where)
        .order_by(target.c.id, measure.c.name, measure.c.dims)
    )
    found = {}
    for uid, rows in groupby(connection.execute(query).mappings(), key=itemgetter("uid")):
        figures = list(rows)
        # A computation that has no measure comes as one row without a name.
        measures = tuple(measure_of(row) for row in figures if row["name"] is not None)
        found[uid] = Figures(block_of(figures[0]), figures[0]["settings_hash"], measures)
    return found


def measure_history(
    connection: Connection,
    entry: Registered,
    names: Sequence[str],
    *,
    first: int | None,
    last: int | None,
    limit: int | None,
) -> tuple[Figure, ...]:
    """Oldest first; of more than `limit` rows the newest. No names means all."""
    query: Select[Any] = (
        select(*BLOCK_COLUMNS, *MEASURE_COLUMNS)
        .select_from(computation)
        .join(block, block.c.id == computation.c.block_id)
        .join(measure, measure.c.computation_id == computation.c.id)
        .where(computation.c.target_id == entry.id, canonical)
        .order_by(computation.c.block_number.desc(), measure.c.name.desc(), measure.c.dims.desc())
    )
    if names:
        query = query.where(measure.c.name.in_(names))
    if first is not None:
        query = query.where(computation.c.block_number >= first)
    if last is not None:
        query = query.where(computation.c.block_number <= last)
    if limit is not None:
        query = query.limit(limit)
    rows = connection.execute(query).mappings().all()
    return tuple(Figure(block_of(row), measure_of(row)) for row in reversed(rows))


def settings_as_of(
    connection: Connection, entry: Registered, number: int | None
) -> Settings | None:
    """The settings of the target's last computation up to `number`."""
    query = (
        select(tables.settings.c.body)
        .select_from(target)
        .join(computation, computation.c.id == in_force(computation, number))
        .join(tables.settings, tables.settings.c.hash == computation.c.settings_hash)
        .where(target.c.id == entry.id)
    )
    body = connection.execute(query).scalar()
    return None if body is None else settings_of(body)


def settings_of(body: str) -> Settings:
    return from_plain(parse_json(body), Settings, what="settings")


def _observations(number: int | None) -> Select[Any]:
    """The observation in force of each target with the block where it was appended."""
    return (
        select(*OBSERVATION_COLUMNS, *BLOCK_COLUMNS)
        .select_from(target)
        .join(observation, observation.c.id == in_force(observation, number))
        .join(block, block.c.id == observation.c.block_id)
        .outerjoin(state, state.c.hash == observation.c.state_hash)
    )
