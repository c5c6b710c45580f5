"""What is deployed at a target's address, and behind it where it is a proxy."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Text, UniqueConstraint
from sqlmodel import Field

from models.base import STRICT, Base
from models.types import BlockHash, Int64


class CodeRow(Base, table=True):
    """Appended when a target's code or implementation differs from its last row on the branch;
    every row but a target's first is an event."""

    __tablename__ = "code"
    __table_args__ = (
        ForeignKeyConstraint(["block_id", "block_number"], ["block.id", "block.number"]),
        UniqueConstraint("target_id", "block_number", "block_id"),
        CheckConstraint("length(code_hash) = 32", name="code_hash"),
        CheckConstraint("length(implementation_hash) = 32", name="implementation_hash"),
        CheckConstraint(
            "implementation_hash IS NULL OR implementation IS NOT NULL", name="implementation"
        ),
        STRICT,
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=Int64)
    target_id: int = Field(foreign_key="target.id", sa_type=Int64)
    block_id: int = Field(sa_type=Int64)
    block_number: int = Field(sa_type=Int64)
    code_hash: str | None = Field(default=None, sa_type=BlockHash)
    implementation: str | None = Field(default=None, sa_type=Text)
    implementation_hash: str | None = Field(default=None, sa_type=BlockHash)
