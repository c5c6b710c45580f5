"""What befell the endpoints that a chain is read through."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, Text
from sqlmodel import Field

from models.base import STRICT, Base, one_of
from models.types import BlockHash, Int64, UtcDateTime

ENDPOINT_EVENTS = (
    "hash_outvoted",
    "value_outvoted",
    "undecided",
    "agrees_again",
    "key_refused",
    "wrong_chain",
)


class EndpointEventRow(Base, table=True):
    """One thing that befell one endpoint, which is named by its host and port alone.

    The block is kept by number and hash, not by reference: a block on which an endpoint was
    outvoted is often not stored.
    """

    __tablename__ = "endpoint_event"
    __table_args__ = (
        one_of("kind", ENDPOINT_EVENTS),
        CheckConstraint("(block_number IS NULL) = (block_hash IS NULL)", name="block"),
        CheckConstraint("length(block_hash) = 32", name="block_hash"),
        Index(None, "chain_id", "id"),
        STRICT,
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=Int64)
    chain_id: int = Field(sa_type=Int64)
    endpoint: str = Field(sa_type=Text)
    kind: str = Field(sa_type=Text)
    block_number: int | None = Field(default=None, sa_type=Int64)
    block_hash: str | None = Field(default=None, sa_type=BlockHash)
    detail: str = Field(sa_type=Text)
    found_at: datetime = Field(sa_type=UtcDateTime)
