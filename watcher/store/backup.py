"""Copies of a SQLite database, made while others write, and put back."""

from __future__ import annotations

import os
import sqlite3
import stat
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from models import SCHEMA
from watcher.errors import StoreError
from watcher.store.database import WAIT_SECONDS, cure_of
from watcher.store.schema import newer

PAUSE_SECONDS = 0.05
BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
BESIDE = ("-wal", "-journal")
"""What SQLite would play back into a file that is put in place of the one it belonged to."""


@dataclass(frozen=True, slots=True)
class Copied:
    """A database that was copied and checked; `size` is in bytes."""

    file: Path
    revision: str
    size: int


def back_up(database: Path, file: Path) -> Copied:
    """Copy a database as it is at one moment, whatever is written meanwhile, into a new file.

    Raises StoreError where the file is there already, or the copy is not whole; then there is none.
    """
    _require_new(file)
    with _new(file, mode=stat.S_IMODE(_status(database).st_mode)) as partial:
        with _opened(database, "ro") as source, _opened(partial, "rw") as copy:
            _copy(source, copy, database)
            # One file, without its -wal, is what people copy.
            copy.execute("PRAGMA journal_mode = DELETE")
            revision = _checked(copy, database)
            # Who watches is of the moment, no part of the history.
            copy.execute("DELETE FROM lease")
        size = partial.stat().st_size
    return Copied(file, revision, size)


def check_backup(file: Path) -> Copied:
    """Raises StoreError unless it is a whole database of the watcher, not newer than it."""
    size = _status(file).st_size
    with _opened(file, "ro") as backup:
        revision = _checked(backup, file)
    if not revision.isdigit():
        raise StoreError(f"{file} has schema {revision}, which is not one of the watcher's.")
    if revision > SCHEMA:
        raise StoreError(newer(revision, SCHEMA))
    return Copied(file, revision, size)


def put_back(file: Path, database: Path) -> None:
    """Make the database, which must not be there, from a backup."""
    _require_new(database)
    for left in (database.with_name(database.name + end) for end in BESIDE):
        if left.exists():
            raise StoreError(
                f"{left} is left of another database and would be mixed into this one: "
                "move it away."
            )
    with (
        _new(database, mode=stat.S_IMODE(_status(file).st_mode)) as partial,
        _opened(file, "ro") as source,
        _opened(partial, "rw") as copy,
    ):
        _copy(source, copy, file)
        _checked(copy, file)


def put_over(file: Path, database: Path) -> None:
    """Put a backup in the place of all that the database holds, in one step: those who read it see
    the one or the other, and a failure leaves it as it was."""
    with _opened(file, "ro") as source, _opened(database, "rw") as target:
        _copy(source, target, database)


def _copy(source: sqlite3.Connection, target: sqlite3.Connection, locked: Path) -> None:
    # All pages in one step: between two steps a writer would make it begin anew. Others go on
    # reading and, in WAL, writing.
    deadline = time.monotonic() + WAIT_SECONDS

    def waiting(status: int, _remaining: int, _total: int) -> None:
        if status in BUSY and time.monotonic() > deadline:
            raise StoreError(f"{locked}: {cure_of('locked')}.")

    source.backup(target, pages=-1, progress=waiting, sleep=PAUSE_SECONDS)


def _checked(connection: sqlite3.Connection, file: Path) -> str:
    """The schema's revision. Raises StoreError when a page or an index is damaged."""
    (said,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
    if said != "ok":
        raise StoreError(f"{file} is damaged ({said}): use another backup.")
    try:
        found = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.OperationalError:
        found = None
    if found is None:
        raise StoreError(f"{file} is no database of the watcher: give another file.")
    return str(found[0])


@contextmanager
def _new(file: Path, *, mode: int) -> Iterator[Path]:
    """A file beside `file` that takes its name once it is whole, and goes when it does not."""
    partial = file.with_name(f"{file.name}.partial")
    try:
        os.close(os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode))
    except FileExistsError:
        raise StoreError(
            f"{partial} is there: another copy is being made; remove it if none is."
        ) from None
    except OSError as error:
        raise StoreError(f"{file} cannot be written: {error.strerror}.") from None
    try:
        yield partial
        _require_new(file)
        partial.rename(file)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


@contextmanager
def _opened(file: Path, mode: str) -> Iterator[sqlite3.Connection]:
    """A connection of its own, closed at the end; its errors are StoreErrors."""
    uri = f"file:{quote(str(file.absolute()))}?mode={mode}"
    try:
        with closing(
            sqlite3.connect(uri, uri=True, timeout=WAIT_SECONDS, isolation_level=None)
        ) as connection:
            yield connection
    except sqlite3.Error as error:
        cure = cure_of(str(error))
        raise StoreError(f"{file}: {error}{': ' + cure if cure else ''}.") from error


def _require_new(file: Path) -> None:
    if file.exists() or file.is_symlink():
        raise StoreError(f"{file} is there already: give another path.")


def _status(file: Path) -> os.stat_result:
    try:
        return file.stat()
    except OSError as error:
        raise StoreError(f"{file} cannot be read: {error.strerror}.") from None
