"""Replies are matched by id, parsed strictly, and cleaned before they are shown."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.faulty_node import Fault, FaultyNode, MemoryTransport, error
from watcher.chain.endpoint import Endpoint
from watcher.chain.faults import EndpointError, Kind
from watcher.chain.jsonrpc import ErrorObject, JsonRpc, Result, request

CHAIN_ID = request("eth_chainId")
HEAD = request("eth_getBlockByNumber", "latest", False)


class Canned:
    """Answers with one fixed text."""

    endpoint = Endpoint("http://node-a.example/0123456789abcdef")

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    async def send(self, body: bytes, *, about: str) -> bytes:
        return json.dumps(self.answer).encode()


def rpc_over(fault: Fault) -> JsonRpc:
    return JsonRpc(MemoryTransport(FaultyNode(fault)))


async def test_a_call_is_json_rpc_2() -> None:
    node = FaultyNode()
    reply = await JsonRpc(MemoryTransport(node)).call(CHAIN_ID)
    assert reply == Result("0x7a69")
    assert node.sent == [{"jsonrpc": "2.0", "id": 1, "method": "eth_chainId", "params": []}]


async def test_fault_06_a_batch_keeps_the_order_asked_even_when_shuffled() -> None:
    replies = await rpc_over(Fault.SHUFFLED).batch([CHAIN_ID, HEAD, CHAIN_ID])
    assert [isinstance(reply, Result) and type(reply.value) for reply in replies] == [
        str,
        dict,
        str,
    ]


@pytest.mark.parametrize(
    "fault",
    [
        Fault.SHORT_BATCH,
        Fault.DOUBLED_ID,
        Fault.FOREIGN_ID,
        Fault.EXTRA_REPLY,
        Fault.TRUE_AS_ID,
    ],
)
async def test_fault_06_a_mangled_batch_is_rejected(fault: Fault) -> None:
    with pytest.raises(EndpointError, match="missing, doubled or foreign ids") as caught:
        await rpc_over(fault).batch([CHAIN_ID, HEAD, CHAIN_ID])
    assert caught.value.kind is Kind.BATCH_MANGLED


async def test_a_refused_batch_says_what_the_node_said() -> None:
    with pytest.raises(EndpointError) as caught:
        await rpc_over(Fault.BATCH_AS_OBJECT).batch([CHAIN_ID, CHAIN_ID])
    assert caught.value.kind is Kind.REQUEST_REFUSED
    assert str(caught.value) == (
        "node-a.example answered a batch of 2 eth_chainId with error -32600 "
        "(batches are not supported): use another endpoint if it goes on"
    )


async def test_one_error_for_a_whole_batch_refuses_the_batch() -> None:
    rpc = JsonRpc(MemoryTransport(FaultyNode(Fault.BATCH_AS_ONE_ERROR, batch_limit=1)))
    with pytest.raises(EndpointError) as caught:
        await rpc.batch([CHAIN_ID, HEAD])
    assert caught.value.kind is Kind.REQUEST_REFUSED


async def test_a_rate_limit_for_a_whole_batch_is_told_apart() -> None:
    with pytest.raises(EndpointError) as caught:
        await rpc_over(Fault.BATCH_LIMITED).batch([CHAIN_ID, HEAD])
    assert caught.value.kind is Kind.RATE_LIMITED


@pytest.mark.parametrize(
    ("fault", "what"),
    [
        (Fault.HTML, "an HTML page"),
        (Fault.TRUNCATED, "something that is not JSON"),
        (Fault.EMPTY, "nothing"),
        (Fault.NOT_UTF8, "something that is not JSON"),
        (Fault.DEEP, "something that is not JSON"),
        (Fault.HUGE_INTEGER, "something that is not JSON"),
        (Fault.NAN, "something that is not JSON"),
        (Fault.A_NUMBER, "no JSON-RPC reply"),
    ],
)
async def test_what_is_not_json_rpc_is_an_endpoint_error(fault: Fault, what: str) -> None:
    rpc = rpc_over(fault)
    for asking in (rpc.call(CHAIN_ID), rpc.batch([CHAIN_ID, CHAIN_ID])):
        with pytest.raises(EndpointError, match=f"with {what}: check") as caught:
            await asking
        assert caught.value.kind is Kind.NOT_JSON_RPC
        assert caught.value.__context__ is None


@pytest.mark.parametrize("number", [2, "1", True, 1.0, None])
async def test_a_single_reply_must_carry_the_id_asked(number: object) -> None:
    rpc = JsonRpc(Canned({"jsonrpc": "2.0", "id": number, "result": "0x1"}))
    with pytest.raises(EndpointError, match="no JSON-RPC reply"):
        await rpc.call(CHAIN_ID)


async def test_an_error_without_an_id_answers_a_single_call() -> None:
    rpc = JsonRpc(Canned({"jsonrpc": "2.0", "id": None, **error(-32700, "parse error")}))
    assert await rpc.call(CHAIN_ID) == ErrorObject(-32700, "parse error")


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ({"result": None}, Result(None)),
        ({"result": "0x1", "error": None}, Result("0x1")),
        ({}, ErrorObject(0, "neither a result nor an error")),
        ({"error": "plain text\n"}, ErrorObject(0, "plain text")),
        ({"error": {"code": "3", "message": 4}}, ErrorObject(0, "")),
        ({"error": {"code": True, "message": "x"}}, ErrorObject(0, "x")),
        ({"error": {"code": 3, "message": "m", "data": "0xAbCd"}}, ErrorObject(3, "m", "0xAbCd")),
        ({"error": {"code": 3, "data": {"data": "0xab"}}}, ErrorObject(3, "", "0xab")),
        ({"error": {"code": 3, "data": "0xabc"}}, ErrorObject(3, "", "0xabc")),
        (
            {"error": {"code": 1, "message": "bad key 0123456789abcdef", "data": "at 0123456789"}},
            ErrorObject(1, "bad key ***", "at ***"),
        ),
    ],
)
async def test_replies_are_reduced_to_what_can_be_trusted(item: Any, expected: object) -> None:
    assert await JsonRpc(Canned({"jsonrpc": "2.0", "id": 1, **item})).call(CHAIN_ID) == expected


async def test_long_revert_data_is_kept_whole_and_long_text_is_not() -> None:
    fault = error(3, "execution reverted: " + "x" * 10**6, "0x" + "ab" * 10_000)
    reply = await JsonRpc(Canned({"jsonrpc": "2.0", "id": 1, **fault})).call(CHAIN_ID)
    assert isinstance(reply, ErrorObject)
    assert len(reply.message) == 200
    assert len(reply.data) == 20_002
