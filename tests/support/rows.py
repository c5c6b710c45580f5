"""A whole history as comparable rows: what is stored, without row ids and wall times."""

from __future__ import annotations

from typing import Any

from sqlalchemy import text

from watcher.store import Store

BLOCK = "b.chain_id, b.number, b.hash"
CANONICAL = "b.status <> 'orphaned'"

QUERIES = {
    "block": f"SELECT {BLOCK}, b.parent_hash, b.timestamp, b.status FROM block b WHERE {CANONICAL}",
    "observation": f"""
        SELECT t.uid, {BLOCK}, o.status, o.state_hash, o.detail FROM observation o
        JOIN target t ON t.id = o.target_id JOIN block b ON b.id = o.block_id WHERE {CANONICAL}""",
    "amount": f"""
        SELECT t.uid, {BLOCK}, a.position, a.field, k.address, a.raw, a.units FROM amount a
        JOIN token k ON k.id = a.token_id JOIN observation o ON o.id = a.observation_id
        JOIN target t ON t.id = o.target_id JOIN block b ON b.id = o.block_id WHERE {CANONICAL}""",
    "computation": f"""
        SELECT t.uid, {BLOCK}, c.settings_hash, c.key FROM computation c
        JOIN target t ON t.id = c.target_id JOIN block b ON b.id = c.block_id WHERE {CANONICAL}""",
    "computation_input": f"""
        SELECT t.uid, {BLOCK}, i.role, u.uid AS used, s.number AS used_number, s.hash AS used_hash,
            s.status <> 'orphaned' AS stands
        FROM computation_input i JOIN computation c ON c.id = i.computation_id
        JOIN target t ON t.id = c.target_id JOIN block b ON b.id = c.block_id
        JOIN observation o ON o.id = i.observation_id JOIN target u ON u.id = o.target_id
        JOIN block s ON s.id = o.block_id WHERE {CANONICAL}""",
    "measure": f"""
        SELECT t.uid, {BLOCK}, m.name, m.dims, m.value, m.reason, m.version FROM measure m
        JOIN computation c ON c.id = m.computation_id
        JOIN target t ON t.id = c.target_id JOIN block b ON b.id = c.block_id WHERE {CANONICAL}""",
    "flow_reading": f"""
        SELECT {BLOCK}, r.scope_hash, r.status, r.detail FROM flow_reading r
        JOIN block b ON b.id = r.block_id WHERE {CANONICAL}""",
    "flow_window": f"""
        SELECT t.uid, {BLOCK}, w.status, w.detail FROM flow_window w
        JOIN target t ON t.id = w.target_id JOIN block b ON b.id = w.block_id WHERE {CANONICAL}""",
    "flow_amount": f"""
        SELECT t.uid, {BLOCK}, f.log_index, f.kind, f.taker, a.position, a.side, k.address, a.raw,
            a.units
        FROM flow f JOIN flow_window w ON w.id = f.window_id
        JOIN target t ON t.id = w.target_id JOIN block b ON b.id = w.block_id
        JOIN flow_amount a ON a.window_id = f.window_id AND a.log_index = f.log_index
        JOIN token k ON k.id = a.token_id WHERE {CANONICAL}""",
    "flow_measure": f"""
        SELECT t.uid, {BLOCK}, m.name, m.dims, m.value, m.reason, m.version FROM flow_measure m
        JOIN flow_window w ON w.id = m.window_id
        JOIN target t ON t.id = w.target_id JOIN block b ON b.id = w.block_id WHERE {CANONICAL}""",
}


def history_rows(store: Store) -> dict[str, list[tuple[Any, ...]]]:
    """Every canonical row by table, sorted; equal for equal histories."""
    with store.database.reading() as connection:
        return {
            table: sorted((tuple(row) for row in connection.execute(text(query))), key=repr)
            for table, query in QUERIES.items()
        }


def statuses(store: Store) -> dict[int, str]:
    """By number; where one was replaced, of the block that was stored last."""
    query = text("SELECT number, status FROM block ORDER BY id")
    with store.database.reading() as connection:
        return {row.number: row.status for row in connection.execute(query)}


def assert_same_history(store: Store, other: Store) -> None:
    ours, theirs = history_rows(store), history_rows(other)
    for table, rows in theirs.items():
        mine, expected = set(ours[table]), set(rows)
        missing = [row for row in rows if row not in mine]
        added = [row for row in ours[table] if row not in expected]
        assert not missing, f"{len(missing)} rows of {table} are missing: {missing[:3]}"
        assert not added, f"{len(added)} rows of {table} should not be there: {added[:3]}"
        assert ours[table] == rows, f"rows of {table} are there twice"
