"""Who may write."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Text
from sqlmodel import Field

from models.base import STRICT, Base
from models.types import UtcDateTime


class LeaseRow(Base, table=True):
    """`name` belongs to `holder` until `expires_at`."""

    __tablename__ = "lease"
    __table_args__ = (STRICT,)

    name: str = Field(primary_key=True, sa_type=Text)
    holder: str = Field(sa_type=Text)
    expires_at: datetime = Field(sa_type=UtcDateTime)
