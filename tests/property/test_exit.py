"""What must hold of every exit: in how many rows something is named, who else leaves, and in which
order all are named changes nothing for the better."""

from __future__ import annotations

from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from tests.support.exits import U, X, Y, Z, estate, leave_world, pool_of
from tests.support.strategies import address, pool, stable, ticked, vault
from watcher.math.exit import sales
from watcher.math.exit.estate import Estate, together
from watcher.math.exit.world import World, world_of
from watcher.state import Address, State, Target

WAD = 10**18
ROUNDING = 1_000
"""Whole units that the roundings of a plan's few steps may come to, at prices of up to ten: of
amounts of 10**15 and more."""

RESERVES = st.integers(10**20, 10**24)
AMOUNTS = st.one_of(st.just(0), st.integers(10**15, 10**24))
HELD = (X.address, Y.address, Z.address, address(1), address(4), address(7), address(8))


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Two ways for most tokens, one of them over another token, a pool of three coins, ticks, and a
    vault; reserves within a factor of ten of each other."""

    def pair(number: int, *tokens: object) -> tuple[Target, State]:
        base = draw(RESERVES)
        other = base * draw(st.integers(20, 500)) // 100
        return pool_of(number, pool(base, other, total_supply=base), *tokens)  # type: ignore[arg-type]

    base = draw(RESERVES)
    coins = tuple(base * draw(st.integers(50, 200)) // 100 for _ in range(3))
    span = draw(st.sampled_from([600, 6_000, 60_000]))
    liquidity = draw(st.integers(10**22, 10**25))
    steep = draw(st.sampled_from([5, 200, 2_000]))
    all_of_them = [
        pair(1, X, U),
        pair(2, X, U),
        pair(3, X, Y),
        pair(4, Y, U),
        pool_of(5, stable(coins, A=steep, total_supply=sum(coins)), U, X, Y),
        pool_of(6, ticked([(-span, span, liquidity)]), Y, U),
        pool_of(7, vault(draw(RESERVES), draw(RESERVES), offset=None), X),
        pair(8, Z, X),
        pair(9, Z, Y),
    ]
    return world_of(each for each in all_of_them if draw(st.integers(0, 3)))


@st.composite
def holdings(draw: st.DrawFn) -> dict[Address, int]:
    """LP tokens and shares are at most a third of those that there are."""
    return {
        token: draw(AMOUNTS) if token in HELD[:3] else draw(st.integers(0, 3 * 10**19))
        for token in HELD
    }


def of(amounts: Mapping[Address, int]) -> Estate:
    return estate(amounts)


@given(world=worlds(), held=holdings(), data=st.data())
def test_a_row_may_be_split(world: World, held: dict[Address, int], data: st.DataObject) -> None:
    part = {token: data.draw(st.integers(0, amount)) for token, amount in held.items()}
    rest = {token: amount - part[token] for token, amount in held.items()}
    whole = leave_world(of(held), world)
    assert leave_world(together([of(part), of(rest)]), world) == whole
    assert leave_world(together([of(rest), of(part)]), world) == whole


@given(world=worlds(), one=holdings(), other=holdings())
def test_together_nobody_gets_more_than_alone(
    world: World, one: dict[Address, int], other: dict[Address, int]
) -> None:
    apart = [leave_world(of(each), world).received for each in (one, other)]
    joint = leave_world(together([of(one), of(other)]), world).received
    assert joint <= sum(apart) + ROUNDING


@given(world=worlds(), one=holdings(), other=holdings())
def test_nor_where_each_is_sold_for_what_the_deepest_pool_has(
    world: World, one: dict[Address, int], other: dict[Address, int]
) -> None:
    usual = sales.MOST_CHOICES
    sales.MOST_CHOICES = 1
    try:
        apart = [leave_world(of(each), world).received for each in (one, other)]
        joint = leave_world(together([of(one), of(other)]), world).received
    finally:
        sales.MOST_CHOICES = usual
    assert joint <= sum(apart) + ROUNDING


@given(world=worlds(), held=holdings())
def test_the_best_of_all_choices_is_no_worse_than_the_fixed_one(
    world: World, held: dict[Address, int]
) -> None:
    best = leave_world(of(held), world).received
    usual = sales.MOST_CHOICES
    sales.MOST_CHOICES = 0
    try:
        fixed = leave_world(of(held), world).received
    finally:
        sales.MOST_CHOICES = usual
    assert fixed <= best


@given(world=worlds(), held=holdings())
def test_every_step_gives_what_is_there_and_all_of_it_is_accounted_for(
    world: World, held: dict[Address, int]
) -> None:
    plan, has = leave_world(of(held), world), dict(held)
    for step in plan.steps:
        for token, amount in step.gives:
            assert 0 < amount <= has.get(token, 0)
            has[token] -= amount
        for token, amount in step.takes:
            has[token] = has.get(token, 0) + amount
    assert has.pop(U.address, 0) == plan.received
    left: dict[Address, int] = {}
    for each in plan.left:
        assert each.reason
        left[each.token] = left.get(each.token, 0) + each.amount
    assert {token: amount for token, amount in has.items() if amount} == left
