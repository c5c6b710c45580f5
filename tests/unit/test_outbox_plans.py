"""What is asked of the outbox all the time passes over what was sent, by indexes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import event

from tests.support.receiving import notice
from watcher.store import Store

PENDING = "ix_delivery_receiver_id_pending"
OF_ALERT = "ix_delivery_receiver_alert_id_pending"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with Store.create(f"sqlite:///{tmp_path_factory.mktemp('plans') / 'watcher.db'}") as opened:
        for number in range(4):
            opened.outbox.enqueue(notice(f"n{number}", alert="a"), ["desk"])
        yield opened


ASKED: dict[str, tuple[Callable[[Store], object], set[str]]] = {
    "next_due": (lambda store: store.outbox.next_due("desk"), {OF_ALERT}),
    "claim": (lambda store: store.outbox.claim("desk", holder="a:1", seconds=9), {OF_ALERT}),
    "holders": (lambda store: store.outbox.holders(), set()),
    "give_back": (lambda store: store.outbox.give_back("a:1"), set()),
    "knows": (lambda store: store.outbox.knows("n1"), set()),
}


@pytest.mark.parametrize("question", ASKED)
def test_no_question_reads_all_that_was_ever_sent(store: Store, question: str) -> None:
    said: list[tuple[str, Any]] = []

    def listen(
        connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool
    ) -> None:
        if statement.startswith(("SELECT", "UPDATE")):
            said.append((statement, parameters))

    ask, wanted = ASKED[question]
    engine = store.database._engine
    event.listen(engine, "before_cursor_execute", listen)
    try:
        ask(store)
    finally:
        event.remove(engine, "before_cursor_execute", listen)
    assert said
    used = set()
    with store.database.reading() as connection:
        for statement, parameters in said:
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters):
                step = str(row[-1])
                assert not step.startswith("SCAN delivery") or "USING" in step, step
                used |= {one for one in (PENDING, OF_ALERT) if one in step and "earlier" in step}
    assert used == wanted
