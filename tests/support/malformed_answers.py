"""Every decoder and bent answers to it: what may come out, as functions of `Choices`.

Each raises AssertionError, or whatever a decoder let out, when something else came.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from enum import StrEnum
from types import SimpleNamespace
from typing import Any

import aiohttp
from eth_abi.abi import encode

from tests.support import lens
from tests.support.all_logs import read_all
from tests.support.answers import EMPTY, REVERTED, cut, drive
from tests.support.faulty_node import CHAIN_ID, header, make_chain
from tests.support.golden import conversations
from tests.support.malformed import VALUES, Bent, Choices
from watcher.chain import lens_answer, multicall
from watcher.chain.blocks import parse_block, quantity
from watcher.chain.endpoint import Endpoint
from watcher.chain.faults import EndpointError
from watcher.chain.headers import NodeHeaders
from watcher.chain.heads import Heads, HeadsError
from watcher.chain.jsonrpc import ErrorObject, JsonRpc, Reply, Request, Result, request
from watcher.chain.lens_program import HEADER_SIZE, make_plan
from watcher.chain.logs import NodeLogs
from watcher.chain.multicall import MulticallWay
from watcher.chain.pieces import Piece
from watcher.chain.questions import answer, hex_bytes
from watcher.chain.ways import CreationWay, NoReading, OverrideWay
from watcher.errors import DecodeError, ReadError, RefusedTarget
from watcher.protocols import ADAPTERS
from watcher.protocols.erc20 import decode_metadata
from watcher.state import Answer, Balance, Block, Call, Code, Slot, Static, to_address
from watcher.state.kinds import KINDS
from watcher.state.log import Log


class Outcome(StrEnum):
    """What a decoder made of an input: of several parts, whether it refused any."""

    REFUSED = "refused"
    TAKEN = "taken"


Decoder = Callable[[Choices], Awaitable[Outcome]]

ENDPOINT = Endpoint("http://node-a.example/0123456789abcdef")
CHAIN = make_chain(8)
ADDRESS = to_address("0x" + "ab" * 20)
TOPIC = "0x" + "1c" * 32
HASH = re.compile(r"0x[0-9a-f]{64}")
HEX_BYTES = re.compile(r"0x(?:[0-9a-fA-F]{2})*")
HEX_NUMBER = re.compile(r"0x[0-9a-fA-F]{1,64}")
LAST = 2**63 - 1
TALKS = list(conversations().values())


class Node:
    """Gives each request the same body, or the same reply."""

    endpoint = ENDPOINT

    def __init__(self, *, body: bytes = b"", value: object = None) -> None:
        self.body, self.value = body, value

    async def send(self, body: bytes, *, about: str) -> bytes:
        return self.body

    async def call(self, asked: Request) -> Reply:
        return Result(self.value)

    async def ask(self, requests: Sequence[Request]) -> list[Any]:
        return [Result(self.value)] * len(requests)

    singly = ask


# JSON-RPC

RESULTS: list[Any] = ["0x7a69", None, header(CHAIN[1]), "0x" + "00" * 64, [], True]
ERRORS = [
    {"code": -32000, "message": "execution reverted: é", "data": "0x08c379a0"},
    {"code": 3, "message": "execution reverted", "data": {"data": "0x1234"}},
    {"code": -32005, "message": "limit exceeded"},
]


def _replied(choices: Choices, number: int) -> dict[str, Any]:
    reply: dict[str, Any] = {"jsonrpc": "2.0", "id": number}
    if choices.below(3) == 1:
        return reply | {"error": choices.one_of(ERRORS)}
    return reply | {"result": choices.one_of(RESULTS)}


def _is_reply(reply: Reply) -> None:
    match reply:
        case ErrorObject(code, message, data):
            assert type(code) is int
            assert message.isprintable()
            assert data.isprintable()
            (message + data).encode()
        case _:
            assert isinstance(reply, Result)


async def json_rpc_reply(choices: Choices) -> Outcome:
    bent, body = choices.body(_replied(choices, 1))
    try:
        reply = await JsonRpc(Node(body=body)).call(request("eth_chainId"))
    except EndpointError:
        return Outcome.REFUSED
    assert bent not in (Bent.CUT, Bent.LONGER)
    _is_reply(reply)
    return Outcome.TAKEN


async def json_rpc_batch(choices: Choices) -> Outcome:
    count = 1 + choices.below(4)
    bent, body = choices.body([_replied(choices, number + 1) for number in range(count)])
    try:
        replies = await JsonRpc(Node(body=body)).batch([request("eth_chainId")] * count)
    except EndpointError:
        return Outcome.REFUSED
    assert bent not in (Bent.CUT, Bent.LONGER)
    assert len(replies) == count
    for reply in replies:
        _is_reply(reply)
    return Outcome.TAKEN


# Hex data

CALLS: list[Static | Code | Balance | Slot] = [
    Static(ADDRESS, b"\1\2\3\4", return_cap=64),
    Code(ADDRESS, 40),
    Balance(ADDRESS),
    Slot(ADDRESS, 7),
]


async def hex_data(choices: Choices) -> Outcome:
    value = choices.json(choices.one_of(["0x" + "12" * 32, "0x", "0x" + "ff" * 70, "0x0"]))
    is_bytes = isinstance(value, str) and HEX_BYTES.fullmatch(value)
    is_number = isinstance(value, str) and HEX_NUMBER.fullmatch(value)
    data = hex_bytes(value)
    assert data == (bytes.fromhex(value[2:]) if is_bytes else None)
    number = quantity(value)
    assert number == (int(value, 16) if is_number and int(value, 16) <= LAST else None)
    for call in CALLS:
        found = answer(call, value)
        if isinstance(call, Balance | Slot):
            word = int(value, 16).to_bytes(32, "big") if is_number else None
            assert found == (None if word is None else Answer(True, word, 32))
        else:
            assert found == (
                None if data is None else cut(Answer(True, data, len(data)), _cap(call))
            )
    return Outcome.REFUSED if data is None or number is None else Outcome.TAKEN


# Headers


async def headers(choices: Choices) -> Outcome:
    block = choices.one_of(CHAIN)
    value = choices.json(choices.one_of([header(block), header(block), None]))
    parsed = parse_block(value, chain_id=CHAIN_ID)
    node = NodeHeaders(Node(value=value), chain_id=CHAIN_ID, deadline=5)
    with suppress(ReadError):
        _is_header(await node.head(), value)
    with suppress(ReadError):
        by_number = await node.by_number(block.number)
        assert by_number is None or by_number.number == block.number
    with suppress(ReadError):
        by_hash = await node.by_hash(block.hash)
        assert by_hash is None or by_hash.hash == block.hash
    with suppress(ReadError):
        tagged = await node.tagged("finalized")
        assert tagged == (None if value is None or parsed is None else parsed.number)
    if parsed is None:
        return Outcome.REFUSED
    _is_header(parsed, value)
    return Outcome.TAKEN


def _is_header(block: Block, value: Any) -> None:
    assert HASH.fullmatch(block.hash)
    assert HASH.fullmatch(block.parent_hash)
    fields = [value[name] for name in ("number", "timestamp", "hash", "parentHash")]
    assert all(isinstance(one, str) for one in fields)
    number, timestamp, block_hash, parent_hash = fields
    assert HEX_NUMBER.fullmatch(number)
    assert HEX_NUMBER.fullmatch(timestamp)
    assert block == Block(
        CHAIN_ID, int(number, 16), block_hash.lower(), parent_hash.lower(), int(timestamp, 16)
    )
    assert max(block.number, block.timestamp) <= LAST


# Many calls in one


def _planned(choices: Choices) -> tuple[Piece, bytes]:
    rows, width = 1 + choices.below(8), 1 + choices.below(3)
    calls: list[Call] = [
        Static(_address(row), bytes([function] * 4), 50_000, choices.one_of([0, 32, 64, 4_096]))
        for function in range(width)
        for row in range(rows)
    ]
    others: list[Call] = [Code(ADDRESS, 40), Balance(ADDRESS)]
    calls += others[: choices.below(3)]
    plan = make_plan(calls)
    return Piece(plan.program, plan.calls), plan.program.encode()


def _address(number: int) -> Any:
    return to_address(f"0x{number + 1:040x}")


async def lens_answers(choices: Choices) -> Outcome:
    piece, program = _planned(choices)
    bent, response = choices.bent(lens.response(program))
    reply: Reply = Result("0x" + response.hex())
    way: OverrideWay | CreationWay = OverrideWay()
    if choices.below(2):
        way, reply = CreationWay(), ErrorObject(3, "execution reverted", "0x" + response.hex())
    try:
        reading = lens_answer.decode(response, piece.program)
    except DecodeError:
        reading = None
    try:
        assert way.reading(reply, piece) == reading
    except NoReading:
        assert reading is None
    if reading is None:
        return Outcome.REFUSED
    assert bent not in (Bent.CUT, Bent.LONGER)
    packed = map(lens.packed, piece.calls, reading.answers)
    assert response[HEADER_SIZE:] == b"".join(packed)  # each answer is the bytes that it came in
    for call, one in zip(piece.calls, reading.answers, strict=False):
        assert len(one.data) == min(one.length, _cap(call))
    return Outcome.TAKEN


def _cap(call: Call) -> int:
    return call.return_cap if isinstance(call, Static | Code) else 32


async def multicall3(choices: Choices) -> Outcome:
    calls = [Static(_address(row), b"\1\2\3\4", return_cap=64) for row in range(choices.below(6))]
    # Few choices for the data, so that some are left to bend it.
    results = [
        (choices.below(4) != 3, bytes([choices.below(256)]) * choices.below(71)) for _ in calls
    ]
    own = [(True, value.to_bytes(32, "big")) for value in (7, 9, 2**255)]
    bent, response = choices.bent(encode(["(bool,bytes)[]"], [results + own]))
    piece = Piece(make_plan(calls).program, tuple(calls))
    try:
        reading = MulticallWay().reading(Result("0x" + response.hex()), piece)
    except NoReading:
        return Outcome.REFUSED
    assert bent not in (Bent.CUT, Bent.LONGER)
    found = multicall.decode(response, len(calls) + 3)
    assert encode(["(bool,bytes)[]"], [found]) == response  # Solidity has one encoding for each
    assert reading.answers == [Answer(ok, data[:64], len(data)) for ok, data in found[: len(calls)]]
    return Outcome.TAKEN


async def refused_ways(choices: Choices) -> Outcome:
    """A probe, and any reply at all to a request for many calls."""
    value = choices.json(choices.one_of(["0x" + "00" * 31 + "09", *VALUES]))
    piece, _ = _planned(choices)
    reply: Reply = Result(value)
    if choices.below(2):
        reply = ErrorObject(3, "reverted", value if isinstance(value, str) else "")
    outcome = Outcome.REFUSED
    for way in (OverrideWay(), CreationWay(), MulticallWay()):
        with suppress(NoReading):
            way.reading(reply, piece)
        with suppress(NoReading):
            assert 0 <= way.probed(reply, gas=1_000_000) < 2**256
            outcome = Outcome.TAKEN
    return outcome


# Contracts


def _bent_answer(choices: Choices, real: Answer) -> tuple[bool, Answer]:
    """Whether nothing may be read out of it: it reverted, or its bytes are too few or too many."""
    _, raw = choices.bent(real.data)
    match choices.below(6):
        case 1:
            return True, Answer(ok=False, data=raw, length=len(raw))
        case 2:
            return True, Answer(ok=True, data=raw, length=len(raw) + 1 + choices.below(2**20))
    return len(raw) != real.length, Answer(ok=real.ok, data=raw, length=len(raw))


async def adapter_states(choices: Choices) -> Outcome:
    talk = choices.one_of(TALKS)
    adapter, target = ADAPTERS[talk.entry.protocol], talk.snapshot.target
    calls = [each.call for each in talk.reading]
    answers, without = list(talk.answers), list(talk.answers)
    for _ in range(1 + choices.below(3)):
        at = choices.below(len(answers))
        unreadable, bent = _bent_answer(choices, talk.answers[at])
        answers[at] = bent
        without[at] = REVERTED if unreadable else answers[at]
    answers = [cut(one, _cap(call)) for one, call in zip(answers, calls, strict=True)]
    try:
        state = adapter.decode(target, answers)
    except ReadError:
        return Outcome.REFUSED
    assert type(state) is KINDS[adapter.kind]
    # What is no whole answer has told nothing: the state is that of no answer at all.
    assert state == adapter.decode(target, without)
    return Outcome.TAKEN


async def adapter_targets(choices: Choices) -> Outcome:
    talk = choices.one_of(TALKS)
    real = {each.call: each.answer for asked in talk.rounds for each in asked}

    def answers(calls: Sequence[Call]) -> list[Answer]:
        found = [real.get(call, EMPTY) for call in calls]
        if choices.below(2):
            at = choices.below(len(found))
            found[at] = _bent_answer(choices, found[at])[1]
        return [cut(one, _cap(call)) for one, call in zip(found, calls, strict=True)]

    try:
        target = drive(ADAPTERS[talk.entry.protocol], talk.entry, answers)
    except (ReadError, RefusedTarget):
        return Outcome.REFUSED
    assert (target.address, target.kind) == (talk.entry.address, ADAPTERS[target.protocol].kind)
    for coin in [*target.tokens, *filter(None, [target.share])]:
        assert 0 <= coin.decimals <= 77
        assert coin.symbol.isprintable()
    return Outcome.TAKEN


async def erc20_metadata(choices: Choices) -> Outcome:
    number = choices.one_of([0, 6, 18, 77, 78, 255, 256])
    unreadable, decimals = _bent_answer(choices, Answer(True, number.to_bytes(32, "big"), 32))
    text = choices.one_of(["WETH", "", "x" * 100, "\u202eevil", "é\n\0"])
    raw = encode(["string"], [text]) if choices.below(2) else text.encode()[:32].ljust(32, b"\0")
    _, symbol = _bent_answer(choices, Answer(True, raw, len(raw)))
    try:
        token = decode_metadata(ADDRESS, [decimals, symbol])
    except RefusedTarget:
        return Outcome.REFUSED
    assert not unreadable
    assert token.decimals == int.from_bytes(decimals.data) <= 77
    assert token.symbol.isprintable()
    assert len(token.symbol) <= 32
    token.symbol.encode()
    return Outcome.TAKEN


# Logs and announcements


async def logs(choices: Choices) -> Outcome:
    raw = [
        {
            "blockNumber": hex(block.number),
            "blockHash": block.hash,
            "logIndex": hex(choices.below(3)),
            "transactionHash": "0x" + "77" * 32,
            "address": ADDRESS.lower(),
            "topics": [TOPIC],
            "data": "0x" + "01" * 32,
            "removed": False,
        }
        for block in CHAIN[: choices.below(4)]
    ]
    node = NodeLogs(Node(value=choices.json(raw)), deadline=5)
    try:
        found = await read_all(node, CHAIN, [ADDRESS], [TOPIC])
    except ReadError:
        return Outcome.REFUSED
    places = [(one.block.number, one.index) for one in found]
    assert places == sorted(set(places))
    for one in found:
        assert isinstance(one, Log)
        assert one.block in CHAIN
        assert one.address == ADDRESS
        assert one.topics[0] == TOPIC
        assert HASH.fullmatch(one.transaction_hash)
        assert 0 <= one.index <= LAST
    return Outcome.TAKEN


async def announced_heads(choices: Choices) -> Outcome:
    rung: list[int] = []
    outcome = Outcome.TAKEN
    heads = Heads(ENDPOINT, on_head=lambda: rung.append(1))
    confirmed = {"jsonrpc": "2.0", "id": 1, "result": "0x51"}
    head = {"subscription": "0x51", "result": header(CHAIN[1])}
    told = {"jsonrpc": "2.0", "method": "eth_subscription", "params": head}
    for whole in (confirmed, told):
        bent, body = choices.body(whole)
        text = body.decode("utf-8", choices.one_of(["replace", "surrogateescape"]))
        said = SimpleNamespace(type=aiohttp.WSMsgType.TEXT, data=text)
        try:
            message = await heads._next(_socket(said))
            if whole is confirmed:
                assert heads._subscription(message)
            else:
                heads._take(message, "0x51")
        except HeadsError:
            outcome = Outcome.REFUSED
            continue
        assert bent not in (Bent.CUT, Bent.LONGER)
        assert not rung or whole is told
    return outcome


def _socket(said: SimpleNamespace) -> Any:
    async def receive() -> SimpleNamespace:
        return said

    return SimpleNamespace(receive=receive)


DECODERS: Mapping[str, Decoder] = {
    each.__name__: each
    for each in (
        json_rpc_reply,
        json_rpc_batch,
        hex_data,
        headers,
        lens_answers,
        multicall3,
        refused_ways,
        adapter_states,
        adapter_targets,
        erc20_metadata,
        logs,
        announced_heads,
    )
}
