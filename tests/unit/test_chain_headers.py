"""Headers of a hostile node: believed only when whole."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.faulty_node import (
    CHAIN_ID,
    NOT_KNOWN,
    Fault,
    FaultyNode,
    error,
    header,
    make_chain,
    stack_over,
)
from watcher.chain.faults import EndpointError, Kind, WrongChain
from watcher.chain.headers import NodeHeaders
from watcher.errors import StaleBlock, Unavailable
from watcher.state import Block

CHAIN = make_chain(8)


def headers_over(node: FaultyNode) -> NodeHeaders:
    return stack_over(node).headers


async def test_fault_09_the_chain_id_is_checked() -> None:
    await headers_over(FaultyNode()).connect()
    with pytest.raises(WrongChain) as caught:
        await headers_over(FaultyNode(chain_id=5)).connect()
    assert str(caught.value) == (
        "node-a.example is on chain 5, the configuration says eip155:31337: "
        "fix the endpoint's URL or the chain's key"
    )
    assert caught.value.exit_code == 5


@pytest.mark.parametrize("value", [None, 1, "1", "0x", "0xg", "0x" + "f" * 17, [], error(1, "no")])
async def test_a_chain_id_that_is_none(value: Any) -> None:
    node = FaultyNode(overrides={"eth_chainId": value})
    with pytest.raises(EndpointError, match=r"^node-a\.example answered eth_chainId with"):
        await headers_over(node).connect()


async def test_head_by_number_and_by_hash_are_the_same_block() -> None:
    headers = headers_over(FaultyNode())
    head = await headers.head()
    assert head == CHAIN[-1]
    assert head.chain_id == CHAIN_ID
    assert await headers.by_number(7) == head
    assert await headers.by_hash(head.hash) == head


async def test_blocks_that_are_not_there_are_none() -> None:
    headers = headers_over(FaultyNode())
    assert await headers.by_number(8) is None
    assert await headers.by_hash("0x" + "12" * 32) is None
    headers = headers_over(FaultyNode(overrides={"eth_getBlockByNumber": NOT_KNOWN}))
    assert await headers.by_number(8) is None


GOOD = header(CHAIN[7])


@pytest.mark.parametrize(
    "change",
    [
        {"number": 7},
        {"number": "7"},
        {"number": "0x"},
        {"number": "0x-7"},
        {"number": hex(2**63)},
        {"number": None},
        {"timestamp": True},
        {"timestamp": hex(2**64)},
        {"timestamp": "0x" + "0" * 70},
        {"hash": None},
        {"hash": "0x12"},
        {"hash": "0x" + "zz" * 32},
        {"hash": CHAIN[7].hash + "\n"},
        {"parentHash": 5},
        {"parentHash": CHAIN[6].hash[2:]},
    ],
)
async def test_a_header_with_one_wrong_field_is_refused(change: dict[str, Any]) -> None:
    headers = headers_over(FaultyNode(overrides={"eth_getBlockByNumber": GOOD | change}))
    with pytest.raises(EndpointError, match="a header that is not valid") as caught:
        await headers.head()
    assert caught.value.kind is Kind.NOT_JSON_RPC


@pytest.mark.parametrize("value", [[], "0x1", 5, {}, True])
async def test_what_is_no_header_is_refused(value: Any) -> None:
    headers = headers_over(FaultyNode(overrides={"eth_getBlockByNumber": value}))
    with pytest.raises(EndpointError, match="a header that is not valid"):
        await headers.head()


async def test_another_block_than_asked_is_refused() -> None:
    node = FaultyNode(overrides={"eth_getBlockByNumber": GOOD, "eth_getBlockByHash": GOOD})
    headers = headers_over(node)
    with pytest.raises(EndpointError, match="with another block"):
        await headers.by_number(6)
    with pytest.raises(EndpointError, match="with another block"):
        await headers.by_hash(CHAIN[6].hash)
    with pytest.raises(EndpointError, match="with another block"):
        await headers.range(6, 7)


async def test_a_node_without_a_head() -> None:
    with pytest.raises(EndpointError, match="with no head"):
        await headers_over(FaultyNode(overrides={"eth_getBlockByNumber": None})).head()


async def test_a_node_error_is_shown_with_its_text() -> None:
    node = FaultyNode(overrides={"eth_getBlockByNumber": error(-32603, "still\nstarting")})
    with pytest.raises(Unavailable) as caught:
        await headers_over(node).head()
    assert str(caught.value) == (
        "node-a.example answered eth_getBlockByNumber with error -32603 (still starting): "
        "try again or use another endpoint"
    )


async def test_a_rate_limit_is_told_apart() -> None:
    node = FaultyNode(overrides={"eth_getBlockByNumber": error(-32005, "limit exceeded")})
    with pytest.raises(EndpointError) as caught:
        await headers_over(node).head()
    assert caught.value.kind is Kind.RATE_LIMITED


@pytest.mark.parametrize(
    "answer",
    [
        None,
        error(-32000, "finalized block not found"),
        error(-39001, "unknown block"),
        error(-32602, "invalid argument 0: hex string without 0x prefix"),
    ],
)
async def test_fault_14_a_node_without_finality_has_no_tags(answer: Any) -> None:
    headers = headers_over(FaultyNode(tags={"finalized": answer, "safe": answer}))
    assert await headers.tagged("finalized") is None
    assert await headers.tagged("safe") is None


async def test_tags_are_numbers_and_other_errors_are_raised() -> None:
    headers = headers_over(FaultyNode(tags={"finalized": header(CHAIN[2]), "safe": error(1, "x")}))
    assert await headers.tagged("finalized") == 2
    with pytest.raises(Unavailable, match=r"error 1 \(x\)"):
        await headers.tagged("safe")


async def test_a_range_is_one_batch() -> None:
    node = FaultyNode()
    assert await headers_over(node).range(2, 6) == CHAIN[2:7]
    assert len(node.sent) == 1
    assert await headers_over(node).range(5, 5) == [CHAIN[5]]
    assert await headers_over(node).range(5, 4) == []


async def test_a_range_survives_an_endpoint_without_batches() -> None:
    assert await headers_over(FaultyNode(Fault.BATCH_AS_OBJECT)).range(2, 6) == CHAIN[2:7]


async def test_a_range_beyond_the_head_is_unavailable() -> None:
    with pytest.raises(Unavailable, match="has no block 8: it lags"):
        await headers_over(FaultyNode()).range(6, 9)


async def test_a_range_across_a_reorg_is_stale() -> None:
    blocks = [*CHAIN[:5], *make_chain(8, fork=1, fork_at=4)[5:]]
    with pytest.raises(StaleBlock, match="changed at block 5"):
        await headers_over(FaultyNode(blocks=blocks)).range(3, 7)


@pytest.mark.parametrize(
    ("fork_at", "length", "expected"), [(8, 8, 7), (7, 8, 6), (4, 8, 3), (4, 6, 3), (8, 5, 4)]
)
async def test_the_common_ancestor_is_the_newest_block_still_there(
    fork_at: int, length: int, expected: int
) -> None:
    node = FaultyNode(blocks=make_chain(length, fork=1, fork_at=fork_at))
    assert await headers_over(node).common_ancestor(CHAIN[::-1]) == CHAIN[expected]


async def test_no_common_ancestor() -> None:
    headers = headers_over(FaultyNode(blocks=make_chain(8, fork=1, fork_at=0)))
    assert await headers.common_ancestor(CHAIN[::-1]) is None
    assert await headers.common_ancestor([]) is None


async def test_a_deep_reorg_is_walked_in_steps() -> None:
    known: list[Block] = make_chain(100)
    node = FaultyNode(blocks=make_chain(100, fork=1, fork_at=21))
    assert await headers_over(node).common_ancestor(known[::-1]) == known[20]
    assert [len(body) for body in node.sent] == [32, 32, 32]


async def test_one_deadline_holds_for_a_whole_range() -> None:
    node = FaultyNode(Fault.BATCH_AS_OBJECT)
    with pytest.raises(EndpointError, match=r"did not answer 8 headers within 0\.05 s"):
        await stack_over(node, deadline=0.05, delay=0.02).headers.range(0, 7)
