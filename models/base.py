"""What all tables share: one catalogue with named constraints, and the schema's revision."""

from __future__ import annotations

from typing import Any, cast

from sqlalchemy import CheckConstraint, MetaData, Table
from sqlmodel import SQLModel

SCHEMA = "0009"
"""The Alembic head, repeated so that opening a database need not load the migrations."""

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)


class Base(SQLModel):
    """Base of every table; its catalogue holds these tables and no others."""

    metadata = metadata


def table_of(model: type[SQLModel]) -> Table:
    """The Core table behind a model: rows are written with executemany, never one by one."""
    return cast("Table", cast("Any", model).__table__)


def one_of(column: str, values: tuple[str, ...]) -> CheckConstraint:
    """`column` holds one of `values`, all plain words."""
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


def bytes32(column: str) -> CheckConstraint:
    return CheckConstraint(f"length({column}) = 32", name=column)


STRICT = {"sqlite_strict": True}
"""SQLite checks the type of each value, as PostgreSQL does."""

CLUSTERED = {**STRICT, "sqlite_with_rowid": False}
"""The rows lie in the order of their key: those of one parent are read with one seek."""

NOT_GENERATED = {"autoincrement": False}
"""For a key that the outside world gives."""
