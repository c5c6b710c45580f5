"""What flowed, into the tables and back."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, insert, select

from watcher.math.flow import units
from watcher.state.canonical import canonical_json, content_hash
from watcher.state.flow import (
    BlockFlows,
    Decoded,
    Flow,
    FlowAmount,
    FlowKind,
    FlowReading,
    FlowWindow,
    Side,
)
from watcher.state.token import Address
from watcher.store import tables
from watcher.store.branch import BLOCK_COLUMNS
from watcher.store.bulk import insert_many, insert_new, insert_with_ids
from watcher.store.commit import Tick
from watcher.store.register import IDS, Registered
from watcher.store.rows import DETAIL_LENGTH, block_of, figure_columns, measure_of, storable
from watcher.store.values import FlowCoverage, FlowRecord

OK = "ok"
UNAVAILABLE = "unavailable"
DECODE_ERROR = "decode_error"

block, reading, window = tables.block, tables.flow_reading, tables.flow_window
flow, amount, measure = tables.flow, tables.flow_amount, tables.flow_measure


def add_flows(tick: Tick, flows: BlockFlows) -> None:
    """Append what flowed in the block; a block whose logs were read already is left alone."""
    known = select(reading.c.status).where(reading.c.block_id == tick.block_id)
    if tick.connection.execute(known).first() is not None:
        return
    body = canonical_json(list(flows.reading.scope))
    scope = {"hash": content_hash(body), "body": body}
    insert_new(tick.connection, tables.flow_scope, [scope])
    tick.connection.execute(
        insert(reading).values(
            block_id=tick.block_id,
            block_number=tick.result.block.number,
            scope_hash=scope["hash"],
            status=UNAVAILABLE if flows.reading.failure else OK,
            detail=storable(flows.reading.failure, limit=DETAIL_LENGTH),
        )
    )
    add_windows(tick, flows.windows)


def add_windows(tick: Tick, windows: Sequence[FlowWindow]) -> None:
    rows = [
        {
            "target_id": tick.entry(one.decoded.target_id).id,
            "block_id": tick.block_id,
            "block_number": tick.result.block.number,
            "status": DECODE_ERROR if one.decoded.problem else OK,
            "detail": storable(one.decoded.problem, limit=DETAIL_LENGTH),
        }
        for one in windows
    ]
    ids = insert_with_ids(tick.connection, window, rows)
    flows: list[dict[str, Any]] = []
    amounts: list[dict[str, Any]] = []
    measures: list[dict[str, Any]] = []
    for one in windows:
        entry = tick.entry(one.decoded.target_id)
        window_id = ids[entry.id]
        for each in one.decoded.flows:
            place = {"window_id": window_id, "log_index": each.index}
            flows.append({**place, "kind": each.kind.value, "taker": each.taker})
            amounts += [{**place, **row} for row in _amounts(entry, each)]
        measures += [{"window_id": window_id, **figure_columns(each)} for each in one.measures]
    insert_many(tick.connection, flow, flows)
    insert_many(tick.connection, amount, amounts)
    insert_many(tick.connection, measure, measures)


def _amounts(entry: Registered, one: Flow) -> Iterable[dict[str, Any]]:
    tokens = {token.address: token for token in entry.target.tokens}
    for position, each in enumerate(one.amounts):
        yield {
            "position": position,
            "side": each.side.value,
            "token_id": entry.token_ids[each.token],
            "raw": each.raw,
            "units": units(each.raw, tokens[each.token]),
        }


def remove_windows(connection: Connection, ids: Collection[int]) -> None:
    for table in (measure, amount, flow):
        connection.execute(table.delete().where(table.c.window_id.in_(ids)))
    connection.execute(window.delete().where(window.c.id.in_(ids)))


def decoded_of(
    connection: Connection, rows: Sequence[Any], entries: Mapping[int, Registered]
) -> dict[int, Decoded]:
    """By window id, of rows of `flow_window`; `entries` by row id."""
    ids = [row.id for row in rows]
    events: dict[int, list[Any]] = defaultdict(list)
    amounts: dict[tuple[int, int], list[Any]] = defaultdict(list)
    for start in range(0, len(ids), IDS):
        some = ids[start : start + IDS]
        query = select(flow).where(flow.c.window_id.in_(some))
        for row in connection.execute(query.order_by(flow.c.window_id, flow.c.log_index)):
            events[row.window_id].append(row)
        query = select(amount).where(amount.c.window_id.in_(some))
        for row in connection.execute(query.order_by(amount.c.position)):
            amounts[row.window_id, row.log_index].append(row)
    found = {}
    for row in rows:
        entry = entries[row.target_id]
        addresses = {token_id: address for address, token_id in entry.token_ids.items()}
        found[row.id] = Decoded(
            entry.target.id,
            tuple(
                _flow(one, amounts[one.window_id, one.log_index], addresses)
                for one in events[row.id]
            ),
            row.detail,
        )
    return found


def _flow(row: Any, amounts: Sequence[Any], addresses: Mapping[int, Address]) -> Flow:
    return Flow(
        index=row.log_index,
        kind=FlowKind(row.kind),
        taker=None if row.taker is None else Address(row.taker),
        amounts=tuple(
            FlowAmount(Side(one.side), addresses[one.token_id], one.raw) for one in amounts
        ),
    )


def reading_at(connection: Connection, block_id: int) -> FlowReading | None:
    """The reading of a block without what it decoded; None where its logs were not asked for."""
    scope = tables.flow_scope
    query = (
        select(reading.c.status, reading.c.detail, scope.c.body)
        .join(scope, scope.c.hash == reading.c.scope_hash)
        .where(reading.c.block_id == block_id)
    )
    row = connection.execute(query).first()
    return None if row is None else FlowReading(tuple(json.loads(row.body)), (), row.detail)


def flow_records(
    connection: Connection, entry: Registered, *, first: int | None, last: int | None
) -> tuple[FlowRecord, ...]:
    """The windows of a target from block `first` to `last`, oldest first."""
    query = (
        select(window, *BLOCK_COLUMNS)
        .join(block, block.c.id == window.c.block_id)
        .where(window.c.target_id == entry.id, tables.canonical)
        .order_by(window.c.block_number)
    )
    if first is not None:
        query = query.where(window.c.block_number >= first)
    if last is not None:
        query = query.where(window.c.block_number <= last)
    rows = connection.execute(query).all()
    decoded = decoded_of(connection, rows, {entry.id: entry})
    measures = measures_of(connection, [row.id for row in rows])
    return tuple(
        FlowRecord(block_of(row._mapping), FlowWindow(decoded[row.id], measures[row.id]))
        for row in rows
    )


def measures_of(connection: Connection, ids: Sequence[int]) -> dict[int, tuple[Any, ...]]:
    """By window id, in the order of their names."""
    found: dict[int, list[Any]] = {window_id: [] for window_id in ids}
    for start in range(0, len(ids), IDS):
        query = select(measure).where(measure.c.window_id.in_(ids[start : start + IDS]))
        ordered = query.order_by(measure.c.window_id, measure.c.name, measure.c.dims)
        for row in connection.execute(ordered).mappings():
            found[row["window_id"]].append(measure_of(row))
    return {window_id: tuple(rows) for window_id, rows in found.items()}


def coverage(
    connection: Connection, entry: Registered, *, first: int | None, last: int | None
) -> FlowCoverage:
    """Of the stored blocks from `first` to `last`, at how many the target's logs were read."""
    scope = tables.flow_scope
    query = (
        select(block.c.number, reading.c.status, scope.c.body)
        .select_from(block)
        .outerjoin(reading, reading.c.block_id == block.c.id)
        .outerjoin(scope, scope.c.hash == reading.c.scope_hash)
        .where(block.c.chain_id == entry.target.chain_id, tables.canonical)
        .order_by(block.c.number)
    )
    if first is not None:
        query = query.where(block.c.number >= first)
    if last is not None:
        query = query.where(block.c.number <= last)
    rows = connection.execute(query).all()
    scopes = {row.body: entry.target.id in json.loads(row.body) for row in rows if row.body}
    read = [row.number for row in rows if row.status == OK and scopes[row.body]]
    failed = [row.number for row in rows if row.status == UNAVAILABLE and scopes[row.body]]
    return FlowCoverage(
        first=rows[0].number if rows else None,
        last=rows[-1].number if rows else None,
        blocks=len(rows),
        read=len(read),
        failed=tuple(failed),
    )
