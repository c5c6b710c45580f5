"""Flows that are known later than their block: what a filled block says of its child's, and logs
that no node had in their time."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Select, Table, select

from watcher.errors import StoreError
from watcher.state.block import Block
from watcher.state.flow import BlockFlows, FlowReading
from watcher.store import branch, tables
from watcher.store.branch import BLOCK_COLUMNS, canonical_row
from watcher.store.commit import Tick, tick_of
from watcher.store.flow_work import block_flows
from watcher.store.flows import (
    UNAVAILABLE,
    add_flows,
    add_windows,
    decoded_of,
    reading_at,
    remove_windows,
)
from watcher.store.history import observations_as_of
from watcher.store.register import registered
from watcher.store.rows import block_of
from watcher.store.tick import InForce, TickResult

window, observation, targets = tables.flow_window, tables.observation, tables.target


def mend_flows(connection: Connection, filled: Block, after: Block) -> None:
    """Make the windows of `after` anew where it is the child of `filled`: what they are compared
    with is known now."""
    row = canonical_row(connection, after.chain_id, after.hash)
    if after.number != filled.number + 1 or row is None:
        return
    reading = reading_at(connection, row["id"])
    if reading is None or reading.failure:
        return
    query = _of_block(select(window, targets.c.uid), window, after, row["id"])
    held = connection.execute(query).all()
    entries = registered(connection, uids={one.uid for one in held})
    decoded = decoded_of(connection, held, {entry.id: entry for entry in entries})
    # A window without events is one of reserves that moved: whether they did is asked anew.
    said = tuple(one for one in decoded.values() if one.flows or one.problem)
    tick = _tick(connection, after, row["id"], replace(reading, decoded=said))
    remove_windows(connection, list(decoded))
    if tick.result.flows is not None:
        add_windows(tick, tick.result.flows.windows)


def fill_flows(connection: Connection, block: Block, reading: FlowReading) -> None:
    """Add what flowed in a stored block whose logs no node had in its time.

    Raises StoreError when the block is not on the stored branch.
    """
    branch.lock_branch(connection, block.chain_id)
    row = canonical_row(connection, block.chain_id, block.hash)
    if row is None:
        raise StoreError(
            f"block {block.number} ({block.hash[:12]}) of eip155:{block.chain_id} is not on the "
            "stored branch: let `watcher run` follow the chain first."
        )
    table = tables.flow_reading
    failed = table.delete().where(table.c.block_id == row["id"], table.c.status == UNAVAILABLE)
    connection.execute(failed)
    tick = _tick(connection, block, row["id"], reading)
    if tick.result.flows is not None:
        add_flows(tick, tick.result.flows)


def logless(connection: Connection, chain_id: int) -> tuple[Block, ...]:
    """The stored blocks whose logs no node had, oldest first."""
    block, reading = tables.block, tables.flow_reading
    query = (
        select(*BLOCK_COLUMNS)
        .join(reading, reading.c.block_id == block.c.id)
        .where(block.c.chain_id == chain_id, tables.canonical, reading.c.status == UNAVAILABLE)
        .order_by(block.c.number)
    )
    return tuple(block_of(row) for row in connection.execute(query).mappings())


def _tick(connection: Connection, block: Block, block_id: int, reading: FlowReading) -> Tick:
    """The flows of a stored block, between the states that are stored around it."""
    seen = _of_block(select(targets.c.uid), observation, block, block_id)
    changed = set(connection.execute(seen).scalars())
    uids = changed | {one.target_id for one in reading.decoded}
    parent = canonical_row(connection, block.chain_id, block.parent_hash)
    follows = parent is not None and parent["number"] == block.number - 1
    flows: BlockFlows = block_flows(
        reading,
        {entry.target.id: entry.target for entry in registered(connection, uids=uids)},
        before=_in_force(connection, block.number - 1, uids) if follows else None,
        now=_in_force(connection, block.number, uids),
        changed=changed,
    )
    return tick_of(connection, TickResult(block, "", (), (), flows=flows), block_id)


def _of_block(query: Select[Any], facts: Table, block: Block, block_id: int) -> Select[Any]:
    """The rows of `facts` at a block, target by target, which is how they are indexed."""
    return (
        query.select_from(targets)
        .join(facts, facts.c.target_id == targets.c.id)
        .where(targets.c.chain_id == block.chain_id)
        .where(facts.c.block_number == block.number, facts.c.block_id == block_id)
    )


def _in_force(connection: Connection, number: int, uids: Set[str]) -> dict[str, InForce]:
    found = observations_as_of(connection, number, targets.c.uid.in_(sorted(uids)))
    return {uid: InForce(seen, since.hash) for uid, (seen, since) in found.items()}
