"""The reader that makes many calls at once, over a node in memory that chokes and forgets."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

import pytest

from tests.support.faulty_node import CHAIN_ID, MemoryTransport, error, make_chain
from tests.support.lens_node import OFFCHAIN_LOOKUP, RATE_LIMIT, LensNode, ask, place
from watcher.chain.abilities import TRY_AGAIN
from watcher.chain.batches import Batches
from watcher.chain.chunks import GROW_AFTER, QUARANTINE_SECONDS
from watcher.chain.faults import EndpointError, Kind
from watcher.chain.headers import NodeHeaders
from watcher.chain.jsonrpc import JsonRpc
from watcher.chain.lens_reader import LensReader
from watcher.chain.provider import EndpointProvider
from watcher.chain.ways import Way
from watcher.errors import Quarantined, ReadError, StaleBlock, Unavailable
from watcher.state import Answer, Balance, Block, Call, Code, Slot

CALLS: list[Call] = [ask(number) for number in range(100)]
MANY = [Way.OVERRIDE, Way.CREATION, Way.MULTICALL]


@dataclass
class Now:
    seconds: float = 0.0

    def __call__(self) -> float:
        return self.seconds


class Reading:
    """A reader over a node, with a clock that is set by hand."""

    def __init__(self, node: LensNode, *ways: Way, delay: float = 0.0, deadline: float = 5.0):
        self.node = node
        self.clock = Now()
        self.transport = MemoryTransport(node, delay=delay)
        rpc = JsonRpc(self.transport)
        provider = EndpointProvider(rpc, Batches(rpc, reply_bytes=8_000_000))
        headers = NodeHeaders(provider, chain_id=CHAIN_ID, deadline=deadline)
        self.reader = LensReader(
            provider, headers, deadline=deadline, ways=ways or Way, clock=self.clock
        )

    async def read(
        self, calls: list[Call] = CALLS, *, block: Block | None = None
    ) -> list[Answer | ReadError]:
        return await self.reader.read(block or self.node.head, calls)

    async def reads_all(self, calls: list[Call] = CALLS) -> None:
        assert await self.read(calls) == [self.node.expected(call) for call in calls]

    def forget(self) -> None:
        self.node.sent.clear()
        self.node.asked_rows.clear()
        self.node.alone.clear()

    @property
    def way(self) -> Way:
        return self.reader.limits.way


# The ways


@pytest.mark.parametrize("way", Way)
async def test_each_way_gives_the_same_answers(way: Way) -> None:
    node = LensNode(reverting={place(3), place(77)})
    node.calls = {place(5).lower(): "0x7", place(6).lower(): "0xfe"}
    reading = Reading(node, way)
    calls = [*CALLS, Balance(place(5)), Slot(place(5), 1), Code(place(6)), CALLS[0]]
    await reading.reads_all(calls)
    assert reading.way in (way, Way.BATCH)
    if way in MANY:
        assert reading.way is way
        assert max(node.asked_rows) >= 100


async def test_single_calls_are_single() -> None:
    reading = Reading(LensNode(), Way.SINGLE)
    await reading.reads_all()
    assert not any(isinstance(body, list) for body in reading.node.sent)
    assert reading.way is Way.SINGLE


@pytest.mark.parametrize("way", MANY)
async def test_all_go_out_in_one_request(way: Way) -> None:
    reading = Reading(LensNode(), way)
    await reading.reads_all()
    reading.forget()
    await reading.reads_all()
    assert len(reading.node.sent) == 1
    assert "gas" in reading.node.sent[0]["params"][0]


async def test_when_a_way_is_lost_the_next_is_taken_without_losing_the_block() -> None:
    node = LensNode()
    reading = Reading(node)
    taken = []
    for lost in [None, *MANY]:
        node.ways -= {lost}
        await reading.reads_all()
        taken.append(reading.way)
    assert taken == [*MANY, Way.BATCH]


async def test_a_lost_way_is_tried_again_after_a_while() -> None:
    node = LensNode(ways=set())
    reading = Reading(node)
    await reading.reads_all()
    node.ways = {Way.OVERRIDE}
    taken = []
    for seconds in (0.0, TRY_AGAIN - 1, TRY_AGAIN):
        reading.clock.seconds = seconds
        await reading.reads_all()
        taken.append(reading.way)
    assert taken == [Way.BATCH, Way.BATCH, Way.OVERRIDE]


async def test_a_node_that_refuses_hashes_is_read_by_number() -> None:
    node = LensNode(refuses_hashes=True)
    reading = Reading(node)
    await reading.reads_all()
    assert reading.way is Way.OVERRIDE
    node.blocks[-1] = replace(node.head, hash="0x" + "77" * 32)
    with pytest.raises(StaleBlock):
        await reading.read(block=make_chain(8)[-1])


# Gas


async def test_the_nodes_gas_cap_is_found_and_kept_to() -> None:
    reading = Reading(LensNode(most_gas=50_000_000))
    await reading.reads_all()
    assert reading.reader.limits.gas == 50_000_000 - 21_000
    assert reading.way is Way.OVERRIDE


async def test_what_the_gas_did_not_suffice_for_is_asked_next_and_remembered() -> None:
    reading = Reading(LensNode(gas_rows=40), Way.OVERRIDE, Way.BATCH)
    await reading.reads_all()
    assert reading.node.asked_rows == [100, 60, 20]
    reading.forget()
    await reading.reads_all()
    assert len(reading.node.asked_rows) == 3
    assert max(reading.node.asked_rows) <= 40


# Size (FAULTS.md 7)


async def test_what_is_too_much_at_once_is_halved_remembered_and_grows_back() -> None:
    node = LensNode(most_rows=30)
    reading = Reading(node, Way.OVERRIDE, Way.BATCH)
    await reading.reads_all()
    reading.forget()
    await reading.reads_all()
    assert max(node.asked_rows) <= 30
    node.most_rows = 1_000
    reading.clock.seconds = 2 * GROW_AFTER
    for _ in range(4):
        await reading.reads_all()
        reading.clock.seconds *= 4
    reading.forget()
    await reading.reads_all()
    assert node.asked_rows == [100]


async def test_a_late_answer_is_asked_for_in_halves() -> None:
    node = LensNode()
    reading = Reading(node, Way.OVERRIDE, Way.BATCH, deadline=1.2)
    await reading.reads_all()
    send = reading.transport.send

    async def slow_for_many(body: bytes, *, about: str) -> bytes:
        before = len(node.asked_rows)
        answer = await send(body, about=about)
        if any(rows > 50 for rows in node.asked_rows[before:]):
            await asyncio.sleep(0.5)
        return answer

    reading.transport.send = slow_for_many  # type: ignore[method-assign]
    await reading.reads_all()
    assert reading.reader.limits.rows == 50


@pytest.mark.parametrize(
    "kind", [Kind.ANSWER_TOO_LONG, Kind.REQUEST_TOO_LARGE, Kind.NODE_FAULT, Kind.NOT_JSON_RPC]
)
async def test_what_http_or_the_cap_refuses_is_asked_for_in_halves(kind: Kind) -> None:
    """FAULTS.md 7 and 16: 413, a proxy's 502, HTML, or cut off over the cap while streaming."""
    node = LensNode()
    reading = Reading(node, Way.OVERRIDE, Way.BATCH)
    send = reading.transport.send

    async def capped(body: bytes, *, about: str) -> bytes:
        answer = await send(body, about=about)
        if len(answer) > 5_000:
            raise EndpointError("no", endpoint="node-a", kind=kind)
        return answer

    reading.transport.send = capped  # type: ignore[method-assign]
    await reading.reads_all()
    assert reading.way is Way.OVERRIDE
    assert reading.reader.limits.rows == 50


# Poison (FAULTS.md 8, 26)


@pytest.mark.parametrize("way", MANY)
async def test_a_poisonous_target_costs_only_itself_and_is_asked_alone_from_then_on(
    way: Way,
) -> None:
    node = LensNode(poison={place(42)})
    reading = Reading(node, way)
    await reading.reads_all()
    assert reading.reader.limits.quarantined == 1
    assert reading.reader.limits.rows is None
    reading.forget()
    await reading.reads_all()
    assert node.asked_rows[0] >= 99
    assert len(node.asked_rows) == 1
    assert node.alone == [place(42)]


async def test_what_fails_alone_too_is_quarantined_and_nothing_else() -> None:
    node = LensNode(poison={place(42)}, fails_alone=True)
    reading = Reading(node, Way.OVERRIDE)
    for _ in range(2):
        answers = await reading.read()
        failed = answers.pop(42)
        assert isinstance(failed, Quarantined)
        assert place(42) in str(failed)
        assert answers == [node.expected(call) for call in CALLS if call != CALLS[42]]


async def test_a_quarantine_ends() -> None:
    node = LensNode(poison={place(42)})
    reading = Reading(node, Way.OVERRIDE)
    await reading.reads_all()
    node.poison.clear()
    reading.clock.seconds = QUARANTINE_SECONDS
    reading.forget()
    await reading.reads_all()
    assert node.asked_rows == [100]
    assert reading.reader.limits.quarantined == 0


async def test_when_everything_fails_the_way_is_given_up_soon() -> None:
    node = LensNode(poison={place(number) for number in range(100)})
    reading = Reading(node, Way.OVERRIDE, Way.BATCH)
    await reading.reads_all()
    assert reading.way is Way.BATCH
    assert len(node.asked_rows) < 60


async def test_without_gas_caps_every_failure_is_asked_again_alone() -> None:
    node = LensNode(reverting={place(9)})
    reading = Reading(node, Way.MULTICALL)
    await reading.reads_all()
    assert place(9) in node.alone


@pytest.mark.parametrize("way", Way)
async def test_an_offchain_lookup_is_a_revert_and_nothing_is_fetched(way: Way) -> None:
    """FAULTS.md 34."""
    node = LensNode(looking_up={place(1)})
    reading = Reading(node, way)
    answers = await reading.read()
    assert answers[1] == Answer(False, OFFCHAIN_LOOKUP[:64], len(OFFCHAIN_LOOKUP))
    assert {item["method"] for body in node.sent for item in _items(body)} == {"eth_call"}


def _items(body: object) -> list[dict[str, object]]:
    return body if isinstance(body, list) else [body]  # type: ignore[list-item]


# Distrust


@pytest.mark.parametrize("way", MANY)
async def test_a_node_that_does_not_keep_to_the_block_gives_no_data(way: Way) -> None:
    node = LensNode()
    reading = Reading(node, way)
    await reading.reads_all()
    node.sees = node.head
    with pytest.raises(EndpointError, match="does not keep to the block") as caught:
        await reading.read(block=node.blocks[-2])
    assert caught.value.kind is Kind.WRONG_BLOCK
    node.sees = replace(node.head, parent_hash=node.blocks[-3].hash)
    with pytest.raises(EndpointError, match="does not keep to the block"):
        await reading.read()


@pytest.mark.parametrize("way", MANY)
async def test_another_block_once_is_asked_again(way: Way) -> None:
    """As Anvil does while it mines; twice is a node that does not keep to the block."""
    node = LensNode()
    reading = Reading(node, way)
    await reading.reads_all()
    node.sees, node.sees_times = replace(node.head, timestamp=node.head.timestamp + 1), 1
    await reading.reads_all()
    assert node.sees_times == 0
    assert reading.way is way
    node.sees_times = 2
    with pytest.raises(EndpointError, match="does not keep to the block"):
        await reading.read()


async def test_the_l1s_number_and_hash_are_no_lie() -> None:
    node = LensNode()
    node.sees = replace(node.head, number=19_000_000, parent_hash="0x" + "ab" * 32)
    reading = Reading(node, Way.OVERRIDE)
    await reading.reads_all()
    assert reading.way is Way.OVERRIDE
    node.sees = replace(node.sees, timestamp=node.head.timestamp + 1)
    with pytest.raises(EndpointError, match="of time"):
        await reading.read()


@pytest.mark.parametrize(
    "garbage", ["0x", "0x00", "0x" + "00" * 51, "0x" + "ff" * 600, 7, None, "zz", {"a": 1}]
)
async def test_garbage_is_no_answer(garbage: object) -> None:
    node = LensNode()
    reading = Reading(node, Way.OVERRIDE, Way.BATCH)
    await reading.reads_all()
    node.whole = {"error": None, "result": garbage}
    await reading.reads_all()
    assert reading.way is Way.BATCH


# The node's own state


async def test_a_pruned_block_is_unavailable_never_zero() -> None:
    """FAULTS.md 13."""
    node = LensNode()
    reading = Reading(node)
    await reading.reads_all()
    node.overrides["eth_call"] = error(-32000, "missing trie node d0d0")
    reading.forget()
    answers = await reading.read()
    assert all(isinstance(answer, Unavailable) for answer in answers)
    assert len(answers) == len(CALLS)
    assert len(node.sent) == 2
    del node.overrides["eth_call"]
    await reading.reads_all()
    assert reading.way is Way.OVERRIDE


async def test_a_block_that_left_the_chain_is_stale() -> None:
    node = LensNode()
    reading = Reading(node)
    await reading.reads_all()
    gone = replace(node.head, hash="0x" + "99" * 32)
    with pytest.raises(StaleBlock):
        await reading.read(block=gone)
    await reading.reads_all()
    assert reading.way is Way.OVERRIDE


async def test_a_rate_limit_is_the_endpoints() -> None:
    node = LensNode()
    reading = Reading(node)
    await reading.reads_all()
    node.whole = RATE_LIMIT
    with pytest.raises(EndpointError) as caught:
        await reading.read()
    assert caught.value.kind is Kind.RATE_LIMITED
    node.whole = None
    await reading.reads_all()
    assert reading.reader.limits.rows is None


async def test_nothing_asked_nothing_sent() -> None:
    reading = Reading(LensNode())
    assert await reading.read([]) == []
    assert reading.node.sent == []
