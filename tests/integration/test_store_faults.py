"""A database that goes away, fills up or refuses: one sentence, nothing half stored, and on."""

from __future__ import annotations

import traceback
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from tests.support.postgres import Server
from tests.support.stored import CALM, CHAIN, POOL, Watch, block, ok, pool_state
from watcher.errors import StoreError
from watcher.store import Store, branch

SECRET = "hunter2-planted"


@pytest.mark.postgres
@pytest.mark.parametrize("query", ["", f"?password={SECRET}", f"?sslpassword={SECRET}"])
def test_an_unreachable_server_is_named_without_the_password(query: str) -> None:
    store = Store(f"postgresql+psycopg://user:{SECRET}@127.0.0.1:1/history{query}")
    for ask in (store.current, store.upgrade, lambda: store.resume(CHAIN)):
        with pytest.raises(StoreError) as caught:
            ask()
        said = str(caught.value)
        assert said.startswith("PostgreSQL database history at 127.0.0.1: ")
        assert "\n" not in said
        assert SECRET not in "".join(traceback.format_exception(caught.value))
    assert SECRET not in repr(store.database)


@pytest.mark.postgres
def test_the_store_goes_on_after_the_server_ended_its_sessions(
    postgres_url: str, postgres_server: Server
) -> None:
    with Store.create(postgres_url) as store:
        watch = Watch(store)
        watch.read(block(1), *CALM)
        postgres_server.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            f" WHERE datname = '{postgres_url.partition('@/')[2].partition('?')[0]}'"
        )
        watch.read(block(2), ok(POOL, pool_state(900)))
        assert store.resume(CHAIN) == watch.resumption


@pytest.mark.postgres
def test_a_session_that_ends_within_a_commit_leaves_nothing(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def end(connection: Connection, *arguments: object, **named: object) -> None:
        connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))

    with Store.create(postgres_url) as store:
        watch = Watch(store)
        watch.read(block(1), *CALM)
        with monkeypatch.context() as patched:
            patched.setattr(branch, "settle", end)
            with pytest.raises(StoreError, match="PostgreSQL database"):
                store.commit_tick(watch.tick(block(2), ok(POOL, pool_state(900))))
        assert store.resume(CHAIN) == watch.resumption
        watch.read(block(2), ok(POOL, pool_state(900)))


@pytest.mark.postgres
def test_a_refused_copy_is_a_store_error_and_leaves_nothing(postgres_url: str) -> None:
    """COPY goes past SQLAlchemy, whose errors are the ones that are translated."""
    with Store.create(postgres_url) as store:
        watch = Watch(store)
        with store.database.writing() as connection:
            connection.execute(text("ALTER TABLE measure ADD CHECK (name <> 'spot_price')"))
        with pytest.raises(StoreError, match="violates check constraint"):
            watch.read(block(1), *CALM)
        assert store.resume(CHAIN).cursor is None


def test_a_full_disk_stores_nothing_and_is_survived(tmp_path: Path) -> None:
    with Store.create(f"sqlite:///{tmp_path / 'watcher.db'}") as store:
        watch = Watch(store)
        watch.read(block(1), *CALM)
        limit_pages(store, 1)
        with pytest.raises(StoreError, match="full: make room and start again; nothing was half"):
            read_many(watch, first=2)
        resumption = store.resume(CHAIN)
        assert resumption == watch.resumption
        assert resumption.cursor is not None
        limit_pages(store, 1_000_000)
        read_many(watch, first=resumption.cursor.number + 1)


def read_many(watch: Watch, *, first: int) -> None:
    for number in range(first, first + 200):
        watch.read(block(number), ok(POOL, pool_state(number)))


def limit_pages(store: Store, pages: int) -> None:
    """On the connection that the pool holds, which the next call takes again."""
    with store.database.reading() as connection:
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
