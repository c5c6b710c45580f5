"""What befell endpoints is kept as it was, in its order."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from models import ENDPOINT_EVENTS
from tests.support.stored import CHAIN, block
from watcher.errors import StoreError
from watcher.state.endpoint_event import EndpointEvent, EventKind
from watcher.store import Store, tables
from watcher.store.rows import DETAIL_LENGTH

NAME = "node-a.example:8545"


def test_events_come_back_in_their_order(store: Store) -> None:
    lied = EndpointEvent(CHAIN, NAME, EventKind.VALUE_OUTVOTED, "a\0b" + "x" * 900, block(7))
    refused = EndpointEvent(CHAIN, NAME, EventKind.KEY_REFUSED, "the key is refused")
    other = EndpointEvent(1, NAME, EventKind.WRONG_CHAIN, "is on chain 5")
    before = datetime.now(UTC)
    store.record_endpoint_events([lied, refused])
    store.record_endpoint_events([])
    store.record_endpoint_events([other, lied])
    first, second, third = store.endpoint_events(CHAIN)
    assert (first.kind, first.block_number, first.block_hash) == (lied.kind, 7, block(7).hash)
    assert first.detail == ("a\ufffdb" + "x" * 900)[:DETAIL_LENGTH]
    assert (second.endpoint, second.detail) == (NAME, "the key is refused")
    assert (second.block_number, second.block_hash) == (None, None)
    assert third.kind is EventKind.VALUE_OUTVOTED
    assert before <= first.found_at <= datetime.now(UTC)


def test_the_kinds_of_the_table_are_those_of_the_values() -> None:
    assert set(ENDPOINT_EVENTS) == {kind.value for kind in EventKind}


def test_half_a_block_is_refused(store: Store) -> None:
    row = {"chain_id": 1, "endpoint": NAME, "kind": "undecided", "detail": ""}
    row |= {"block_number": 7, "block_hash": None, "found_at": datetime.now(UTC)}
    with (
        pytest.raises(StoreError, match="ck_endpoint_event_block"),
        store.database.writing() as connection,
    ):
        connection.execute(tables.endpoint_event.insert().values(row))
