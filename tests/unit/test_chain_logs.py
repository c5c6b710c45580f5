"""Logs of a node with limits, of one that lies, and of a chain that changes meanwhile."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.all_logs import read_all
from tests.support.faulty_node import FaultyNode, error, make_chain, stack_over
from watcher.chain.endpoint import Endpoint
from watcher.chain.faults import EndpointError, Kind
from watcher.chain.jsonrpc import Reply, Request
from watcher.chain.logs import NodeLogs
from watcher.errors import ReadError, StaleBlock
from watcher.state import to_address
from watcher.state.log import Log

ADDRESS = to_address("0x" + "ab" * 20)
OTHER = to_address("0x" + "cd" * 20)
SYNC = "0x" + "1c" * 32
CHAIN = make_chain(40)


def raw(number: int, index: int = 0, **change: Any) -> dict[str, Any]:
    block = CHAIN[number]
    return {
        "blockNumber": hex(number),
        "blockHash": block.hash,
        "logIndex": hex(index),
        "transactionHash": "0x" + "77" * 32,
        "transactionIndex": "0x0",
        "address": ADDRESS.lower(),
        "topics": [SYNC],
        "data": "0x" + f"{number:064x}",
        "removed": False,
        **change,
    }


def expected(number: int, index: int = 0) -> Log:
    data = number.to_bytes(32, "big")
    return Log(CHAIN[number], index, "0x" + "77" * 32, ADDRESS, (SYNC,), data)


class Node:
    """Answers eth_getLogs from `logs`, at most `most` of them and over at most `span` blocks."""

    def __init__(
        self,
        logs: list[dict[str, Any]],
        *,
        most: int = 10**9,
        span: int = 10**9,
        refusal: Any = None,
    ) -> None:
        self.logs, self.most, self.span = logs, most, span
        self.refusal = refusal or error(-32005, "query returned more than 10000 results")
        self.spans: list[int] = []
        self.node = FaultyNode(blocks=CHAIN)
        self.stack = stack_over(self.node)

    @property
    def endpoint(self) -> Endpoint:
        return self.stack.rpc.endpoint

    async def call(self, asked: Request) -> Reply:
        [given_] = json.loads(asked.params)
        first, last = int(given_["fromBlock"], 16), int(given_["toBlock"], 16)
        assert given_["address"] == [ADDRESS]
        self.spans.append(last - first + 1)
        found = [
            one
            for one in self.logs
            if first <= int(str(one.get("blockNumber", hex(first))), 16) <= last
        ]
        over = len(found) > self.most or last - first + 1 > self.span
        if over and isinstance(self.refusal, Exception):
            raise self.refusal
        self.node.overrides["eth_getLogs"] = self.refusal if over else found
        return await self.stack.rpc.call(asked)

    async def ask(self, requests: Any) -> Any:
        raise AssertionError("logs are asked for one by one")

    singly = ask


async def read(node: Node, *, topics: tuple[str, ...] = (SYNC,), first_range: int = 500) -> Any:
    logs = NodeLogs(node, deadline=5.0, first_range=first_range)
    return await read_all(logs, CHAIN[5:30], [ADDRESS], topics)


async def test_logs_come_once_and_in_order() -> None:
    node = Node([raw(9, 2), raw(7), raw(9, 1), raw(9, 2), raw(29), raw(30), raw(4)])
    assert await read(node) == [expected(7), expected(9, 1), expected(9, 2), expected(29)]
    assert node.spans == [25]


TOO_LATE = EndpointError("late", endpoint="a", kind=Kind.TIMEOUT)
REFUSALS = [
    error(-32005, "query returned more than 10000 results"),
    error(-32602, "Log response size exceeded. You can make eth_getLogs requests with up to a 2K"),
    error(-32000, "exceed maximum block range: 5000"),
    error(-32000, "query timed out"),
    error(-32005, ""),
    TOO_LATE,
    EndpointError("long", endpoint="a", kind=Kind.ANSWER_TOO_LONG),
    EndpointError("413", endpoint="a", kind=Kind.REQUEST_TOO_LARGE),
]


@pytest.mark.parametrize("refusal", REFUSALS, ids=str)
@pytest.mark.parametrize(("most", "span"), [(2, 100), (100, 4), (1, 1)])
async def test_a_range_shrinks_until_the_node_takes_it(refusal: Any, most: int, span: int) -> None:
    logs = [raw(number) for number in range(5, 30)]
    node = Node(logs, most=most, span=span, refusal=refusal)
    assert await read(node) == [expected(number) for number in range(5, 30)]
    assert max(node.spans) == 25


async def test_the_limit_is_remembered_and_the_range_grows_back() -> None:
    node = Node([raw(number) for number in range(5, 30)], span=4)
    logs = NodeLogs(node, deadline=5.0, first_range=32)
    await read_all(logs, CHAIN[5:30], [ADDRESS])
    refused = sum(span > 4 for span in node.spans)
    node.spans.clear()
    await read_all(logs, CHAIN[5:30], [ADDRESS])
    assert sum(span > 4 for span in node.spans) < refused
    node.span = 10**9
    for _ in range(12):
        await read_all(logs, CHAIN[5:30], [ADDRESS])
    assert node.spans[-1] == 25
    assert logs.range > 25


@pytest.mark.parametrize(
    ("code", "text", "kind"),
    [
        (429, "Too many requests per second", Kind.RATE_LIMITED),
        (-32005, "daily request rate limit reached", Kind.RATE_LIMITED),
        (-32601, "the method eth_getLogs does not exist", Kind.NODE_FAULT),
    ],
)
async def test_other_errors_do_not_shrink(code: int, text: str, kind: Kind) -> None:
    node = Node([], span=0, refusal=error(code, text))
    with pytest.raises(EndpointError) as caught:
        await read(node)
    assert caught.value.kind is kind
    assert node.spans == [25]


async def test_one_block_that_is_too_much_is_unavailable() -> None:
    with pytest.raises(EndpointError, match="more than 10000 results"):
        await read(Node([raw(9), raw(9, 1)], most=1))


async def test_a_log_of_another_block_of_that_height_is_stale() -> None:
    with pytest.raises(StaleBlock, match="another block 9"):
        await read(Node([raw(9, blockHash="0x" + "99" * 32)]))


@pytest.mark.parametrize(
    "change",
    [
        {"blockNumber": None},
        {"blockNumber": 9},
        {"blockNumber": "0x28"},
        {"blockHash": "0x12"},
        {"logIndex": "1"},
        {"logIndex": hex(2**64)},
        {"transactionHash": None},
        {"address": OTHER},
        {"address": "0xab"},
        {"address": 7},
        {"topics": None},
        {"topics": [SYNC] * 5},
        {"topics": [SYNC, "0x12"]},
        {"topics": ["0x" + "2c" * 32]},
        {"topics": []},
        {"data": "0x123"},
        {"data": "0x 12"},
        {"data": None},
        {"removed": True},
        {"removed": "no"},
    ],
    ids=str,
)
async def test_a_log_with_one_wrong_field_is_refused(change: dict[str, Any]) -> None:
    node = Node([])
    node.node.overrides["eth_getLogs"] = [{**raw(9), **change}]
    logs = NodeLogs(node.stack.reader._node, deadline=5.0)
    with pytest.raises(EndpointError, match="answered eth_getLogs with"):
        await read_all(logs, CHAIN[5:30], [ADDRESS], (SYNC,))


async def test_two_logs_in_one_place_are_refused() -> None:
    with pytest.raises(EndpointError, match="two different logs 1 of block 9"):
        await read(Node([raw(9, 1), raw(9, 1, data="0x")]))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=70),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(sorted(raw(9))), inner, max_size=9)
    ),
    max_leaves=20,
)


@given(json_values)
def test_whatever_comes_only_our_errors_come_out(value: Any) -> None:
    # A dict would be taken for the node's whole reply.
    result = [value] if isinstance(value, dict) else value
    node = FaultyNode(blocks=CHAIN, overrides={"eth_getLogs": result})
    logs = NodeLogs(stack_over(node).reader._node, deadline=5.0)
    try:
        found = asyncio.run(read_all(logs, CHAIN[5:30], [ADDRESS]))
    except ReadError:
        return
    assert found == []
