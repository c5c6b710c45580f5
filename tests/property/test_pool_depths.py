"""Depths of pools of two coins that have no exact search of their own, beside whole swaps."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from math import isqrt

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.support.strategies import (
    FEES,
    pool,
    sizes,
    subject_of,
    ticked_pools,
    usually,
)
from watcher.errors import MathError
from watcher.math.depth_definitions import MOVES, SLIPPAGES
from watcher.math.exact.concentrated import swap
from watcher.math.exact.tick_math import MAX_SQRT_PRICE, MIN_SQRT_PRICE
from watcher.math.families.concentrated import pool_of
from watcher.math.measures import measure
from watcher.math.quotes import quote_exact_in, spot_price
from watcher.math.settings import Settings
from watcher.state import Concentrated, ConstantProduct, State

SETTINGS = Settings(unit="USD", sizes=(1.0,), prices=())
COINS = st.sampled_from([0, 1])
LARGE = sizes(10**15, 2**100)


def figure(state: State, prices: tuple[float, float], name: str, coin: int, **dims: str) -> float:
    subject = subject_of(state, prices)
    (found,) = measure([subject], SETTINGS)
    wanted = {"token_in": subject.target.tokens[coin].address, **dims}
    (value,) = [
        each.value
        for each in found
        if each.name == name and wanted.items() <= dict(each.dims).items()
    ]
    return value


def depth(state: ConstantProduct, coin: int, price: Fraction) -> int:
    """The last input that keeps the spot, by halves over exact quotes."""

    def kept(amount: int) -> bool:
        try:
            out = quote_exact_in(state, coin, 1 - coin, amount).amount_out
        except MathError:
            # so little that it buys nothing
            out = 0
        held = (state.reserve0, state.reserve1)
        return Fraction(held[1 - coin] - out, held[coin] + amount) >= price

    if spot_price(state, coin, 1 - coin) < price:
        return 0
    low, high = 0, 1
    while kept(high):
        low, high = high, high * 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if kept(middle) else (low, middle)
    return low


@usually
@given(
    reserves=st.tuples(LARGE, LARGE),
    fee=FEES,
    coin=COINS,
    move=st.sampled_from(MOVES),
    off=st.fractions(Fraction(97, 100), Fraction(103, 100)),
)
def test_a_pairs_depth_and_what_is_lost_of_it(
    reserves: tuple[int, int], fee: tuple[int, int], coin: int, move: float, off: Fraction
) -> None:
    state = pool(*reserves, fee=fee)
    spot = spot_price(state, coin, 1 - coin)
    found = figure(state, (1.0, 1.0), "depth_ladder", coin, move=f"{move:g}")
    exact = depth(state, coin, spot * (1 - Fraction(move)))
    assert found * 10**18 == pytest.approx(exact, rel=1e-9, abs=2 + 2 / float(spot))
    # the reference: coin `off` times what the pool says
    prices = [1.0, 1.0]
    prices[coin] = float(spot * off)
    wanted = Fraction(prices[coin]) * Fraction(99, 100)
    held = [0, 0]
    product = reserves[0] * reserves[1]
    held[coin] = isqrt(int(product / Fraction(prices[coin])))
    held[1 - coin] = product // held[coin]
    balanced = depth(pool(held[0], held[1], fee=fee), coin, wanted)
    lost = figure(state, (prices[0], prices[1]), "lost_depth_pair", coin)
    exact_lost = min(max(1 - depth(state, coin, wanted) / balanced, 0.0), 1.0)
    assert lost == pytest.approx(exact_lost, abs=1e-6)


@usually
@given(reserves=st.tuples(LARGE, LARGE), fee=FEES, coin=COINS, loss=st.sampled_from(SLIPPAGES))
def test_the_largest_trade_of_a_pair_within_a_loss(
    reserves: tuple[int, int], fee: tuple[int, int], coin: int, loss: float
) -> None:
    state = pool(*reserves, fee=fee)
    spot = spot_price(state, coin, 1 - coin)
    found = int(
        figure(state, (1.0, 1.0), "size_within_slippage", coin, slippage=f"{loss:g}") * 10**18
    )

    def within(amount: int) -> bool:
        out = quote_exact_in(state, coin, 1 - coin, amount).amount_out
        return out + 1 >= (1 - Fraction(loss)) * amount * spot

    if fee[0] / fee[1] <= 1 - loss:
        assert found == 0
        return
    assert within(int(found * (1 - 1e-9)))
    beyond = int(found * (1 + 1e-9)) + 2
    assert (
        quote_exact_in(state, coin, 1 - coin, beyond).amount_out
        < (1 - Fraction(loss)) * beyond * spot
    )


POOLS = ticked_pools().map(lambda state: replace(state, variant="uniswap_v3"))
few = settings(usually, suppress_health_check=[HealthCheck.filter_too_much])
"""The ranges of many pools end before that."""


@few
@given(state=POOLS, coin=COINS, loss=st.sampled_from(SLIPPAGES))
def test_the_largest_trade_within_a_loss_over_ticks(
    state: Concentrated, coin: int, loss: float
) -> None:
    units = (10**state.decimals0, 10**state.decimals1)
    found = figure(state, (1.0, 1.0), "size_within_slippage", coin, slippage=f"{loss:g}")
    assume(found * units[coin] > 2**60)  # else the roundings are what is seen
    spot = spot_price(state, coin, 1 - coin)
    for factor, within in ((1 - 1e-6, True), (1 + 1e-6, False)):
        amount = int(found * units[coin] * factor)
        done = swap(pool_of(state), amount, zero_for_one=coin == 0)
        assume(done.complete and done.amount_out > 2**40)
        assert (done.amount_out >= (1 - Fraction(loss)) * amount * spot) == within


@few
@given(state=POOLS, coin=COINS, off=st.floats(-0.03, 0.03))
def test_what_of_a_range_imbalance_has_taken(state: Concentrated, coin: int, off: float) -> None:
    """Swaps until the reference, and until a percent beyond it, from the pool and from the pool
    that stands at the reference."""
    spot = float(spot_price(state, 0, 1)) * 10**state.decimals0 / 10**state.decimals1
    lost = figure(state, (spot * (1 + off), 1.0), "lost_depth_pair", coin)
    assume(lost == lost)
    root = Fraction((1 + off) ** 0.5)
    at = int(state.sqrt_price_x96 * root)
    until = int(state.sqrt_price_x96 * root * Fraction(0.99**0.5 if coin == 0 else 0.99**-0.5))
    assume(MIN_SQRT_PRICE < min(at, until) and max(at, until) < MAX_SQRT_PRICE - 1)
    try:
        balanced = moved(moved_state(state, at), coin, until)
        now = moved(state, coin, until)
    except MathError:
        assume(False)
    assume(balanced > 2**40)
    assert lost == pytest.approx(min(max(1 - now / balanced, 0.0), 1.0), abs=1e-5)


def moved(state: Concentrated, coin: int, until: int) -> int:
    """What is sold of a coin until the price, 0 where it is beyond already."""
    beyond = state.sqrt_price_x96 <= until if coin == 0 else state.sqrt_price_x96 >= until
    if beyond:
        return 0
    done = swap(pool_of(state), 2**220, zero_for_one=coin == 0, sqrt_price_limit_x96=until)
    return done.amount_in


def moved_state(state: Concentrated, at: int) -> Concentrated:
    """By a swap, whose fee is outside of the curve."""
    if at == state.sqrt_price_x96:
        return state
    sold = at < state.sqrt_price_x96
    done = swap(pool_of(state), 2**220, zero_for_one=sold, sqrt_price_limit_x96=at)
    return replace(
        state, sqrt_price_x96=done.sqrt_price_x96, tick=done.tick, liquidity=done.liquidity
    )
