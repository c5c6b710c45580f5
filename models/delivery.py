"""What is to be told to whom: the outbox."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, Text, UniqueConstraint, text
from sqlmodel import Field

from models.base import STRICT, Base, one_of
from models.types import Int64, UtcDateTime

DELIVERY_STATUSES = ("pending", "sent", "dead")

PENDING = text("status = 'pending'")


class DeliveryRow(Base, table=True):
    """One notice for one receiver: written in the transaction of what it tells, sent afterwards.

    The notice is kept whole, so that it is sent as it was meant whatever has changed since. While
    somebody sends it, it is theirs (`holder`) until `held_until`.
    """

    __tablename__ = "delivery"
    __table_args__ = (
        one_of("status", DELIVERY_STATUSES),
        CheckConstraint("attempts >= 0", name="attempts"),
        CheckConstraint("(holder IS NULL) = (held_until IS NULL)", name="hold"),
        CheckConstraint("(status = 'pending') = (finished_at IS NULL)", name="finished"),
        CheckConstraint("status = 'pending' OR holder IS NULL", name="held"),
        CheckConstraint("(status = 'dead') = (reason IS NOT NULL)", name="reason"),
        # The promise to a receiver: one notice is one delivery, however often it is handed in.
        UniqueConstraint("notice_uid", "receiver"),
        Index(
            "ix_delivery_receiver_id_pending",
            "receiver",
            "id",
            sqlite_where=PENDING,
            postgresql_where=PENDING,
        ),
        # What stands before it of the same alert is looked up for each that waits: without this, an
        # hour of a receiver that is down would take the square of its notices.
        Index(
            "ix_delivery_receiver_alert_id_pending",
            "receiver",
            "alert",
            "id",
            sqlite_where=PENDING,
            postgresql_where=PENDING,
        ),
        STRICT,
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=Int64)
    notice_uid: str = Field(sa_type=Text)
    receiver: str = Field(sa_type=Text)
    alert: str = Field(sa_type=Text)
    notice: str = Field(sa_type=Text)
    status: str = Field(sa_type=Text)
    attempts: int = Field(sa_type=Int64)
    created_at: datetime = Field(sa_type=UtcDateTime)
    queued_at: datetime = Field(sa_type=UtcDateTime)
    due_at: datetime = Field(sa_type=UtcDateTime)
    holder: str | None = Field(default=None, sa_type=Text)
    held_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    last_error: str | None = Field(default=None, sa_type=Text)
    reason: str | None = Field(default=None, sa_type=Text)
