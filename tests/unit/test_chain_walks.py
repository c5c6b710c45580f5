"""Walks over ticks without a node: by plain calls and by a lens whose gas runs short."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from tests.support.answers import words
from tests.support.strategies import address
from watcher.chain.lens_answer import Reading
from watcher.chain.lens_program import Plan
from watcher.chain.walks import FAILED, MOST_POISONOUS, by_lens, by_plain_calls
from watcher.errors import DecodeError, ReadError, TooLarge, Unavailable
from watcher.state import Answer, Balance, Plain, Static, Ticks
from watcher.state.ticks import TickWalk, row, walk_of

POOL = address(1)
BITMAP, INFO, CURRENT = b"map!", b"info", b"slot"
TICKS = {-2_560: (5, 5), -10: (6, -6), 0: (7, 7), 2_550: (8, -1), 2_560: (9, 2**127 - 1)}
WALK = Ticks(POOL, 10, -3, 3, bitmap=BITMAP, info=INFO)
ROWS = b"".join(row(tick, gross=gross, net=net) for tick, (gross, net) in TICKS.items())


def answered(call: Plain) -> Answer:
    assert isinstance(call, Static)
    argument = int.from_bytes(call.data[4:], signed=True)
    match call.data[:4]:
        case b"map!":
            places = [tick // 10 for tick in TICKS if tick // 2_560 == argument]
            return words(sum(1 << place % 256 for place in places))
        case b"info":
            return words(*TICKS[argument])
        case _:
            return words(1, -1)  # the current tick, -1, is in word -1


class Node:
    """Counts its rounds."""

    def __init__(self, changed: dict[bytes, Answer | ReadError] | None = None) -> None:
        self.changed = changed or {}
        self.rounds: list[int] = []

    async def ask(self, calls: Sequence[Plain]) -> list[Answer | ReadError]:
        self.rounds.append(len(calls))
        return [
            words(77)
            if isinstance(call, Balance)
            else self.changed.get(getattr(call, "data", b"")[:4], answered(call))
            for call in calls
        ]


async def walked(call: Ticks, node: Node | None = None) -> Answer | ReadError:
    (found,) = await by_plain_calls([call], (node or Node()).ask)
    return found


async def test_all_ticks_of_the_words() -> None:
    assert await walked(WALK) == TickWalk(-3, 4, 3, ROWS).answer(WALK)


async def test_words_around_the_current_tick() -> None:
    around = replace(WALK, current=CURRENT, reach=1)
    found = await walked(around)
    assert isinstance(found, Answer)
    walk = walk_of(found)
    assert (walk.first, walk.reached, walk.last) == (-2, 1, 0)
    assert walk.ticks() == ((-2_560, -10, 0, 2_550), (5, -6, 7, -1), (5, 6, 7, 8))


async def test_plain_calls_go_out_with_the_first_round() -> None:
    node = Node()
    around = replace(WALK, current=CURRENT, reach=0)
    calls: list[Plain | Ticks] = [Balance(POOL), WALK, around, Balance(POOL)]
    first, one, two, last = await by_plain_calls(calls, node.ask)
    assert first == last == words(77)
    assert isinstance(one, Answer)
    assert isinstance(two, Answer)
    assert len(walk_of(one).ticks()[0]) == 5
    assert walk_of(two).ticks()[0] == (-2_560, -10)
    assert node.rounds == [2 + 7 + 1, 5 + 1, 2]


async def test_nothing_is_asked_where_nothing_is_wanted() -> None:
    node = Node()
    assert await by_plain_calls([], node.ask) == []


@pytest.mark.parametrize(
    "changed",
    [
        {BITMAP: Answer(False, b"", 0)},
        {BITMAP: Answer(True, b"\1" * 31, 31)},
        {INFO: words(1)},
        {INFO: words(2**128, 0)},
        {INFO: words(1, 2**127)},
        {INFO: words(1, -(2**127) - 1)},
        {CURRENT: words(1)},
        {CURRENT: words(1, 2**23)},
        {CURRENT: words(1, 60_000)},  # none of the words is that near
    ],
)
async def test_what_no_pool_answers_fails_the_walk(changed: dict[bytes, Answer]) -> None:
    around = replace(WALK, current=CURRENT, reach=1)
    found = await walked(around, Node(dict(changed)))
    assert found == FAILED
    assert isinstance(found, Answer)
    with pytest.raises(DecodeError, match="no tick"):
        walk_of(found)


async def test_a_call_that_was_not_answered_is_the_walks_own_failure() -> None:
    lost = Unavailable("no answer")
    assert await walked(WALK, Node({INFO: lost})) is lost


async def test_more_ticks_than_are_kept() -> None:
    found = await walked(replace(WALK, most_ticks=2))
    assert found == Answer(True, TickWalk(-3, 0, 3, ROWS[:70]).answer(WALK).data, 6 + 3 * 35)
    assert isinstance(found, Answer)
    with pytest.raises(TooLarge, match="more than 2"):
        walk_of(found)


@pytest.mark.parametrize("data", [b"", bytes(5), bytes(7), bytes.fromhex("000000020000")])
def test_what_is_no_walk_is_refused(data: bytes) -> None:
    with pytest.raises(DecodeError):
        walk_of(Answer(True, data, len(data)))


class Lens:
    """Walks so many words a request, over all walks together."""

    def __init__(self, words_a_request: int) -> None:
        self.words_a_request = words_a_request
        self.requests = 0

    async def ask(self, plan: Plan) -> Reading:
        self.requests += 1
        left, answers = self.words_a_request, []
        for call in plan.calls:
            assert isinstance(call, Ticks)
            first = -1 if call.current else call.first_word
            reached = min(first + left, call.last_word + 1)
            if reached == first:
                break
            left -= reached - first
            rows = [
                row(tick, gross=gross, net=net)
                for tick, (gross, net) in TICKS.items()
                if first <= tick // 2_560 < reached
            ]
            walk = TickWalk(first, reached, call.last_word, b"".join(rows))
            answers.append(walk.answer(call))
            if not walk.whole:
                break
        return Reading(1, 2, "0x", answers)


@pytest.mark.parametrize(
    ("words_a_request", "requests"), [(100, 1), (21, 1), (20, 2), (10, 3), (7, 3), (3, 7), (1, 21)]
)
async def test_a_walk_goes_on_where_gas_ran_short(words_a_request: int, requests: int) -> None:
    calls = [WALK, replace(WALK, address=address(2)), replace(WALK, address=address(3))]
    lens = Lens(words_a_request)
    found = await by_lens(calls, lens.ask)
    assert found == dict.fromkeys(calls, TickWalk(-3, 4, 3, ROWS).answer(WALK))
    assert lens.requests == requests


async def test_ticks_of_several_requests_are_held_to_the_cap_together() -> None:
    few = replace(WALK, most_ticks=4)
    found = await by_lens([few], Lens(6).ask)
    with pytest.raises(TooLarge):
        walk_of(found[few])


async def test_what_the_lens_does_not_answer_is_missing() -> None:
    assert await by_lens([WALK], Lens(0).ask) == {}


async def test_a_walk_that_cannot_be_made_is_missing_and_the_others_are_not() -> None:
    calls = [replace(WALK, address=address(number)) for number in range(1, 9)]
    poison, lens = calls[2], Lens(100)

    async def ask(plan: Plan) -> Reading | None:
        """The calls before the poisonous one."""
        at = plan.calls.index(poison) if poison in plan.calls else len(plan.calls)
        return None if at == 0 else await lens.ask(replace(plan, calls=plan.calls[:at]))

    found = await by_lens(calls, ask)
    assert list(found) == [call for call in calls if call is not poison]
    assert lens.requests == 2


async def test_where_nothing_can_be_walked_that_is_soon_seen() -> None:
    asked = []

    async def none(plan: Plan) -> None:
        asked.append(plan.calls[0])

    calls = [replace(WALK, address=address(number)) for number in range(1, 9)]
    assert await by_lens(calls, none) == {}
    assert asked == calls[:MOST_POISONOUS]
