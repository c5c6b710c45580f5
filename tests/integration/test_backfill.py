"""A history with filled gaps is the history of a store that never had them, row by row."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import aclosing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.effort import examples
from tests.support.made_chain import CHAIN_ID, MadeChain, feed
from tests.support.rows import assert_same_history
from watcher.errors import InputError, StaleBlock, StoreError, Unavailable
from watcher.math.settings import Settings
from watcher.service.backfill import Backfill, Stretch, asked_stretches, open_stretches
from watcher.service.watch import ChainWatch, Pace
from watcher.service.writer import Writer
from watcher.state import Address, Target
from watcher.store import Store, recompute

FEEDS = (feed(1), feed(2))
SETTINGS = Settings(unit="USD", sizes=(1_000.0,), prices=())
PACE = Pace()


def made(folder: Path, name: str, targets: Sequence[Target] = FEEDS) -> Store:
    store = Store.create(f"sqlite:///{folder / name}.db")
    store.register(targets)
    store.save_settings(SETTINGS)
    return store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with made(tmp_path, "gaps") as opened:
        yield opened


@pytest.fixture
def whole(tmp_path: Path) -> Iterator[Store]:
    with made(tmp_path, "whole") as opened:
        yield opened


def look(
    chain: MadeChain,
    store: Store,
    *,
    once: bool = False,
    pace: Pace = PACE,
    targets: Sequence[Target] = FEEDS,
) -> None:
    async def run() -> None:
        with Writer() as writer:
            watch = ChainWatch(
                chain_id=CHAIN_ID,
                chain=chain,
                ledger=store,
                writer=writer,
                targets=targets,
                settings=SETTINGS,
                pace=pace,
            )
            async with aclosing(watch.advance(head_only=once)) as ticks:
                async for _ in ticks:
                    pass

    asyncio.run(run())


def fill(
    chain: MadeChain,
    store: Store,
    stretch: Stretch,
    *,
    stop_after: int = 10**9,
    pace: Pace = PACE,
    targets: Sequence[Target] = FEEDS,
) -> list[int]:
    async def run() -> list[int]:
        numbers: list[int] = []
        with Writer() as writer:
            filling = Backfill(
                chain_id=CHAIN_ID,
                chain=chain,
                ledger=store,
                writer=writer,
                targets=targets,
                settings=SETTINGS,
                pace=pace,
            )
            async with aclosing(filling.fill(stretch)) as steps:
                async for filled in steps:
                    numbers.append(filled.block.number)
                    if len(numbers) >= stop_after:
                        break
        return numbers

    return asyncio.run(run())


def fill_all(chain: MadeChain, store: Store) -> list[int]:
    return [
        number
        for stretch in asked_stretches(store, CHAIN_ID, None, None, every_blocks=1)
        for number in fill(chain, store, stretch)
    ]


def values(*answers: int) -> dict[Address, int]:
    """What each feed answers; 0 is a feed that reverts."""
    return {t.address: answer for t, answer in zip(FEEDS, answers, strict=True) if answer}


def grow(chain: MadeChain, answers: Sequence[tuple[int, int]]) -> None:
    for pair in answers:
        chain.mine(values(*pair))


def test_fault_21_down_for_an_hour_is_filled_from_the_cursor(store: Store, whole: Store) -> None:
    chain = MadeChain(steady=True)
    grow(chain, [(1, 1), (1, 2)])
    look(chain, store)
    look(chain, whole)
    for number in range(300):
        grow(chain, [(number // 7 % 3, number // 50 + 1)])
        look(chain, whole)
    look(chain, store)
    assert store.gaps(CHAIN_ID) == ()
    assert_same_history(store, whole)


def test_fault_21_longer_than_allowed_is_a_listed_gap_that_is_filled_later(
    store: Store, whole: Store
) -> None:
    chain = MadeChain(steady=True)
    grow(chain, [(1, 1), (1, 2)])
    look(chain, store)
    look(chain, whole)
    for number in range(40):
        grow(chain, [(number // 7 % 3, number // 11 + 1)])
        look(chain, whole)
    look(chain, store, pace=Pace(catch_up_blocks=10))
    assert open_stretches(store, CHAIN_ID) == [Stretch(CHAIN_ID, 2, 31)]
    assert fill_all(chain, store) == list(range(2, 32))
    assert open_stretches(store, CHAIN_ID) == []
    [gap] = store.gaps(CHAIN_ID)
    assert (gap.first, gap.last) == (2, 31)
    assert gap.filled_at is not None
    assert_same_history(store, whole)
    assert recompute(store).found == 0


def test_killed_after_any_block_it_goes_on_there(store: Store, whole: Store) -> None:
    chain = MadeChain(steady=True)
    grow(chain, [(1, 1)])
    for target in (store, whole):
        look(chain, target)
    for answers in [(2, 1), (0, 1), (1, 3), (1, 1), (2, 2), (1, 1), (2, 1)]:
        grow(chain, [answers])
        look(chain, whole)
    look(chain, store, once=True)
    assert open_stretches(store, CHAIN_ID) == [Stretch(CHAIN_ID, 1, 6)]
    for number in range(1, 7):
        [stretch] = open_stretches(store, CHAIN_ID)
        assert stretch == Stretch(CHAIN_ID, number, 6)
        assert fill(chain, store, stretch, stop_after=1) == [number]
        assert recompute(store).found == 0
    assert open_stretches(store, CHAIN_ID) == []
    assert_same_history(store, whole)


def test_the_middle_of_a_gap_leaves_two(store: Store, whole: Store) -> None:
    chain = MadeChain(steady=True)
    grow(chain, [(1, 1)])
    for target in (store, whole):
        look(chain, target)
    for number in range(12):
        grow(chain, [(number % 3, number % 2 + 1)])
        look(chain, whole)
    look(chain, store, once=True)
    asked = asked_stretches(store, CHAIN_ID, 4, 6, every_blocks=1)
    assert asked == [Stretch(CHAIN_ID, 4, 6)]
    fill(chain, store, asked[0])
    left = [Stretch(CHAIN_ID, 1, 3), Stretch(CHAIN_ID, 7, 11)]
    assert open_stretches(store, CHAIN_ID) == left
    assert fill_all(chain, store) == [1, 2, 3, 7, 8, 9, 10, 11]
    assert_same_history(store, whole)


def test_blocks_before_the_history_began(store: Store, whole: Store) -> None:
    chain = MadeChain(steady=True)
    for number in range(8):
        grow(chain, [(number % 3, 5)])
        look(chain, whole)
    look(chain, store)
    [stretch] = asked_stretches(store, CHAIN_ID, 0, None, every_blocks=1)
    assert fill(chain, store, stretch) == list(range(7))
    assert_same_history(store, whole)


def test_every_third_block(store: Store, whole: Store) -> None:
    pace = Pace(every_blocks=3)
    chain = MadeChain(steady=True)
    grow(chain, [(1, 1)])
    for target in (store, whole):
        look(chain, target, pace=pace)
    for number in range(18):
        grow(chain, [(number // 3 % 3, number // 2 + 1)])
        look(chain, whole, pace=pace)
    look(chain, store, once=True)
    [stretch] = open_stretches(store, CHAIN_ID)
    assert fill(chain, store, stretch, pace=pace) == [3, 6, 9, 12, 15]
    assert open_stretches(store, CHAIN_ID) == []
    assert_same_history(store, whole)


def test_a_target_that_was_added_later_is_not_said_to_have_been_read(store: Store) -> None:
    chain = MadeChain(steady=True)
    grow(chain, [(1, 1)])
    look(chain, store, targets=FEEDS[:1])
    grow(chain, [(2, 2), (3, 3), (4, 4)])
    look(chain, store, once=True, targets=FEEDS[:1])
    grow(chain, [(5, 5)])
    look(chain, store)
    fill_all(chain, store)
    assert store.observation_as_of(FEEDS[1].id, 3) is None
    standing = store.observation_as_of(FEEDS[1].id, 4)
    assert standing is not None
    assert standing.since.number == 4


def gapped(store: Store) -> MadeChain:
    chain = MadeChain(steady=True)
    grow(chain, [(1, 1)])
    look(chain, store)
    grow(chain, [(2, 2), (3, 3), (4, 4)])
    look(chain, store, once=True)
    return chain


def test_state_that_the_node_has_no_more_leaves_the_gap(store: Store) -> None:
    chain = gapped(store)
    chain.pruned_below = 3
    with pytest.raises(Unavailable, match="block 1, and the gap stays open"):
        fill_all(chain, store)
    assert open_stretches(store, CHAIN_ID) == [Stretch(CHAIN_ID, 1, 2)]
    assert store.extent().chains[0].blocks == 2


def test_another_branch_is_not_filled_in(store: Store) -> None:
    chain = gapped(store)
    chain.drop(3)
    grow(chain, [(7, 7), (8, 8), (9, 9), (9, 9)])
    with pytest.raises(StaleBlock, match="let `watcher run` follow"):
        fill_all(chain, store)
    assert store.extent().chains[0].blocks == 2


def test_what_is_above_the_newest_block_is_the_watchs(store: Store) -> None:
    chain = gapped(store)
    with pytest.raises(InputError, match="above the newest stored block 3"):
        asked_stretches(store, CHAIN_ID, 1, 9, every_blocks=1)
    with pytest.raises(StoreError, match="above what is stored"):
        fill(chain, store, Stretch(CHAIN_ID, 4, 9))


answers = st.tuples(st.integers(0, 2), st.integers(1, 3))
moves = st.lists(st.tuples(answers, st.booleans()), min_size=3, max_size=14)


@settings(max_examples=examples(40, deep=1_000))
@given(moves, st.data())
def test_any_gaps_filled_in_any_order(
    tmp_path_factory: pytest.TempPathFactory,
    blocks: list[tuple[tuple[int, int], bool]],
    data: st.DataObject,
) -> None:
    folder = tmp_path_factory.mktemp("gaps")
    chain = MadeChain(steady=True)
    with made(folder, "gaps") as store, made(folder, "whole") as whole:
        for index, (pair, seen) in enumerate(blocks):
            grow(chain, [pair])
            look(chain, whole)
            if index == 0 or seen:
                look(chain, store, once=True)
        look(chain, store, once=True)
        while left := open_stretches(store, CHAIN_ID):
            stretch = data.draw(st.sampled_from(left))
            first = data.draw(st.integers(stretch.first, stretch.last))
            last = data.draw(st.integers(first, stretch.last))
            fill(chain, store, Stretch(CHAIN_ID, first, last))
            assert recompute(store).found == 0
        assert_same_history(store, whole)
