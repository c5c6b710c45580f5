"""What was computed: computations, their inputs, and the figures that hang on them."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Text, UniqueConstraint
from sqlmodel import Field

from models.base import CLUSTERED, STRICT, Base, bytes32
from models.types import ContentHash, Float64, Int64


class SettingsRow(Base, table=True):
    """Content-addressed: `hash` is the SHA-256 of `body`, canonical JSON."""

    __tablename__ = "settings"
    __table_args__ = (bytes32("hash"), STRICT)

    hash: str = Field(primary_key=True, sa_type=ContentHash)
    body: str = Field(sa_type=Text)


class ComputationRow(Base, table=True):
    """All measures of one target at one block; in force until the target's next computation.

    `key` names everything that they depend on: the same key gives the same measures, so that a row
    is appended only when it differs from the last.
    """

    __tablename__ = "computation"
    __table_args__ = (
        ForeignKeyConstraint(["block_id", "block_number"], ["block.id", "block.number"]),
        UniqueConstraint("target_id", "block_number", "block_id"),
        bytes32("key"),
        STRICT,
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=Int64)
    target_id: int = Field(foreign_key="target.id", sa_type=Int64)
    block_id: int = Field(sa_type=Int64)
    block_number: int = Field(sa_type=Int64)
    settings_hash: str = Field(foreign_key="settings.hash", sa_type=ContentHash)
    key: str = Field(sa_type=ContentHash)


class ComputationInputRow(Base, table=True):
    """An observation that a computation used, and as what: its role (docs/schema.md)."""

    __tablename__ = "computation_input"
    __table_args__ = (CLUSTERED,)

    computation_id: int = Field(primary_key=True, foreign_key="computation.id", sa_type=Int64)
    role: str = Field(primary_key=True, sa_type=Text)
    observation_id: int = Field(foreign_key="observation.id", sa_type=Int64)


class MeasureRow(Base, table=True):
    """One figure; `dims` is canonical JSON, `value` null when unknown with `reason` saying why."""

    __tablename__ = "measure"
    __table_args__ = (
        CheckConstraint("(value IS NULL) = (reason IS NOT NULL)", name="reason"),
        # NaN and infinity lie outside on PostgreSQL too, which sorts NaN above every number.
        CheckConstraint(
            "value BETWEEN -1.7976931348623157e308 AND 1.7976931348623157e308", name="finite"
        ),
        CLUSTERED,
    )

    computation_id: int = Field(primary_key=True, foreign_key="computation.id", sa_type=Int64)
    name: str = Field(primary_key=True, sa_type=Text)
    dims: str = Field(primary_key=True, sa_type=Text)
    value: float | None = Field(default=None, sa_type=Float64)
    reason: str | None = Field(default=None, sa_type=Text)
    version: int = Field(sa_type=Int64)
