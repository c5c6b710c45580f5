"""The real lens on a real node: what it answers is what single calls answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from tests.support.adapters import entries
from tests.support.lens_calls import WAYS, Way, pinned
from tests.support.world import LocalWorld
from watcher.chain.anvil import Anvil, AnvilOptions, run_anvil
from watcher.chain.client import open_chain
from watcher.chain.lens_answer import Reading, decode
from watcher.chain.lens_program import fits, make_plan
from watcher.chain.reader import Reader
from watcher.devnet.artifacts import Toolchain
from watcher.errors import ReadError
from watcher.protocols import ADAPTERS
from watcher.service.identify import identify
from watcher.state import Address, Answer, Balance, Block, Call, Code, Static, to_address

pytestmark = [pytest.mark.anvil, pytest.mark.parametrize("way", WAYS.values(), ids=WAYS.keys())]


class Comparing:
    """Reads by single calls and by the lens, and compares."""

    def __init__(self, reader: Reader, url: str, way: Way) -> None:
        self.reader, self.url, self.way = reader, url, way
        self.compared: list[Call] = []

    async def read(self, block: Block, calls: Sequence[Call]) -> list[Answer | ReadError]:
        single = await self.reader.read(block, calls)
        asked = [at for at, call in enumerate(calls) if fits(call)]
        plan = make_plan([calls[at] for at in asked])
        reading = decode(self.way(self.url, plan.program.encode(), at=pinned(block)), plan.program)
        assert (reading.block_number, reading.timestamp) == (block.number, block.timestamp)
        assert reading.parent_hash == block.parent_hash
        assert plan.arrange(reading.answers) == [single[at] for at in asked]
        self.compared += [calls[at] for at in asked]
        return single


async def test_every_adapter_is_answered_as_by_single_calls(
    world_node: LocalWorld, way: Way
) -> None:
    url = world_node.chain.url
    async with open_chain(world_node.world.chain_id, url) as chain:
        comparing = Comparing(chain.reader, url, way)
        head = await chain.headers.head()
        targets = [
            found.target for found in await identify(comparing, head, entries(world_node.world))
        ]
        protocols = {target.protocol for target in targets if target is not None}
        assert protocols == set(ADAPTERS)
        calls = [
            call
            for target in targets
            if target is not None
            for call in ADAPTERS[target.protocol].calls(target)
        ]
        await comparing.read(head, calls)
        older = await chain.headers.by_number(head.number - 5)
        assert older is not None
        await comparing.read(older, calls)
        assert len(comparing.compared) > 3 * len(targets)


def place(number: int) -> Address:
    return to_address(f"0x{0xAA0000 + number:040x}")


GOOD, EATER, MEGABYTE, BOMB, REVERTS, INVALID, GARBAGE, REVERT_BOMB, GAS, WRITER, NOTHING = map(
    place, range(11)
)
CODES = {
    GOOD: "0x60043560005260206000f3",  # the word after the selector
    EATER: "0x5b600056",  # an endless loop
    MEGABYTE: "0x620f42406000f3",  # returns a million bytes
    BOMB: "0x64ffffffffff6000f3",  # returns more memory than there is gas for
    REVERTS: "0x63deadbeef6000526004601cfd",
    INVALID: "0xfe",
    GARBAGE: "0x60ff60005260056000f3",  # five bytes
    REVERT_BOMB: "0x620f42406000fd",  # reverts with a million bytes
    GAS: "0x5a60005260206000f3",
    WRITER: "0x6001600055",
}
ENOUGH_FOR_A_MEGABYTE = 3_000_000


@pytest.fixture(scope="module")
def anvil(toolchain: Toolchain) -> Iterator[Anvil]:
    with run_anvil(toolchain.anvil, AnvilOptions(genesis_timestamp=1_700_000_000)) as running:
        for where, code in CODES.items():
            running.rpc("anvil_setCode", where, code)
        running.rpc("anvil_setBalance", GOOD, hex(12345))
        running.rpc("evm_mine")
        yield running


def run(
    anvil: Anvil, way: Way, calls: Sequence[Call], *, gas: int = 10**9
) -> tuple[list[Answer], Reading]:
    plan = make_plan(calls)
    reading = decode(way(anvil.url, plan.program.encode(), gas=gas), plan.program)
    whole = reading.complete(plan.program)
    return plan.arrange(reading.answers) if whole else reading.answers, reading


def good(number: int) -> Static:
    return Static(GOOD, b"good" + number.to_bytes(32, "big"), return_cap=64)


def word(number: int) -> Answer:
    return Answer(True, number.to_bytes(32, "big"), 32)


POISON: list[tuple[Static, Answer]] = [
    (Static(EATER, b""), Answer(False, b"", 0)),
    (Static(MEGABYTE, b""), Answer(False, b"", 0)),  # its gas cap does not pay for it
    (
        Static(MEGABYTE, b"", gas_cap=ENOUGH_FOR_A_MEGABYTE, return_cap=96),
        Answer(True, bytes(96), 10**6),
    ),
    (
        Static(REVERT_BOMB, b"", gas_cap=ENOUGH_FOR_A_MEGABYTE, return_cap=0),
        Answer(False, b"", 10**6),
    ),
    (Static(BOMB, b""), Answer(False, b"", 0)),
    (Static(REVERTS, b""), Answer(False, b"\xde\xad\xbe\xef", 4)),
    (Static(INVALID, b""), Answer(False, b"", 0)),
    (Static(GARBAGE, b""), Answer(True, bytes(5), 5)),
    (Static(WRITER, b""), Answer(False, b"", 0)),
    (Static(NOTHING, b""), Answer(True, b"", 0)),
]


def test_poison_costs_only_itself(anvil: Anvil, way: Way) -> None:
    calls: list[Call] = []
    expected: list[Answer] = []
    for i, (call, answer) in enumerate(POISON):
        calls += [good(2 * i), call, good(2 * i + 1)]
        expected += [word(2 * i), answer, word(2 * i + 1)]
    answers, reading = run(anvil, way, calls)
    assert answers == expected
    assert len(reading.answers) == len(calls)


@pytest.mark.parametrize(("call", "answer"), POISON)
def test_one_poisonous_target_among_a_thousand(
    anvil: Anvil, way: Way, call: Static, answer: Answer
) -> None:
    """The same function at a thousand addresses, one of them hostile: one shape."""
    data, caps = call.data + b"same" + bytes(32), (call.gas_cap, call.return_cap)
    calls: list[Call] = [Static(GOOD, b"same" + i.to_bytes(32, "big"), *caps) for i in range(999)]
    calls.insert(500, Static(call.to, data, *caps))
    assert len(make_plan(calls).program.shapes) == 1
    answers, _ = run(anvil, way, calls)
    cut = [Answer(True, one.data[: call.return_cap], 32) for one in map(word, range(999))]
    assert answers == [*cut[:500], answer, *cut[500:]]


def test_code_and_balances(anvil: Anvil, way: Way) -> None:
    code = bytes.fromhex(CODES[REVERTS][2:])
    calls: list[Call] = [
        Code(REVERTS),
        Code(REVERTS, 2),
        Code(NOTHING),
        Balance(GOOD),
        Balance(NOTHING),
    ]
    answers, _ = run(anvil, way, calls)
    assert answers == [
        Answer(True, code, len(code)),
        Answer(True, code[:2], len(code)),
        Answer(True, b"", 0),
        word(12345),
        word(0),
    ]


@pytest.mark.parametrize("gas_cap", [5_000, 100_000, 1_000_000, 20_000_000])
def test_a_call_gets_exactly_its_gas_cap(anvil: Anvil, way: Way, gas_cap: int) -> None:
    ((answer,), _) = run(anvil, way, [Static(GAS, b"", gas_cap=gas_cap)])
    assert answer == word(gas_cap - 2)  # GAS itself takes two


@pytest.mark.parametrize("gas", [200_000, 1_100_000, 1_400_000, 3_700_000, 6_000_000])
def test_when_gas_runs_short_the_answers_so_far_are_given(anvil: Anvil, way: Way, gas: int) -> None:
    calls: list[Call] = [Static(EATER, i.to_bytes(4, "big"), gas_cap=1_000_000) for i in range(4)]
    calls = [calls[0], good(0), *calls[1:], good(1)]
    plan = make_plan(calls)
    answers, reading = run(anvil, way, calls, gas=gas)
    # a call without gas for its whole cap is not made, so none fails for that
    for call, answer in zip(plan.calls, reading.answers, strict=False):
        assert isinstance(call, Static)
        assert answer.ok == (call.to == GOOD)
    assert len(answers) < len(calls) or gas == 6_000_000
    done = plan.program.rows_in(len(reading.answers))
    rest = plan.program.part(done, plan.program.rows - done)
    others = decode(way(anvil.url, rest.encode()), rest).answers
    kept = reading.answers[: plan.program.calls_before(done)]
    assert plan.arrange(kept + others) == run(anvil, way, calls)[0]


def test_fewer_answers_with_less_gas(anvil: Anvil, way: Way) -> None:
    calls: list[Call] = [Static(EATER, i.to_bytes(4, "big"), gas_cap=1_000_000) for i in range(4)]
    counts = [
        len(run(anvil, way, calls, gas=gas)[1].answers) for gas in (200_000, 2_300_000, 10**8)
    ]
    assert counts == [0, 2, 4]
