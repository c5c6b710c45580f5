"""Copies of a database that is being written, put back, and what is refused."""

from __future__ import annotations

import shutil
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.cli_history import CHAIN, NEWEST, OFF, SETTINGS, TARGETS, Run, document
from tests.support.stored import FEED, POOL, Watch, block, feed_state, ok, pool_state
from watcher.errors import StoreError
from watcher.service.lease import NAME, acquire
from watcher.store import Store, recompute
from watcher.store.backup import back_up, check_backup, put_over

LIVE = "elsewhere:1"


def newest(database: Path) -> int:
    with Store.open(f"sqlite:///{database}", read_only=True) as store:
        return store.extent().chains[0].newest.number


def execute(database: Path, statement: str) -> None:
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute(statement)


def rewound(folder: Path) -> int:
    """A block less in the database than in the copy that was made before."""
    with Store.open(f"sqlite:///{folder / 'watcher.db'}") as store:
        store.rewind(CHAIN, f"0x{NEWEST - 1:064x}")
    return newest(folder / "watcher.db")


def test_a_backup_is_one_whole_file_with_all_of_the_history(run: Run, folder: Path) -> None:
    done = run("db", "backup", "copy.db")
    assert done.exit_code == 0, done.stderr
    assert "copy.db: schema " in done.stdout
    copy = folder / "copy.db"
    assert [one.name for one in folder.glob("copy.db*")] == ["copy.db"]
    # How it is read and written: with a rollback journal, not with a -wal beside it.
    assert copy.read_bytes()[18:20] == b"\x01\x01"
    with Store.open(f"sqlite:///{copy}") as store:
        assert {target.id for target in store.targets()} == {target.id for target in TARGETS}
        assert recompute(store).found == 0
        assert store.figures_as_of(OFF.id, NEWEST) is not None


def test_backups_are_whole_while_blocks_are_written(tmp_path: Path) -> None:
    database = tmp_path / "watcher.db"
    stop = threading.Event()
    copies: list[Path] = []

    def write() -> None:
        with Store.open(f"sqlite:///{database}") as store:
            watch, number = Watch(store), 1
            while not stop.is_set():
                price = 2_000 + number
                feed, pool = feed_state(price), pool_state(1_000, 1_000 * price)
                watch.read(block(number), ok(FEED, feed), ok(POOL, pool))
                number += 1

    with Store.create(f"sqlite:///{database}") as store:
        Watch(store).read(block(0), ok(FEED, feed_state()), ok(POOL, pool_state()))
    with ThreadPoolExecutor(1) as threads:
        writing = threads.submit(write)
        try:
            while len(copies) < 8 or newest(copies[-1]) == newest(copies[0]):
                copies.append(tmp_path / f"copy{len(copies)}.db")
                back_up(database, copies[-1])
        finally:
            stop.set()
        writing.result()
    written = [newest(copy) for copy in copies]
    assert written == sorted(written)
    assert written[-1] <= newest(database)
    with Store.open(f"sqlite:///{copies[-1]}") as store:
        assert recompute(store).found == 0


def test_a_backup_overwrites_nothing(run: Run, folder: Path) -> None:
    (folder / "copy.db").write_text("precious")
    done = run("db", "backup", "copy.db")
    assert (done.exit_code, done.stderr) == (
        5,
        "watcher: copy.db is there already: give another path.\n",
    )
    assert (folder / "copy.db").read_text() == "precious"
    (folder / "other.db.partial").write_text("half")
    assert "another copy is being made" in run("db", "backup", "other.db").stderr
    assert run("db", "backup", "nowhere/copy.db").exit_code == 5


def test_a_damaged_database_gives_no_backup(run: Run, folder: Path) -> None:
    """The page is of a table that nothing but the check would look at."""
    with closing(sqlite3.connect(folder / "watcher.db")) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (size,) = connection.execute("PRAGMA page_size").fetchone()
        (page,) = connection.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = 'measure'"
        ).fetchone()
    with (folder / "watcher.db").open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * size)
    done = run("db", "backup", "copy.db")
    assert done.exit_code == 5
    assert "damaged" in done.stderr
    assert list(folder.glob("copy.db*")) == []


def test_only_its_owner_reads_the_copy_of_a_private_database(run: Run, folder: Path) -> None:
    (folder / "watcher.db").chmod(0o600)
    assert run("db", "backup", "copy.db").exit_code == 0
    assert (folder / "copy.db").stat().st_mode & 0o777 == 0o600


def test_a_lease_is_no_part_of_a_backup(run: Run, folder: Path) -> None:
    with Store.open(f"sqlite:///{folder / 'watcher.db'}") as store:
        assert store.acquire(NAME, holder=LIVE, seconds=3_600)
    assert run("db", "backup", "copy.db").exit_code == 0
    with Store.open(f"sqlite:///{folder / 'copy.db'}") as store:
        assert store.lease_holder(NAME) is None


def test_a_backup_is_put_where_no_database_is(run: Run, folder: Path) -> None:
    assert run("db", "backup", "copy.db").exit_code == 0
    for file in folder.glob("watcher.db*"):
        file.unlink()
    found = document(run("db", "restore", "copy.db", "--json"))
    assert found["database"] == str(folder / "watcher.db")
    assert newest(folder / "watcher.db") == NEWEST
    assert run("recompute").exit_code == 0


def test_what_is_left_of_another_database_is_not_mixed_in(run: Run, folder: Path) -> None:
    assert run("db", "backup", "copy.db").exit_code == 0
    for file in folder.glob("watcher.db*"):
        file.unlink()
    (folder / "watcher.db-wal").write_bytes(b"frames")
    assert "watcher.db-wal is left of another database" in run("db", "restore", "copy.db").stderr
    assert not (folder / "watcher.db").exists()


def test_a_database_is_replaced_only_when_that_is_said(run: Run, folder: Path) -> None:
    assert run("db", "backup", "copy.db").exit_code == 0
    assert rewound(folder) == NEWEST - 1
    done = run("db", "restore", "copy.db")
    assert done.exit_code == 5
    assert "--replace loses what it holds" in done.stderr
    assert newest(folder / "watcher.db") == NEWEST - 1
    with Store.open(f"sqlite:///{folder / 'watcher.db'}", read_only=True) as reader:
        assert run("db", "restore", "copy.db", "--replace").exit_code == 0
        # One who had it open before sees what is there now.
        assert reader.extent().chains[0].newest.number == NEWEST
    with Store.open(f"sqlite:///{folder / 'watcher.db'}") as store:
        assert acquire(store)
        store.rewind(CHAIN, f"0x{NEWEST - 1:064x}")
    assert run("recompute").exit_code == 0


def test_nothing_is_put_over_a_database_into_which_a_service_watches(
    run: Run, folder: Path
) -> None:
    assert run("db", "backup", "copy.db").exit_code == 0
    assert rewound(folder) == NEWEST - 1
    with Store.open(f"sqlite:///{folder / 'watcher.db'}") as store:
        assert store.acquire(NAME, holder=LIVE, seconds=3_600)
    done = run("db", "restore", "copy.db", "--replace")
    assert done.exit_code == 5
    assert "watcher.db: stop it first" in done.stderr
    assert newest(folder / "watcher.db") == NEWEST - 1
    with Store.open(f"sqlite:///{folder / 'watcher.db'}") as store:
        store.release(NAME, holder=LIVE)
    assert run("db", "restore", "copy.db", "--replace").exit_code == 0


def test_a_restore_that_fails_gives_the_lease_back(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("db", "backup", "copy.db").exit_code == 0

    def breaks(file: Path, database: Path) -> None:
        with Store.open(f"sqlite:///{database}") as store:
            assert store.lease_holder(NAME) is not None
        put_over(file.with_name("gone.db"), database)

    monkeypatch.setattr("watcher.store.backup.put_over", breaks)
    assert run("db", "restore", "copy.db", "--replace").exit_code == 5
    assert newest(folder / "watcher.db") == NEWEST
    with Store.open(f"sqlite:///{folder / 'watcher.db'}") as store:
        assert store.lease_holder(NAME) is None


def test_what_cannot_be_restored(run: Run, folder: Path) -> None:
    assert run("db", "backup", "copy.db").exit_code == 0
    copy = folder / "copy.db"
    shutil.copy(copy, folder / "newer.db")
    execute(folder / "newer.db", "UPDATE alembic_version SET version_num = '9999'")
    (folder / "text.db").write_text("no database, but long enough to be read as one" * 100)
    execute(folder / "empty.db", "CREATE TABLE other (id INTEGER)")
    for name, said in (
        ("newer.db", "database schema 9999 is newer than this program"),
        ("text.db", "the file is something else"),
        ("empty.db", "is no database of the watcher"),
        ("gone.db", "cannot be read"),
        ("watcher.db", "is the database itself"),
    ):
        done = run("db", "restore", name, "--replace")
        assert (done.exit_code, said in done.stderr) == (5, True), done.stderr
    assert newest(folder / "watcher.db") == NEWEST


def test_an_older_schema_is_restored_and_then_brought_up(run: Run, folder: Path) -> None:
    assert run("db", "backup", "copy.db").exit_code == 0
    execute(folder / "copy.db", "UPDATE alembic_version SET version_num = '0001'")
    assert check_backup(folder / "copy.db").revision == "0001"
    assert run("db", "restore", "copy.db", "--replace").exit_code == 0
    assert "`watcher db upgrade` brings it up" in run("db", "current").stdout


@pytest.mark.postgres
@pytest.mark.parametrize(("command", "tool"), [("backup", "pg_dump"), ("restore", "pg_restore")])
def test_postgresql_has_its_own_tools(
    run: Run, folder: Path, postgres_url: str, command: str, tool: str
) -> None:
    configuration = (folder / "watcher.toml").read_text()
    (folder / "watcher.toml").write_text(
        configuration.replace("sqlite:///watcher.db", postgres_url)
    )
    done = run("db", command, "copy.db")
    assert done.exit_code == 5
    assert f"is not SQLite: use {tool}, PostgreSQL's own tool" in done.stderr


def test_settings_are_in_the_copy(run: Run, folder: Path) -> None:
    assert run("db", "backup", "copy.db").exit_code == 0
    with Store.open(f"sqlite:///{folder / 'copy.db'}") as store:
        assert store.settings_as_of(OFF.id, None) == SETTINGS
    with pytest.raises(StoreError, match="is there already"):
        back_up(folder / "watcher.db", folder / "copy.db")
