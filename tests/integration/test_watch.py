"""The watch over a chain that grows, reorganises, goes away and changes while it is read."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.effort import examples
from tests.support.made_chain import CHAIN_ID, MadeChain, feed
from watcher.errors import StoreError, Unavailable
from watcher.math.settings import Settings
from watcher.service.watch import ChainWatch, Pace, Ticked
from watcher.service.writer import Writer
from watcher.state import PriceFeed, Status
from watcher.store import Store, recompute

FEEDS = (feed(1), feed(2))
SETTINGS = Settings(unit="USD", sizes=(1_000.0,), prices=())
EACH_BLOCK = Pace()
EVERYTHING = {target.address: 10**8 for target in FEEDS}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.create(f"sqlite:///{tmp_path / 'watch.db'}") as made:
        made.register(FEEDS)
        made.save_settings(SETTINGS)
        yield made


def look(
    chain: MadeChain, store: Store, *, pace: Pace = EACH_BLOCK, once: bool = False
) -> list[Ticked]:
    """What a watch that was just started commits: it knows only what is stored."""

    async def advance() -> list[Ticked]:
        with Writer() as writer:
            watch = ChainWatch(
                chain_id=CHAIN_ID,
                chain=chain,
                ledger=store,
                writer=writer,
                targets=FEEDS,
                settings=SETTINGS,
                pace=pace,
            )
            return [ticked async for ticked in watch.advance(head_only=once)]

    return asyncio.run(advance())


def grown(blocks: int) -> MadeChain:
    chain = MadeChain()
    for number in range(blocks):
        chain.mine({target.address: 10**8 + number for target in FEEDS})
    return chain


def numbers(ticks: list[Ticked]) -> list[int]:
    return [ticked.block.number for ticked in ticks]


def assert_stored_is_true(chain: MadeChain, store: Store, first: int) -> None:
    """At every block from `first` on, each target's state in force is what the chain says."""
    (extent,) = store.extent().chains
    assert (extent.first.number, extent.newest) == (first, chain.blocks[-1])
    assert extent.blocks == extent.newest.number - first + 1
    for target in FEEDS:
        for block in chain.blocks[first:]:
            standing = store.observation_as_of(target.id, block.number)
            assert standing is not None
            assert standing.as_of == block
            value = chain.values[block.hash].get(target.address)
            if value is None:
                assert standing.observation.status is Status.REVERTED
            else:
                assert isinstance(standing.observation.state, PriceFeed)
                assert standing.observation.state.answer == value
    assert recompute(store).found == 0


def test_a_first_watch_begins_at_the_head(store: Store) -> None:
    assert numbers(look(grown(5), store)) == [4]


def test_what_was_missed_is_filled(store: Store) -> None:
    chain = grown(3)
    look(chain, store)
    for _ in range(150):
        chain.mine(EVERYTHING)
    assert numbers(look(chain, store)) == list(range(3, 153))
    assert look(chain, store) == []
    assert_stored_is_true(chain, store, first=2)


def test_too_long_an_absence_leaves_a_gap_row(store: Store) -> None:
    chain = grown(3)
    look(chain, store)
    for _ in range(20):
        chain.mine(EVERYTHING)
    assert numbers(look(chain, store, pace=Pace(catch_up_blocks=5))) == [18, 19, 20, 21, 22]
    (gap,) = store.gaps(CHAIN_ID)
    assert (gap.first, gap.last) == (3, 17)


def test_one_look_leaves_a_gap_row(store: Store) -> None:
    chain = grown(3)
    look(chain, store, once=True)
    chain.mine(EVERYTHING)
    assert numbers(look(chain, store, once=True)) == [3]
    assert store.gaps(CHAIN_ID) == ()
    for _ in range(4):
        chain.mine(EVERYTHING)
    assert numbers(look(chain, store, once=True)) == [7]
    (gap,) = store.gaps(CHAIN_ID)
    assert (gap.first, gap.last) == (4, 6)


def test_every_fifth_block(store: Store) -> None:
    chain = grown(6)
    pace = Pace(every_blocks=5)
    look(chain, store, pace=pace)
    for _ in range(11):
        chain.mine(EVERYTHING)
    assert numbers(look(chain, store, pace=pace)) == [10, 15]


@pytest.mark.parametrize("depth", [1, 20])
def test_a_reorg_is_read_again(store: Store, depth: int) -> None:
    chain = grown(3)
    look(chain, store)
    for _ in range(30):
        chain.mine(EVERYTHING)
    look(chain, store)
    chain.drop(depth)
    for _ in range(depth + 1):
        chain.mine({FEEDS[0].address: 7})
    ticks = look(chain, store)
    assert ticks[0].orphaned == depth
    assert len(ticks) == depth + 1
    assert_stored_is_true(chain, store, first=2)


def test_a_node_that_lags_is_no_reorg(store: Store) -> None:
    chain = grown(10)
    look(chain, store)
    for _ in range(5):
        chain.mine(EVERYTHING)
    look(chain, store)
    ahead = list(chain.blocks)
    chain.drop(3)
    assert look(chain, store) == []
    chain.blocks = ahead
    assert look(chain, store) == []
    assert_stored_is_true(chain, store, first=9)


def test_a_shorter_branch_is_followed(store: Store) -> None:
    chain = grown(3)
    look(chain, store)
    for _ in range(6):
        chain.mine(EVERYTHING)
    look(chain, store)
    chain.drop(4)
    chain.mine({FEEDS[1].address: 5})
    look(chain, store)
    assert_stored_is_true(chain, store, first=2)


def test_another_chain_stops_the_watch_and_deletes_nothing(store: Store) -> None:
    look(grown(4), store)
    other = MadeChain(_salt=1_000, finalized_depth=2)
    for _ in range(6):
        other.mine(EVERYTHING)
    with pytest.raises(StoreError, match="use another database"):
        look(other, store)
    assert store.extent().chains[0].blocks == 1


def test_a_young_history_that_leaves_the_chain_as_a_whole_begins_anew(store: Store) -> None:
    chain = grown(6)
    chain.finalized_depth = 3
    look(chain, store)
    chain.drop(2)
    for _ in range(4):
        chain.mine({FEEDS[0].address: 3})
    [ticked] = look(chain, store)
    assert (ticked.block.number, ticked.orphaned) == (7, 1)
    assert_stored_is_true(chain, store, first=7)


def test_a_finalized_block_is_never_given_up(store: Store) -> None:
    chain = grown(4)
    chain.finalized_depth = 2
    look(chain, store)
    for _ in range(8):
        chain.mine(EVERYTHING)
    look(chain, store)
    chain.drop(6)
    for _ in range(8):
        chain.mine(EVERYTHING)
    with pytest.raises(StoreError, match="finalized"):
        look(chain, store)


def test_a_node_that_is_away_changes_nothing(store: Store) -> None:
    chain = grown(4)
    look(chain, store)
    chain.mine(EVERYTHING)
    chain.reachable = False
    with pytest.raises(Unavailable):
        look(chain, store)
    chain.reachable = True
    assert numbers(look(chain, store)) == [4]


def test_a_chain_that_changes_while_it_is_read_is_read_again(store: Store) -> None:
    chain = grown(4)
    look(chain, store)
    for _ in range(3):
        chain.mine(EVERYTHING)

    def reorganise() -> None:
        chain.before_read = None
        chain.drop(3)
        for _ in range(4):
            chain.mine({FEEDS[0].address: 3})

    chain.before_read = reorganise
    assert look(chain, store) == []
    look(chain, store)
    assert_stored_is_true(chain, store, first=3)


def test_a_target_that_fails_is_a_row_and_the_others_go_on(store: Store) -> None:
    chain = grown(2)
    look(chain, store)
    chain.mine({FEEDS[0].address: 5})
    (ticked,) = look(chain, store)
    assert ticked.failing == 1
    assert_stored_is_true(chain, store, first=1)


step = st.one_of(
    st.tuples(st.just("mine"), st.lists(st.integers(0, 2), min_size=1, max_size=4)),
    st.tuples(st.just("reorg"), st.lists(st.integers(0, 2), min_size=2, max_size=5)),
    st.tuples(st.just("look"), st.just([0])),
)


@settings(max_examples=examples(15, deep=200))
@given(st.lists(step, max_size=12))
def test_whatever_happens_the_stored_branch_is_the_chains(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, list[int]]]
) -> None:
    """Values 1 and 2 are answers, 0 is a feed that reverts."""
    chain = grown(8)
    path = tmp_path_factory.mktemp("random") / "watch.db"
    with Store.create(f"sqlite:///{path}") as store:
        store.register(FEEDS)
        store.save_settings(SETTINGS)
        look(chain, store)
        for kind, answers in steps:
            if kind == "look":
                look(chain, store)
                continue
            if kind == "reorg":
                # Never below the first block that was watched.
                chain.drop(min(len(answers) - 1, len(chain.blocks) - 8))
            for answer in answers:
                chain.mine({target.address: answer for target in FEEDS if answer})
        look(chain, store)
        assert_stored_is_true(chain, store, first=7)
