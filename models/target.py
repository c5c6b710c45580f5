"""What is watched: targets and their tokens."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Text, UniqueConstraint
from sqlmodel import Field

from models.base import CLUSTERED, STRICT, Base, one_of
from models.types import Int64


class TokenRow(Base, table=True):
    """A token as its contract described itself when a target with it was last registered."""

    __tablename__ = "token"
    __table_args__ = (
        UniqueConstraint("chain_id", "address"),
        CheckConstraint("decimals BETWEEN 0 AND 255", name="decimals"),
        STRICT,
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=Int64)
    chain_id: int = Field(sa_type=Int64)
    address: str = Field(sa_type=Text)
    decimals: int = Field(sa_type=Int64)
    symbol: str = Field(sa_type=Text)


class TargetRow(Base, table=True):
    """`uid` is the content id that every other system knows the target by."""

    __tablename__ = "target"
    __table_args__ = (CheckConstraint("length(uid) = 64", name="uid"), STRICT)

    id: int | None = Field(default=None, primary_key=True, sa_type=Int64)
    uid: str = Field(unique=True, sa_type=Text)
    chain_id: int = Field(sa_type=Int64)
    protocol: str = Field(sa_type=Text)
    address: str = Field(sa_type=Text)
    kind: str = Field(sa_type=Text)
    key: str = Field(sa_type=Text)
    name: str = Field(sa_type=Text)
    params: str = Field(sa_type=Text)


class TargetTokenRow(Base, table=True):
    """A target's coins in the contract's own order (role "token") and its claim ("share")."""

    __tablename__ = "target_token"
    __table_args__ = (one_of("role", ("token", "share")), CLUSTERED)

    target_id: int = Field(primary_key=True, foreign_key="target.id", sa_type=Int64)
    role: str = Field(primary_key=True, sa_type=Text)
    position: int = Field(primary_key=True, sa_type=Int64)
    token_id: int = Field(foreign_key="token.id", sa_type=Int64)
