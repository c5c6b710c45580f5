"""What flowed through targets, as their contracts' own events say."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Text, UniqueConstraint
from sqlmodel import Field

from models.base import CLUSTERED, NOT_GENERATED, STRICT, Base, bytes32, one_of
from models.types import UINT256_MAX, ContentHash, Float64, Int64, Uint256

FLOW_READING_STATUSES = ("ok", "unavailable")
FLOW_WINDOW_STATUSES = ("ok", "decode_error")
FLOW_KINDS = ("swap", "add", "remove", "collect", "fee", "flash", "sync")
FLOW_SIDES = ("in", "out", "fee", "owed", "reserve")


class FlowScopeRow(Base, table=True):
    """Targets whose logs are read together. Content-addressed: `hash` is the SHA-256 of `body`, the
    canonical JSON list of their uids."""

    __tablename__ = "flow_scope"
    __table_args__ = (bytes32("hash"), STRICT)

    hash: str = Field(primary_key=True, sa_type=ContentHash)
    body: str = Field(sa_type=Text)


class FlowReadingRow(Base, table=True):
    """The logs of one block were read, or could not be. Of a block without such a row, and of
    targets out of its scope, nobody knows what flowed."""

    __tablename__ = "flow_reading"
    __table_args__ = (
        one_of("status", FLOW_READING_STATUSES),
        CheckConstraint("(status = 'ok') = (detail = '')", name="detail"),
        ForeignKeyConstraint(["block_id", "block_number"], ["block.id", "block.number"]),
        STRICT,
    )

    block_id: int = Field(primary_key=True, sa_type=Int64, sa_column_kwargs=NOT_GENERATED)
    block_number: int = Field(sa_type=Int64)
    scope_hash: str = Field(foreign_key="flow_scope.hash", sa_type=ContentHash)
    status: str = Field(sa_type=Text)
    detail: str = Field(sa_type=Text)


class FlowWindowRow(Base, table=True):
    """One target in one block in which something flowed, or its reserves changed without; of its
    block alone, unlike an observation."""

    __tablename__ = "flow_window"
    __table_args__ = (
        one_of("status", FLOW_WINDOW_STATUSES),
        CheckConstraint("(status = 'ok') = (detail = '')", name="detail"),
        ForeignKeyConstraint(["block_id", "block_number"], ["block.id", "block.number"]),
        UniqueConstraint("target_id", "block_number", "block_id"),
        STRICT,
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=Int64)
    target_id: int = Field(foreign_key="target.id", sa_type=Int64)
    block_id: int = Field(sa_type=Int64)
    block_number: int = Field(sa_type=Int64)
    status: str = Field(sa_type=Text)
    detail: str = Field(sa_type=Text)


class FlowRow(Base, table=True):
    """One event; `log_index` is its place in the block."""

    __tablename__ = "flow"
    __table_args__ = (one_of("kind", FLOW_KINDS), CLUSTERED)

    window_id: int = Field(primary_key=True, foreign_key="flow_window.id", sa_type=Int64)
    log_index: int = Field(primary_key=True, sa_type=Int64)
    kind: str = Field(sa_type=Text)
    taker: str | None = Field(default=None, sa_type=Text)


class FlowAmountRow(Base, table=True):
    """One amount of an event: `raw` exact, `units` in whole tokens."""

    __tablename__ = "flow_amount"
    __table_args__ = (
        one_of("side", FLOW_SIDES),
        ForeignKeyConstraint(["window_id", "log_index"], ["flow.window_id", "flow.log_index"]),
        CheckConstraint("length(raw) = 32", name="raw").ddl_if(dialect="sqlite"),
        CheckConstraint(f"raw BETWEEN 0 AND {UINT256_MAX}", name="raw").ddl_if(
            dialect="postgresql"
        ),
        CLUSTERED,
    )

    window_id: int = Field(primary_key=True, sa_type=Int64)
    log_index: int = Field(primary_key=True, sa_type=Int64)
    position: int = Field(primary_key=True, sa_type=Int64)
    side: str = Field(sa_type=Text)
    token_id: int = Field(foreign_key="token.id", sa_type=Int64)
    raw: int = Field(sa_type=Uint256)
    units: float = Field(sa_type=Float64)


class FlowMeasureRow(Base, table=True):
    """One figure of a window; as `measure`."""

    __tablename__ = "flow_measure"
    __table_args__ = (
        CheckConstraint("(value IS NULL) = (reason IS NOT NULL)", name="reason"),
        CheckConstraint(
            "value BETWEEN -1.7976931348623157e308 AND 1.7976931348623157e308", name="finite"
        ),
        CLUSTERED,
    )

    window_id: int = Field(primary_key=True, foreign_key="flow_window.id", sa_type=Int64)
    name: str = Field(primary_key=True, sa_type=Text)
    dims: str = Field(primary_key=True, sa_type=Text)
    value: float | None = Field(default=None, sa_type=Float64)
    reason: str | None = Field(default=None, sa_type=Text)
    version: int = Field(sa_type=Int64)
