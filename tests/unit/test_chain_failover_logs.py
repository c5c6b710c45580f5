"""Logs through several endpoints: none is lost and none doubled, whichever of them fails when."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.faulty_node import FaultyNode, make_chain
from tests.support.linked import Linked, linked
from watcher.chain.faults import EndpointError, Kind
from watcher.chain.health import State
from watcher.chain.logs import FIRST_RANGE
from watcher.errors import StaleBlock, Unavailable
from watcher.state import to_address
from watcher.state.log import Log

ADDRESS = to_address("0x" + "ab" * 20)
TOPIC = "0x" + "1c" * 32
CHAIN = make_chain(60)
BLOCKS = CHAIN[5:55]


def raw(number: int, index: int) -> dict[str, Any]:
    return {
        "blockNumber": hex(number),
        "blockHash": CHAIN[number].hash,
        "logIndex": hex(index),
        "transactionHash": "0x" + "77" * 32,
        "address": ADDRESS.lower(),
        "topics": [TOPIC],
        "data": "0x" + f"{number:064x}",
    }


PLACES = [(number, index) for number in range(60) for index in range(number % 3)]
EXPECTED = [
    Log(CHAIN[n], index, "0x" + "77" * 32, ADDRESS, (TOPIC,), n.to_bytes(32, "big"))
    for n, index in PLACES
    if 5 <= n < 55
]


def node(span: int) -> FaultyNode:
    logs = [raw(number, index) for number, index in reversed(PLACES)]
    return FaultyNode(blocks=CHAIN, logs=logs, log_span=span)


def fail_after(chain: Linked, row: int, requests: int, kind: Kind) -> None:
    """Endpoint `row` fails for ever from its request number `requests` on."""
    transport = chain.transports[row]
    answer = transport.node.answer

    def counted(body: bytes) -> bytes:
        if transport.bodies > requests:
            raise EndpointError("failed", endpoint=transport.endpoint.name, kind=kind)
        return answer(body)

    transport.node.answer = counted  # type: ignore[method-assign]


async def test_the_next_endpoint_goes_on_where_one_failed() -> None:
    async with linked([node(7), node(4)]) as chain:
        # It learns that 7 blocks are the most, reads two ranges, and is gone.
        fail_after(chain, 0, 5, Kind.UNREACHABLE)
        assert await chain.logs.read(BLOCKS, [ADDRESS], (TOPIC,)) == EXPECTED
        assert chain.states()[0] is State.COOLING
        first, second = (transport.node.sent for transport in chain.transports)
        assert 0 < sum(spans(first)) < sum(spans(second))
        assert begins(second)[0] > 5, "the second one goes on and does not begin anew"


def begins(sent: list[Any]) -> list[int]:
    asked = [body["params"][0] for body in sent if body["method"] == "eth_getLogs"]
    return [int(one["fromBlock"], 16) for one in asked]


def spans(sent: list[Any]) -> list[int]:
    asked = [body["params"][0] for body in sent if body["method"] == "eth_getLogs"]
    return [int(one["toBlock"], 16) - int(one["fromBlock"], 16) + 1 for one in asked]


@given(
    allowed=st.lists(st.integers(1, 30), min_size=3, max_size=3),
    fails=st.lists(st.integers(0, 30), min_size=2, max_size=2),
    kind=st.sampled_from(
        [Kind.UNREACHABLE, Kind.RATE_LIMITED, Kind.TIMEOUT, Kind.NOT_JSON_RPC, Kind.KEY_REFUSED]
    ),
)
def test_no_log_is_lost_or_doubled_whichever_fails_when(
    allowed: list[int], fails: list[int], kind: Kind
) -> None:
    async def run() -> list[Log]:
        async with linked([node(span) for span in allowed]) as chain:
            for row, requests in enumerate(fails):
                fail_after(chain, row, requests, kind)
            return await chain.logs.read(BLOCKS, [ADDRESS], (TOPIC,))

    assert asyncio.run(run()) == EXPECTED


async def test_each_endpoint_keeps_its_own_range() -> None:
    async with linked([node(7), node(4)]) as chain:
        await chain.logs.read(BLOCKS, [ADDRESS])
        ranges = [link.logs.range for link in chain.links.all]
        assert ranges[0] <= 7
        assert ranges[1] == FIRST_RANGE
        chain.transports[0].fail(Kind.UNREACHABLE)
        await chain.logs.read(BLOCKS, [ADDRESS])
        assert chain.link(1).logs.range <= 4
        assert chain.link(0).logs.range == ranges[0]


async def test_who_does_not_have_the_last_block_yet_is_asked_last() -> None:
    behind = FaultyNode(blocks=CHAIN[:40], logs=[])
    async with linked([behind, node(100)]) as chain:
        await chain.headers.head()
        assert await chain.logs.read(BLOCKS, [ADDRESS]) == EXPECTED
        assert not begins(behind.sent)


async def test_a_block_that_left_the_chain_is_stale_and_nobody_is_to_blame() -> None:
    other = make_chain(60, fork=1, fork_at=50)
    moved = node(100)
    moved.logs = [
        {**one, "blockHash": other[int(one["blockNumber"], 16)].hash} for one in moved.logs
    ]
    async with linked([moved]) as chain:
        with pytest.raises(StaleBlock, match="another block 53"):
            await chain.logs.read(BLOCKS, [ADDRESS])
        assert chain.states() == [State.READY]


async def test_nobody_left_is_unavailable() -> None:
    async with linked([node(7), node(7)]) as chain:
        fail_after(chain, 0, 3, Kind.UNREACHABLE)
        fail_after(chain, 1, 4, Kind.UNREACHABLE)
        with pytest.raises(Unavailable):
            await chain.logs.read(BLOCKS, [ADDRESS])


async def test_without_addresses_or_blocks_nobody_is_asked() -> None:
    async with linked([node(7)]) as chain:
        assert await chain.logs.read(BLOCKS, []) == await chain.logs.read([], [ADDRESS]) == []
        assert not chain.transports[0].node.sent
