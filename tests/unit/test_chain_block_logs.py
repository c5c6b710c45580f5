"""The logs of one block: by its hash, held to its header, whatever the node refuses or invents."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.faulty_node import FaultyNode, error, header, make_chain, stack_over
from tests.support.linked import linked
from watcher.chain.block_logs import NodeBlockLogs
from watcher.chain.bloom import may_hold
from watcher.chain.faults import EndpointError, Kind
from watcher.chain.health import State
from watcher.chain.provider import EndpointProvider
from watcher.errors import StaleBlock, Unavailable
from watcher.state import Block, to_address
from watcher.state.log import Log

TOPIC = "0x" + "1c" * 32
CHAIN = make_chain(12)
BLOCK = CHAIN[9]
ADDRESSES = [to_address(f"0x{number:040x}") for number in range(1, 10)]


def raw(index: int, *, block: Block = BLOCK, **change: Any) -> dict[str, Any]:
    return {
        "blockNumber": hex(block.number),
        "blockHash": block.hash,
        "logIndex": hex(index),
        "transactionHash": "0x" + "77" * 32,
        "address": ADDRESSES[index % len(ADDRESSES)].lower(),
        "topics": [TOPIC],
        "data": "0x" + f"{index:064x}",
        **change,
    }


def expected(index: int) -> Log:
    address = ADDRESSES[index % len(ADDRESSES)]
    return Log(BLOCK, index, "0x" + "77" * 32, address, (TOPIC,), index.to_bytes(32))


def node(*logs: dict[str, Any], **options: Any) -> FaultyNode:
    return FaultyNode(blocks=CHAIN, logs=list(logs), **options)


def reader(served: FaultyNode, *, most: int = 1_000) -> NodeBlockLogs:
    stack = stack_over(served)
    provider = EndpointProvider(stack.rpc, stack.batches)
    return NodeBlockLogs(provider, deadline=5.0, most=most)


async def read(served: FaultyNode, block: Block = BLOCK) -> list[Log]:
    return await reader(served).at(block, ADDRESSES, (TOPIC,))


def asked(served: FaultyNode) -> list[Any]:
    items = [one for body in served.sent for one in (body if isinstance(body, list) else [body])]
    return [one["params"][0] for one in items if one["method"] == "eth_getLogs"]


async def test_one_block_is_asked_by_its_hash_together_with_its_header() -> None:
    served = node(raw(5), raw(2), raw(2), raw(3, block=CHAIN[8]))
    assert await read(served) == [expected(2), expected(5)]
    [body] = served.sent
    assert [one["method"] for one in body] == ["eth_getLogs", "eth_getBlockByHash"]
    assert asked(served) == [
        {"blockHash": BLOCK.hash, "address": sorted(ADDRESSES), "topics": [[TOPIC]]}
    ]


@pytest.mark.parametrize("fault", [error(-32000, "unknown block"), []])
async def test_a_block_that_the_node_no_longer_has_is_stale(fault: Any) -> None:
    served = FaultyNode(blocks=CHAIN[:8], overrides={"eth_getLogs": fault})
    with pytest.raises(StaleBlock, match="no longer has"):
        await read(served)


async def test_a_node_that_takes_no_hashes_is_asked_by_number_from_then_on() -> None:
    served = node(raw(1), refuses_hashes=True)
    logs = reader(served)
    for _ in range(2):
        assert await logs.at(BLOCK, ADDRESSES, (TOPIC,)) == [expected(1)]
    assert ["blockHash" in one for one in asked(served)] == [True, False, False]


async def test_by_number_another_block_of_that_number_is_stale() -> None:
    other = make_chain(12, fork=1, fork_at=9)
    served = FaultyNode(blocks=other, refuses_hashes=True)
    with pytest.raises(StaleBlock, match="no longer has block 9"):
        await read(served)


@pytest.mark.parametrize("most", [1, 2, 4])
async def test_fewer_addresses_are_named_where_a_node_refuses_many(most: int) -> None:
    served = node(*map(raw, range(9)), log_addresses=most)
    logs = reader(served)
    assert await logs.at(BLOCK, ADDRESSES, (TOPIC,)) == [expected(index) for index in range(9)]
    assert logs.most <= most
    before = len(asked(served))
    await logs.at(BLOCK, ADDRESSES, (TOPIC,))
    later = asked(served)[before:]
    assert max(len(one["address"]) for one in later) <= most
    assert sorted(address for one in later for address in one["address"]) == sorted(ADDRESSES)


async def test_an_address_that_is_too_much_by_itself_is_unavailable() -> None:
    served = node(
        overrides={"eth_getLogs": error(-32005, "query returned more than 10000 results")}
    )
    with pytest.raises(EndpointError, match="more than 10000 results"):
        await read(served)


def with_bloom(bloom: object) -> dict[str, Any]:
    return {"eth_getBlockByHash": {**header(BLOCK), "logsBloom": bloom}}


async def test_a_log_that_the_header_excludes_is_refused_and_another_node_asked() -> None:
    lying = node(raw(1), overrides=with_bloom("0x" + "00" * 256))
    async with linked([lying, node(raw(2))]) as chain:
        assert await chain.logs.at(BLOCK, ADDRESSES, (TOPIC,)) == [expected(2)]
        assert chain.states() == [State.READY, State.READY], "all else is believed as before"
        assert await chain.logs.at(BLOCK, [], (TOPIC,)) == []
    async with linked([lying]) as chain:
        with pytest.raises(Unavailable, match="which the block's bloom excludes"):
            await chain.logs.at(BLOCK, ADDRESSES, (TOPIC,))


@pytest.mark.parametrize("bloom", [None, "0x", "0x" + "ff" * 255, 7, "ff" * 256])
async def test_a_header_without_a_bloom_is_refused(bloom: object) -> None:
    with pytest.raises(EndpointError, match="without a bloom"):
        await read(node(raw(1), overrides=with_bloom(bloom)))


@pytest.mark.parametrize(
    "change",
    [
        {"address": "0x" + "ee" * 20},
        {"topics": ["0x" + "2c" * 32]},
        {"topics": []},
        {"data": "0x1"},
        {"logIndex": None},
        {"removed": True},
    ],
    ids=str,
)
async def test_what_was_not_asked_for_or_is_no_log_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(EndpointError) as caught:
        await read(node(raw(1, **change)))
    assert caught.value.kind is Kind.NOT_JSON_RPC


async def test_two_different_logs_of_one_place_are_refused() -> None:
    with pytest.raises(EndpointError, match="two different logs 1 of block 9"):
        await read(node(raw(1), raw(1, data="0x" + "00" * 32)))


def test_an_empty_bloom_holds_nothing_and_a_full_one_all() -> None:
    """What lies between is held to a real header in tests/anvil/test_flows.py."""
    one = Log(BLOCK, 0, "", ADDRESSES[0], (), b"")
    assert not may_hold(0, one)
    assert may_hold((1 << 2_048) - 1, one)


async def test_a_node_without_logs_is_asked_for_all_else_as_before() -> None:
    refusing = node(overrides={"eth_getLogs": error(-32601, "the method does not exist")})
    limited = node(overrides={"eth_getLogs": error(-32005, "requests per second")})
    async with linked([refusing]) as chain:
        with pytest.raises(Unavailable, match="the method does not exist"):
            await chain.logs.at(BLOCK, ADDRESSES, (TOPIC,))
        assert chain.states() == [State.READY]
    async with linked([refusing, limited, node(raw(4))]) as chain:
        assert await chain.logs.at(BLOCK, ADDRESSES, (TOPIC,)) == [expected(4)]
        assert chain.states() == [State.READY, State.COOLING, State.READY]
