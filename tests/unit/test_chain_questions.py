"""Calls become requests, and results become answers, cut but measured."""

from __future__ import annotations

import json

import pytest

from watcher.chain.questions import answer, at_hash, at_number, question
from watcher.state import Answer, Balance, Block, Code, Plain, Slot, Static, to_address

BLOCK = Block(1, 255, "0x" + "ab" * 32, "0x" + "cd" * 32, 1_000)
POOL = to_address("0x" + "11" * 20)
CALL = Static(POOL, bytes.fromhex("0902f1ac"), gas_cap=1_000_000, return_cap=4)
PIN = {"blockHash": BLOCK.hash, "requireCanonical": True}


@pytest.mark.parametrize(
    ("call", "method", "params"),
    [
        (CALL, "eth_call", [{"to": POOL, "data": "0x0902f1ac", "gas": hex(1_021_064)}, PIN]),
        (Code(POOL), "eth_getCode", [POOL, PIN]),
        (Balance(POOL), "eth_getBalance", [POOL, PIN]),
        (Slot(POOL, 0), "eth_getStorageAt", [POOL, "0x0", PIN]),
        (Slot(POOL, 2**256 - 1), "eth_getStorageAt", [POOL, "0x" + "f" * 64, PIN]),
    ],
)
def test_each_call_is_pinned_by_hash(call: Plain, method: str, params: list[object]) -> None:
    asked = question(call, at_hash(BLOCK))
    assert asked.method == method
    assert json.loads(asked.params) == params


def test_by_number_where_a_node_refuses_hashes() -> None:
    assert json.loads(question(Code(POOL), at_number(BLOCK)).params) == [POOL, "0xff"]


@pytest.mark.parametrize(
    ("data", "gas"),
    [
        (b"", 21_000 + 100),
        (b"\0" * 10, 21_000 + 100 + 40),
        (b"\1" * 2, 21_000 + 100 + 32),
        # 1,000 bytes: EIP-7623's floor is above cap and calldata together
        (b"\1" * 1_000, 21_000 + 40_000),
    ],
)
def test_the_gas_cap_is_what_the_contract_gets(data: bytes, gas: int) -> None:
    (message, _) = json.loads(question(Static(POOL, data, gas_cap=100), "0x1").params)
    assert message["gas"] == hex(gas)


@pytest.mark.parametrize(
    ("call", "value", "expected"),
    [
        (CALL, "0x", Answer(True, b"", 0)),
        (CALL, "0xA1b2", Answer(True, b"\xa1\xb2", 2)),
        (CALL, "0x" + "07" * 100, Answer(True, b"\7" * 4, 100)),
        (Code(POOL, return_cap=1), "0x6001", Answer(True, b"\x60", 2)),
        (Balance(POOL), "0x0", Answer(True, bytes(32), 32)),
        (Balance(POOL), "0x1ff", Answer(True, (511).to_bytes(32, "big"), 32)),
        (Slot(POOL, 1), "0x" + "ff" * 32, Answer(True, b"\xff" * 32, 32)),
    ],
)
def test_results_become_answers(call: Plain, value: str, expected: Answer) -> None:
    assert answer(call, value) == expected


@pytest.mark.parametrize("call", [CALL, Code(POOL), Balance(POOL), Slot(POOL, 1)])
@pytest.mark.parametrize(
    "value", [None, 1, True, [], {}, "", "1", "0", "0xzz", "0x 1 ", "0x-1", "ab" * 32]
)
def test_what_is_not_a_result_is_no_answer(call: Plain, value: object) -> None:
    assert answer(call, value) is None


@pytest.mark.parametrize("value", ["0x", "0x" + "f" * 65])
def test_a_word_is_never_empty_nor_longer_than_32_bytes(value: str) -> None:
    assert answer(Balance(POOL), value) is None


@pytest.mark.parametrize("value", ["0xabc", "0xab cd"])
def test_data_are_whole_bytes(value: str) -> None:
    assert answer(CALL, value) is None
