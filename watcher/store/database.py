"""One database: how it is opened, read and written, and what is said when that fails."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import NullPool

from watcher.errors import StoreError

SQLITE = "sqlite"
POSTGRESQL = "postgresql"
DRIVERS = {
    "sqlite": "sqlite",
    "sqlite+pysqlite": "sqlite",
    "postgresql": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
}

OLDEST_SQLITE = (3, 37)
"""The first with STRICT tables; RETURNING came in 3.35."""

WAIT_SECONDS = 30.0
"""How long one process waits while another writes: many times the longest tick."""

WAL_PAUSE_SECONDS = 0.01

CONNECT_SECONDS = 10

CURES = (
    ("locked", "another process is writing: stop it, or try again"),
    ("full", "make room and start again; nothing was half written"),
    ("readonly", "give this user the right to write it"),
    ("read-only", "give this user the right to write it"),
    ("unable to open", "its path must be that of a file, in a folder that this user may write to"),
    ("malformed", "the file is damaged: move it away and restore a backup"),
    ("not a database", "the file is something else: give another path"),
    ("password authentication", "check the user and the password"),
)


class Database:
    """Gives out connections, one thread each, and turns what goes wrong into a StoreError.

    A URL may hold a password: what people are shown is `name`, never the URL.
    """

    def __init__(
        self, url: str, *, wait_seconds: float = WAIT_SECONDS, read_only: bool = False
    ) -> None:
        self._url = _parse(url)
        self._wait_seconds = wait_seconds
        self._read_only = read_only
        self.is_sqlite = self._url.get_backend_name() == SQLITE
        self.name = _name(self._url)
        self._engine = self._make_engine(create=False)

    @property
    def dialect(self) -> str:
        return self._engine.dialect.name

    @property
    def file(self) -> Path | None:
        return Path(str(self._url.database)) if self.is_sqlite else None

    @property
    def missing(self) -> str:
        return f"{self.name} does not exist: run `watcher db upgrade`, which creates it."

    def close(self) -> None:
        self._engine.dispose()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One view of the data, whatever is written meanwhile."""
        options = {} if self.is_sqlite else {"isolation_level": "REPEATABLE READ"}
        with self._translated(), self._engine.connect() as connection:
            yield connection.execution_options(**options)

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction: all of it is stored, or nothing."""
        with self._translated(), self._engine.connect() as connection:
            connection.execution_options(watcher_writes=True)
            with connection.begin():
                yield connection

    @contextmanager
    def migrating(self) -> Iterator[Connection]:
        """As `writing`, for a database that may not exist yet and whose tables are rebuilt."""
        engine = self._make_engine(create=True)
        try:
            with self._translated(), engine.connect() as connection:
                connection.execution_options(watcher_writes=True, watcher_migrates=True)
                with connection.begin():
                    yield connection
        finally:
            engine.dispose()

    def _make_engine(self, *, create: bool) -> Engine:
        options: dict[str, Any] = {
            # Errors would repeat every row of a tick.
            "hide_parameters": True,
        }
        if create:
            options["poolclass"] = NullPool
        if self.is_sqlite:
            options["creator"] = lambda: self._connect_sqlite(create=create)
        else:
            options["connect_args"] = {"connect_timeout": CONNECT_SECONDS}
            if self._read_only:
                options["connect_args"]["options"] = "-c default_transaction_read_only=on"
            if not create:
                # After a restart of the server the first tick finds out, not the user.
                options["pool_pre_ping"] = True
        try:
            engine = create_engine(self._url, **options)
        except ModuleNotFoundError:
            raise StoreError(
                "PostgreSQL needs psycopg, which is not installed: install "
                "imbalance-watcher[postgres]."
            ) from None
        event.listen(engine, "begin", self._begin)
        return engine

    def _connect_sqlite(self, *, create: bool) -> sqlite3.Connection:
        # Without mode=rw a mistyped path would silently become an empty database.
        mode = "rwc" if create else "rw"
        path = quote(str(Path(str(self._url.database)).absolute()))
        connection = sqlite3.connect(
            f"file:{path}?mode={mode}",
            uri=True,
            timeout=self._wait_seconds,
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            connection.execute("PRAGMA foreign_keys = ON")
            self._use_wal(connection)
            # A power cut may take the last commits but never breaks the file: the cursor goes back
            # with them and the blocks are read again.
            connection.execute("PRAGMA synchronous = NORMAL")
            if self._read_only:
                connection.execute("PRAGMA query_only = ON")
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    def _use_wal(self, connection: sqlite3.Connection) -> None:
        # SQLite takes the lock for this change without its timeout: where several make one new
        # file at once, all but the first would be refused at once instead of waiting.
        deadline = time.monotonic() + self._wait_seconds
        while True:
            try:
                connection.execute("PRAGMA journal_mode = WAL")
                return
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() > deadline:
                    raise
                time.sleep(WAL_PAUSE_SECONDS)

    def _begin(self, connection: Connection) -> None:
        options = connection.get_execution_options()
        writes = options.get("watcher_writes", False)
        if not self.is_sqlite:
            if writes:
                milliseconds = int(self._wait_seconds * 1000)
                connection.exec_driver_sql(f"SET LOCAL lock_timeout = {milliseconds}")
            return
        if options.get("watcher_migrates", False):
            # Alembic rebuilds a table by dropping it, which foreign keys would not let it; the
            # pragma is ignored inside a transaction.
            connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
        # A deferred transaction that turns into a writing one fails at once when another writes.
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (StatementError, PoolTimeout) as error:
            raise StoreError(self._sentence(error)) from error
        except OverflowError as error:
            raise StoreError(f"{self.name}: an integer is over 64 bits: {error}.") from error

    def _sentence(self, error: StatementError | PoolTimeout) -> str:
        if self.file is not None and not self.file.exists():
            return self.missing
        cause = getattr(error, "orig", None) or error
        said = next(iter(str(cause).strip().splitlines()), type(cause).__name__).rstrip(".")
        if self._url.password:
            said = said.replace(str(self._url.password), "***")
        cure = cure_of(said)
        return f"{self.name}: {said}{': ' + cure if cure else ''}."


def cure_of(said: str) -> str:
    """What helps against what a database says; empty where nobody knows."""
    return next((cure for sign, cure in CURES if sign in said), "")


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise StoreError(
            "the database URL cannot be parsed: write sqlite:///file.db or "
            "postgresql+psycopg://user@host/name."
        ) from None
    if parsed.drivername not in DRIVERS:
        raise StoreError(
            f"a database of kind {parsed.drivername!r} is not supported: use sqlite:///file.db or "
            "postgresql+psycopg://user@host/name."
        )
    if parsed.drivername.startswith(SQLITE) and parsed.database in (None, "", ":memory:"):
        raise StoreError("SQLite needs a file, as in sqlite:///watcher.db.")
    return parsed.set(drivername=DRIVERS[parsed.drivername])


def _name(url: URL) -> str:
    if url.get_backend_name() == SQLITE:
        return str(url.database)
    at = f" at {url.host}" if url.host else ""
    return f"PostgreSQL database {url.database}{at}"
