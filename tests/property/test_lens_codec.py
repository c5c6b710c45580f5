"""Programs ask exactly the calls that were given; only whole, well-formed answers are taken."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tests.support import lens
from tests.support.numbers import sizes
from tests.support.strategies import UINT256, address, usually
from watcher.chain.lens_answer import decode
from watcher.chain.lens_program import Plan, make_plan
from watcher.errors import DecodeError
from watcher.state import Answer, Balance, Call, Code, Static, Ticks

ADDRESSES = sizes(0, 2**160 - 1).map(address)
FEW_ADDRESSES = st.integers(0, 5).map(address)
CAPS = st.sampled_from([0, 1, 32, 64, 100, 4096])


@st.composite
def groups(draw: st.DrawFn) -> list[Call]:
    """Rows that are asked alike, now and then another between them."""
    functions = draw(
        st.lists(
            st.tuples(st.binary(min_size=4, max_size=4), st.integers(0, 3), CAPS),
            min_size=1,
            max_size=5,
        )
    )
    calls: list[Call] = []
    for _ in range(draw(st.integers(0, 6))):
        words = st.one_of(sizes(0, UINT256), FEW_ADDRESSES.map(lambda text: int(text, 16)))
        for selector, count, cap in functions:
            values = draw(st.lists(words, min_size=count, max_size=count))
            data = selector + b"".join(value.to_bytes(32, "big") for value in values)
            calls.append(Static(draw(st.one_of(ADDRESSES, FEW_ADDRESSES)), data, 50_000, cap))
        if draw(st.integers(0, 9)) == 0:
            calls.append(draw(odd_calls))
    return calls


odd_calls = st.one_of(
    st.builds(Static, FEW_ADDRESSES, st.binary(max_size=80), st.integers(0, 2**32 - 1), CAPS),
    st.builds(Code, FEW_ADDRESSES, CAPS),
    st.builds(Balance, ADDRESSES),
    st.builds(
        Ticks,
        FEW_ADDRESSES,
        st.integers(1, 200),
        st.integers(-(2**15), -1),
        st.integers(-1, 2**15 - 2),
        bitmap=st.binary(min_size=4, max_size=70),
        info=st.binary(min_size=4, max_size=36),
        current=st.binary(max_size=36),
        reach=st.integers(0, 2**16),
        gas_cap=st.integers(0, 2**32 - 1),
        most_ticks=st.integers(0, 5),
    ),
)
call_lists = st.one_of(
    groups(),
    st.lists(odd_calls, max_size=12),
    st.lists(st.one_of(groups(), st.lists(odd_calls, max_size=3)), max_size=4).map(
        lambda lists: [call for calls in lists for call in calls]
    ),
)


def answers_of(plan: Plan, response: bytes) -> list[Answer]:
    reading = decode(response, plan.program)
    assert reading.complete(plan.program)
    assert (reading.block_number, reading.timestamp) == (7, 9)
    assert reading.parent_hash == "0x" + lens.PARENT.hex()
    return plan.arrange(reading.answers)


@usually
@given(calls=call_lists)
def test_every_call_gets_its_own_answer(calls: list[Call]) -> None:
    plan = make_plan(calls)
    program = plan.program.encode()
    assert list(lens.calls_of(program)) == list(plan.calls)
    assert len(set(plan.calls)) == len(plan.calls) == plan.program.calls
    response = lens.response(program)
    assert answers_of(plan, response) == [lens.expected(call) for call in calls]
    assert len(response) <= plan.program.longest_answer


@usually
@given(calls=call_lists, cuts=st.lists(st.integers(0, 40), max_size=4))
def test_parts_answer_what_the_whole_does(calls: list[Call], cuts: list[int]) -> None:
    plan = make_plan(calls)
    program = plan.program
    edges = sorted({0, program.rows, *(cut for cut in cuts if cut < program.rows)})
    answers: list[Answer] = []
    for first, after in pairwise(edges):
        part = program.part(first, after - first)
        assert part.rows == after - first
        assert program.calls_before(first) == len(answers)
        answers += decode(lens.response(part.encode()), part).answers
    assert plan.arrange(answers) == [lens.expected(call) for call in calls]


@usually
@given(calls=call_lists.filter(bool), drawn=st.data())
def test_where_gas_runs_short_the_rest_is_asked_from_its_row_on(
    calls: list[Call], drawn: st.DataObject
) -> None:
    plan = make_plan(calls)
    program = plan.program
    count = drawn.draw(st.integers(0, program.calls))
    reading = decode(lens.response(program.encode(), stop_after=count), program)
    assert len(reading.answers) == count
    assert reading.complete(program) == (count == program.calls)
    done = program.rows_in(count)
    whole = program.calls_before(done)
    assert whole <= count
    assert done == program.rows or program.calls_before(done + 1) > count
    rest = program.part(done, program.rows - done)
    answers = reading.answers[:whole] + decode(lens.response(rest.encode()), rest).answers
    assert plan.arrange(answers) == [lens.expected(call) for call in calls]


def mutated(draw: st.DrawFn, response: bytes) -> bytes:
    at = draw(st.integers(0, len(response) - 1))
    match draw(st.integers(0, 4)):
        case 0:
            return response[:at]
        case 1:
            return response + draw(st.binary(min_size=1, max_size=40))
        case 2:
            return (
                response[:at]
                + bytes([response[at] ^ draw(st.integers(1, 255))])
                + response[at + 1 :]
            )
        case 3:
            return response[:at] + draw(st.binary(min_size=1, max_size=40)) + response[at:]
        case _:
            return draw(st.binary(max_size=120))


@usually
@given(calls=call_lists, drawn=st.data())
def test_nothing_but_a_well_formed_answer_is_taken(calls: list[Call], drawn: st.DataObject) -> None:
    """What is taken is, packed again, the response to its last byte."""
    plan = make_plan(calls)
    program = plan.program.encode()
    bad = drawn.draw(st.composite(mutated)(lens.response(program)))
    try:
        reading = decode(bad, plan.program)
    except DecodeError:
        return
    given_back = dict(zip(plan.calls, reading.answers, strict=False))
    again = lens.response(program, stop_after=len(reading.answers), answer=given_back.__getitem__)
    assert bad[52:] == again[52:]
    for call, answer in given_back.items():
        assert len(answer.data) == min(lens.cap_of(call), answer.length)


@usually
@given(calls=call_lists.filter(bool), drawn=st.data())
def test_a_response_that_is_cut_anywhere_is_refused(
    calls: list[Call], drawn: st.DataObject
) -> None:
    plan = make_plan(calls)
    response = lens.response(plan.program.encode())
    cut = response[: drawn.draw(st.integers(0, len(response) - 1))]
    try:
        decode(cut, plan.program)
    except DecodeError:
        return
    raise AssertionError("a cut response was taken")
