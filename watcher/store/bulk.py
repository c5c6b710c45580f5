"""Writing many rows at once, the fastest way that each database has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
    names = ", ".join(f'"{table.c[name].name}"' for name in rows[0])
    if connection.dialect.name == SQLITE:
        _executemany(connection, table, rows, names)
    else:
        _copy(connection, table, rows, names)


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


def _executemany(connection: Connection, table: Table, rows: Rows, names: str) -> None:
    """The driver's own: SQLAlchemy's looks at each parameter of each row again, which takes longer
    than SQLite's writing it."""
    marks = ", ".join("?" * len(rows[0]))
    statement = f'INSERT INTO "{table.name}" ({names}) VALUES ({marks})'  # noqa: S608 - our names
    try:
        bound = list(_bound(connection, table, rows))
    except ValueError as error:
        raise StatementError(str(error), statement, None, error) from error
    connection.exec_driver_sql(statement, bound)


def _copy(connection: Connection, table: Table, rows: Rows, names: str) -> None:
    """COPY takes ten times the rows a second that executemany does: PostgreSQL plans, checks and
    answers once, not row by row."""
    statement = f'COPY "{table.name}" ({names}) FROM STDIN'
    driver: Any = connection.connection
    try:
        with driver.cursor() as cursor, cursor.copy(statement) as target:
            for row in _bound(connection, table, rows):
                target.write_row(row)
    except connection.dialect.loaded_dbapi.Error as error:
        raise DBAPIError(statement, None, error) from error
    except ValueError as error:
        raise StatementError(str(error), statement, None, error) from error


def _bound(connection: Connection, table: Table, rows: Rows) -> Iterator[tuple[Any, ...]]:
    """The rows as the driver takes them. Raises ValueError where a column does not."""
    dialect = connection.dialect
    types = [table.c[name].type.dialect_impl(dialect) for name in rows[0]]
    bind = [kind.bind_processor(dialect) or _as_is for kind in types]
    for row in rows:
        yield tuple(convert(value) for convert, value in zip(bind, row.values(), strict=True))


def _as_is(value: Any) -> Any:
    return value
