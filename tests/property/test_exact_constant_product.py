"""What must hold of every constant-product pool, whatever its size and fee."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from math import isqrt
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.support.numbers import SHARES, portion, sizes
from tests.support.strategies import UINT112, UINT256, Trade, pools, trades, usually
from watcher.errors import MathError
from watcher.math.exact import constant_product as cp
from watcher.math.families.constant_product import burn, mint
from watcher.math.quotes import (
    quote_exact_in,
    quote_exact_out,
    spot_price,
    without_fee,
)
from watcher.state import ConstantProduct, State

COINS = st.sampled_from([0, 1])


def sold(state: ConstantProduct, coin_in: int, amount_in: int, amount_out: int) -> ConstantProduct:
    """The pool after a swap."""
    if coin_in:
        return sold(state.flipped(), 0, amount_in, amount_out).flipped()
    reserve0, reserve1 = state.reserve0 + amount_in, state.reserve1 - amount_out
    return replace(
        state, reserve0=reserve0, reserve1=reserve1, balance0=reserve0, balance1=reserve1
    )


def quoted(state: State, coin_in: int, amount_in: int) -> int:
    """The output of a trade, 0 where it reverts."""
    try:
        return quote_exact_in(state, coin_in, 1 - coin_in, amount_in).amount_out
    except MathError:
        return 0


def fee_of(state: ConstantProduct) -> dict[str, int]:
    return {"fee_numerator": state.fee_numerator, "fee_denominator": state.fee_denominator}


@usually
@given(trades())
def test_k_never_falls(trade: Trade) -> None:
    state, coin, amount = trade.state, trade.coin_in, trade.amount_in
    out = quoted(state, coin, amount)
    assert out > 0
    after = sold(state, coin, amount, out)
    assert after.reserve0 * after.reserve1 >= state.reserve0 * state.reserve1


@usually
@given(trades())
def test_the_pair_pays_a_quote_and_not_one_unit_more(trade: Trade) -> None:
    state, amount = trade.state, trade.amount_in
    out = quoted(state, trade.coin_in, amount)
    side = state.flipped() if trade.coin_in else state
    held: dict[str, int] = {
        "reserve_in": side.reserve0,
        "reserve_out": side.reserve1,
        "balance_in": side.balance0,
        "balance_out": side.balance1,
    } | fee_of(state)
    cp.require_swap(amount, out, **held)
    with pytest.raises(MathError):
        cp.require_swap(amount, out + 1, **held)


@usually
@given(trades())
def test_a_round_trip_never_profits(trade: Trade) -> None:
    out = quoted(trade.state, trade.coin_in, trade.amount_in)
    after = sold(trade.state, trade.coin_in, trade.amount_in, out)
    assert quoted(after, 1 - trade.coin_in, out) <= trade.amount_in


@usually
@given(trade=trades(), share=SHARES)
def test_less_in_never_gives_more_out(trade: Trade, share: int) -> None:
    less = portion(trade.amount_in, share)
    out = quoted(trade.state, trade.coin_in, trade.amount_in)
    assert quoted(trade.state, trade.coin_in, less) <= out


@usually
@given(trade=trades(), share=SHARES)
def test_splitting_a_trade_never_pays_without_a_fee(trade: Trade, share: int) -> None:
    free, coin = without_fee(trade.state), trade.coin_in
    assert isinstance(free, ConstantProduct)
    first = portion(trade.amount_in, share)
    out = quoted(free, coin, first)
    rest = quoted(sold(free, coin, first, out), coin, trade.amount_in - first)
    assert out + rest <= quoted(free, coin, trade.amount_in)


@usually
@given(trades())
def test_exact_out_buys_at_least_what_was_asked_and_hardly_more(trade: Trade) -> None:
    state, coin = trade.state, trade.coin_in
    wanted = quoted(state, coin, trade.amount_in)
    asked = outcome(lambda: quote_exact_out(state, coin, 1 - coin, wanted).amount_in)
    if asked == "OVERFLOW":  # the library's one unit too much does not fit any more
        assert trade.amount_in + (state.reserve1 if coin else state.reserve0) > UINT112 - 1
        return
    assert asked <= trade.amount_in + 1
    assert quoted(state, coin, asked) >= wanted
    assert quoted(state, coin, asked - 2) < wanted


@usually
@given(trades())
def test_the_least_input_is_enough_and_one_unit_less_is_not(trade: Trade) -> None:
    wanted = quoted(trade.state, trade.coin_in, trade.amount_in)
    side = trade.state.flipped() if trade.coin_in else trade.state
    least = cp.least_amount_in(wanted, side.reserve0, side.reserve1, **fee_of(side))
    assert least <= trade.amount_in
    assert quoted(side, 0, least) == wanted
    assert quoted(side, 0, least - 1) < wanted


@usually
@given(trades())
def test_a_fee_never_pays_the_trader(trade: Trade) -> None:
    with_fee = quoted(trade.state, trade.coin_in, trade.amount_in)
    assert with_fee <= quoted(without_fee(trade.state), trade.coin_in, trade.amount_in)


def outcome(ask: Callable[[], Any]) -> Any:
    """What a function gives, or why it gives nothing."""
    try:
        return ask()
    except MathError as error:
        return str(error)


@usually
@given(state=pools(), coin=COINS, amount=sizes(0, UINT256))
def test_exchanging_the_names_of_the_coins_changes_nothing_else(
    state: ConstantProduct, coin: int, amount: int
) -> None:
    other = state.flipped()
    for ask in (quote_exact_in, quote_exact_out):
        one, two = (
            outcome(partial(ask, pool, which, 1 - which, amount))
            for pool, which in ((state, coin), (other, 1 - coin))
        )
        if isinstance(one, str):
            assert one == two
        else:
            assert (one.amount_in, one.amount_out) == (two.amount_in, two.amount_out)
            assert (one.coin_in, one.coin_out) == (two.coin_out, two.coin_in)
    assert spot_price(state, 0, 1) * spot_price(other, 0, 1) == 1
    assert spot_price(state, 0, 1) == spot_price(other, 1, 0)
    assert outcome(lambda: mint(state, amount, 7)) == outcome(lambda: mint(other, 7, amount))
    removed, mirrored = (outcome(partial(burn, pool, amount)) for pool in (state, other))
    if isinstance(removed, str):
        assert removed == mirrored
    else:
        assert (removed.amount0, removed.amount1) == (mirrored.amount1, mirrored.amount0)
        assert removed.protocol_liquidity == mirrored.protocol_liquidity


@usually
@given(state=pools(1_000, 2**100), share0=SHARES, share1=SHARES)
def test_adding_and_removing_never_profits(
    state: ConstantProduct, share0: int, share1: int
) -> None:
    amount0, amount1 = portion(4 * state.reserve0, share0), portion(4 * state.reserve1, share1)
    added = outcome(lambda: mint(state, amount0, amount1))
    assume(not isinstance(added, str))
    reserve0, reserve1 = state.reserve0 + amount0, state.reserve1 + amount1
    after = replace(
        state,
        reserve0=reserve0,
        reserve1=reserve1,
        balance0=reserve0,
        balance1=reserve1,
        total_supply=state.total_supply + added.protocol_liquidity + added.liquidity,
        k_last=reserve0 * reserve1,
    )
    removed = outcome(lambda: burn(after, added.liquidity))
    if removed == "INSUFFICIENT_LIQUIDITY_BURNED":
        return  # so little that it pays nothing
    assert removed.amount0 <= amount0
    assert removed.amount1 <= amount1


@usually
@given(state=pools(10**6, 2**100), share=SHARES, gift=sizes(0, 2**100))
def test_a_burn_never_pays_more_than_its_share_of_what_is_held(
    state: ConstantProduct, share: int, gift: int
) -> None:
    assume(state.total_supply > cp.MINIMUM_LIQUIDITY)
    liquidity = portion(state.total_supply - cp.MINIMUM_LIQUIDITY, share)
    held = replace(state, balance0=state.balance0 + gift)
    removed = outcome(lambda: burn(held, liquidity))
    if isinstance(removed, str):
        assert liquidity * min(held.balance0, held.balance1) < 2 * state.total_supply
        return  # less than one unit of a coin
    assert removed.amount0 * state.total_supply <= liquidity * held.balance0
    assert removed.amount1 * state.total_supply <= liquidity * held.balance1


@usually
@given(state=pools())
def test_the_protocol_never_takes_more_than_its_part_of_the_growth(state: ConstantProduct) -> None:
    minted = cp.protocol_liquidity(
        state.reserve0,
        state.reserve1,
        total_supply=state.total_supply,
        k_last=state.k_last,
        share_numerator=state.protocol_share_numerator,
        share_denominator=state.protocol_share_denominator,
    )
    k = state.reserve0 * state.reserve1
    assert minted >= 0
    # minted / (supply + minted) of sqrt(k) is at most share * (sqrt(k) - sqrt(k_last)): squared
    # roots are rounded down, so one unit of each is allowed for.
    root, before = isqrt(k), isqrt(state.k_last)
    grown = max(root - before, 0) * state.protocol_share_numerator
    assert minted * root * state.protocol_share_denominator <= grown * (state.total_supply + minted)


NUMBERS = st.one_of(st.integers(-5, 5), st.integers(-(2**260), 2**260), sizes(0, UINT256))
RESERVES = st.one_of(st.integers(0, 5), sizes(0, UINT256))


@usually
@given(
    state=pools(0),
    drift=st.tuples(NUMBERS, NUMBERS),
    amounts=st.tuples(NUMBERS, NUMBERS),
    reserves=st.tuples(RESERVES, RESERVES),
)
def test_no_amount_gives_anything_but_a_figure_or_a_math_error(
    state: ConstantProduct,
    drift: tuple[int, int],
    amounts: tuple[int, int],
    reserves: tuple[int, int],
) -> None:
    wild = replace(
        state,
        reserve0=reserves[0],
        reserve1=reserves[1],
        balance0=max(reserves[0] + drift[0], 0),
        balance1=max(reserves[1] + drift[1], 0),
    )
    for coin in (0, 1):
        for ask in (quote_exact_in, quote_exact_out):
            found = outcome(partial(ask, wild, coin, 1 - coin, amounts[0]))
            assert isinstance(found, str) or min(found.amount_in, found.amount_out) > 0
    added = outcome(lambda: mint(wild, *amounts))
    assert isinstance(added, str) or added.liquidity > 0
    removed = outcome(lambda: burn(wild, amounts[0]))
    assert isinstance(removed, str) or min(removed.amount0, removed.amount1) > 0
    assert outcome(lambda: cp.quote(amounts[0], *reserves)) != -1
    outcome(lambda: spot_price(wild, 0, 1))
    outcome(lambda: quote_exact_in(wild, amounts[1], 0, 5))
