"""What a filled block changes of the means over time that begin at it, a window later."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, select

from watcher.math.subject import windows
from watcher.state.block import Block
from watcher.state.pair_oracle import PairOracle
from watcher.store import tables
from watcher.store.branch import BLOCK_COLUMNS
from watcher.store.mend_computations import Due, Scope, add_due, remove
from watcher.store.register import Registered, registered
from watcher.store.rows import block_of
from watcher.store.seam import Seam
from watcher.store.tables import canonical
from watcher.store.tick import TickResult
from watcher.store.trail import HOLE

computation = tables.computation


def mend_means(connection: Connection, filled: Block, after: Block, result: TickResult) -> None:
    """Make anew the computations after `filled` whose window may now begin at it, and the one that
    follows each target's last of them. Settings stay what they were there."""
    sums = select(tables.target.c.id).where(
        tables.target.c.chain_id == filled.chain_id, tables.target.c.kind == PairOracle.KIND
    )
    if connection.execute(sums.limit(1)).first() is None:
        return
    settings = Scope(Seam(connection, filled, after, None, {})).settings(result.settings_hash)
    for entry in registered(connection):
        if entry.target.chain_id != filled.chain_id:
            continue
        found = windows(entry.target, settings)
        if found:
            longest = max(found.values())
            blocks = _blocks(connection, filled, until=filled.timestamp + longest + longest // HOLE)
            _mend(connection, entry, blocks)


def _blocks(connection: Connection, filled: Block, *, until: int) -> list[Block]:
    """The stored blocks from `filled` on up to the first one after the time `until`."""
    stored = (
        select(*BLOCK_COLUMNS)
        .where(tables.block.c.chain_id == filled.chain_id, canonical)
        .where(tables.block.c.number >= filled.number)
        .order_by(tables.block.c.number)
    )
    found = []
    for row in connection.execute(stored).mappings():
        found.append(block_of(row))
        if found[-1].timestamp > until:
            break
    return found


def _mend(connection: Connection, entry: Registered, blocks: list[Block]) -> None:
    filled, *following = blocks
    seam = Seam(connection, filled, following[0], None, {entry.target.id: entry})
    scope = Scope(seam)
    add_due(seam, scope, list(_due(seam, scope, entry, blocks)))


def _due(seam: Seam, scope: Scope, entry: Registered, blocks: list[Block]) -> Iterator[Due]:
    filled, *following = blocks
    before = seam.row_below(computation, entry, following[0].number)
    if before is None:
        return
    key, settings_hash = before.key, before.settings_hash
    for earlier, at in zip([filled, *following], following, strict=False):
        here = seam.row_at(computation, entry, at)
        if here is not None:
            settings_hash = here.settings_hash
            remove(seam.connection, here.id)
        now = scope.work(entry, settings_hash, earlier, at)
        if now.key != key:
            yield at, settings_hash, now
        key = now.key
