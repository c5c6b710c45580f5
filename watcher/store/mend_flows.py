"""What a filled block changes of its child's flows: what they are compared with is known now."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import replace

from sqlalchemy import Connection, select

from watcher.state.block import Block
from watcher.store import tables
from watcher.store.branch import canonical_row
from watcher.store.commit import tick_of
from watcher.store.flow_work import block_flows
from watcher.store.flows import add_windows, decoded_of, reading_at, remove_windows
from watcher.store.history import observations_as_of
from watcher.store.register import registered
from watcher.store.tick import InForce, TickResult

window, observation = tables.flow_window, tables.observation


def mend_flows(connection: Connection, filled: Block, after: Block, settings_hash: str) -> None:
    """Make the windows of `after` anew where it is the child of `filled`."""
    row = canonical_row(connection, after.chain_id, after.hash)
    if after.number != filled.number + 1 or row is None:
        return
    reading = reading_at(connection, row["id"])
    if reading is None or reading.failure:
        return
    targets = tables.target
    of_block = select(window, targets.c.uid).join(targets, targets.c.id == window.c.target_id)
    held = connection.execute(of_block.where(window.c.block_id == row["id"])).all()
    seen = select(targets.c.uid).join(observation, observation.c.target_id == targets.c.id)
    seen = seen.where(observation.c.block_id == row["id"])
    changed = set(connection.execute(seen).scalars())
    uids = changed | {one.uid for one in held}
    entries = {entry.id: entry for entry in registered(connection, uids=uids)}
    decoded = decoded_of(connection, held, entries)
    # A window without events is one of reserves that moved: whether they did is asked anew.
    said = tuple(one for one in decoded.values() if one.flows or one.problem)
    flows = block_flows(
        replace(reading, decoded=said),
        {entry.target.id: entry.target for entry in entries.values()},
        before=_in_force(connection, filled.number, uids),
        now=_in_force(connection, after.number, uids),
        changed=changed,
    )
    remove_windows(connection, list(decoded))
    tick = TickResult(after, settings_hash, (), (), flows=flows)
    add_windows(tick_of(connection, tick, row["id"]), flows.windows)


def _in_force(connection: Connection, number: int, uids: Set[str]) -> dict[str, InForce]:
    found = observations_as_of(connection, number, tables.target.c.uid.in_(sorted(uids)))
    return {uid: InForce(seen, since.hash) for uid, (seen, since) in found.items()}
