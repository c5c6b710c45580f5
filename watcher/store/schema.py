"""Which revision a database has, and bringing it to this program's."""

from __future__ import annotations

from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import Connection, inspect

from models import SCHEMA
from watcher.errors import StoreError
from watcher.store.database import POSTGRESQL, Database

if TYPE_CHECKING:
    from alembic.config import Config

# Any number, the same in every version of this program: two that upgrade at once take turns.
UPGRADE_LOCK = 0x77617463


class Schema(NamedTuple):
    """`revision` is the database's, None when it has no tables yet; `head` is the program's."""

    revision: str | None
    head: str


def current(database: Database) -> Schema:
    """A file that does not exist yet has no revision, and is not made."""
    if database.file is not None and not database.file.exists():
        return Schema(None, SCHEMA)
    with database.reading() as connection:
        return Schema(_revision(connection), SCHEMA)


def require_current(database: Database) -> None:
    revision, head = current(database)
    if revision == head:
        return
    if database.file is not None and not database.file.exists():
        raise StoreError(database.missing)
    if revision is None:
        raise StoreError(f"{database.name} has no schema yet: run `watcher db upgrade`.")
    if not revision.isdigit():
        raise StoreError(
            f"database schema {revision} of {database.name} is not one of this program's: "
            "give another database."
        )
    if revision > head:
        raise StoreError(newer(revision, head))
    raise StoreError(
        f"database schema {revision} is older than this program ({head}): run `watcher db upgrade`."
    )


def upgrade(database: Database) -> None:
    """Bring the database to this program's schema, in one transaction; make it when missing."""
    folder = database.file.absolute().parent if database.file else None
    if folder is not None and not folder.is_dir():
        raise StoreError(f"{folder} does not exist: create the folder or give another path.")
    with database.migrating() as connection:
        if connection.dialect.name == POSTGRESQL:
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({UPGRADE_LOCK})")
        revision = _revision(connection)
        if revision is not None and revision.isdigit() and revision > SCHEMA:
            raise StoreError(newer(revision, SCHEMA))
        if revision != SCHEMA:
            _run(connection)


def _run(connection: Connection) -> None:
    from alembic import command

    with as_file(files("models.migrations")) as folder:
        command.upgrade(configuration(folder, connection), "head")
    if connection.dialect.name == POSTGRESQL:
        return
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
    if broken is not None:
        raise StoreError(
            f"a row of table {broken[0]} points at a row of {broken[2]} that does not exist: "
            "nothing was upgraded; restore a backup."
        )


def configuration(folder: Path, connection: Connection) -> Config:
    """Alembic's configuration over a connection that is already open."""
    from alembic.config import Config

    config = Config(folder / "alembic.ini")
    config.attributes["connection"] = connection
    return config


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    return None if found is None else str(found)


def newer(revision: str, head: str) -> str:
    """What is said of a database that this program is too old for."""
    return (
        f"database schema {revision} is newer than this program ({head}): "
        "upgrade the program, or restore a backup."
    )
