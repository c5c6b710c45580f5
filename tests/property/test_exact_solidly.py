"""What must hold of every Solidly and Kyber DMM pool, whatever its size and imbalance."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from hypothesis import assume, event, example, given
from hypothesis import strategies as st

from tests.support.numbers import SHARES, portion, sizes, usually
from tests.support.strategies_pools import kyber, kybers, solidlies
from watcher.errors import MathError
from watcher.math.exact import kyber_dmm, solidly
from watcher.math.families import kyber_dmm as kyber_family
from watcher.math.families import solidly as solidly_family
from watcher.math.quotes import (
    add_liquidity,
    quote_exact_in,
    quote_exact_out,
    remove_liquidity,
    spot_price,
    without_fee,
)
from watcher.state import KyberDMM, Solidly

COIN = st.integers(0, 1)
EITHER: st.SearchStrategy[Solidly | KyberDMM] = st.one_of(solidlies(), kybers())


def outcome(ask: Callable[[], Any]) -> Any:
    """What a function gives, or why it gives nothing."""
    try:
        return ask()
    except MathError as error:
        event(str(error))
        return str(error)


def reserve(state: Solidly | KyberDMM, coin: int) -> int:
    return state.reserve1 if coin else state.reserve0


@usually
@given(state=solidlies(), coin_in=COIN, share=SHARES)
def test_a_swap_of_a_solidly_pool_never_lowers_k(state: Solidly, coin_in: int, share: int) -> None:
    pool = solidly_family.pool_of(state)
    dx = portion(3 * pool.reserves[coin_in], share)
    paid = outcome(lambda: solidly.exact_in(pool, coin_in, dx))
    assume(not isinstance(paid, str))
    after = solidly.swap(pool, coin_in, dx, paid)
    assert solidly.get_k(after, *after.reserves) >= solidly.get_k(pool, *pool.reserves)
    kept = dx - dx * state.fee // state.fee_denominator
    assert after.reserves[coin_in] == pool.reserves[coin_in] + kept
    assert after.reserves[1 - coin_in] == pool.reserves[1 - coin_in] - paid


@usually
@given(state=solidlies(), coin_in=COIN, share=SHARES)
def test_the_second_version_finds_the_least_balance_that_keeps_k(
    state: Solidly, coin_in: int, share: int
) -> None:
    state = replace(state, version="v2", stable=True, decimals0=18, decimals1=18)
    pool = solidly_family.pool_of(state)
    x, y = pool.reserves[coin_in], pool.reserves[1 - coin_in]
    x0 = x + portion(x, share)
    xy = outcome(lambda: solidly.get_k(pool, x, y))
    assume(not isinstance(xy, str))
    found = outcome(lambda: solidly.get_y(pool, x0, xy, y))
    assume(not isinstance(found, str))
    assert solidly.get_k(pool, x0, found) >= xy
    assert found == 0 or solidly.get_k(pool, x0, found - 1) <= xy


@usually
@given(state=EITHER, coin_in=COIN, share=SHARES)
def test_a_round_trip_never_profits(state: Solidly | KyberDMM, coin_in: int, share: int) -> None:
    dx = portion(reserve(state, coin_in), share)
    paid = outcome(lambda: quote_exact_in(state, coin_in, 1 - coin_in, dx).amount_out)
    assume(not isinstance(paid, str))
    after = moved(state, coin_in, dx, paid)
    back = outcome(lambda: quote_exact_in(after, 1 - coin_in, coin_in, paid).amount_out)
    assert isinstance(back, str) or back <= dx


def moved(
    state: Solidly | KyberDMM, coin_in: int, amount_in: int, amount_out: int
) -> Solidly | KyberDMM:
    if isinstance(state, Solidly):
        pool = solidly.swap(solidly_family.pool_of(state), coin_in, amount_in, amount_out)
        (reserve0, reserve1), (balance0, balance1) = pool.reserves, pool.balances
        return replace(
            state, reserve0=reserve0, reserve1=reserve1, balance0=balance0, balance1=balance1
        )
    found = kyber_dmm.swap(kyber_family.pool_of(state), coin_in, amount_in, amount_out)
    (reserve0, reserve1), (virtual0, virtual1) = found.reserves, found.virtual_reserves
    return replace(
        state,
        reserve0=reserve0,
        reserve1=reserve1,
        balance0=reserve0,
        balance1=reserve1,
        virtual_reserve0=virtual0,
        virtual_reserve1=virtual1,
    )


@usually
@given(state=EITHER, coin_in=COIN, share=SHARES)
def test_no_trade_beats_the_spot_price(state: Solidly | KyberDMM, coin_in: int, share: int) -> None:
    dx = portion(reserve(state, coin_in), share)
    paid = outcome(lambda: quote_exact_in(state, coin_in, 1 - coin_in, dx).amount_out)
    assume(not isinstance(paid, str))
    # k is rounded at 18 decimals of tokens worth as little as 1e-18 of its fourth root.
    room = 2 if isinstance(state, KyberDMM) or not state.stable else 2 + paid // 10**6
    assert paid <= spot_price(state, coin_in, 1 - coin_in) * dx + room


@usually
@given(state=EITHER, coin_in=COIN, share=SHARES)
def test_a_fee_never_pays_the_trader(state: Solidly | KyberDMM, coin_in: int, share: int) -> None:
    dx = portion(reserve(state, coin_in), share)
    paid = outcome(lambda: quote_exact_in(state, coin_in, 1 - coin_in, dx).amount_out)
    assume(not isinstance(paid, str))
    free = outcome(lambda: quote_exact_in(without_fee(state), coin_in, 1 - coin_in, dx).amount_out)
    assume(not isinstance(free, str))
    assert paid <= free


@usually
@given(state=EITHER, coin_in=COIN, share=SHARES)
def test_what_an_exact_output_costs_is_enough_and_two_units_less_is_not(
    state: Solidly | KyberDMM, coin_in: int, share: int
) -> None:
    coin_out = 1 - coin_in
    wanted = portion(reserve(state, coin_out) * 9 // 10, share)
    found = outcome(lambda: quote_exact_out(state, coin_in, coin_out, wanted))
    assume(not isinstance(found, str))
    paid = outcome(lambda: quote_exact_in(state, coin_in, coin_out, found.amount_in).amount_out)
    # One unit more can buy more than there is.
    assert paid == "INSUFFICIENT_LIQUIDITY" or paid >= wanted
    if isinstance(state, Solidly):
        less = outcome(lambda: quote_exact_in(state, coin_in, coin_out, found.amount_in - 1))
        assert isinstance(less, str) or less.amount_out < wanted


@usually
@given(state=EITHER, shares=st.tuples(SHARES, SHARES))
def test_adding_and_removing_never_profits(
    state: Solidly | KyberDMM, shares: tuple[int, int]
) -> None:
    amounts = portion(state.reserve0, shares[0]), portion(state.reserve1, shares[1])
    minted = outcome(lambda: add_liquidity(state, amounts))
    if isinstance(minted, str):
        return
    after = replace(
        state,
        balance0=state.balance0 + amounts[0],
        balance1=state.balance1 + amounts[1],
        reserve0=state.reserve0 + amounts[0],
        reserve1=state.reserve1 + amounts[1],
        total_supply=state.total_supply + minted,
    )
    paid = outcome(lambda: remove_liquidity(after, minted))
    if isinstance(paid, str):
        return
    assert paid[0] <= amounts[0]
    assert paid[1] <= amounts[1]


NUMBERS = st.one_of(st.integers(-5, 5), st.integers(-(2**260), 2**260), sizes(0, 2**256 - 1))


@usually
@example(
    # Of a pool whose reserve has outgrown the virtual one, all that is virtual is asked.
    state=kyber(1, 1, fee=0),
    reserves=(1, 2),
    coin_in=0,
    amounts=(1, 0),
)
@given(
    state=EITHER,
    reserves=st.tuples(sizes(0, 2**256 - 1), sizes(0, 2**256 - 1)),
    coin_in=COIN,
    amounts=st.tuples(NUMBERS, NUMBERS),
)
def test_no_amount_gives_anything_but_a_figure_or_a_math_error(
    state: Solidly | KyberDMM, reserves: tuple[int, int], coin_in: int, amounts: tuple[int, int]
) -> None:
    wild = replace(state, reserve0=reserves[0], balance0=reserves[0], reserve1=reserves[1])
    for each in (state, wild):
        for ask in (quote_exact_in, quote_exact_out):
            found = outcome(partial(ask, each, coin_in, 1 - coin_in, amounts[0]))
            assert isinstance(found, str) or min(found.amount_in, found.amount_out) >= 0
        minted = outcome(partial(add_liquidity, each, amounts))
        assert isinstance(minted, str) or minted > 0
        paid = outcome(partial(remove_liquidity, each, amounts[1]))
        assert isinstance(paid, str) or min(paid) >= 0
        outcome(partial(spot_price, each, coin_in, 1 - coin_in))


@usually
@given(
    averages=st.tuples(sizes(0, 2**128 - 1), sizes(0, 2**128 - 1), sizes(0, 2**128 - 1)),
    blocks=sizes(0, 2**30),
    amp_bps=st.sampled_from([10_000, 20_000, 20_001, 50_001, 200_001]),
)
def test_the_fee_of_kyber_dmm_is_between_15_and_60_basis_points_over_the_amplification(
    averages: tuple[int, int, int], blocks: int, amp_bps: int
) -> None:
    short, long, volume = averages
    trend = kyber_dmm.r_factor(short_ema=short, long_ema=long, block_volume=volume, blocks=blocks)
    fee = kyber_dmm.trade_fee(trend, amp_bps)
    part = {10_000: (1, 1), 20_000: (1, 1), 20_001: (20, 30), 50_001: (10, 30), 200_001: (4, 30)}
    numerator, denominator = part[amp_bps]
    # The lowest piece ends a hair under 15 basis points.
    assert 149 * 10**13 * numerator // denominator <= fee
    assert fee <= 60 * 10**14 * numerator // denominator
