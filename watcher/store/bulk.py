"""Writing many rows at once, the fastest way that each database has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Table, insert
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, StatementError

from watcher.store.database import SQLITE

Rows = Sequence[dict[str, Any]]


def insert_many(connection: Connection, table: Table, rows: Rows) -> None:
    """All rows have the same columns."""
    if not rows:
        return
    if connection.dialect.name == SQLITE:
        connection.execute(insert(table), rows)
    else:
        _copy(connection, table, rows)


def insert_new(connection: Connection, table: Table, rows: Rows) -> None:
    """Leave out what is there already under the same primary key."""
    if rows:
        make = sqlite.insert if connection.dialect.name == SQLITE else postgresql.insert
        connection.execute(make(table).on_conflict_do_nothing(), rows)


def insert_with_ids(connection: Connection, table: Table, rows: Rows) -> dict[int, int]:
    """For facts, of which a block has one a target: the new ids by target."""
    if not rows:
        return {}
    statement = insert(table).returning(table.c.target_id, table.c.id)
    return {row[0]: row[1] for row in connection.execute(statement, rows)}


def _copy(connection: Connection, table: Table, rows: Rows) -> None:
    """COPY takes ten times the rows a second that executemany does: PostgreSQL plans, checks and
    answers once, not row by row."""
    columns = [table.c[name] for name in rows[0]]
    dialect = connection.dialect
    types = [column.type.dialect_impl(dialect) for column in columns]
    bind = [kind.bind_processor(dialect) or _as_is for kind in types]
    names = ", ".join(f'"{column.name}"' for column in columns)
    statement = f'COPY "{table.name}" ({names}) FROM STDIN'
    driver: Any = connection.connection
    try:
        with driver.cursor() as cursor, cursor.copy(statement) as target:
            for row in rows:
                target.write_row(
                    [convert(value) for convert, value in zip(bind, row.values(), strict=True)]
                )
    except dialect.loaded_dbapi.Error as error:
        raise DBAPIError(statement, None, error) from error
    except ValueError as error:
        raise StatementError(str(error), statement, None, error) from error


def _as_is(value: Any) -> Any:
    return value
