"""Questions that are asked all the time are answered through an index, whatever is stored.

SQLite decides by the shape of a query alone (nothing is analysed), so that the plan on a small
database is the plan on a large one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, event

from tests.support.stored import CALM, CHAIN, POOL, Watch, block, ok, pool_state
from watcher.store import Store

LARGE = {"block", "observation", "computation", "computation_input", "measure", "amount", "state"}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with Store.create(f"sqlite:///{tmp_path_factory.mktemp('plans') / 'watcher.db'}") as opened:
        watch = Watch(opened)
        watch.read(block(1), *CALM)
        watch.read(block(2), ok(POOL, pool_state(900)))
        yield opened


def scanned(connection: Connection, statement: str, parameters: Any = ()) -> set[str]:
    """The aliases of what SQLite would read from end to end."""
    plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
    steps = [row[-1].split() for row in plan]
    return {step[1] for step in steps if step[0] == "SCAN"}


@pytest.mark.parametrize(
    ("query", "whole"),
    [
        ("SELECT * FROM latest_measure", {"t"}),
        ("SELECT * FROM latest_measure WHERE target = 'pool' AND name = 'depth'", {"t"}),
        ("SELECT * FROM measure_history WHERE target = 'pool' AND name = 'depth'", {"t"}),
        ("SELECT * FROM measure_history WHERE target_uid = 'x' AND block_number <= 9", set()),
        ("SELECT * FROM observation_history WHERE target = 'pool' AND from_number <= 9", {"t"}),
        ("SELECT * FROM observation_history WHERE target_uid = 'x'", set()),
    ],
)
def test_a_view_reads_no_large_table_from_end_to_end(
    store: Store, query: str, whole: set[str]
) -> None:
    with store.database.reading() as connection:
        assert scanned(connection, query) == whole


ASKED: dict[str, Callable[[Store], object]] = {
    "resume": lambda store: store.resume(CHAIN),
    "recent_blocks": lambda store: store.recent_blocks(CHAIN, 5),
    "observation_as_of": lambda store: store.observation_as_of(POOL.id, 1),
    "latest": lambda store: store.latest(POOL.id),
    "figures_as_of": lambda store: store.figures_as_of(POOL.id, 1),
    "measure_history": lambda store: store.measure_history(POOL.id, ["depth"], first=1, limit=9),
    "snapshot": lambda store: store.snapshot(POOL.id, 1),
    "statuses": lambda store: store.statuses(),
    "commit_tick": lambda store: Watch(store).read(block(3), finalized=2, safe=3),
    "rewind": lambda store: store.rewind(CHAIN, block(2).hash),
}


@pytest.mark.parametrize("question", ASKED)
def test_the_store_reads_no_large_table_from_end_to_end(store: Store, question: str) -> None:
    said: list[tuple[str, Any]] = []

    def listen(
        connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool
    ) -> None:
        if statement.startswith(("SELECT", "UPDATE", "WITH", "DELETE")) and not many:
            said.append((statement, parameters))

    engine = store.database._engine
    event.listen(engine, "before_cursor_execute", listen)
    try:
        ASKED[question](store)
    finally:
        event.remove(engine, "before_cursor_execute", listen)
    assert said
    with store.database.reading() as connection:
        for statement, parameters in said:
            assert not scanned(connection, statement, parameters) & LARGE, statement
