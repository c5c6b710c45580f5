"""What was read: observations, the states behind them, and the amounts inside those."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, Text, UniqueConstraint, text
from sqlmodel import Field

from models.base import CLUSTERED, STRICT, Base, bytes32, one_of
from models.types import UINT256_MAX, ContentHash, Float64, Int64, Uint256

OBSERVATION_STATUSES = (
    "ok",
    "reverted",
    "no_code",
    "decode_error",
    "too_large",
    "unavailable",
    "quarantined",
)

FAILED = text("status <> 'ok'")


class StateRow(Base, table=True):
    """Content-addressed: `hash` is the SHA-256 of the canonical JSON that `body` holds in zlib."""

    __tablename__ = "state"
    __table_args__ = (bytes32("hash"), STRICT)

    hash: str = Field(primary_key=True, sa_type=ContentHash)
    kind: str = Field(sa_type=Text)
    version: int = Field(sa_type=Int64)
    body: bytes


class ObservationRow(Base, table=True):
    """Appended when a target's state or status changes on its branch; in force until the next."""

    __tablename__ = "observation"
    __table_args__ = (
        one_of("status", OBSERVATION_STATUSES),
        CheckConstraint("(status = 'ok') = (state_hash IS NOT NULL)", name="state"),
        CheckConstraint("length(detail) <= 500", name="detail"),
        ForeignKeyConstraint(["block_id", "block_number"], ["block.id", "block.number"]),
        # "As of block N" walks this down from N and stops at the first canonical block.
        UniqueConstraint("target_id", "block_number", "block_id"),
        # How long a target is well: the last failure is one seek away, however old it is.
        Index(
            "ix_observation_target_id_block_number_failed",
            "target_id",
            "block_number",
            sqlite_where=FAILED,
            postgresql_where=FAILED,
        ),
        STRICT,
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=Int64)
    target_id: int = Field(foreign_key="target.id", sa_type=Int64)
    block_id: int = Field(sa_type=Int64)
    block_number: int = Field(sa_type=Int64)
    status: str = Field(sa_type=Text)
    state_hash: str | None = Field(default=None, foreign_key="state.hash", sa_type=ContentHash)
    detail: str = Field(sa_type=Text)


class AmountRow(Base, table=True):
    """An amount of a state once more, for SQL: `raw` exact, `units` in whole tokens."""

    __tablename__ = "amount"
    __table_args__ = (
        CheckConstraint("length(raw) = 32", name="raw").ddl_if(dialect="sqlite"),
        CheckConstraint(f"raw BETWEEN 0 AND {UINT256_MAX}", name="raw").ddl_if(
            dialect="postgresql"
        ),
        CLUSTERED,
    )

    observation_id: int = Field(primary_key=True, foreign_key="observation.id", sa_type=Int64)
    position: int = Field(primary_key=True, sa_type=Int64)
    field: str = Field(sa_type=Text)
    token_id: int = Field(foreign_key="token.id", sa_type=Int64)
    raw: int = Field(sa_type=Uint256)
    units: float = Field(sa_type=Float64)
