"""What an attacker could have taken, and the receipts of the simulations that show it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, Text, UniqueConstraint
from sqlmodel import Field

from models.base import STRICT, Base, bytes32, one_of
from models.types import ContentHash, Float64, Int64, UtcDateTime

FINDING_GOALS = ("profit", "griefing")
FINDING_PROOFS = ("executed", "partial", "scenario")
RECEIPT_LEVELS = ("executed", "partial", "scenario", "refuted")


class FindingRow(Base, table=True):
    """Appended when what an attack on a target would take differs from the target's last row of
    that attack and goal on the branch; where its block is orphaned, it is retracted.

    `key` tells whether two are the same; `body` is canonical JSON in zlib.
    """

    __tablename__ = "finding"
    __table_args__ = (
        one_of("goal", FINDING_GOALS),
        one_of("proof", FINDING_PROOFS),
        ForeignKeyConstraint(["block_id", "block_number"], ["block.id", "block.number"]),
        UniqueConstraint("target_id", "attack", "goal", "block_number", "block_id", "key"),
        bytes32("key"),
        STRICT,
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=Int64)
    target_id: int = Field(foreign_key="target.id", sa_type=Int64)
    block_id: int = Field(sa_type=Int64)
    block_number: int = Field(sa_type=Int64)
    attack: str = Field(sa_type=Text)
    goal: str = Field(sa_type=Text)
    proof: str = Field(sa_type=Text)
    profit: float = Field(sa_type=Float64)
    victims_loss: float = Field(sa_type=Float64)
    pools_loss: float = Field(sa_type=Float64)
    reason: str | None = Field(default=None, sa_type=Text)
    key: str = Field(sa_type=ContentHash)
    body: bytes


class ReceiptRow(Base, table=True):
    """One simulation of a finding. `hash` is the SHA-256 of `body`, canonical JSON that is kept in
    zlib; the same simulation of a finding that was appended again is a row again."""

    __tablename__ = "receipt"
    __table_args__ = (
        one_of("level", RECEIPT_LEVELS),
        CheckConstraint("(level = 'executed') = (reason IS NULL)", name="reason"),
        UniqueConstraint("finding_id", "hash"),
        Index("ix_receipt_hash", "hash"),
        bytes32("hash"),
        STRICT,
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=Int64)
    finding_id: int = Field(foreign_key="finding.id", sa_type=Int64)
    hash: str = Field(sa_type=ContentHash)
    level: str = Field(sa_type=Text)
    reason: str | None = Field(default=None, sa_type=Text)
    made_at: datetime = Field(sa_type=UtcDateTime)
    body: bytes
