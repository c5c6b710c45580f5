"""Our reads of a real node, beside its own plain answers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from watcher.chain.anvil import Anvil, AnvilOptions, run_anvil
from watcher.chain.client import open_chain
from watcher.chain.faults import WrongChain
from watcher.devnet.artifacts import Toolchain
from watcher.errors import StaleBlock, Unavailable
from watcher.state import (
    Address,
    Answer,
    Balance,
    Block,
    BlockNumber,
    BlockTime,
    Call,
    Code,
    Slot,
    Static,
    to_address,
)

pytestmark = pytest.mark.anvil

CHAIN_ID = 777
GENESIS = 1_700_000_000
OPTIONS = AnvilOptions(automine=False, genesis_timestamp=GENESIS, chain_id=CHAIN_ID)


def address(number: int) -> Address:
    return to_address(f"0x{0xAA0000 + number:040x}")


def reverting_with(text: str) -> str:
    """Code that reverts with Error(text)."""
    words = (
        (32).to_bytes(32, "big") + len(text).to_bytes(32, "big") + text.encode().ljust(32, b"\0")
    )
    data = bytes.fromhex("08c379a0") + words
    head = bytes([0x60, len(data), 0x60, 12, 0x60, 0, 0x39, 0x60, len(data), 0x60, 0, 0xFD])
    return "0x" + (head + data).hex()


SEVEN, REVERTS, INVALID, LOOPS, UNDERFLOW, LONG, GAS, LIAR, SLOT0, BAD_JUMP = map(
    address, range(10)
)
CODES = {
    SEVEN: "0x600760005260206000f3",
    REVERTS: "0x63deadbeef6000526004601cfd",
    INVALID: "0xfe",
    LOOPS: "0x5b600056",
    UNDERFLOW: "0x50",
    LONG: "0x620186a06000f3",  # 100,000 bytes of zeros
    GAS: "0x5a60005260206000f3",
    LIAR: reverting_with("header not found"),
    SLOT0: "0x60005460005260206000f3",
    BAD_JUMP: "0x600356",
}


@pytest.fixture
def anvil(toolchain: Toolchain) -> Iterator[Anvil]:
    with run_anvil(toolchain.anvil, OPTIONS) as running:
        for where, code in CODES.items():
            running.rpc("anvil_setCode", where, code)
        running.rpc("anvil_setStorageAt", SLOT0, "0x0", f"0x{5:064x}")
        mine(running, 3)
        yield running


def mine(anvil: Anvil, blocks: int) -> None:
    """Blocks that differ from any other fork's: each sends another amount."""
    for _ in range(blocks):
        number = int(anvil.rpc("eth_blockNumber"), 16)
        sender = anvil.rpc("eth_accounts")[0]
        transfer = {"from": sender, "to": address(99), "value": hex(number + 1), "gas": "0x5208"}
        anvil.rpc("eth_sendTransaction", transfer)
        anvil.rpc("evm_setNextBlockTimestamp", GENESIS + 12 * (number + 1))
        anvil.rpc("evm_mine")


def plain_block(anvil: Anvil, number: str) -> Block:
    raw = anvil.rpc("eth_getBlockByNumber", number, False)
    return Block(
        CHAIN_ID,
        int(raw["number"], 16),
        raw["hash"],
        raw["parentHash"],
        int(raw["timestamp"], 16),
    )


def word(number: int) -> Answer:
    return Answer(ok=True, data=number.to_bytes(32, "big"), length=32)


async def test_headers_are_the_nodes(anvil: Anvil) -> None:
    async with open_chain(CHAIN_ID, anvil.url) as chain:
        head = await chain.headers.head()
        assert head == plain_block(anvil, "latest")
        assert head.timestamp == GENESIS + 36
        assert await chain.headers.by_hash(head.hash) == head
        assert await chain.headers.by_number(head.number + 1) is None
        assert await chain.headers.by_hash("0x" + "12" * 32) is None
        assert await chain.headers.range(0, 3) == [plain_block(anvil, hex(n)) for n in range(4)]
        assert await chain.headers.tagged("finalized") == 0


async def test_every_kind_of_call_has_its_answer(anvil: Anvil) -> None:
    calls: dict[Call, Answer] = {
        Static(SEVEN, b""): word(7),
        Static(SLOT0, b""): word(5),
        Static(address(50), b"\1\2\3\4"): Answer(True, b"", 0),
        Static(REVERTS, b""): Answer(False, b"\xde\xad\xbe\xef", 4),
        Static(INVALID, b""): Answer(False, b"", 0),
        Static(LOOPS, b""): Answer(False, b"", 0),
        Static(UNDERFLOW, b""): Answer(False, b"", 0),
        Static(BAD_JUMP, b""): Answer(False, b"", 0),
        Static(LONG, b"", return_cap=64): Answer(True, bytes(64), 100_000),
        Code(SEVEN): Answer(True, bytes.fromhex(CODES[SEVEN][2:]), 10),
        Code(SEVEN, return_cap=2): Answer(True, b"\x60\x07", 10),
        Code(address(50)): Answer(True, b"", 0),
        Balance(address(99)): word(1 + 2 + 3),
        Slot(SLOT0, 0): word(5),
        Slot(SLOT0, 2**256 - 1): word(0),
    }
    async with open_chain(CHAIN_ID, anvil.url) as chain:
        head = await chain.headers.head()
        calls[BlockTime(SEVEN)] = word(head.timestamp)
        calls[BlockNumber(SEVEN)] = word(head.number)
        answers = await chain.reader.read(head, list(calls))
        assert dict(zip(calls, answers, strict=True)) == calls
        (liar,) = await chain.reader.read(head, [Static(LIAR, b"")])
    assert isinstance(liar, Answer)
    assert not liar.ok
    assert b"header not found" in liar.data


async def test_the_past_is_read_as_it_was(anvil: Anvil) -> None:
    async with open_chain(CHAIN_ID, anvil.url) as chain:
        for block in await chain.headers.range(0, 3):
            (answer,) = await chain.reader.read(block, [Balance(address(99))])
            assert answer == word(sum(range(block.number + 1)))


@pytest.mark.parametrize("data", [b"", b"\0" * 100, b"\1" * 100])
@pytest.mark.parametrize("gas_cap", [10_000, 1_000_000])
async def test_the_contract_gets_the_gas_cap(anvil: Anvil, data: bytes, gas_cap: int) -> None:
    async with open_chain(CHAIN_ID, anvil.url) as chain:
        head = await chain.headers.head()
        (answer,) = await chain.reader.read(head, [Static(GAS, data, gas_cap=gas_cap)])
    assert isinstance(answer, Answer)
    assert int.from_bytes(answer.data, "big") == gas_cap - 2  # GAS itself costs 2


async def test_a_gas_cap_that_is_too_small_reverts_that_call_alone(anvil: Anvil) -> None:
    calls = [Static(SLOT0, b"", gas_cap=100), Static(SLOT0, b"", gas_cap=10_000)]
    async with open_chain(CHAIN_ID, anvil.url) as chain:
        answers = await chain.reader.read(await chain.headers.head(), calls)
    assert answers == [Answer(False, b"", 0), word(5)]


@pytest.mark.parametrize("depth", [1, 3])
async def test_after_a_reorg_the_orphan_is_stale_and_the_ancestor_is_found(
    anvil: Anvil, depth: int
) -> None:
    mine(anvil, 4)
    async with open_chain(CHAIN_ID, anvil.url) as chain:
        known = await chain.headers.range(0, 7)
        other: list[Any] = [[{"from": SEVEN, "to": address(98), "value": "0x0"}, 0]]
        anvil.rpc("anvil_setBalance", SEVEN, hex(10**18))
        anvil.rpc("anvil_impersonateAccount", SEVEN)
        anvil.rpc("anvil_reorg", depth, other)
        assert (await chain.headers.head()).number == 7
        with pytest.raises(StaleBlock, match="block 7 "):
            await chain.reader.read(known[7], [Static(SEVEN, b"")])
        assert await chain.headers.common_ancestor(known[::-1]) == known[7 - depth]
        assert await chain.headers.by_hash(known[7].hash) is None
        (answer,) = await chain.reader.read(known[7 - depth], [Static(SEVEN, b"")])
        assert answer == word(7)


async def test_a_block_above_a_shortened_chain_is_stale(anvil: Anvil) -> None:
    snapshot = anvil.rpc("evm_snapshot")
    mine(anvil, 2)
    async with open_chain(CHAIN_ID, anvil.url) as chain:
        head = await chain.headers.head()
        anvil.rpc("evm_revert", snapshot)
        with pytest.raises(StaleBlock):
            await chain.reader.read(head, [Static(SEVEN, b"")])


async def test_pruned_state_is_unavailable_not_zero(toolchain: Toolchain) -> None:
    options = replace(OPTIONS, kept_states=2)
    with run_anvil(toolchain.anvil, options) as anvil:
        mine(anvil, 8)
        async with open_chain(CHAIN_ID, anvil.url) as chain:
            first, last = await chain.headers.by_number(1), await chain.headers.head()
            assert first is not None
            (gone,) = await chain.reader.read(first, [Balance(address(99))])
            (here,) = await chain.reader.read(last, [Balance(address(99))])
    assert isinstance(gone, Unavailable)
    assert here == word(sum(range(9)))


async def test_another_chain_is_refused(anvil: Anvil) -> None:
    with pytest.raises(WrongChain, match="is on chain 777, the configuration says eip155:1: fix"):
        async with open_chain(1, anvil.url):
            pass


async def test_web3_transacts_and_calls_through_our_provider(anvil: Anvil) -> None:
    async with open_chain(CHAIN_ID, anvil.url) as chain:
        w3 = chain.w3
        creation = "0x69" + CODES[SEVEN][2:] + "600052600a6016f3"
        accounts = await w3.eth.accounts
        sent = await w3.eth.send_transaction({"from": accounts[0], "data": creation})  # type: ignore[typeddict-item]
        anvil.rpc("evm_mine")
        receipt = await w3.eth.wait_for_transaction_receipt(sent, poll_latency=0.01)
        deployed = to_address(str(receipt["contractAddress"]))
        assert int.from_bytes(await w3.eth.call({"to": deployed}), "big") == 7
        (answer,) = await chain.reader.read(await chain.headers.head(), [Static(deployed, b"")])
        assert answer == word(7)
