"""When proxies are asked whether they were upgraded, and of which blocks."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from tests.support.faulty_node import make_chain
from watcher.errors import StaleBlock, Unavailable
from watcher.service.upgrades import EVERY_BLOCKS, UPGRADED, Upgrades
from watcher.state import Address, Block, to_address
from watcher.state.log import Log

PROXY = to_address("0x" + "ab" * 20)
CHAIN = make_chain(200)


@dataclass
class Node:
    """Its proxy says at each of `upgraded` that it was upgraded; `raises` stands for no answer."""

    upgraded: set[int] = field(default_factory=set)
    raises: Exception | None = None
    asked: list[tuple[int, int]] = field(default_factory=list)

    async def read(
        self, blocks: Sequence[Block], addresses: Collection[Address], topics: Sequence[str] = ()
    ) -> list[Log]:
        assert (tuple(addresses), tuple(topics)) == ((PROXY,), (UPGRADED,))
        self.asked.append((blocks[0].number, blocks[-1].number))
        if self.raises is not None:
            raise self.raises
        return [
            Log(block, 0, "0x" + "77" * 32, PROXY, (UPGRADED,), b"")
            for block in blocks
            if block.number in self.upgraded
        ]

    async def at(
        self, block: Block, addresses: Collection[Address], topics: Sequence[str]
    ) -> list[Log]:
        raise AssertionError("a proxy's logs are read of several blocks")


async def announced(upgrades: Upgrades, number: int) -> bool:
    assert upgrades.last is not None
    return await upgrades.announced(CHAIN[upgrades.last.number + 1 : number + 1])


def test_the_event_is_eip_1967s() -> None:
    assert UPGRADED == "0xbc7cd75a20ee27fd9adebab32041f755214dbc6bffa90cc0225b39da2e5c2d3b"


async def test_it_is_due_each_so_many_blocks_where_there_are_proxies() -> None:
    upgrades = Upgrades(Node())
    assert not upgrades.due(CHAIN[150])
    upgrades.looked(CHAIN[100], [])
    assert not upgrades.due(CHAIN[150])
    upgrades.looked(CHAIN[100], [PROXY])
    assert not upgrades.due(CHAIN[100 + EVERY_BLOCKS - 1])
    assert upgrades.due(CHAIN[100 + EVERY_BLOCKS])
    assert not await announced(upgrades, 100 + EVERY_BLOCKS)
    assert not upgrades.due(CHAIN[100 + EVERY_BLOCKS])
    assert upgrades.due(CHAIN[100 + 2 * EVERY_BLOCKS])


async def test_each_block_is_asked_once() -> None:
    node = Node(upgraded={130})
    upgrades = Upgrades(node)
    upgrades.looked(CHAIN[100], [PROXY])
    assert not await announced(upgrades, 125)
    assert await announced(upgrades, 150)
    upgrades.looked(CHAIN[150], [PROXY])
    assert not await announced(upgrades, 175)
    assert node.asked == [(101, 125), (126, 150), (151, 175)]


async def test_an_announcement_stays_one_until_it_was_looked_at() -> None:
    upgrades = Upgrades(Node(upgraded={110}))
    upgrades.looked(CHAIN[100], [PROXY])
    assert await announced(upgrades, 125)
    assert await announced(upgrades, 150)


async def test_what_could_not_be_read_is_asked_again_later() -> None:
    node = Node(upgraded={110}, raises=Unavailable("away"))
    upgrades = Upgrades(node)
    upgrades.looked(CHAIN[100], [PROXY])
    assert not await announced(upgrades, 125)
    assert not upgrades.due(CHAIN[126])
    node.raises = StaleBlock("another block")
    assert not await announced(upgrades, 150)
    node.raises = None
    assert await announced(upgrades, 175)
    assert node.asked == [(101, 125), (101, 150), (101, 175)]


async def test_blocks_that_do_not_follow_are_reason_enough_to_look() -> None:
    node = Node()
    upgrades = Upgrades(node)
    upgrades.looked(CHAIN[100], [PROXY])
    other = make_chain(200, fork=1, fork_at=100)
    assert await upgrades.announced(other[101:126])
    assert await upgrades.announced(CHAIN[102:126])
    assert await upgrades.announced([*CHAIN[101:110], *CHAIN[111:126]])
    assert not node.asked
