"""The canonical branch of each chain: its cursor, its blocks and its reorgs."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, RowMapping, delete, func, insert, select, text, update

from watcher.errors import BelowFinality, StoreError
from watcher.state.block import Block
from watcher.store import tables
from watcher.store.rows import block_of
from watcher.store.tables import FINALIZED, LATEST, ORPHANED, block, canonical

BLOCK_COLUMNS = (
    block.c.chain_id,
    block.c.number,
    block.c.hash,
    block.c.parent_hash,
    block.c.timestamp,
)

# The conditions are written out, and one of them twice, because SQLite takes a partial index only
# when the query repeats its condition word for word.
SETTLE_FINALIZED = text(
    "UPDATE block SET status = 'finalized' "
    "WHERE chain_id = :chain_id AND number <= :number AND status IN ('latest', 'safe')"
)
SETTLE_SAFE = text(
    "UPDATE block SET status = 'safe' "
    "WHERE chain_id = :chain_id AND number <= :number AND status IN ('latest', 'safe') "
    "AND status = 'latest'"
)


def cursor_of(connection: Connection, chain_id: int) -> Block | None:
    """The last complete block."""
    query = (
        select(*BLOCK_COLUMNS)
        .join(tables.cursor, tables.cursor.c.block_id == block.c.id)
        .where(tables.cursor.c.chain_id == chain_id)
    )
    row = connection.execute(query).mappings().first()
    return None if row is None else block_of(row)


def lock_branch(connection: Connection, chain_id: int) -> None:
    """Keep a second writer of the chain out until the end of the transaction.

    A statement of its own: one that waited for the lock goes on with rows that it saw before.
    SQLite has locked the whole database already, and ignores FOR UPDATE.
    """
    cursor = tables.cursor
    connection.execute(
        select(cursor.c.chain_id).where(cursor.c.chain_id == chain_id).with_for_update()
    )


def move_cursor(connection: Connection, chain_id: int, block_id: int) -> None:
    table = tables.cursor
    moved = connection.execute(
        update(table).where(table.c.chain_id == chain_id).values(block_id=block_id)
    )
    if moved.rowcount == 0:
        connection.execute(insert(table).values(chain_id=chain_id, block_id=block_id))


def canonical_row(connection: Connection, chain_id: int, block_hash: str) -> RowMapping | None:
    query = select(block).where(block.c.chain_id == chain_id, block.c.hash == block_hash, canonical)
    return connection.execute(query).mappings().first()


def add_block(
    connection: Connection, added: Block, *, seen_at: datetime, status: str = LATEST
) -> int:
    values = {
        "chain_id": added.chain_id,
        "number": added.number,
        "hash": added.hash,
        "parent_hash": added.parent_hash,
        "timestamp": added.timestamp,
        "status": status,
        "seen_at": seen_at,
    }
    return int(connection.execute(insert(block).values(values).returning(block.c.id)).scalar_one())


def require_successor(cursor: Block | None, added: Block) -> None:
    """`added` comes after the cursor, and directly after it only as its child."""
    if cursor is None:
        return
    where = f"block {added.number} of eip155:{added.chain_id}"
    if added.number <= cursor.number:
        raise StoreError(
            f"{where} ({added.hash[:12]}) is not on the stored branch, which is at block "
            f"{cursor.number} ({cursor.hash[:12]}): go back to the common ancestor first."
        )
    if added.number == cursor.number + 1 and added.parent_hash != cursor.hash:
        raise StoreError(
            f"{where} has the parent {added.parent_hash[:12]}, but the stored branch ends with "
            f"{cursor.hash[:12]}: go back to the common ancestor first."
        )


def settle(
    connection: Connection, chain_id: int, *, safe: int | None, finalized: int | None
) -> None:
    """Blocks only rise in status: a node whose finalized block goes back changes nothing."""
    for statement, number in ((SETTLE_FINALIZED, finalized), (SETTLE_SAFE, safe)):
        if number is not None:
            connection.execute(statement, {"chain_id": chain_id, "number": number})


def rewind(connection: Connection, chain_id: int, ancestor_hash: str | None) -> int:
    """Orphan every block above the ancestor and move the cursor to it; with None, all blocks.

    Raises BelowFinality, and changes nothing, when one of them is finalized.
    """
    lock_branch(connection, chain_id)
    above = [block.c.chain_id == chain_id, canonical]
    ancestor = None if ancestor_hash is None else _ancestor(connection, chain_id, ancestor_hash)
    if ancestor is not None:
        above.append(block.c.number > ancestor["number"])
    final = connection.execute(
        select(func.min(block.c.number)).where(*above, block.c.status == FINALIZED)
    ).scalar()
    if final is not None:
        raise BelowFinality(
            f"block {final} of eip155:{chain_id} is finalized here and not on the node's chain: "
            "nothing was changed; see whether the node is in sync."
        )
    orphaned = connection.execute(update(block).where(*above).values(status=ORPHANED)).rowcount
    if ancestor is None:
        connection.execute(delete(tables.cursor).where(tables.cursor.c.chain_id == chain_id))
    else:
        move_cursor(connection, chain_id, ancestor["id"])
    return orphaned


def _ancestor(connection: Connection, chain_id: int, block_hash: str) -> RowMapping:
    row = canonical_row(connection, chain_id, block_hash)
    if row is None:
        raise StoreError(
            f"block {block_hash[:12]} of eip155:{chain_id} is not on the stored branch: "
            "there is nothing to go back to."
        )
    return row


def finalized_of(connection: Connection, chain_id: int) -> int | None:
    """The highest stored block that is final."""
    query = select(func.max(block.c.number)).where(
        block.c.chain_id == chain_id, block.c.status == FINALIZED
    )
    found: int | None = connection.execute(query).scalar()
    return found


def recent_blocks(connection: Connection, chain_id: int, count: int) -> tuple[Block, ...]:
    """Canonical blocks, the newest first."""
    query = (
        select(*BLOCK_COLUMNS)
        .where(block.c.chain_id == chain_id, canonical)
        .order_by(block.c.number.desc())
        .limit(count)
    )
    return tuple(block_of(row) for row in connection.execute(query).mappings())


def neighbours(
    connection: Connection, chain_id: int, number: int
) -> tuple[Block | None, Block | None]:
    """The nearest canonical blocks below and above `number`."""
    query = select(*BLOCK_COLUMNS).where(block.c.chain_id == chain_id, canonical).limit(1)
    below = query.where(block.c.number < number).order_by(block.c.number.desc())
    above = query.where(block.c.number > number).order_by(block.c.number)
    rows = [connection.execute(each).mappings().first() for each in (below, above)]
    before, after = (None if row is None else block_of(row) for row in rows)
    return before, after
