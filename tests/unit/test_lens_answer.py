"""Answers are taken apart alike, one by one or many rows at once, and refused when malformed."""

from __future__ import annotations

import pytest

from tests.support import lens
from tests.support.strategies import address
from watcher.chain.lens_answer import decode
from watcher.chain.lens_code import MOST_INIT_CODE, creation_data, deployed_code, most_program
from watcher.chain.lens_program import make_plan
from watcher.errors import DecodeError
from watcher.state import Answer, Balance, Call, Code, Static

ROWS = 300


def word(number: int) -> Answer:
    return Answer(True, number.to_bytes(32, "big"), 32)


def two_calls(row: int) -> list[Call]:
    return [
        Static(address(row), b"one1", return_cap=96),
        Static(address(row), b"two2", return_cap=64),
    ]


@pytest.mark.parametrize(
    "odd", [{}, {0}, {1}, {16}, {17}, {31, 32}, {299}, set(range(0, 300, 2)), set(range(300))]
)
@pytest.mark.parametrize("stop_after", [None, 0, 1, 299, 300, 599])
def test_rows_that_answered_otherwise_lie_between_the_alike(
    odd: set[int], stop_after: int | None
) -> None:
    calls = [call for row in range(ROWS) for call in two_calls(row + 1)]
    plan = make_plan(calls)
    assert [(len(shape.templates), shape.rows) for shape in plan.program.shapes] == [(2, ROWS)]
    answers = [
        Answer(False, bytes(70)[: call.return_cap], 70)
        if i // 2 in odd and i % 2 and isinstance(call, Static)
        else word(i)
        for i, call in enumerate(calls)
    ]
    known = dict(zip(calls, answers, strict=True))
    program = plan.program.encode()
    response = lens.response(program, stop_after=stop_after, answer=known.__getitem__)
    reading = decode(response, plan.program)
    assert reading.answers == answers[:stop_after]
    assert reading.complete(plan.program) == (stop_after is None)


def test_answers_are_answers() -> None:
    calls = [call for row in range(5) for call in two_calls(row)]
    plan = make_plan(calls)
    for answer in decode(lens.response(plan.program.encode()), plan.program).answers:
        assert type(answer) is Answer
        assert type(answer.ok) is bool
        assert type(answer.data) is bytes


STATIC = Static(address(1), b"call", return_cap=64)


@pytest.mark.parametrize(
    ("call", "response", "why"),
    [
        (STATIC, lens.header(1)[:51], "less than its header"),
        (STATIC, lens.header(2) + b"\1" + bytes(32), "2 calls where 1 were asked"),
        (STATIC, lens.header(1), "ends before all calls"),
        (STATIC, lens.header(1) + b"\1" + bytes(31), "in the middle of call 1"),
        (STATIC, lens.header(1) + b"\1" + bytes(33), "1 bytes after its end"),
        (STATIC, lens.header(0) + b"\0", "1 bytes after its end"),
        (STATIC, lens.header(1) + b"\3" + bytes(96), "mark"),  # more than its cap
        (STATIC, lens.header(1) + b"\x82\0\0\0\0", "mark"),
        (STATIC, lens.header(1) + b"\x81\0\0\0\x20" + bytes(32), "mark"),  # it is one word
        (STATIC, lens.header(1) + b"\x81\0\0\0", "a call's length"),
        (STATIC, lens.header(1) + b"\x80\0\0\0\x20" + bytes(31), "in the middle of call 1"),
        (Code(address(1)), lens.header(1) + b"\1" + bytes(32), "mark"),
        (Code(address(1)), lens.header(1) + b"\x80\0\0\0\x20" + bytes(32), "mark"),
        (Balance(address(1)), lens.header(1) + b"\2" + bytes(64), "mark"),
        (Balance(address(1)), lens.header(1) + b"\0", "mark"),
        (Balance(address(1)), lens.header(1) + b"\x81\0\0\0\x20" + bytes(32), "mark"),
    ],
)
def test_what_no_lens_answers_is_refused(call: Call, response: bytes, why: str) -> None:
    with pytest.raises(DecodeError, match=why):
        decode(response, make_plan([call]).program)


def test_a_cut_answer_keeps_its_full_length() -> None:
    response = lens.header(1) + b"\x81" + (10**6).to_bytes(4, "big") + b"\7" * 64
    (answer,) = decode(response, make_plan([STATIC]).program).answers
    assert answer == Answer(True, b"\7" * 64, 10**6)


def test_the_code_is_there_for_both_ways() -> None:
    assert len(bytes.fromhex(deployed_code()[2:])) < 2_000
    longest = creation_data(bytes(most_program()))
    assert len(bytes.fromhex(longest[2:])) == MOST_INIT_CODE
    assert creation_data(b"\1\2").endswith("010200000002")
