"""Series from outside: prices or balances that somebody else recorded."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Text, UniqueConstraint
from sqlmodel import Field

from models.base import CLUSTERED, STRICT, Base, bytes32
from models.types import ContentHash, Float64, Int64, UtcDateTime


class SeriesRow(Base, table=True):
    """One column of a file as it was imported; of several rows of one name the newest counts.
    `hash` is the SHA-256 of its points, a line each: the time in seconds, a space, the value."""

    __tablename__ = "series"
    __table_args__ = (bytes32("hash"), UniqueConstraint("name", "hash"), STRICT)

    id: int | None = Field(default=None, primary_key=True, sa_type=Int64)
    name: str = Field(sa_type=Text)
    hash: str = Field(sa_type=ContentHash)
    source: str = Field(sa_type=Text)
    unit: str = Field(sa_type=Text)
    imported_at: datetime = Field(sa_type=UtcDateTime)


class SeriesPointRow(Base, table=True):
    """The value of a series at a time, in seconds."""

    __tablename__ = "series_point"
    __table_args__ = (
        # As of a measure: PostgreSQL sorts NaN above every number.
        CheckConstraint(
            "value BETWEEN -1.7976931348623157e308 AND 1.7976931348623157e308", name="finite"
        ),
        CLUSTERED,
    )

    series_id: int = Field(primary_key=True, foreign_key="series.id", sa_type=Int64)
    timestamp: int = Field(primary_key=True, sa_type=Int64)
    value: float = Field(sa_type=Float64)
