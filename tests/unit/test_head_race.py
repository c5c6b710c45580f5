"""Reads of a node that answers of another state while it makes a block, as Anvil does."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from watcher.chain import head_race
from watcher.chain.endpoint import Endpoint
from watcher.chain.head_race import HeadRace
from watcher.chain.jsonrpc import ErrorObject, Reply, Request, Result
from watcher.errors import ReadError
from watcher.state import Answer, Balance, Block, Call, to_address

CALLS = [Balance(to_address(f"0x{7:040x}"))]
BLOCK = Block(1, 5, f"0x{5:064x}", f"0x{4:064x}", 60)
NOT_YET, PAST = Result(f"0x{0:064x}"), Result(BLOCK.hash)


class Node:
    """Answers each read with how many there were, the history of hashes as it is told to, and the
    heads in turn, the last for ever."""

    def __init__(self, history: Reply, heads: Sequence[int]) -> None:
        self.endpoint = Endpoint("http://127.0.0.1:1")
        self.history = history
        self.heads = list(heads)
        self.asked: list[str] = []

    async def call(self, asked: Request) -> Reply:
        self.asked.append(asked.method)
        if asked.method != "eth_blockNumber":
            return self.history
        return Result(hex(self.heads[0] if len(self.heads) == 1 else self.heads.pop(0)))

    async def ask(self, requests: Sequence[Request]) -> list[Reply | ReadError]:
        return [await self.call(each) for each in requests]

    singly = ask

    async def read(self, block: Block, calls: Sequence[Call]) -> list[Answer | ReadError]:
        self.asked.append("read")
        data = self.asked.count("read").to_bytes(32)
        return [Answer(ok=True, data=data, length=32) for _ in calls]


async def reads(node: Node) -> int:
    (answer,) = await HeadRace(node, node).read(BLOCK, CALLS)
    assert isinstance(answer, Answer)
    assert int.from_bytes(answer.data) == node.asked.count("read")
    return node.asked.count("read")


@pytest.mark.parametrize("history", [NOT_YET, Result(None), ErrorObject(-32000, "no state")])
async def test_what_is_of_its_block_is_read_once(history: Reply) -> None:
    node = Node(history, [5])
    assert await reads(node) == 1
    assert node.asked == ["eth_blockNumber", "read", "eth_getStorageAt", "eth_blockNumber"]


async def test_a_block_that_has_a_next_is_read_once() -> None:
    node = Node(PAST, [6])
    assert await reads(node) == 1
    assert node.asked == ["eth_blockNumber", "read"]


@pytest.mark.parametrize(
    ("history", "heads"),
    [
        (PAST, [5, 5, 6]),  # the next block is being made
        (NOT_YET, [5, 6]),  # it was made meanwhile: the history is then this block's own
    ],
)
async def test_what_may_be_of_the_next_block_is_read_again_once_that_is_there(
    history: Reply, heads: list[int]
) -> None:
    node = Node(history, heads)
    assert await reads(node) == 2
    assert node.asked[-2:] == ["eth_blockNumber", "read"]
    assert node.heads == [6]


async def test_a_block_that_never_comes_is_not_waited_for_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(head_race, "POLLS", 3)
    node = Node(PAST, [4])
    assert await reads(node) == 2
    assert node.asked.count("eth_blockNumber") == 1 + 3
