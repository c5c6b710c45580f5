"""Where an inserted block meets what was stored after it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Table, select

from watcher.errors import StoreError
from watcher.state.block import Block
from watcher.store import tables
from watcher.store.branch import canonical_row, neighbours
from watcher.store.register import Registered, registered


@dataclass(frozen=True, slots=True)
class Seam:
    """`filled` is the inserted block, `after` the stored block that follows it, `later` the one
    that follows that. `entries` are the targets at which something changed, by id."""

    connection: Connection
    filled: Block
    after: Block
    later: Block | None
    entries: dict[str, Registered]

    @classmethod
    def at(
        cls, connection: Connection, filled: Block, after: Block, target_ids: Collection[str]
    ) -> Seam:
        _, later = neighbours(connection, after.chain_id, after.number)
        found = registered(connection, uids=target_ids)
        return cls(connection, filled, after, later, {entry.target.id: entry for entry in found})

    def block_id(self, block: Block) -> int:
        row = canonical_row(self.connection, block.chain_id, block.hash)
        if row is None:
            raise StoreError(f"block {block.number} of eip155:{block.chain_id} is not stored.")
        return int(row["id"])

    def row_at(self, facts: Table, entry: Registered, block: Block) -> Any | None:
        """The row of `facts` that the target got at exactly this block."""
        return self.connection.execute(
            select(facts).where(
                facts.c.target_id == entry.id,
                facts.c.block_number == block.number,
                facts.c.block_id == self.block_id(block),
            )
        ).first()

    def row_below(self, facts: Table, entry: Registered, number: int) -> Any | None:
        """The row of `facts` that was in force for the target before block `number`."""
        seen = tables.block
        return self.connection.execute(
            select(facts)
            .join(seen, seen.c.id == facts.c.block_id)
            .where(facts.c.target_id == entry.id, facts.c.block_number < number)
            .where(tables.canonical_of(seen))
            .order_by(facts.c.block_number.desc())
            .limit(1)
        ).first()
