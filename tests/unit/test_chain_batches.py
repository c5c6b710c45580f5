"""A batch is split as far as the endpoint makes it necessary, and no further."""

from __future__ import annotations

import asyncio
import logging

import pytest

from tests.support.faulty_node import Fault, FaultyNode, MemoryTransport, stack_over
from watcher.chain.batches import MAX_REQUEST_BYTES, PARALLEL, Batches
from watcher.chain.faults import EndpointError, Kind
from watcher.chain.jsonrpc import JsonRpc, Request, Result, request
from watcher.errors import TooLarge, Unavailable

CHAIN_ID = request("eth_chainId")


def sizes(node: FaultyNode) -> list[int]:
    """Requests in each body that was sent; 0 for a single one."""
    return [len(body) if isinstance(body, list) else 0 for body in node.sent]


class Refusing(MemoryTransport):
    """Refuses with `kind` whatever `refuses` is true of."""

    def __init__(self, node: FaultyNode, kind: Kind, *, items: int = 1, bytes_: int = 10**9):
        super().__init__(node)
        self.kind = kind
        self.items = items
        self.bytes_ = bytes_
        self.bodies = 0

    async def send(self, body: bytes, *, about: str) -> bytes:
        self.bodies += 1
        if body.count(b'"method"') > self.items or len(body) > self.bytes_:
            raise EndpointError("no", endpoint="node-a.example", kind=self.kind)
        return await super().send(body, about=about)


async def test_a_batch_is_cut_by_count() -> None:
    node = FaultyNode()
    outcomes = await stack_over(node, max_items=4).batches.ask([CHAIN_ID] * 10)
    assert outcomes == [Result("0x7a69")] * 10
    assert sizes(node) == [4, 4, 2]


async def test_a_batch_is_cut_by_bytes_sent_and_by_bytes_expected() -> None:
    node = FaultyNode()
    long = Request("eth_chainId", '["' + "x" * (MAX_REQUEST_BYTES // 2) + '"]')
    await stack_over(node).batches.ask([long] * 3)
    assert sizes(node) == [0, 0, 0]
    node.sent.clear()
    await stack_over(node).batches.ask([request("eth_chainId", reply_bytes=4_000_000)] * 4)
    assert sizes(node) == [2, 2]


async def test_nothing_asked_nothing_sent() -> None:
    node = FaultyNode()
    assert await stack_over(node).batches.ask([]) == []
    assert node.sent == []


async def test_fault_07_a_limit_is_found_by_halving_and_remembered(
    caplog: pytest.LogCaptureFixture,
) -> None:
    node = FaultyNode(Fault.BATCH_AS_ONE_ERROR, batch_limit=30)
    batches = stack_over(node, max_items=100).batches
    assert len(await batches.ask([CHAIN_ID] * 100)) == 100
    assert sizes(node) == [100, 50, 25, 25, 25, 25]
    assert "at most 25 requests at once" in caplog.text
    node.sent.clear()
    await batches.ask([CHAIN_ID] * 100)
    assert sizes(node) == [25, 25, 25, 25]
    assert batches.limit == 25


async def test_fault_07_no_batches_at_all_means_singles_from_then_on() -> None:
    node = FaultyNode(Fault.BATCH_AS_OBJECT)
    batches = stack_over(node, max_items=8).batches
    assert await batches.ask([CHAIN_ID] * 8) == [Result("0x7a69")] * 8
    assert sizes(node) == [8, 4, 2] + [0] * 8
    node.sent.clear()
    await batches.ask([CHAIN_ID] * 8)
    assert sizes(node) == [0] * 8


@pytest.mark.parametrize("fault", [Fault.SHORT_BATCH, Fault.DOUBLED_ID, Fault.FOREIGN_ID])
async def test_fault_06_a_mangled_batch_is_asked_singly(
    fault: Fault, caplog: pytest.LogCaptureFixture
) -> None:
    node = FaultyNode(fault)
    assert await stack_over(node).batches.ask([CHAIN_ID] * 5) == [Result("0x7a69")] * 5
    assert sizes(node) == [5] + [0] * 5
    assert caplog.records[0].levelno == logging.WARNING


async def test_one_answer_that_is_too_long_costs_no_other() -> None:
    node = FaultyNode()
    poison = Request("eth_chainId", '["poison"]')

    class Long(MemoryTransport):
        async def send(self, body: bytes, *, about: str) -> bytes:
            if b"poison" in body:
                raise EndpointError("too long", endpoint="x", kind=Kind.ANSWER_TOO_LONG)
            return await super().send(body, about=about)

    batches = Batches(JsonRpc(Long(node)), reply_bytes=8_000_000)
    outcomes = await batches.ask([CHAIN_ID] * 5 + [poison] + [CHAIN_ID] * 10)
    assert [type(outcome) for outcome in outcomes] == [Result] * 5 + [TooLarge] + [Result] * 10
    assert batches.limit == 500


async def test_one_request_that_is_too_large_costs_no_other() -> None:
    transport = Refusing(FaultyNode(), Kind.REQUEST_TOO_LARGE, items=10**9, bytes_=2_000)
    batches = Batches(JsonRpc(transport), reply_bytes=8_000_000)
    large = Request("eth_chainId", '["' + "x" * 3_000 + '"]')
    outcomes = await batches.ask([CHAIN_ID, large, CHAIN_ID])
    assert [type(outcome) for outcome in outcomes] == [Result, Unavailable, Result]


@pytest.mark.parametrize(
    "kind",
    [
        Kind.UNREACHABLE,
        Kind.TIMEOUT,
        Kind.KEY_REFUSED,
        Kind.RATE_LIMITED,
        Kind.REDIRECTED,
        Kind.NOT_JSON_RPC,
        Kind.NODE_FAULT,
    ],
)
async def test_what_the_endpoint_as_a_whole_refuses_is_asked_once(kind: Kind) -> None:
    transport = Refusing(FaultyNode(), kind, items=0)
    with pytest.raises(EndpointError) as caught:
        await Batches(JsonRpc(transport), reply_bytes=8_000_000).ask([CHAIN_ID] * 50)
    assert caught.value.kind is kind
    assert transport.bodies == 1


async def test_an_endpoint_that_refuses_everything_is_not_asked_for_each_item() -> None:
    transport = Refusing(FaultyNode(), Kind.REQUEST_REFUSED, items=0)
    with pytest.raises(EndpointError):
        await Batches(JsonRpc(transport), reply_bytes=8_000_000).ask([CHAIN_ID] * 400)
    assert transport.bodies < 30


async def test_single_requests_are_limited_in_number_at_once() -> None:
    class Slow(MemoryTransport):
        now = most = 0

        async def send(self, body: bytes, *, about: str) -> bytes:
            self.now += 1
            self.most = max(self.most, self.now)
            await asyncio.sleep(0)
            self.now -= 1
            return await super().send(body, about=about)

    transport = Slow(FaultyNode())
    await Batches(JsonRpc(transport), reply_bytes=8_000_000).singly([CHAIN_ID] * 50)
    assert transport.most == PARALLEL
