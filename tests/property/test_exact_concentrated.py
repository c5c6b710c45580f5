"""What must hold of every pool with ticks, whatever its positions, fee and variant."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from tests.support.strategies import UINT256, VARIANT_NAMES, sizes, ticked, ticked_pools, usually
from watcher.errors import MathError
from watcher.math.exact.concentrated import Pool, Swap, swap, swap_fee_pips
from watcher.math.exact.concentrated_variants import UNISWAP_V3, VARIANTS
from watcher.math.exact.fixed_point import mul_div, mul_div_rounding_up
from watcher.math.exact.positions import burn, get_liquidity_for_amounts, mint, position_amounts
from watcher.math.exact.sqrt_price_math import Q96
from watcher.math.exact.tick_math import (
    MAX_SQRT_PRICE,
    MAX_TICK,
    MIN_SQRT_PRICE,
    MIN_TICK,
    get_sqrt_price_at_tick,
    get_tick_at_sqrt_price,
)
from watcher.math.families import concentrated as family
from watcher.math.quotes import quote_exact_in, quote_exact_out, spot_price
from watcher.state import Concentrated

DIRECTIONS = st.booleans()
AMOUNTS = sizes(1, 2**110)
TICKS = st.integers(MIN_TICK, MAX_TICK)


@dataclass(frozen=True)
class Sale:
    """An input of which the pool takes something, up to more than all that it can take."""

    state: Concentrated
    zero_for_one: bool
    amount: int


@st.composite
def sales(draw: st.DrawFn) -> Sale:
    state, zero_for_one = draw(ticked_pools(2**80)), draw(st.booleans())
    pool = family.pool_of(state)
    most = swap(pool, 2**250, zero_for_one=zero_for_one).amount_in
    if most == 0:
        zero_for_one = not zero_for_one
        most = swap(pool, 2**250, zero_for_one=zero_for_one).amount_in
    amounts = st.one_of(sizes(1, most + 1), st.integers(1, most + most // 8 + 1))
    return Sale(state, zero_for_one, draw(amounts))


def after(pool: Pool, found: Swap) -> Pool:
    return replace(
        pool, sqrt_price_x96=found.sqrt_price_x96, tick=found.tick, liquidity=found.liquidity
    )


@usually
@given(st.one_of(st.integers(MIN_SQRT_PRICE, MAX_SQRT_PRICE - 1), sizes(2**33, 2**159)))
def test_a_price_lies_between_its_tick_and_the_next(price: int) -> None:
    tick = get_tick_at_sqrt_price(price)
    assert get_sqrt_price_at_tick(tick) <= price < get_sqrt_price_at_tick(tick + 1)


@usually
@given(st.integers(MIN_TICK, MAX_TICK - 1))
def test_a_tick_is_found_again_by_its_price(tick: int) -> None:
    price = get_sqrt_price_at_tick(tick)
    assert get_tick_at_sqrt_price(price) == tick
    # sqrt(1.0001) a tick, within a part in 10**9 where prices have that many digits
    if tick > -400_000:
        following = get_sqrt_price_at_tick(tick + 1)
        assert abs(following * 10**9 - price * 1_000_049_998) <= 3 * price


@usually
@given(a=sizes(0, UINT256), b=sizes(0, UINT256), denominator=sizes(1, UINT256))
def test_both_roundings_enclose_the_quotient(a: int, b: int, denominator: int) -> None:
    assume(a * b // denominator < UINT256)
    down, up = mul_div(a, b, denominator), mul_div_rounding_up(a, b, denominator)
    assert down * denominator <= a * b <= up * denominator
    assert up - down == (a * b % denominator != 0)


@usually
@given(sale=sales())
def test_a_swap_takes_and_pays_no_more_than_asked(sale: Sale) -> None:
    pool = family.pool_of(sale.state)
    for specified in (sale.amount, -sale.amount):
        found = swap(pool, specified, zero_for_one=sale.zero_for_one)
        used = found.amount_in if specified > 0 else found.amount_out
        assert used == sale.amount if found.complete else used < sale.amount
        moved = found.sqrt_price_x96 - pool.sqrt_price_x96
        assert moved <= 0 if sale.zero_for_one else moved >= 0


@usually
@given(sale=sales())
def test_a_round_trip_never_profits(sale: Sale) -> None:
    pool = family.pool_of(sale.state)
    there = swap(pool, sale.amount, zero_for_one=sale.zero_for_one)
    assume(there.amount_out > 0)
    back = swap(after(pool, there), there.amount_out, zero_for_one=not sale.zero_for_one)
    assert back.amount_out <= there.amount_in


def rest_of_a_step(pool: Pool, bought: Swap, zero_for_one: bool) -> int:
    """What more an exact output can cost when it ends at the end of a step.

    A step pays its output rounded down, so one that pays just enough is taken whole, for up to a
    unit of output at its last price; the input and the fee are rounded up by a unit each.
    """
    ends = (get_sqrt_price_at_tick(bought.tick), get_sqrt_price_at_tick(bought.tick + 1))
    if bought.sqrt_price_x96 not in ends:
        return 0
    price = Fraction(bought.sqrt_price_x96, Q96) ** 2
    unit = 1 / price if zero_for_one else price
    kept = 1 - Fraction(swap_fee_pips(pool, zero_for_one=zero_for_one), 10**6)
    return ceil((unit + 1) / kept) + 1


SHORT_STEP = ticked(
    [(-10, 20, 2_303), (0, 10, 1)], tick=-10, shift=0, fees=(250_000, 0), spacing=10
)


@usually
@example(sale=Sale(SHORT_STEP, zero_for_one=False, amount=1))
@given(sale=sales())
def test_the_output_of_an_input_costs_no_more_than_it(sale: Sale) -> None:
    pool = family.pool_of(sale.state)
    sold = swap(pool, sale.amount, zero_for_one=sale.zero_for_one)
    assume(sold.amount_out > 0)
    bought = swap(pool, -sold.amount_out, zero_for_one=sale.zero_for_one)
    assert bought.complete
    assert bought.amount_in <= sold.amount_in + rest_of_a_step(pool, bought, sale.zero_for_one)
    again = swap(pool, bought.amount_in, zero_for_one=sale.zero_for_one)
    assert again.amount_out >= sold.amount_out


@usually
@given(sale=sales(), share=st.integers(1, 99))
def test_stopping_at_a_price_on_the_way_never_pays(sale: Sale, share: int) -> None:
    pool = family.pool_of(sale.state)
    whole = swap(pool, sale.amount, zero_for_one=sale.zero_for_one)
    limit = (whole.sqrt_price_x96 * share + pool.sqrt_price_x96 * (100 - share)) // 100
    assume(limit not in (pool.sqrt_price_x96, MIN_SQRT_PRICE))
    first = swap(pool, sale.amount, zero_for_one=sale.zero_for_one, sqrt_price_limit_x96=limit)
    assume(not first.complete)
    assert first.sqrt_price_x96 == limit
    rest = swap(after(pool, first), sale.amount - first.amount_in, zero_for_one=sale.zero_for_one)
    assert first.amount_out + rest.amount_out <= whole.amount_out


@usually
@given(sale=sales(), reach=st.integers(0, 3_000))
def test_a_part_of_the_ticks_gives_the_same_swap_or_none(sale: Sale, reach: int) -> None:
    whole = family.pool_of(sale.state)
    known = range(max(whole.tick - reach, MIN_TICK), min(whole.tick + reach, MAX_TICK) + 1)
    kept = [
        (tick, net)
        for tick, net in zip(whole.ticks, whole.liquidity_net, strict=True)
        if tick in known
    ]
    part = replace(
        whole,
        ticks=tuple(tick for tick, _ in kept),
        liquidity_net=tuple(net for _, net in kept),
        known_from=known[0],
        known_to=known[-1],
    )
    expected = swap(whole, sale.amount, zero_for_one=sale.zero_for_one)
    try:
        found = swap(part, sale.amount, zero_for_one=sale.zero_for_one)
    except MathError as error:
        if "beyond the ticks that were read" not in str(error):
            raise
        low, high = get_sqrt_price_at_tick(known[0]), get_sqrt_price_at_tick(known[-1])
        assert expected.sqrt_price_x96 <= low or expected.sqrt_price_x96 >= high
        return
    assert found == expected


@usually
@given(sale=sales())
def test_all_variants_that_stop_at_words_exchange_the_same(sale: Sale) -> None:
    """Uniswap V4 splits the last input otherwise and rounds nothing by it."""
    free = replace(family.pool_of(sale.state), protocol_fee0=0, protocol_fee1=0)
    for specified in (sale.amount, -sale.amount):
        uniswap = swap(replace(free, variant=UNISWAP_V3), specified, zero_for_one=sale.zero_for_one)
        for name in VARIANT_NAMES:
            if not VARIANTS[name].walks_words:
                continue
            other = swap(
                replace(free, variant=VARIANTS[name]), specified, zero_for_one=sale.zero_for_one
            )
            assert replace(other, fee_growth_x128=uniswap.fee_growth_x128) == uniswap


@usually
@given(
    state=ticked_pools(),
    lower=st.integers(-2_000, 2_000),
    width=st.integers(1, 2_000),
    liquidity=sizes(1, 2**96),
)
def test_a_position_costs_at_most_a_unit_of_each_more_than_it_pays(
    state: Concentrated, lower: int, width: int, liquidity: int
) -> None:
    pool = family.pool_of(state)
    spacing = pool.tick_spacing
    ticks = {"tick_lower": lower * spacing, "tick_upper": (lower + width) * spacing}
    cost = mint(pool, liquidity, **ticks)
    paid = burn(pool, liquidity, position_liquidity=liquidity, **ticks)
    # token0 is rounded in two steps, the first of them worth up to 2**96 / price units
    slack0 = Q96 // get_sqrt_price_at_tick(ticks["tick_lower"]) + 2
    assert 0 <= cost.amount0 - paid.amount0 <= slack0
    assert cost.amount1 - paid.amount1 in (0, 1)
    assert paid == position_amounts(pool, liquidity, round_up=False, **ticks)


@usually
@given(
    state=ticked_pools(),
    lower=st.integers(-500, 500),
    width=st.integers(1, 500),
    liquidity=sizes(1, 2**96),
)
def test_the_cost_of_liquidity_buys_it_again(
    state: Concentrated, lower: int, width: int, liquidity: int
) -> None:
    pool = family.pool_of(state)
    lower, upper = lower * pool.tick_spacing, (lower + width) * pool.tick_spacing
    cost = mint(pool, liquidity, tick_lower=lower, tick_upper=upper)
    bought = get_liquidity_for_amounts(
        pool.sqrt_price_x96,
        cost,
        sqrt_price_a_x96=get_sqrt_price_at_tick(lower),
        sqrt_price_b_x96=get_sqrt_price_at_tick(upper),
    )
    # the periphery rounds the product of the two prices down to 96 bits first
    assert bought >= liquidity * (1 - 2**-20) - 1


@usually
@given(state=ticked_pools(), coin=st.integers(0, 1), amount=AMOUNTS)
def test_quotes_are_the_swaps_and_none_where_routers_refuse(
    state: Concentrated, coin: int, amount: int
) -> None:
    pool, zero_for_one = family.pool_of(state), coin == 0
    sold = swap(pool, amount, zero_for_one=zero_for_one)
    if sold.amount_in:
        assert quote_exact_in(state, coin, 1 - coin, amount).amount_out == sold.amount_out
        if sold.amount_out:
            average = sold.amount_out / sold.amount_in
            assert average <= spot_price(state, coin, 1 - coin) * (1 + 2**-50)
    else:
        with pytest.raises(MathError, match="no liquidity"):
            quote_exact_in(state, coin, 1 - coin, amount)
    bought = swap(pool, -amount, zero_for_one=zero_for_one)
    if bought.complete:
        assert quote_exact_out(state, coin, 1 - coin, amount).amount_in == bought.amount_in
    else:
        with pytest.raises(MathError, match="liquidity ends"):
            quote_exact_out(state, coin, 1 - coin, amount)
