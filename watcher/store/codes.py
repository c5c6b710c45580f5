"""What was deployed at each target, and when that changed."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection, RowMapping, select

from watcher.state.code import CodeChange, Deployed, event_of
from watcher.state.token import Address
from watcher.store import tables
from watcher.store.branch import BLOCK_COLUMNS
from watcher.store.bulk import insert_many
from watcher.store.commit import Tick
from watcher.store.history import in_force
from watcher.store.rows import block_of

block, code, target = tables.block, tables.code, tables.target

COLUMNS = (target.c.uid, code.c.code_hash, code.c.implementation, code.c.implementation_hash)


def add_codes(tick: Tick) -> None:
    """Append what is deployed where the target has no row at the block yet."""
    known = set(
        tick.connection.execute(
            select(code.c.target_id).where(
                code.c.block_id == tick.block_id,
                code.c.target_id.in_([tick.entry(each.target_id).id for each in tick.result.codes]),
            )
        ).scalars()
    )
    rows = [
        {
            "target_id": tick.entry(each.target_id).id,
            "block_id": tick.block_id,
            "block_number": tick.result.block.number,
            "code_hash": each.code_hash,
            "implementation": each.implementation,
            "implementation_hash": each.implementation_hash,
        }
        for each in tick.result.codes
    ]
    insert_many(tick.connection, code, [row for row in rows if row["target_id"] not in known])


def deployed_now(connection: Connection, chain_id: int) -> dict[str, Deployed]:
    """By target id, what was deployed when it was looked at last on the branch."""
    query = (
        select(*COLUMNS)
        .select_from(target)
        .join(code, code.c.id == in_force(code, None))
        .where(target.c.chain_id == chain_id)
    )
    return {row["uid"]: _deployed(row) for row in connection.execute(query).mappings()}


def code_changes(connection: Connection, of: ColumnElement[bool]) -> tuple[CodeChange, ...]:
    """The events of the targets that `of` says, oldest first; what was found first is none."""
    query = (
        select(*COLUMNS, *BLOCK_COLUMNS)
        .select_from(code)
        .join(target, target.c.id == code.c.target_id)
        .join(block, block.c.id == code.c.block_id)
        .where(of, tables.canonical)
        .order_by(code.c.block_number, code.c.id)
    )
    found: list[CodeChange] = []
    before: dict[str, Deployed] = {}
    for row in connection.execute(query).mappings():
        now = _deployed(row)
        known = before.get(now.target_id)
        event = event_of(known, now) if known is not None else None
        if event is not None:
            found.append(CodeChange(block_of(row), event, now))
        before[now.target_id] = now
    return tuple(found)


def _deployed(row: RowMapping) -> Deployed:
    implementation = row["implementation"]
    return Deployed(
        target_id=row["uid"],
        code_hash=row["code_hash"],
        implementation=None if implementation is None else Address(implementation),
        implementation_hash=row["implementation_hash"],
    )
