"""One answer per call, all of one state, whatever the node does to the batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from tests.support.faulty_node import (
    NOT_KNOWN,
    Fault,
    FaultyNode,
    block_hash,
    error,
    make_chain,
    stack_over,
)
from watcher.chain.faults import EndpointError, Kind
from watcher.errors import ReadError, StaleBlock, Unavailable
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

WORD = "0x" + f"{7:064x}"
SEVEN = Answer(ok=True, data=(7).to_bytes(32, "big"), length=32)


def address(number: int) -> Address:
    return to_address(f"0x{number:040x}")


def calls_of(count: int) -> list[Call]:
    return [Static(address(i), b"\1\2\3\4") for i in range(1, count + 1)]


def node_with(count: int, fault: Fault = Fault.NONE, **more: Any) -> FaultyNode:
    """A node whose address i answers the word i."""
    words = {address(i).lower(): "0x" + f"{i:064x}" for i in range(1, count + 1)}
    return FaultyNode(fault, calls=words, **more)


def words(answers: Sequence[Answer | ReadError]) -> list[int]:
    return [int.from_bytes(a.data, "big") for a in answers if isinstance(a, Answer)]


async def test_a_thousand_calls_are_two_requests_in_order() -> None:
    node = node_with(1_000)
    answers = await stack_over(node).reader.read(node.head, calls_of(1_000))
    assert words(answers) == list(range(1, 1_001))
    assert [len(body) for body in node.sent] == [500, 500]
    pin = {"blockHash": node.head.hash, "requireCanonical": True}
    assert all(item["params"][1] == pin for body in node.sent for item in body)


async def test_nothing_to_read_asks_nothing() -> None:
    node = FaultyNode()
    assert await stack_over(node).reader.read(node.head, []) == []
    assert node.sent == []


@pytest.mark.parametrize(
    "fault",
    [
        Fault.SHUFFLED,
        Fault.SHORT_BATCH,
        Fault.DOUBLED_ID,
        Fault.FOREIGN_ID,
        Fault.EXTRA_REPLY,
        Fault.BATCH_AS_OBJECT,
        Fault.BATCH_AS_ONE_ERROR,
    ],
)
async def test_a_broken_batch_changes_no_answer(fault: Fault) -> None:
    node = node_with(40, fault, batch_limit=7)
    answers = await stack_over(node).reader.read(node.head, calls_of(40))
    assert words(answers) == list(range(1, 41))


async def test_equal_calls_go_out_once() -> None:
    node = node_with(2)
    one, two = calls_of(2)
    answers = await stack_over(node).reader.read(node.head, [one, two, one, two, one])
    assert words(answers) == [1, 2, 1, 2, 1]
    assert node.requests_of("eth_call") == 2


async def test_equal_questions_with_other_caps_are_cut_each_to_its_own() -> None:
    node = node_with(1)
    calls = [Static(address(1), b"", return_cap=cap) for cap in (4, 32, 100)]
    answers = await stack_over(node).reader.read(node.head, calls)
    assert answers == [
        Answer(True, bytes(4), 32),
        Answer(True, (1).to_bytes(32, "big"), 32),
        Answer(True, (1).to_bytes(32, "big"), 32),
    ]


async def test_code_balance_and_slot_are_read_in_the_same_batch() -> None:
    node = FaultyNode(calls={address(1).lower(): "0x7"})
    node.calls[address(2).lower()] = "0x6001"
    calls: list[Call] = [Balance(address(1)), Slot(address(1), 5), Code(address(2))]
    answers = await stack_over(node).reader.read(node.head, calls)
    assert answers == [SEVEN, SEVEN, Answer(True, b"\x60\x01", 2)]
    assert len(node.sent) == 1


async def test_the_blocks_time_and_number_are_known_without_a_request() -> None:
    node = node_with(2)
    calls = [BlockTime(address(1)), *calls_of(2), BlockNumber(address(2))]
    answers = await stack_over(node).reader.read(node.head, calls)
    assert words(answers) == [node.head.timestamp, 1, 2, node.head.number]
    assert [len(body) for body in node.sent] == [2]
    (again,) = await stack_over(node).reader.read(node.head, calls[:1])
    assert again == Answer(True, node.head.timestamp.to_bytes(32, "big"), 32)
    assert len(node.sent) == 1


async def test_fault_08_one_revert_leaves_the_others() -> None:
    node = node_with(5)
    node.calls[address(3).lower()] = error(3, "execution reverted", "0x08c379a0" + "ab" * 5_000)
    node.calls[address(4).lower()] = error(-32000, "out of gas")
    answers = await stack_over(node).reader.read(node.head, calls_of(5))
    assert words([answers[i] for i in (0, 1, 4)]) == [1, 2, 5]
    reverted = answers[2]
    assert isinstance(reverted, Answer)
    assert (reverted.ok, reverted.data[:4], len(reverted.data), reverted.length) == (
        False,
        b"\x08\xc3\x79\xa0",
        4_096,
        5_004,
    )
    assert answers[3] == Answer(False, b"", 0)
    assert node.requests_of("eth_call") == 5


@pytest.mark.parametrize("said", ["header not found", "missing trie node", "limit exceeded"])
async def test_a_contract_that_reverts_with_a_nodes_words_fools_nobody(said: str) -> None:
    node = node_with(2)
    node.calls[address(2).lower()] = error(3, f"execution reverted: {said}", "0xab")
    answers = await stack_over(node).reader.read(node.head, calls_of(2))
    assert answers[1] == Answer(False, b"\xab", 1)
    assert node.requests_of("eth_getBlockByNumber") == 0


async def test_an_orphaned_block_is_stale() -> None:
    node = node_with(3)
    orphan = node.head
    node.blocks = make_chain(8, fork=1, fork_at=6)
    with pytest.raises(StaleBlock, match=r"block 7 \(0x00000000…\) is not on the chain that node"):
        await stack_over(node).reader.read(orphan, calls_of(3))
    assert node.requests_of("eth_call") == 3


async def test_a_block_above_the_head_is_stale() -> None:
    node = node_with(3)
    ahead = Block(31337, 99, block_hash(99), block_hash(98), 1)
    with pytest.raises(StaleBlock):
        await stack_over(node).reader.read(ahead, calls_of(3))


async def test_not_found_of_a_block_that_is_there_concerns_that_item() -> None:
    node = node_with(3)
    node.calls[address(2).lower()] = NOT_KNOWN
    answers = await stack_over(node).reader.read(node.head, calls_of(3))
    assert words(answers) == [1, 3]
    assert isinstance(answers[1], Unavailable)
    assert node.requests_of("eth_call") == 4


async def test_fault_13_pruned_state_is_unavailable_never_zero_and_not_asked_again() -> None:
    node = node_with(2)
    node.calls[address(2).lower()] = error(-32000, "missing trie node 12 (path )")
    answers = await stack_over(node).reader.read(node.head, calls_of(2))
    assert isinstance(answers[1], Unavailable)
    assert str(answers[1]) == (
        "node-a.example no longer has the state of block 7: use an archive node"
    )
    assert node.requests_of("eth_call") == 2


async def test_an_odd_error_is_asked_once_more_and_may_pass() -> None:
    node = node_with(3)
    tries: list[object] = []

    def flaky(params: object) -> object:
        tries.append(params)
        return error(-32603, "Internal error") if len(tries) == 1 else WORD

    node.calls[address(2).lower()] = flaky
    answers = await stack_over(node).reader.read(node.head, calls_of(3))
    assert answers[1] == SEVEN
    assert len(tries) == 2


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (error(-32603, "broken\r\n\x1b[31m" + "x" * 300), "error -32603 (broken [31mxxx"),
        (None, "something that is not hex data"),
        ("0xabc", "something that is not hex data"),
        ({"a": 1}, "something that is not hex data"),
    ],
)
async def test_an_odd_answer_twice_is_unavailable(value: Any, shown: str) -> None:
    node = node_with(3)
    node.calls[address(2).lower()] = value
    answers = await stack_over(node).reader.read(node.head, calls_of(3))
    assert words(answers) == [1, 3]
    odd = answers[1]
    assert isinstance(odd, Unavailable)
    assert str(odd).startswith(
        f"node-a.example answered the read of {address(2)} at block 7 with {shown}"
    )
    assert str(odd).isprintable()
    assert len(str(odd)) < 400
    assert node.requests_of("eth_call") == 4


async def test_code_never_reverts() -> None:
    node = FaultyNode(calls={address(1).lower(): error(3, "execution reverted")})
    (answer,) = await stack_over(node).reader.read(node.head, [Code(address(1))])
    assert isinstance(answer, Unavailable)


async def test_a_node_that_refuses_hashes_is_read_by_number_and_remembered() -> None:
    node = node_with(3, refuses_hashes=True)
    reader = stack_over(node).reader
    assert words(await reader.read(node.head, calls_of(3))) == [1, 2, 3]
    assert node.requests_of("eth_call") == 6
    assert words(await reader.read(node.head, calls_of(3))) == [1, 2, 3]
    assert node.requests_of("eth_call") == 9
    assert node.requests_of("eth_getBlockByNumber") == 2


async def test_a_first_read_that_got_nothing_leaves_the_question_open() -> None:
    node = node_with(3)
    node.overrides = {"eth_call": error(-32000, "missing trie node 12 (path )")}
    reader = stack_over(node).reader
    assert words(await reader.read(node.head, calls_of(3))) == []
    node.overrides, node.refuses_hashes = {}, True
    assert words(await reader.read(node.head, calls_of(3))) == [1, 2, 3]


async def test_reading_by_number_checks_the_hash_afterwards() -> None:
    node = node_with(3, refuses_hashes=True)
    block = node.head

    def reorg(params: object) -> str:
        node.blocks = make_chain(8, fork=1, fork_at=7)
        return WORD

    node.calls[address(3).lower()] = reorg
    with pytest.raises(StaleBlock):
        await stack_over(node).reader.read(block, calls_of(3))


async def test_one_bad_call_does_not_make_a_node_refuse_hashes() -> None:
    node = node_with(2)
    node.calls[address(1).lower()] = error(-32602, "invalid argument 0: bad address")
    reader = stack_over(node).reader
    (answer,) = await reader.read(node.head, calls_of(1))
    assert isinstance(answer, Unavailable)
    answers = await reader.read(node.head, calls_of(2))
    assert words(answers) == [2]
    pin = {"blockHash": node.head.hash, "requireCanonical": True}
    last = node.sent[-1]
    assert (last[0] if isinstance(last, list) else last)["params"][1] == pin


async def test_a_rate_limit_on_every_item_is_the_endpoints() -> None:
    node = FaultyNode(overrides={"eth_call": error(-32005, "limit exceeded")})
    with pytest.raises(EndpointError) as caught:
        await stack_over(node).reader.read(node.head, calls_of(3))
    assert caught.value.kind is Kind.RATE_LIMITED
    assert node.requests_of("eth_call") == 3


async def test_a_rate_limit_on_one_item_is_that_items() -> None:
    node = node_with(3)
    node.calls[address(2).lower()] = error(-32005, "limit exceeded")
    answers = await stack_over(node).reader.read(node.head, calls_of(3))
    assert words(answers) == [1, 3]
    assert isinstance(answers[1], Unavailable)
    assert node.requests_of("eth_call") == 3


@pytest.mark.parametrize("fault", [Fault.HTML, Fault.TRUNCATED, Fault.EMPTY, Fault.DEEP])
async def test_a_node_that_speaks_no_json_rpc_fails_the_read(fault: Fault) -> None:
    node = FaultyNode(fault)
    with pytest.raises(EndpointError) as caught:
        await stack_over(node).reader.read(node.head, calls_of(3))
    assert caught.value.kind is Kind.NOT_JSON_RPC
    assert len(node.sent) == 1


async def test_one_deadline_holds_for_the_whole_read() -> None:
    node = node_with(40, Fault.BATCH_AS_OBJECT)
    reader = stack_over(node, deadline=0.1, delay=0.03).reader
    with pytest.raises(EndpointError) as caught:
        await reader.read(node.head, calls_of(40))
    assert caught.value.kind is Kind.TIMEOUT
    assert str(caught.value) == (
        "node-a.example did not answer 40 reads at block 7 within 0.1 s: "
        "the node is slow or hangs; try again or use another endpoint"
    )
