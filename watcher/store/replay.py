"""The stored history block by block, as the service saw it go by."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, select

from watcher.state.block import Block
from watcher.state.measure import Measure
from watcher.store import tables
from watcher.store.alerts import measures_in_force
from watcher.store.branch import BLOCK_COLUMNS
from watcher.store.history import MEASURE_COLUMNS, in_force
from watcher.store.rows import block_of, measure_of
from watcher.store.tables import canonical

block, target = tables.block, tables.target
observation, computation, measure = tables.observation, tables.computation, tables.measure

BLOCKS = 500
"""Read at a time."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """A block and what changed at it, by target id: why a target could not be read, empty where it
    could; and its measures."""

    block: Block
    faults: dict[str, str]
    measures: dict[str, tuple[Measure, ...]]


def fault(status: str, detail: str) -> str:
    """Why a target could not be read; empty where it was."""
    if status == "ok":
        return ""
    return f"{status}: {detail}" if detail else status


def replay(
    connection: Connection, chain_id: int, names: Collection[str], *, first: int, last: int
) -> Iterator[Replayed]:
    blocks = (
        select(*BLOCK_COLUMNS)
        .where(block.c.chain_id == chain_id, canonical, block.c.number <= last)
        .order_by(block.c.number)
        .limit(BLOCKS)
    )
    begin, at_first = first, True
    while True:
        query = blocks.where(block.c.number >= begin)
        found = [block_of(row) for row in connection.execute(query).mappings()]
        if not found:
            return
        if at_first:
            one = found.pop(0)
            yield Replayed(
                one,
                _faults_in_force(connection, chain_id, one.number),
                measures_in_force(connection, chain_id, names, one.number),
            )
            at_first, begin = False, one.number + 1
        if found:
            yield from _changes(connection, chain_id, names, found)
            begin = found[-1].number + 1


def span(
    connection: Connection, chain_id: int, *, since: int | None, until: int | None
) -> tuple[int, int] | None:
    query = select(func.min(block.c.number), func.max(block.c.number)).where(
        block.c.chain_id == chain_id, canonical
    )
    if since is not None:
        query = query.where(block.c.timestamp >= since)
    if until is not None:
        query = query.where(block.c.timestamp <= until)
    first, last = connection.execute(query).one()
    return None if first is None else (first, last)


def _changes(
    connection: Connection, chain_id: int, names: Collection[str], blocks: list[Block]
) -> Iterator[Replayed]:
    found = {one.number: Replayed(one, {}, {}) for one in blocks}
    numbers = (blocks[0].number, blocks[-1].number)
    for row in _rows_between(connection, chain_id, numbers):
        found[row.block_number].faults[row.uid] = fault(row.status, row.detail)
    figures: dict[tuple[int, str], list[Measure]] = {}
    query = (
        select(target.c.uid, computation.c.block_number, *MEASURE_COLUMNS)
        .select_from(target)
        .join(computation, computation.c.target_id == target.c.id)
        .join(block, block.c.id == computation.c.block_id)
        .join(measure, measure.c.computation_id == computation.c.id)
        .where(target.c.chain_id == chain_id, canonical)
        .where(computation.c.block_number.between(*numbers), measure.c.name.in_(sorted(names)))
        .order_by(measure.c.name, measure.c.dims)
    )
    for each in connection.execute(query).mappings():
        figures.setdefault((each["block_number"], each["uid"]), []).append(measure_of(each))
    for (number, uid), measures in figures.items():
        found[number].measures[uid] = tuple(measures)
    yield from found.values()


def _rows_between(connection: Connection, chain_id: int, numbers: tuple[int, int]) -> list[Any]:
    query = (
        select(target.c.uid, observation.c.block_number, observation.c.status, observation.c.detail)
        .select_from(target)
        .join(observation, observation.c.target_id == target.c.id)
        .join(block, block.c.id == observation.c.block_id)
        .where(target.c.chain_id == chain_id, canonical)
        .where(observation.c.block_number.between(*numbers))
    )
    return list(connection.execute(query))


def _faults_in_force(connection: Connection, chain_id: int, number: int) -> dict[str, str]:
    query = (
        select(target.c.uid, observation.c.status, observation.c.detail)
        .select_from(target)
        .join(observation, observation.c.id == in_force(observation, number))
        .where(target.c.chain_id == chain_id)
    )
    return {row.uid: fault(row.status, row.detail) for row in connection.execute(query)}
