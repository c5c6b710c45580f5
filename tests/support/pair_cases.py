"""Cases for the real pairs: trades and drifts of every size, the borders often among them."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import strategies as st

from tests.support.numbers import SHARES, portion, sizes
from tests.support.strategies import UINT112, pool, pools
from watcher.state import ConstantProduct

COINS = st.sampled_from([0, 1])
AMOUNTS = st.one_of(sizes(0, UINT112), sizes(0, 2 * UINT112))
FACTORS = st.sampled_from([997, 998])
"""What counts of 1000 units of input: Uniswap's and Pancake's."""

LARGE = st.one_of(pools(), pools(10**6, 2**100))


@dataclass(frozen=True)
class Case:
    """A pool, the coin that comes in, and an amount."""

    state: ConstantProduct
    coin_in: int
    amount: int


def room(reserve: int) -> int:
    """What a pair can still take of a coin."""
    return UINT112 - reserve


def side(state: ConstantProduct, coin_in: int) -> ConstantProduct:
    """The pool with the coin that comes in as its coin 0."""
    return state.flipped() if coin_in else state


@st.composite
def inputs(draw: st.DrawFn) -> Case:
    """An amount in: what the pair has room for, one unit more or less than that, or any."""
    state, coin_in = draw(pools()), draw(COINS)
    free = room(side(state, coin_in).reserve0)
    border = st.integers(-1, 1).map(lambda step: max(free + step, 0))
    return Case(state, coin_in, draw(st.one_of(sizes(1, max(free, 1)), border, AMOUNTS)))


@st.composite
def outputs(draw: st.DrawFn) -> Case:
    """An amount out: a part of the reserve, all of it and one unit more or less, or any."""
    state, coin_in = draw(pools()), draw(COINS)
    reserve_out = side(state, coin_in).reserve1
    part = st.builds(portion, st.just(reserve_out), SHARES)
    border = st.integers(-1, 1).map(lambda step: reserve_out + step)
    return Case(state, coin_in, draw(st.one_of(part, border, AMOUNTS)))


@st.composite
def outputs_without_remainder(draw: st.DrawFn) -> Case:
    """Half of the reserve, from a reserve that either protocol's factor divides: the library's
    division leaves no remainder, and it asks for one unit too much."""
    reserve_in = 997 * 499 * draw(sizes(1, UINT112 // 2_000_000))
    amount_out = draw(sizes(1, UINT112 // 2))
    coin_in = draw(COINS)
    return Case(side(pool(reserve_in, 2 * amount_out), coin_in), coin_in, amount_out)


@st.composite
def outputs_at_the_brim(draw: st.DrawFn) -> Case:
    """What the library asks for just fits into the pair, or just does not."""
    reserve_out, coin_in, factor = draw(sizes(4, UINT112)), draw(COINS), draw(FACTORS)
    amount_out = portion(reserve_out // 2, draw(SHARES))

    def filled(reserve_in: int) -> int:
        asked = reserve_in * amount_out * 1000 // ((reserve_out - amount_out) * factor) + 1
        return reserve_in + asked

    low, high = 1, UINT112
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if filled(middle) <= UINT112 else (low, middle)
    state = pool(low + draw(st.integers(0, 1)), reserve_out)
    return Case(side(state, coin_in), coin_in, amount_out)


ANY_OUTPUT = st.one_of(outputs(), outputs_without_remainder(), outputs_at_the_brim())


@st.composite
def drifts(draw: st.DrawFn, reserve: int) -> int:
    """What a pair holds beyond its reserve: nothing, a gift, a loss, more than it may hold."""
    gift = st.builds(portion, st.just(min(room(reserve) + 1, 4 * reserve + 1)), SHARES)
    loss = st.builds(portion, st.just(reserve), SHARES).map(lambda size: -size)
    return draw(st.one_of(st.just(0), gift, loss, sizes(0, 2 * UINT112)))


@dataclass(frozen=True)
class Drifted:
    """A pool whose balances are its reserves and `drift`."""

    state: ConstantProduct
    drift: tuple[int, int]

    @property
    def balances(self) -> tuple[int, int]:
        return self.state.reserve0 + self.drift[0], self.state.reserve1 + self.drift[1]


@st.composite
def drifted(draw: st.DrawFn) -> Drifted:
    state = draw(LARGE)
    return Drifted(state, (draw(drifts(state.reserve0)), draw(drifts(state.reserve1))))


@st.composite
def drifted_inputs(draw: st.DrawFn) -> tuple[Drifted, Case]:
    """An amount in that leaves room where there is any, or any amount."""
    pair, coin_in = draw(drifted()), draw(COINS)
    free = max(room(pair.balances[coin_in]), 1)
    amount = draw(st.one_of(sizes(1, free), st.builds(portion, st.just(free), SHARES), AMOUNTS))
    return pair, Case(pair.state, coin_in, amount)
