"""Rules, the alerts that they raised, and what befell each of these."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, Text
from sqlmodel import Field

from models.base import STRICT, Base, bytes32, one_of
from models.types import ContentHash, Int64, UtcDateTime

SEVERITIES = ("info", "warning", "critical")
ALERT_EVENTS = (
    "pending",
    "fired",
    "confirmed",
    "continued",
    "reopened",
    "worsened",
    "escalated",
    "eased",
    "relapsed",
    "lapsed",
    "passed",
    "spike",
    "resolved",
    "retracted",
    "acknowledged",
    "silenced",
)
BY_PEOPLE = "kind IN ('acknowledged', 'silenced')"


class RuleRow(Base, table=True):
    """A rule as it was in effect. Content-addressed: `hash` is the SHA-256 of `body`, canonical
    JSON."""

    __tablename__ = "rule"
    __table_args__ = (one_of("severity", SEVERITIES), bytes32("hash"), STRICT)

    hash: str = Field(primary_key=True, sa_type=ContentHash)
    name: str = Field(sa_type=Text)
    severity: str = Field(sa_type=Text)
    body: str = Field(sa_type=Text)


class AlertRow(Base, table=True):
    """One alert: a rule, by its name, on a target. Everything else of it are its events."""

    __tablename__ = "alert"
    __table_args__ = (
        CheckConstraint("length(uid) = 64", name="uid"),
        Index(None, "target_id", "id"),
        STRICT,
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=Int64)
    uid: str = Field(unique=True, sa_type=Text)
    target_id: int = Field(foreign_key="target.id", sa_type=Int64)
    rule: str = Field(sa_type=Text)


class AlertEventRow(Base, table=True):
    """What a block did to an alert, or a person. An event of a block that a reorg has orphaned did
    not happen; what a person did stays."""

    __tablename__ = "alert_event"
    __table_args__ = (
        one_of("kind", ALERT_EVENTS),
        CheckConstraint("(block_id IS NULL) = (block_number IS NULL)", name="block"),
        CheckConstraint(f"(block_id IS NULL) = ({BY_PEOPLE})", name="by_people"),
        CheckConstraint(f"(actor <> '') = ({BY_PEOPLE})", name="actor"),
        CheckConstraint("(until IS NOT NULL) = (kind = 'silenced')", name="until"),
        ForeignKeyConstraint(["block_id", "block_number"], ["block.id", "block.number"]),
        Index(None, "alert_id", "id"),
        Index(None, "block_id"),
        STRICT,
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=Int64)
    alert_id: int = Field(foreign_key="alert.id", sa_type=Int64)
    rule_hash: str = Field(foreign_key="rule.hash", sa_type=ContentHash)
    kind: str = Field(sa_type=Text)
    block_id: int | None = Field(default=None, sa_type=Int64)
    block_number: int | None = Field(default=None, sa_type=Int64)
    actor: str = Field(sa_type=Text)
    detail: str = Field(sa_type=Text)
    until: int | None = Field(default=None, sa_type=Int64)
    gauges: str = Field(sa_type=Text)
    found_at: datetime = Field(sa_type=UtcDateTime)
