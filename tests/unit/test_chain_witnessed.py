"""What is new is asked of others before it is taken, however few contracts the sample holds."""

from __future__ import annotations

from tests.support.faulty_node import FaultyNode, make_chain
from tests.support.linked import Linked, linked
from watcher.chain.sample import contract_of
from watcher.chain.witnessed import Witnessed
from watcher.errors import ReadError, Unavailable
from watcher.state import Answer, Call, Code, Static, to_address
from watcher.state.endpoint_event import EventKind

POOLS = [to_address(f"0x{0xB0B0 + row:040x}") for row in range(40)]
CALLS: list[Call] = [Static(pool, b"\x09\x02\xf1\xac") for pool in POOLS]
CHAIN = make_chain(60)
TRUE = list(range(100, 140))


def word(number: int) -> str:
    return f"0x{number:064x}"


def nodes(count: int) -> list[FaultyNode]:
    calls = {pool.lower(): word(100 + row) for row, pool in enumerate(POOLS)}
    return [FaultyNode(blocks=CHAIN, calls=dict(calls)) for _ in range(count)]


def sampling_two(chain: Linked) -> None:
    """Two contracts of the forty a block, one of which is in its turn."""
    chain.reader._sampler._least = 2


def answer(number: int, *, ok: bool = True) -> Answer:
    return Answer(ok=ok, data=number.to_bytes(32), length=32)


async def read(chain: Linked, at: int) -> list[int | None]:
    found = await chain.reader.read(CHAIN[at], CALLS)
    return [int.from_bytes(one.data) if isinstance(one, Answer) else None for one in found]


async def test_fault_12_no_lie_that_is_new_is_taken_even_for_a_block() -> None:
    """However seldom its contract is drawn."""
    three = nodes(3)
    async with linked(three) as chain:
        sampling_two(chain)
        assert await read(chain, 10) == TRUE
        for row in range(30, 40):
            three[0].calls[POOLS[row].lower()] = word(999)
            assert await read(chain, row - 19) == TRUE
        assert chain.events() == [("node-a.example", EventKind.VALUE_OUTVOTED)]


async def test_a_true_change_is_taken_in_its_block_and_asked_of_the_others_once() -> None:
    three = nodes(3)
    async with linked(three) as chain:
        sampling_two(chain)
        await read(chain, 10)
        asked = three[1].requests_of("eth_call")
        await read(chain, 11)
        quiet = three[1].requests_of("eth_call") - asked
        assert quiet == 2, "the sample alone"
        for node in three:
            node.calls[POOLS[7].lower()] = word(555)
        expected = [*TRUE[:7], 555, *TRUE[8:]]
        for number in (12, 13):
            assert await read(chain, number) == expected
        assert three[1].requests_of("eth_call") - asked <= 4 * 2 + 1
        assert not chain.links.events


async def test_of_two_that_differ_on_what_is_new_neither_is_taken() -> None:
    two = nodes(2)
    async with linked(two) as chain:
        sampling_two(chain)
        assert await read(chain, 10) == TRUE
        two[0].calls[POOLS[20].lower()] = word(999)
        assert await read(chain, 11) == [*TRUE[:20], None, *TRUE[21:]]


async def test_without_samples_nothing_is_compared() -> None:
    three = nodes(3)
    async with linked(three, sample=0) as chain:
        await read(chain, 10)
        assert three[1].requests_of("eth_call") == 0


def test_an_answer_is_new_until_others_have_given_it() -> None:
    known = Witnessed()
    answers: list[Answer | ReadError] = [answer(1), Unavailable("away"), answer(3), answer(4)]
    calls = CALLS[:4]
    assert known.new(CHAIN[1], calls, answers, without=[3]) == [0, 2]
    known.take(calls, {0: answer(1)})
    assert known.new(CHAIN[2], list(calls), answers, without=[]) == [2, 3]
    known.take(calls, {2: answer(3), 3: answer(4)})
    assert known.new(CHAIN[3], calls, answers, without=[]) == []
    assert known.new(CHAIN[4], calls, [answer(2), *answers[1:]], without=[]) == [0]
    assert known.new(CHAIN[5], CALLS[1:5], answers, without=[]) == [0, 2, 3], "another list"
    assert known.new(CHAIN[6], calls, answers, without=[]) == []


def test_code_is_left_to_the_sample() -> None:
    assert Witnessed().new(CHAIN[1], [Code(POOLS[0])], [answer(1)], without=[]) == []


def test_in_a_block_in_which_all_changes_some_are_drawn_until_all_were() -> None:
    known = Witnessed(most=8)
    twice: list[Call] = [*CALLS, *(Static(pool, b"\1\2\3\4") for pool in POOLS)]
    answers = [answer(number) for number in range(80)]
    seen: set[int] = set()
    for number in range(5):
        drawn = known.new(CHAIN[number], twice, answers, without=[])
        assert len(drawn) == 16
        assert len({contract_of(twice[at]) for at in drawn}) == 8
        assert not seen & set(drawn)
        seen |= set(drawn)
        known.take(twice, {at: answers[at] for at in drawn})
    assert len(seen) == 80
    assert known.new(CHAIN[6], twice, answers, without=[]) == []
