"""The revisions build exactly the tables that the models describe, and take them away again."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib.resources import as_file, files
from threading import Barrier

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect

from models import SCHEMA, metadata
from tests.support.stored import CALM, SETTINGS, TARGETS, Watch, block
from watcher.errors import StoreError
from watcher.store import Schema, Store
from watcher.store.database import Database
from watcher.store.schema import configuration

VIEWS = {
    "latest_measure",
    "measure_history",
    "observation_history",
    "flow_history",
    "flow_measure_history",
    "alert_history",
}


@contextmanager
def alembic(database: Database) -> Iterator[Config]:
    with database.migrating() as connection, as_file(files("models.migrations")) as folder:
        yield configuration(folder, connection)


@pytest.fixture
def database(store_url: str) -> Iterator[Database]:
    opened = Database(store_url)
    yield opened
    opened.close()


def shape(connection: Connection) -> dict[str, object]:
    """Everything that the database says about itself."""
    seen = inspect(connection)
    columns = {
        table: [(c["name"], str(c["type"]), c["nullable"]) for c in seen.get_columns(table)]
        for table in seen.get_table_names()
    }
    indexes = {
        table: sorted((index["name"] or "", index["unique"]) for index in seen.get_indexes(table))
        for table in columns
    }
    checks = {
        table: sorted(check["name"] or "" for check in seen.get_check_constraints(table))
        for table in columns
    }
    return {
        "columns": columns,
        "indexes": indexes,
        "checks": checks,
        "views": {
            view: [c["name"] for c in seen.get_columns(view)] for view in seen.get_view_names()
        },
    }


def test_the_schema_is_named_after_the_last_revision() -> None:
    with as_file(files("models.migrations")) as folder:
        scripts = ScriptDirectory.from_config(Config(folder / "alembic.ini"))
        assert scripts.get_current_head() == SCHEMA
        assert [script.revision for script in scripts.walk_revisions()] == [
            "0009",
            "0008",
            "0007",
            "0006",
            "0005",
            "0004",
            "0003",
            "0002",
            "0001",
        ]


def test_the_revisions_build_what_the_models_describe(database: Database) -> None:
    with alembic(database) as config:
        command.upgrade(config, "head")
        command.check(config)
    with database.reading() as connection:
        found = inspect(connection)
        assert set(found.get_table_names()) == {*metadata.tables, "alembic_version"}
        assert set(found.get_view_names()) == VIEWS


def test_the_models_alone_build_the_same_checks_and_indexes(database: Database) -> None:
    """Alembic compares neither checks nor the conditions of indexes."""
    with alembic(database) as config:
        command.upgrade(config, "head")
    with database.reading() as connection:
        built = shape(connection)
    with alembic(database) as config:
        command.downgrade(config, "base")
    with database.writing() as connection:
        metadata.create_all(connection)
    with database.reading() as connection:
        described = shape(connection)
    for part in ("columns", "indexes", "checks"):
        ours = built[part]
        assert isinstance(ours, dict)
        ours.pop("alembic_version", None)
        theirs = described[part]
        assert isinstance(theirs, dict)
        theirs.pop("alembic_version", None)
        assert ours == theirs


def test_each_revision_goes_down_and_up_again(database: Database) -> None:
    shapes = []
    for _ in range(2):
        with alembic(database) as config:
            command.upgrade(config, "0001")
        with database.reading() as connection:
            assert inspect(connection).get_view_names() == []
        with alembic(database) as config:
            command.upgrade(config, "head")
        with database.reading() as connection:
            shapes.append(shape(connection))
        for revision in ("0002", "0001", "base"):
            with alembic(database) as config:
                command.downgrade(config, revision)
        with database.reading() as connection:
            assert inspect(connection).get_table_names() == ["alembic_version"]
    assert shapes[0] == shapes[1]


def test_an_upgrade_keeps_what_is_stored(database: Database, store_url: str) -> None:
    with alembic(database) as config:
        command.upgrade(config, "0001")
    with Store(store_url) as store:
        assert store.current() == Schema("0001", SCHEMA)
        watch = Watch(store)
        watch.read(block(1), *CALM)
    with pytest.raises(StoreError, match="database schema 0001 is older than this program"):
        Store.open(store_url)
    with Store.create(store_url) as store:
        assert store.current() == Schema(SCHEMA, SCHEMA)
        assert store.resume(block(1).chain_id) == watch.resumption


def test_a_failed_upgrade_leaves_nothing_behind(
    store_url: str, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(connection: Connection) -> None:
        upgrade(connection)
        raise KeyboardInterrupt

    from watcher.store import schema

    upgrade = schema._run
    monkeypatch.setattr(schema, "_run", fail)
    with pytest.raises(KeyboardInterrupt):
        Store.create(store_url)
    with database.migrating() as connection:
        assert inspect(connection).get_table_names() == []


def test_two_upgrades_at_once_take_turns(store_url: str) -> None:
    together = Barrier(6)

    def create() -> None:
        together.wait()
        with Store.create(store_url) as store:
            store.register(TARGETS)
            store.save_settings(SETTINGS)

    with ThreadPoolExecutor(6) as threads:
        for done in [threads.submit(create) for _ in range(6)]:
            done.result()
    with Store.open(store_url) as store:
        assert store.targets() == TARGETS
