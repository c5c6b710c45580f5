"""Pages and lines of the history, and a store that cannot write, on both databases."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.cli_history import CHAIN, FIRST, NEWEST, OFF, VAULT
from tests.support.web import Writer, fill, hashed
from watcher.errors import StaleBlock, StoreError
from watcher.store import Figure, Store
from watcher.store.counts import endpoint_event_counts
from watcher.store.lines import lines
from watcher.store.paging import (
    Position,
    Span,
    block_page,
    event_page,
    flow_page,
    gap_page,
    measure_page,
)


@pytest.fixture
def reader(store_url: str) -> Iterator[Store]:
    fill(store_url)
    with Store.open(store_url, read_only=True) as opened:
        yield opened


def test_a_store_for_reading_refuses_to_write(reader: Store, store_url: str) -> None:
    with pytest.raises(StoreError, match=r"readonly|read-only"):
        reader.record_gap(CHAIN, 1, 2, "no")
    with Store.open(store_url) as writer:
        writer.record_gap(CHAIN, 1, 2, "yes")
    assert "yes" in {gap.reason for gap in reader.gaps(CHAIN)}


@pytest.mark.parametrize("newest_first", [False, True])
@pytest.mark.parametrize("limit", [1, 3, 50])
def test_pages_of_figures_are_the_history(reader: Store, limit: int, newest_first: bool) -> None:
    found: list[Figure] = []
    after: Position | None = None
    while True:
        page = measure_page(
            reader, OFF.id, ["depth"], after=after, newest_first=newest_first, limit=limit
        )
        found += page.items
        after = page.after
        if after is None:
            break
    stored = list(reader.measure_history(OFF.id, ["depth"]))
    assert found == (stored[::-1] if newest_first else stored)
    assert len(found) == 4


def test_a_page_goes_on_only_from_a_block_of_the_chain(reader: Store) -> None:
    orphan = Position(NEWEST + 1, hashed(NEWEST + 1, 0xF), "depth", "{}")
    wrong = Position(FIRST + 1, hashed(FIRST))
    for after in (orphan, wrong, Position(5, hashed(5))):
        with pytest.raises(StaleBlock, match="begin again without the cursor"):
            measure_page(reader, OFF.id, after=after, limit=5)
        with pytest.raises(StaleBlock):
            flow_page(reader, OFF.id, after=after, limit=5)
    odd = Position(FIRST, hashed(FIRST), "depth", "\ufffd\U0001f600'; --")
    assert measure_page(reader, OFF.id, after=odd, limit=5).items


def test_blocks_gaps_and_events_page_by_page(reader: Store) -> None:
    page = block_page(reader, CHAIN, span=Span(FIRST, NEWEST - 1), limit=3)
    numbers = [one.block.number for one in page.items]
    assert (numbers, page.after) == ([109, 108, 107], 107)
    rest = block_page(reader, CHAIN, span=Span(FIRST), below=page.after, limit=50)
    assert [one.block.number for one in rest.items] == list(range(106, FIRST - 1, -1))
    assert rest.after is None

    gaps = gap_page(reader, CHAIN, limit=3)
    assert [one.first for one in gaps.items] == [10, 20, 30]
    assert [one.first for one in gap_page(reader, CHAIN, after=gaps.after, limit=3).items] == [40]

    events = event_page(reader, CHAIN, limit=2)
    assert [one.kind.value for one in events.items] == ["agrees_again", "value_outvoted"]
    last = event_page(reader, CHAIN, below=events.after, limit=2)
    assert [one.kind.value for one in last.items] == ["key_refused"]
    assert endpoint_event_counts(reader)[CHAIN, "node-b", "agrees_again"] == 1


def test_flows_page_by_page(reader: Store) -> None:
    [record] = flow_page(reader, OFF.id, limit=1).items
    assert record == reader.flows(OFF.id)[0]
    assert flow_page(reader, OFF.id, span=Span(last=105), limit=5).items == ()
    after = Position(104, hashed(104))
    assert flow_page(reader, VAULT.id, after=after, limit=5).items == ()


def test_lines_keep_what_sticks_out(reader: Store, store_url: str) -> None:
    with Store.open(store_url) as store:
        writer = Writer(store)
        for number in range(NEWEST + 1, NEWEST + 41):
            usdc = 1_000_000 if number == NEWEST + 21 else 2_000_000 + number
            writer.commit(number, usdc=usdc)
    [whole] = lines(reader, OFF.id, "spot_price", points=100)
    [few] = lines(reader, OFF.id, "spot_price", span=Span(NEWEST + 3), points=10)
    assert whole.rows == len(whole.figures) == 42
    assert list(whole.figures) == list(reader.measure_history(OFF.id, ["spot_price"]))
    assert few.rows == 38
    numbers = [one.block.number for one in few.figures]
    assert len(numbers) <= 10
    assert {NEWEST + 3, NEWEST + 21, NEWEST + 40} <= set(numbers)
    assert min(one.measure.value for one in few.figures) == 1_000.0
    two = lines(reader, OFF.id, "depth", dims={"move": "0.01"}, points=10)
    assert len(two) == 2
    assert lines(reader, OFF.id, "depth", dims={"move": "0.02"}, points=10) == ()
