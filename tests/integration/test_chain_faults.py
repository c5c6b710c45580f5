"""The faults of a chain by their numbers: finality, reorgs, crashes, odd blocks and clocks."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from tests.support.faulty_node import FaultyNode, error, make_chain, stack_over
from tests.support.made_chain import CHAIN_ID, MadeChain, NoLogs, feed
from tests.support.rows import assert_same_history, history_rows
from watcher.chain.headers import Headers, Tag
from watcher.chain.logs import Logs
from watcher.chain.reader import Reader
from watcher.errors import BelowFinality, StoreError, Unavailable
from watcher.math.settings import Settings
from watcher.service.watch import ChainWatch, Pace, Ticked
from watcher.service.writer import Writer
from watcher.state import Block
from watcher.store import Store, TickResult

FEEDS = (feed(1), feed(2))
SETTINGS = Settings(unit="USD", sizes=(1_000.0,), prices=())
VALUES = {target.address: 10**8 for target in FEEDS}


def made(folder: Path, name: str = "watch", *, now: Any = None) -> Store:
    url = f"sqlite:///{folder / name}.db"
    store = Store.create(url, now=now) if now else Store.create(url)
    store.register(FEEDS)
    store.save_settings(SETTINGS)
    return store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with made(tmp_path) as opened:
        yield opened


@dataclass
class Chain:
    headers: Headers
    reader: Reader
    logs: Logs = field(default_factory=NoLogs)


def watch_over(
    chain: Any, ledger: Any, writer: Writer, *, targets: Any = FEEDS, pace: Pace | None = None
) -> ChainWatch:
    return ChainWatch(
        chain_id=CHAIN_ID,
        chain=chain,
        ledger=ledger,
        writer=writer,
        targets=targets,
        settings=SETTINGS,
        pace=pace or Pace(),
    )


def look(chain: Any, ledger: Any, **more: Any) -> list[Ticked]:
    async def run() -> list[Ticked]:
        with Writer() as writer:
            return [one async for one in watch_over(chain, ledger, writer, **more).advance()]

    return asyncio.run(run())


def grown(blocks: int) -> MadeChain:
    chain = MadeChain()
    for _ in range(blocks):
        chain.mine(VALUES)
    return chain


def statuses(store: Store) -> dict[int, str]:
    return {row[1]: row[5] for row in history_rows(store)["block"]}


# 14: a node without a finalized block


@pytest.mark.parametrize(
    "answer", [None, error(-32000, "x"), error(-39001, "x"), error(-32602, "x")], ids=str
)
def test_fault_14_without_finalized_confirmations_decide(store: Store, answer: Any) -> None:
    node = FaultyNode(blocks=make_chain(10), tags={"safe": answer, "finalized": answer})
    stack = stack_over(node)
    chain, pace = Chain(stack.headers, stack.reader), Pace(confirmations=5)
    look(chain, store, targets=(), pace=pace)
    node.blocks = make_chain(20)
    look(chain, store, targets=(), pace=pace)
    found = statuses(store)
    assert [found[number] for number in (9, 14, 15, 19)] == [
        "finalized",
        "finalized",
        "latest",
        "latest",
    ]


# 15: finalized goes back


@dataclass
class Regressing(MadeChain):
    finalized: int = 0

    async def tagged(self, tag: Tag) -> int | None:
        return self.finalized


def regressing(store: Store, *finalized: int) -> tuple[list[Any], list[int | None]]:
    """Each number is said at one new block, to one watch; the warnings, and what each tick says."""
    chain = Regressing()

    async def run() -> list[int | None]:
        said: list[int | None] = []
        with Writer() as writer:
            watch = watch_over(chain, store, writer)
            for number in finalized:
                chain.mine(VALUES)
                chain.finalized = number
                said += [one.tick.finalized async for one in watch.advance()]
        return said

    with capture_logs() as logs:
        said = asyncio.run(run())
    return [one for one in logs if one["event"] == "finalized went back"], said


def test_fault_15_finalized_that_goes_back_is_clamped_and_warned_of_once(store: Store) -> None:
    warnings, said = regressing(store, 0, 1, 2, 0, 0, 1, 3)
    assert said == [0, 1, 2, 2, 2, 2, 3]
    assert [(one["was"], one["now"]) for one in warnings] == [(2, 0), (2, 1)]
    assert all(one["log_level"] == "warning" for one in warnings)
    assert [statuses(store)[number] for number in range(5)] == ["finalized"] * 4 + ["latest"]


def test_fault_15_what_is_stored_as_final_holds_after_a_restart(store: Store) -> None:
    regressing(store, 0, 1, 2)
    chain = Regressing()
    chain.blocks = list(store.recent_blocks(CHAIN_ID, 10))[::-1]
    chain.values = {block.hash: dict(VALUES) for block in chain.blocks}
    chain.mine(VALUES)
    chain.finalized = 0
    with capture_logs() as logs:
        [ticked] = look(chain, store)
    assert ticked.tick.finalized == 2
    assert [one["was"] for one in logs if one["event"] == "finalized went back"] == [2]


def test_fault_15_finalized_above_the_head_finalizes_no_more_than_the_head(store: Store) -> None:
    _, said = regressing(store, 50, 51)
    assert said == [0, 1]


# 18: reorgs (on a real node: tests/anvil/test_reorgs.py)


@pytest.mark.parametrize("depth", [1, 5, 20])
def test_fault_18_after_a_reorg_the_history_is_that_of_the_chain(
    tmp_path: Path, store: Store, depth: int
) -> None:
    chain = grown(3)
    look(chain, store)
    for number in range(30):
        chain.mine({FEEDS[0].address: number + 1, FEEDS[1].address: 5})
    look(chain, store)
    chain.drop(depth)
    for number in range(depth + 1):
        chain.mine({FEEDS[number % 2].address: 7})
    assert look(chain, store)[0].orphaned == depth
    with made(tmp_path, "fresh") as fresh:
        straight = replace(chain, blocks=chain.blocks[:3])
        look(straight, fresh)
        straight.blocks = chain.blocks
        look(straight, fresh)
        assert_same_history(store, fresh)
    with store.database.reading() as connection:
        kept = connection.execute(text("SELECT count(*) FROM block WHERE status = 'orphaned'"))
        assert kept.scalar_one() == depth


# 19: below finalized (the other chains: tests/integration/test_service_chains.py)


def test_fault_19_below_finalized_the_chain_stops_and_nothing_is_deleted(store: Store) -> None:
    chain = grown(4)
    chain.finalized_depth = 2
    look(chain, store)
    for _ in range(8):
        chain.mine(VALUES)
    look(chain, store)
    rows = history_rows(store)
    chain.drop(6)
    for _ in range(8):
        chain.mine(VALUES)
    with pytest.raises(BelowFinality, match="nothing was changed; see whether the node is in sync"):
        look(chain, store)
    assert history_rows(store) == rows


# 20: crashes


@dataclass
class Dying:
    """A ledger whose process dies right after a commit, or right before."""

    store: Store
    after: bool
    left: int = 3
    _dead: list[int] = field(default_factory=list)

    def commit_tick(self, tick: TickResult) -> None:
        self.left -= 1
        if self.left == 0 and not self.after:
            raise KeyboardInterrupt
        self.store.commit_tick(tick)
        if self.left == 0:
            raise KeyboardInterrupt

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)


@pytest.mark.parametrize("after", [False, True])
def test_fault_20_a_crash_around_the_commit_leaves_no_trace(
    tmp_path: Path, store: Store, after: bool
) -> None:
    chain = grown(2)
    look(chain, store)
    with made(tmp_path, "calm") as calm:
        look(chain, calm)
        for number in range(6):
            chain.mine({FEEDS[0].address: number + 1})
        with pytest.raises(KeyboardInterrupt):
            look(chain, Dying(store, after=after))
        assert store.extent().chains[0].blocks == (4 if after else 3)
        look(chain, store)
        look(chain, calm)
        assert_same_history(store, calm)


def test_fault_20_a_block_without_its_cursor_is_not_stored(store: Store) -> None:
    chain = grown(2)
    look(chain, store)
    rows = history_rows(store)
    [newest] = store.recent_blocks(CHAIN_ID, 1)
    chain.mine(VALUES)
    with store.database.writing() as connection:
        connection.execute(
            text(
                "CREATE TRIGGER crash BEFORE UPDATE ON cursor "
                "BEGIN SELECT RAISE(ABORT, 'crash'); END"
            )
        )
    with pytest.raises(StoreError, match="crash"):
        look(chain, store)
    assert history_rows(store) == rows
    assert store.resume(CHAIN_ID).cursor == newest
    with store.database.writing() as connection:
        connection.execute(text("DROP TRIGGER crash"))
    assert [one.block.number for one in look(chain, store)] == [2]


# 22: equal timestamps, empty blocks, skipped numbers


def skipping(length: int, *skipped: int) -> list[Block]:
    """Blocks of which some numbers are left out, all at the same second."""
    kept = [block for block in make_chain(length) if block.number not in skipped]
    chain = kept[:1]
    for block in kept[1:]:
        chain.append(replace(block, parent_hash=chain[-1].hash, timestamp=chain[0].timestamp))
    return chain


@pytest.mark.parametrize(
    "skipped", [(5,), (5, 6, 7), (4,), (18,), (4, 9, 10, 18), (67,), (68,), (67, 68, 69)], ids=str
)
def test_fault_22_skipped_numbers_and_equal_timestamps_are_no_gap(
    store: Store, skipped: tuple[int, ...]
) -> None:
    node = FaultyNode(blocks=make_chain(4))
    blocks = skipping(100, *skipped)
    node.blocks = blocks[:4]
    stack = stack_over(node)
    chain = Chain(stack.headers, stack.reader)
    look(chain, store, targets=())
    node.blocks = blocks
    found = look(chain, store, targets=())
    assert [one.block for one in found] == blocks[4:]
    assert store.gaps(CHAIN_ID) == ()


def test_fault_22_a_missing_block_is_not_taken_for_a_skipped_one(store: Store) -> None:
    node = FaultyNode(blocks=make_chain(4))
    stack = stack_over(node)
    chain = Chain(stack.headers, stack.reader)
    look(chain, store, targets=())
    for missing in (4, 6, 19):
        node.blocks = [block for block in make_chain(40) if block.number != missing]
        with pytest.raises(Unavailable, match=f"no block {missing}: it lags"):
            look(chain, store, targets=())
    assert store.extent().chains[0].blocks == 1


def test_fault_22_empty_blocks_are_blocks(store: Store) -> None:
    chain = grown(2)
    chain.steady = True
    look(chain, store)
    for _ in range(5):
        chain.mine(VALUES)
    assert [len(one.tick.observations) for one in look(chain, store)] == [0] * 5
    assert store.extent().chains[0].blocks == 6


# 23: clocks


def test_fault_23_wall_time_decides_nothing_that_is_stored(tmp_path: Path, store: Store) -> None:
    times = iter(range(10**6))

    def jumping() -> datetime:
        days = next(times) % 7 * 400
        return datetime(2020, 1, 1, tzinfo=UTC) + timedelta(days=days)

    chain = grown(3)
    look(chain, store)
    with made(tmp_path, "skewed", now=jumping) as skewed:
        look(chain, skewed)
        for number in range(8):
            chain.mine({FEEDS[0].address: number // 2})
        look(chain, store)
        look(chain, skewed)
        assert_same_history(store, skewed)


def test_fault_23_a_block_time_that_jumps_is_taken_as_it_is(store: Store) -> None:
    chain = grown(3)
    look(chain, store)
    for seconds in (10**9, -(10**6), 0):
        block = chain.mine(VALUES)
        chain.blocks[-1] = replace(block, timestamp=block.timestamp + seconds)
    times = [one.block.timestamp for one in look(chain, store)]
    assert times == [block.timestamp for block in chain.blocks[3:]]
