"""Programs are short, cost nothing the second time, and hold what the lens can hold."""

from __future__ import annotations

import random

import pytest

from tests.support import lens
from tests.support.strategies import address
from watcher.chain.lens_program import (
    MOST_DATA,
    MOST_GAS,
    MOST_RETURN,
    Planner,
    Program,
    fits,
    make_plan,
)
from watcher.chain.lens_shapes import BALANCE, MOST_ROWS, MOST_SLOTS, Shape, Template
from watcher.protocols import chainlink, erc20, uniswap_v2
from watcher.state import Address, Balance, BlockNumber, BlockTime, Call, Code, Slot, Static

FACTORY, WETH = address(0xFAC), address(0xE7)


def pair_calls(pair: Address, token0: Address, token1: Address) -> list[Call]:
    """As the adapter has them."""
    return [
        uniswap_v2.GET_RESERVES.call(pair),
        erc20.BALANCE_OF.call(token0, pair),
        erc20.BALANCE_OF.call(token1, pair),
        erc20.TOTAL_SUPPLY.call(pair),
        uniswap_v2.K_LAST.call(pair),
        uniswap_v2.FEE_TO.call(FACTORY),
    ]


def pairs(count: int, *, tokens: int = 200) -> list[list[Call]]:
    drawn = random.Random(count)
    known = [address(drawn.randrange(2**159, 2**160)) for _ in range(tokens)]
    return [
        pair_calls(address(drawn.randrange(2**159, 2**160)), WETH, drawn.choice(known))
        for _ in range(count)
    ]


def flat(groups: list[list[Call]]) -> list[Call]:
    return [call for group in groups for call in group]


def test_a_thousand_pairs_take_under_thirty_bytes_each() -> None:
    plan = make_plan(flat(pairs(1000)))
    shapes = [(len(shape.templates), shape.rows) for shape in plan.program.shapes]
    assert shapes == [(5, 1000), (1, 1)]  # what the factory says is asked once
    assert len(plan.program.encode()) < 30 * 1000
    assert plan.program.calls == 5001
    assert len(plan.order) == 6000


def test_rows_of_one_protocol_are_found_between_others() -> None:
    groups = pairs(40)
    for i in range(0, 40, 3):
        feed = address(i + 1)
        calls: list[Call] = [chainlink.DECIMALS.call(feed), chainlink.LATEST_ROUND_DATA.call(feed)]
        groups.insert(2 * i, calls)
    plan = make_plan(flat(groups))
    shapes = {(len(shape.templates), shape.rows) for shape in plan.program.shapes}
    assert (5, 40) in shapes
    assert [plan.calls[i] for i in plan.order] == flat(groups)


def test_the_same_calls_again_cost_nothing() -> None:
    planner = Planner()
    calls = flat(pairs(50))
    plan = planner.plan(calls)
    assert planner.plan(list(calls)) is plan
    assert planner.plan(flat(pairs(50))) is plan  # equal, though other objects
    assert plan.program.encode() is plan.program.encode()


def test_the_planner_forgets_what_was_not_asked_for_long() -> None:
    planner = Planner()
    lists: list[list[Call]] = [[Balance(address(i))] for i in range(20)]
    first = planner.plan(lists[0])
    for calls in lists[1:5]:
        planner.plan(calls)
    assert planner.plan(lists[0]) is first
    for calls in lists[5:]:
        planner.plan(calls)
    assert planner.plan(lists[0]) is not first


def test_equal_calls_go_out_once() -> None:
    call = Code(address(5))
    plan = make_plan([call, Balance(address(5)), call])
    assert plan.calls == (call, Balance(address(5)))
    assert plan.arrange(["code", "balance"]) == ["code", "balance", "code"]
    with pytest.raises(ValueError, match="1 answers"):
        plan.arrange(["code"])


def test_no_calls_and_one_call() -> None:
    empty = make_plan([])
    assert empty.program.encode() == b"\0\0"
    assert (empty.program.rows, empty.program.calls, empty.arrange([])) == (0, 0, [])
    one = make_plan([Balance(address(1))])
    assert one.arrange([7]) == [7]


@pytest.mark.parametrize(
    ("call", "may"),
    [
        (Static(address(1), b"", gas_cap=MOST_GAS, return_cap=MOST_RETURN), True),
        (Static(address(1), b"", gas_cap=MOST_GAS + 1), False),
        (Static(address(1), b"", return_cap=MOST_RETURN + 1), False),
        (Static(address(1), bytes(MOST_DATA)), True),
        (Static(address(1), bytes(MOST_DATA + 1)), False),
        (Code(address(1), return_cap=MOST_RETURN), True),
        (Code(address(1), return_cap=MOST_RETURN + 1), False),
        (Balance(address(1)), True),
        (Slot(address(1), 0), False),
        (BlockTime(address(1)), False),
        (BlockNumber(address(1)), False),
    ],
)
def test_what_the_lens_can_ask(call: Call, may: bool) -> None:
    assert fits(call) == may
    if may:
        assert list(lens.calls_of(make_plan([call]).program.encode())) == [call]
    else:
        with pytest.raises(ValueError, match="cannot make this call"):
            make_plan([call])


def test_more_rows_than_a_shape_holds() -> None:
    calls: list[Call] = [Balance(Address(f"0x{i:040x}")) for i in range(MOST_ROWS + 10)]
    program = make_plan(calls).program
    assert [shape.rows for shape in program.shapes] == [MOST_ROWS, 10]
    assert program.part(MOST_ROWS - 1, 3).rows == 3
    assert program.rows_in(MOST_ROWS + 3) == MOST_ROWS + 3


@pytest.mark.parametrize("calls", [1, 3])
@pytest.mark.parametrize("words", [20, 21, 22, 60, 61, 200])
def test_more_differences_than_there_are_slots_or_patches(calls: int, words: int) -> None:
    drawn = random.Random(words)
    asked: list[Call] = [
        Static(address(row), bytes([call]) * 4 + drawn.randbytes(32 * words))
        for row in range(3)
        for call in range(calls)
    ]
    plan = make_plan(asked)
    assert list(lens.calls_of(plan.program.encode())) == list(plan.calls)
    assert [plan.calls[i] for i in plan.order] == asked
    assert all(len(shape.slots) <= MOST_SLOTS for shape in plan.program.shapes)


def test_the_address_table_is_not_overfilled() -> None:
    template = Template(kind=BALANCE, to=0, gas_cap=0, return_cap=32, data=b"", patches=())
    first, second = (
        tuple(2**159 + start + i % 40_000 for i in range(MOST_ROWS)) for start in (0, 40_000)
    )
    program = Program((Shape((template,), (first,)), Shape((template,), (second,)))).encode()
    assert int.from_bytes(program[:2]) == 40_000
    heads = 2 * (10 + 1 + len(template.encode(0)))
    assert len(program) == 2 + 20 * 40_000 + heads + (2 + 20) * MOST_ROWS


def test_rows_are_counted_in_the_order_of_the_shapes() -> None:
    program = make_plan([*flat(pairs(3)), Balance(address(1)), Balance(address(2))]).program
    assert [(len(shape.templates), shape.rows) for shape in program.shapes] == [
        (5, 3),
        (1, 1),
        (1, 2),
    ]
    rows = [program.rows_in(calls) for calls in range(program.calls + 1)]
    assert rows == [0] * 5 + [1] * 5 + [2] * 5 + [3, 4, 5, 6]
    assert [program.calls_before(row) for row in range(7)] == [0, 5, 10, 15, 16, 17, 18]


def test_many_calls_of_long_data_in_one_target() -> None:
    groups: list[list[Call]] = [
        [Static(address(100 * i + j), bytes([j]) * 4 + bytes(20_000)) for j in range(5)]
        for i in range(1, 4)
    ]
    plan = make_plan(flat(groups))
    assert set(lens.calls_of(plan.program.encode())) == set(flat(groups))
