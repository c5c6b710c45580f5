"""A block that was missing, inserted below the cursor as if it had been read in its time.

What was read after a gap stays as it was read, but whether it was a change, and what the change was
measured against, depends on the block before it. So each inserted block mends its seam: the next
stored block, and the one after that. Afterwards the history is that of a store that never missed
the inserted block.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from watcher.errors import StoreError
from watcher.state.block import Block
from watcher.store import branch, gaps
from watcher.store.commit import add_computations, add_observations, tick_of
from watcher.store.flows import add_flows
from watcher.store.mend_computations import mend_computations
from watcher.store.mend_flows import mend_flows
from watcher.store.mend_means import mend_means
from watcher.store.mend_observations import mend_observations
from watcher.store.seam import Seam
from watcher.store.tables import FINALIZED, LATEST, SAFE
from watcher.store.tick import TickResult


def fill(connection: Connection, result: TickResult, *, now: datetime) -> None:
    """Insert the block of `result`, mend its seam and shrink the gap that it lay in.

    A block that is stored already is left alone. Raises StoreError when it is not below the cursor
    or its neighbours on the branch are not its parent and child.
    """
    block = result.block
    chain_id, number = block.chain_id, block.number
    branch.lock_branch(connection, chain_id)
    if branch.canonical_row(connection, chain_id, block.hash) is None:
        before, after = branch.neighbours(connection, chain_id, number)
        cursor = branch.cursor_of(connection, chain_id)
        after = _require_between(before, block, after, cursor)
        block_id = branch.add_block(connection, block, seen_at=now, status=_status(result))
        tick = tick_of(connection, result, block_id)
        ids = add_observations(tick, result.observations)
        add_computations(tick, result.computations, ids)
        if result.flows is not None:
            add_flows(tick, result.flows)
        _mend(connection, block, after, result)
    gaps.shrink_gaps(connection, chain_id, number, number, filled_at=now)


def _status(result: TickResult) -> str:
    """Of the inserted block alone: nobody asked whether what is stored around the gap is still on
    the chain, and what left it is no final block."""
    if result.finalized is not None and result.block.number <= result.finalized:
        return FINALIZED
    return SAFE if result.safe is not None and result.block.number <= result.safe else LATEST


def _require_between(
    before: Block | None, block: Block, after: Block | None, cursor: Block | None
) -> Block:
    """The block after, which must be there."""
    where = f"block {block.number} of eip155:{block.chain_id}"
    if cursor is None or after is None or block.number > cursor.number:
        raise StoreError(f"{where} is not below what is stored: `watcher run` reads it.")
    follows = before is None or before.number + 1 < block.number or block.parent_hash == before.hash
    precedes = block.number + 1 < after.number or after.parent_hash == block.hash
    if not follows or not precedes:
        raise StoreError(
            f"{where} ({block.hash[:12]}) is not on the stored branch: let `watcher run` follow "
            "the chain, then fill the gap again."
        )
    return after


def _mend(connection: Connection, block: Block, after: Block, result: TickResult) -> None:
    observed = {one.target_id for one in result.observations}
    computed = {one.target_id for one in result.computations}
    if observed:
        mend_observations(Seam.at(connection, block, after, observed))
    if observed or computed:
        mend_computations(Seam.at(connection, block, after, observed | computed))
    mend_means(connection, block, after, result)
    mend_flows(connection, block, after)
