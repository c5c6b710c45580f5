"""Walks over ticks: by plain calls where nothing better is there, and by the lens as far as the gas
of each request goes. Both give the same answer, that of `watcher.state.ticks`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from watcher.chain.lens_answer import Reading
from watcher.chain.lens_program import Plan, make_plan
from watcher.errors import DecodeError, ReadError
from watcher.state import Answer, Plain, Static, Ticks
from watcher.state.ticks import WORD_BITS, TickWalk, row, walk_of, words_around

WORD = 32
FAILED = Answer(False, b"", 0)
"""A call of the walk failed, or answered what no pool does."""

MOST_POISONOUS = 3
"""Walks of one read that make requests fail: with more it is the node that can't walk."""

_MOST_TICK = 2**23 - 1

Found: TypeAlias = Answer | ReadError
AskPlain: TypeAlias = Callable[[Sequence[Plain]], Awaitable[list[Found]]]
AskLens: TypeAlias = Callable[[Plan], Awaitable[Reading | None]]
Steps: TypeAlias = Generator[list[Static], list[Answer], Answer]


async def by_plain_calls(calls: Sequence[Plain | Ticks], ask: AskPlain) -> list[Found]:
    """All answers; a walk takes three rounds, and the plain calls go out with the first."""
    walks = {call: _Walking(call) for call in calls if isinstance(call, Ticks)}
    plain: list[Plain] = [call for call in calls if not isinstance(call, Ticks)]
    answers = await ask([*plain, *_wanted(walks)])
    plain_answers, answers = iter(answers[: len(plain)]), answers[len(plain) :]
    while answers:
        at = 0
        for walk in walks.values():
            count = len(walk.wanted)
            walk.take(answers[at : at + count])
            at += count
        wanted = _wanted(walks)
        answers = await ask(wanted) if wanted else []
    return [walks[call].found if isinstance(call, Ticks) else next(plain_answers) for call in calls]


async def by_lens(calls: Sequence[Ticks], ask: AskLens) -> dict[Ticks, Answer]:
    """The answers, in as few requests as their gas allows: each goes on where the last one ended.

    `ask` answers the first calls of a plan, as many as it can, and None where it can't even make
    the first one alone: that walk is missing from what is found, the others go on. They are missing
    too once `ask` gave nothing else so often, or where the gas did not suffice for one word.
    """
    found: dict[Ticks, Answer] = {}
    begun: dict[Ticks, TickWalk] = {}
    asked = {call: call for call in calls}
    poisonous = 0
    while asked and poisonous < MOST_POISONOUS:
        plan = make_plan(list(asked))
        reading = await ask(plan)
        if reading is None:
            poisonous += 1
            asked = {now: call for now, call in asked.items() if now != plan.calls[0]}
            continue
        if not reading.answers:
            break
        for now, part in zip(plan.calls, reading.answers, strict=False):
            if not isinstance(now, Ticks):
                raise DecodeError("a plan of walks has another call")
            call = asked.pop(now)
            walk = _joined(begun.get(call), part)
            answer = walk.answer(call) if walk else part
            if walk is None or walk.whole or answer.length > len(answer.data):
                found[call] = answer
            else:
                begun[call] = walk
                rest = replace(
                    call, first_word=walk.reached, last_word=walk.last, current=b"", reach=0
                )
                asked = {rest: call} | asked
    return found


def _joined(begun: TickWalk | None, answer: Answer) -> TickWalk | None:
    """What was walked so far; None where the answer is one of failure."""
    if not answer.ok or answer.length > len(answer.data):
        return None
    walk = walk_of(answer)
    return walk if begun is None else begun.then(walk)


def _wanted(walks: dict[Ticks, _Walking]) -> list[Plain]:
    return [call for walk in walks.values() for call in walk.wanted]


@dataclass(slots=True, eq=False)
class _Walking:
    """One walk by plain calls: what it wants to know next, and at its end what it found."""

    wanted: list[Static]
    found: Found
    _steps: Steps

    def __init__(self, call: Ticks) -> None:
        self._steps = steps(call)
        self.found = FAILED
        self.wanted = next(self._steps)

    def take(self, answers: Sequence[Found]) -> None:
        if not self.wanted:
            return
        self.wanted = []
        given = [answer for answer in answers if isinstance(answer, Answer)]
        if len(given) < len(answers):
            self.found = next(one for one in answers if isinstance(one, ReadError))
            return
        try:
            self.wanted = self._steps.send(given)
        except StopIteration as done:
            self.found = done.value


def steps(call: Ticks) -> Steps:
    """The walk as rounds of plain calls: yields them, is sent their answers, returns its own."""
    first, last = call.first_word, call.last_word
    if call.current:
        (answer,) = yield [_static(call, call.current)]
        around = _around(call, answer)
        if around is None:
            return FAILED
        first, last = around
    bitmaps = yield [_static(call, call.bitmap + _word(at)) for at in range(first, last + 1)]
    if not all(_has_words(answer, 1) for answer in bitmaps):
        return FAILED
    ticks = [
        (WORD_BITS * at + bit) * call.spacing
        for at, bits in zip(range(first, last + 1), map(_first_word, bitmaps), strict=True)
        for bit in range(WORD_BITS)
        if bits >> bit & 1
    ]
    kept = ticks[: call.most_ticks]
    infos = (yield [_static(call, call.info + _word(tick)) for tick in kept]) if kept else []
    rows = [_row(tick, answer) for tick, answer in zip(kept, infos, strict=True)]
    if None in rows:
        return FAILED
    walk = TickWalk(first, last + 1, last, b"".join(filter(None, rows)))
    if len(kept) < len(ticks):
        reached = ticks[len(kept)] // call.spacing // WORD_BITS
        cut = replace(walk, reached=reached).answer(call)
        return Answer(True, cut.data, len(cut.data) + len(row(0, net=0, gross=0)))
    return walk.answer(call)


def _around(call: Ticks, answer: Answer) -> tuple[int, int] | None:
    if not _has_words(answer, 2):
        return None
    tick = _signed_word(answer.data[WORD : 2 * WORD])
    return words_around(call, tick) if -_MOST_TICK - 1 <= tick <= _MOST_TICK else None


def _row(tick: int, answer: Answer) -> bytes | None:
    """None where the answer is none of a tick."""
    if not _has_words(answer, 2):
        return None
    gross, net = _first_word(answer), _signed_word(answer.data[WORD : 2 * WORD])
    try:
        return row(tick, net=net, gross=gross)
    except OverflowError:
        return None


def _static(call: Ticks, data: bytes) -> Static:
    return Static(call.address, data, gas_cap=call.gas_cap, return_cap=2 * WORD)


def _word(value: int) -> bytes:
    return value.to_bytes(WORD, "big", signed=True)


def _has_words(answer: Answer, count: int) -> bool:
    return answer.ok and answer.length >= count * WORD


def _first_word(answer: Answer) -> int:
    return int.from_bytes(answer.data[:WORD])


def _signed_word(data: bytes) -> int:
    return int.from_bytes(data, signed=True)
