"""Blocks that were read, blocks that were not, and how far each chain is."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, Text, UniqueConstraint, text
from sqlmodel import Field

from models.base import NOT_GENERATED, STRICT, Base, bytes32, one_of
from models.types import BlockHash, Int64, UtcDateTime

BLOCK_STATUSES = ("latest", "safe", "finalized", "orphaned")

CANONICAL = text("status <> 'orphaned'")
UNSETTLED = text("status IN ('latest', 'safe')")
OPEN = text("filled_at IS NULL")


class BlockRow(Base, table=True):
    """One reading of one block; `status` is the only value of the history that ever changes.

    A block that comes back after a reorg is read anew and gets a row of its own, because what was
    appended under the orphaned one may differ (a node that did not answer then).
    """

    __tablename__ = "block"
    __table_args__ = (
        one_of("status", BLOCK_STATUSES),
        CheckConstraint("number >= 0", name="number"),
        bytes32("hash"),
        bytes32("parent_hash"),
        # Facts repeat the number, because they are searched by it; their foreign key, which needs
        # this, sees to it that they repeat it rightly.
        UniqueConstraint("id", "number"),
        Index(
            "uq_block_chain_id_number_canonical",
            "chain_id",
            "number",
            unique=True,
            sqlite_where=CANONICAL,
            postgresql_where=CANONICAL,
        ),
        Index(
            "uq_block_chain_id_hash_canonical",
            "chain_id",
            "hash",
            unique=True,
            sqlite_where=CANONICAL,
            postgresql_where=CANONICAL,
        ),
        # Each tick settles a few blocks; without this it would pass all that are final already.
        Index(
            "ix_block_chain_id_number_unsettled",
            "chain_id",
            "number",
            sqlite_where=UNSETTLED,
            postgresql_where=UNSETTLED,
        ),
        STRICT,
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=Int64)
    chain_id: int = Field(sa_type=Int64)
    number: int = Field(sa_type=Int64)
    hash: str = Field(sa_type=BlockHash)
    parent_hash: str = Field(sa_type=BlockHash)
    timestamp: int = Field(sa_type=Int64)
    status: str = Field(sa_type=Text)
    seen_at: datetime = Field(sa_type=UtcDateTime)


class GapRow(Base, table=True):
    """Blocks that were not read, and why; `filled_at` once all of them were."""

    __tablename__ = "gap"
    __table_args__ = (
        CheckConstraint("first <= last", name="range"),
        Index(
            "uq_gap_chain_id_first_last_open",
            "chain_id",
            "first",
            "last",
            unique=True,
            sqlite_where=OPEN,
            postgresql_where=OPEN,
        ),
        STRICT,
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=Int64)
    chain_id: int = Field(sa_type=Int64)
    first: int = Field(sa_type=Int64)
    last: int = Field(sa_type=Int64)
    reason: str = Field(sa_type=Text)
    found_at: datetime = Field(sa_type=UtcDateTime)
    filled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class CursorRow(Base, table=True):
    """The last block that is complete on its chain's branch."""

    __tablename__ = "cursor"
    __table_args__ = (STRICT,)

    chain_id: int = Field(primary_key=True, sa_type=Int64, sa_column_kwargs=NOT_GENERATED)
    block_id: int = Field(foreign_key="block.id", sa_type=Int64)
