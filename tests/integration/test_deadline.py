"""Two of three endpoints hang or crawl, in turn and together, while every block is stored: the
seconds that a block is waited for are counted by a clock that nothing but waiting moves."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from tests.support.faulty_node import CHAIN_ID, FaultyNode, make_chain
from tests.support.linked import BreakableTransport, Linked, linked
from tests.support.made_chain import NoLogs, feed
from tests.support.virtual_time import virtually
from watcher.chain.retry import Patience
from watcher.errors import Unavailable
from watcher.math.settings import Settings
from watcher.protocols import chainlink
from watcher.service.watch import ChainWatch, Pace
from watcher.service.writer import Writer
from watcher.state import PriceFeed
from watcher.store import Store

FEEDS = (feed(1), feed(2), feed(3))
SETTINGS = Settings(unit="USD", sizes=(1_000.0,), prices=())
CHAIN = make_chain(310)
FIRST = 5
DEADLINE = 3.0
ROUNDING = 1e-9
SOON = Patience(first=0.02, longest=0.08)
PAIRS = list(combinations(range(3), 2))


def node() -> FaultyNode:
    return FaultyNode(
        blocks=CHAIN[:FIRST],
        calls={target.address.lower(): answers(row) for row, target in enumerate(FEEDS)},
    )


def answers(row: int) -> Callable[[Any], str]:
    """Of a feed: 8 decimals, and at each block another answer in another round."""
    decimals = "0x" + chainlink.DECIMALS.call(FEEDS[row].address).data.hex()

    def answer(params: Any) -> str:
        if isinstance(params[0], str):  # its code, or a slot of its storage
            return "0x60" if len(params) == 2 else f"0x{0:064x}"
        call, at = params
        if (call.get("data") or call.get("input")) == decimals:
            return f"0x{8:064x}"
        block = next(one for one in CHAIN if one.hash == at["blockHash"])
        number, then = block.number, block.timestamp
        words = (number, answer_at(row, number), then, then, number)
        return "0x" + "".join(f"{one:064x}" for one in words)

    return answer


def answer_at(row: int, number: int) -> int:
    return 10**8 + 1_000 * row + number


class View:
    """What the watch needs of the linked endpoints."""

    def __init__(self, chain: Linked) -> None:
        self.headers, self.reader, self.logs = chain.headers, chain.reader, NoLogs()


def hang(transport: BreakableTransport) -> None:
    transport.hangs = True


def crawl(transport: BreakableTransport) -> None:
    """It answers, but a moment after anybody waits for it."""
    transport.delay = DEADLINE / 3 + 0.01


def dawdle(transport: BreakableTransport) -> None:
    """It answers a moment before it is given up."""
    transport.delay = DEADLINE / 3 - 0.01


def mend(transport: BreakableTransport) -> None:
    transport.hangs, transport.delay = False, 0.0


@virtually
async def test_no_block_waits_longer_than_the_deadline_while_two_of_three_hang(
    tmp_path: Path,
) -> None:
    nodes = [node() for _ in range(3)]
    waited: list[float] = []
    with Store.create(f"sqlite:///{tmp_path / 'hang.db'}") as store, Writer() as writer:
        store.register(FEEDS)
        store.save_settings(SETTINGS)
        async with linked(
            nodes, deadline=DEADLINE, patience=SOON, real_clock=True, wall=10_000.0
        ) as chain:
            watch = ChainWatch(
                chain_id=CHAIN_ID,
                chain=View(chain),
                ledger=store,
                writer=writer,
                targets=FEEDS,
                settings=SETTINGS,
                pace=Pace(),
            )

            async def tick(number: int) -> None:
                for one in nodes:
                    one.blocks = CHAIN[: number + 1]
                started = time.monotonic()
                assert [each.block.number async for each in watch.advance()] == [number]
                waited.append(time.monotonic() - started)

            for number in range(FIRST, FIRST + 300):
                first, second = PAIRS[number // 20 % 3]
                how = (hang, crawl, dawdle)[number // 60 % 3]
                for transport in chain.transports:
                    mend(transport)
                if number % 20 >= 4:
                    how(chain.transports[first])
                if number % 20 >= 8:
                    how(chain.transports[second])
                await tick(number)

        for row, target in enumerate(FEEDS):
            for number in range(FIRST, FIRST + 300):
                found = store.observation_as_of(target.id, number)
                assert found is not None
                state = found.observation.state
                assert isinstance(state, PriceFeed), found.observation.detail
                assert (found.as_of.number, state.answer) == (number, answer_at(row, number))
        assert store.gaps(CHAIN_ID) == ()
    print(sorted(waited)[-10:], sum(one > 0.2 for one in waited))
    assert max(waited) <= DEADLINE + ROUNDING
    assert sum(one >= DEADLINE / 3 for one in waited) > 20, "some were waited for"


@virtually
async def test_a_question_that_nobody_answers_ends_with_the_deadline() -> None:
    async with linked([node() for _ in range(3)], deadline=DEADLINE, real_clock=True) as chain:
        for transport in chain.transports:
            hang(transport)
        started = time.monotonic()
        with pytest.raises(Unavailable):
            await chain.headers.head()
        assert time.monotonic() - started <= DEADLINE + ROUNDING
