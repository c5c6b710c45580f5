"""Decoding many targets at once gives what decoding one after the other gives, whatever they
answer."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.answers import EMPTY, REVERTED, words
from tests.support.effort import examples
from tests.support.many_pairs import FACTORY, target_of
from watcher.errors import ReadError, Unavailable
from watcher.protocols import ADAPTERS
from watcher.protocols.interface import View, Views
from watcher.service.observe import Observer
from watcher.state import Answer, Block, Call, Code, Observation, Status, Token, to_address

KINDS = ("uint112", "uint8", "address", "bool", "int24", "int256", "uint256")
VIEWS = Views(*(View(kind, (), (kind, "uint256")) for kind in KINDS))

PAIRS = [
    target_of(
        to_address(f"0x{0xA0 + at:040x}"), (Token(FACTORY, at, "A"), Token(FACTORY, 18 - at, "B"))
    )
    for at in range(4)
]
UNISWAP_V2 = ADAPTERS[PAIRS[0].protocol]
BLOCK = Block(31337, 1, "0x01", "0x00", 1)


def edges(*bits: int) -> st.SearchStrategy[int]:
    """Around the limits of types of so many bits."""
    return st.sampled_from([0, 1, *(n for bit in bits for n in (2**bit - 1, 2**bit))])


def others(right: st.SearchStrategy[Answer]) -> st.SearchStrategy[Answer]:
    """Mostly the right answer; else one that no function of ours gives."""
    bent = st.one_of(
        st.sampled_from([EMPTY, REVERTED]),
        right.map(lambda one: Answer(False, one.data, one.length)),
        right.map(lambda one: Answer(True, one.data[:-1], one.length)),
        right.map(lambda one: words(*[0] * (one.length // 32 + 1))),
        right.map(lambda one: Answer(True, one.data[:-1], one.length - 1)),
    )
    return st.integers(0, 30).flatmap(lambda n: bent if n == 17 else right)


def row() -> st.SearchStrategy[list[Answer]]:
    numbers = edges(1, 8, 23, 112, 160, 255) | st.integers(-(2**24), 2**24)
    mild = st.integers(0, 1)
    one = st.builds(words, mild, mild)
    wild = st.builds(words, numbers, numbers)
    ticks = [*range(-9, 9), -(2**23), 2**23 - 1, -(2**23) - 1, 2**23]
    signed = st.builds(words, st.sampled_from(ticks), mild)
    near = st.tuples(*[others(signed if kind[:3] == "int" else one) for kind in KINDS]).map(list)
    return near | st.lists(one | wild, min_size=len(KINDS), max_size=len(KINDS))


@settings(max_examples=examples(300, deep=10_000))
@given(st.lists(row(), min_size=1, max_size=6))
def test_columns_are_the_integers_of_each_row(rows: list[list[Answer]]) -> None:
    columns = VIEWS.columns([answer for one in rows for answer in one])
    try:
        each = [VIEWS.integers(one) for one in rows]
    except ReadError:
        assert columns is None
    else:
        assert columns == list(map(list, zip(*each, strict=True)))


class Chain:
    """Answers the pairs' calls as it is told."""

    def __init__(self) -> None:
        self.answers: list[Answer | ReadError] = []

    async def read(self, block: Block, calls: Sequence[Call]) -> list[Answer | ReadError]:
        if any(isinstance(call, Code) for call in calls):
            return [Answer(True, b"\1", 1) for _ in calls]
        return self.answers


def pair_answers() -> st.SearchStrategy[list[Answer | ReadError]]:
    amount, small = st.integers(0, 2**112 - 1), st.integers(0, 2**32 - 1)
    word = others(st.builds(words, st.integers(0, 2**256 - 1)))
    reserves = st.builds(words, amount | edges(112), amount, small)
    fee_to = st.builds(words, st.integers(0, 2)) | st.builds(words, edges(160))
    ok = st.tuples(others(reserves), word, word, word, word, others(fee_to)).map(list)
    away = st.integers(0, 5).map(
        lambda at: [Unavailable("away") if i == at else words(0) for i in range(6)]
    )
    return st.integers(0, 20).flatmap(lambda n: away if n == 7 else ok)


def one_by_one(answers: Sequence[Answer | ReadError]) -> Iterator[tuple[object, ...]]:
    for at, pair in enumerate(PAIRS):
        own = answers[6 * at : 6 * at + 6]
        try:
            for one in own:
                if isinstance(one, ReadError):
                    raise one
            yield "", UNISWAP_V2.decode(pair, [one for one in own if isinstance(one, Answer)])
        except ReadError as error:
            yield str(error), None


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


@settings(max_examples=examples(200, deep=5_000))
@given(st.lists(st.lists(pair_answers(), min_size=4, max_size=4), min_size=1, max_size=4))
def test_an_observer_sees_what_each_pair_answers_alone(
    runner: asyncio.Runner, blocks: list[list[list[Answer | ReadError]]]
) -> None:
    chain = Chain()
    observer = Observer(chain, PAIRS)
    for pairs in blocks:
        chain.answers = [answer for one in pairs for answer in one]
        found = runner.run(observed(observer))
        assert list(found) == [pair.id for pair in PAIRS]
        assert [(one.detail, one.state) for one in found.values()] == list(
            one_by_one(chain.answers)
        )
        for id_, one in found.items():
            assert one.target_id == id_
            assert (one.status is Status.OK) == (one.state is not None)


async def observed(observer: Observer) -> dict[str, Observation]:
    return await observer.observe(BLOCK)
