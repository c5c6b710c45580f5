"""What a user is told about a database that cannot be used, and what is never told."""

from __future__ import annotations

import sqlite3
import threading
import traceback
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from importlib.resources import as_file, files
from pathlib import Path

import pytest
import sqlalchemy
from alembic import command

from models import SCHEMA
from tests.support.stored import CALM, CHAIN, POOL, SETTINGS, TARGETS, Watch, block, ok, pool_state
from watcher.errors import StoreError
from watcher.store import Schema, Store, TickResult
from watcher.store.schema import configuration

SECRET = "hunter2-planted"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "watcher.db"


@pytest.fixture
def store(file: Path) -> Iterator[Store]:
    with Store.create(url_of(file)) as opened:
        yield opened


def url_of(file: Path) -> str:
    return f"sqlite:///{file}"


def write(file: Path, *statements: str) -> None:
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)


def test_a_missing_database_is_named_and_not_made(file: Path) -> None:
    with pytest.raises(StoreError, match=r"does not exist: run `watcher db upgrade`"):
        Store.open(url_of(file))
    with Store(url_of(file)) as store:
        assert store.current() == Schema(None, SCHEMA)
        with pytest.raises(StoreError, match=r"does not exist: run `watcher db upgrade`"):
            store.targets()
    assert not file.exists()


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"nowhere does not exist: create the folder"):
        Store.create(url_of(tmp_path / "nowhere" / "watcher.db"))


def test_a_folder_where_the_database_should_be_is_told(file: Path) -> None:
    file.mkdir()
    with pytest.raises(StoreError, match=r"unable to open .*: its path must be that of a file"):
        Store.create(url_of(file))


def test_a_database_without_tables_asks_for_the_upgrade(file: Path) -> None:
    write(file, "PRAGMA user_version = 1")
    with pytest.raises(StoreError, match=r"has no schema yet: run `watcher db upgrade`\.$"):
        Store.open(url_of(file))


def test_an_older_schema_asks_for_the_upgrade(store: Store, file: Path) -> None:
    write(file, "UPDATE alembic_version SET version_num = '0001'")
    expected = rf"^database schema 0001 is older than this program \({SCHEMA}\): run `watcher db"
    with pytest.raises(StoreError, match=expected):
        Store.open(url_of(file))


def test_a_newer_schema_asks_for_a_newer_program(store: Store, file: Path) -> None:
    write(file, "UPDATE alembic_version SET version_num = '0999'")
    expected = (
        f"^database schema 0999 is newer than this program \\({SCHEMA}\\): "
        r"upgrade the program, or restore a backup\.$"
    )
    with pytest.raises(StoreError, match=expected):
        Store.open(url_of(file))
    with pytest.raises(StoreError, match=expected):
        store.upgrade()


def test_a_schema_of_another_program_is_refused(store: Store, file: Path) -> None:
    write(file, "UPDATE alembic_version SET version_num = 'f00d'")
    with pytest.raises(StoreError, match=r"f00d .* is not one of this program's"):
        Store.open(url_of(file))


def test_what_is_no_database_is_said_to_be_something_else(file: Path) -> None:
    file.write_text("not a database, but long enough to be read as one\n" * 100)
    with pytest.raises(StoreError, match="not a database: the file is something else"):
        Store.open(url_of(file))


def test_a_locked_database_is_said_to_be_locked(file: Path) -> None:
    with Store.create(url_of(file)):
        pass
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with (
            Store(url_of(file), wait_seconds=0.05) as store,
            pytest.raises(StoreError, match="locked: another process is writing"),
        ):
            store.register(TARGETS)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        (f"no url at all {SECRET}", "cannot be parsed"),
        (f"mysql://root:{SECRET}@host/name", "'mysql' is not supported"),
        (f"postgresql+asyncpg://root:{SECRET}@host/name", "is not supported"),
        ("sqlite://", "SQLite needs a file"),
        ("sqlite:///:memory:", "SQLite needs a file"),
    ],
)
def test_a_url_that_cannot_be_used_is_explained_without_its_password(url: str, said: str) -> None:
    with pytest.raises(StoreError, match=said) as caught:
        Store(url)
    assert SECRET not in "".join(traceback.format_exception(caught.value))


def test_foreign_keys_hold_and_the_journal_is_written_ahead(store: Store) -> None:
    with store.database.reading() as connection:
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
    with (
        pytest.raises(StoreError, match="FOREIGN KEY"),
        store.database.writing() as connection,
    ):
        connection.exec_driver_sql("INSERT INTO cursor VALUES (1, 99)")


def test_a_fact_must_repeat_its_blocks_number(store: Store, file: Path) -> None:
    Watch(store).read(block(1), *CALM)
    with pytest.raises(StoreError, match="FOREIGN KEY"), store.database.writing() as connection:
        connection.exec_driver_sql("UPDATE observation SET block_number = 2")


def test_an_upgrade_finds_a_row_that_points_nowhere(file: Path) -> None:
    with Store.create(url_of(file)) as store:
        Watch(store).read(block(1), *CALM)
        with (
            store.database.migrating() as connection,
            as_file(files("models.migrations")) as folder,
        ):
            command.downgrade(configuration(folder, connection), "0001")
    # As by a program that forgot the pragma: SQLite checks foreign keys only where it is asked to.
    write(file, "DELETE FROM settings")
    with Store(url_of(file)) as store:
        with pytest.raises(StoreError, match="computation points at a row of settings that does"):
            store.upgrade()
        assert store.current().revision == "0001"


def test_readers_see_whole_ticks_while_the_writer_writes(store: Store) -> None:
    watch = Watch(store)
    watch.read(block(1), *CALM)
    torn: list[object] = []
    stop = threading.Event()

    def look() -> None:
        while not stop.is_set():
            resumption = store.resume(CHAIN)
            assert resumption.cursor is not None
            state = resumption.in_force[POOL.id].observation.state
            if state != pool_state(1_000 + resumption.cursor.number - 1):
                torn.append(resumption)

    readers = [threading.Thread(target=look) for _ in range(3)]
    for reader in readers:
        reader.start()
    try:
        for number in range(2, 60):
            watch.read(block(number), ok(POOL, pool_state(1_000 + number - 1)))
    finally:
        stop.set()
        for reader in readers:
            reader.join()
    assert not torn


def test_writers_in_many_threads_wait_for_each_other(store: Store) -> None:
    def note(first: int) -> None:
        for number in range(first, first + 25):
            store.record_gap(CHAIN, number, number, "test")

    with ThreadPoolExecutor(4) as writers:
        for done in [writers.submit(note, 100 * each) for each in range(4)]:
            done.result()
    assert len(store.gaps(CHAIN)) == 100


def test_a_number_over_64_bits_is_a_store_error(store: Store) -> None:
    store.save_settings(SETTINGS)
    tick = TickResult(block(2**64), SETTINGS.hash, (), ())
    with pytest.raises(StoreError, match="over 64 bits"):
        store.commit_tick(tick)


def test_a_mistake_in_a_query_is_not_dressed_up_as_a_broken_database(store: Store) -> None:
    with (
        pytest.raises(sqlalchemy.exc.InvalidRequestError),
        store.database.writing() as connection,
    ):
        connection.begin()
