"""Swaps over ticks at their edges, and where a pool reverts; test_vectors.py asks the recorded
answers of real pools."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from watcher.errors import MathError
from watcher.math.exact.concentrated import Pool, swap
from watcher.math.exact.concentrated_variants import (
    ALGEBRA_INTEGRAL,
    PANCAKE_V3,
    UNISWAP_V4,
    VARIANTS,
)
from watcher.math.exact.tick_math import (
    MAX_SQRT_PRICE,
    MIN_SQRT_PRICE,
    MIN_TICK,
    get_sqrt_price_at_tick,
)

E18 = 10**18


def pool(**changes: Any) -> Pool:
    """Liquidity 2e18 from -600 to 600, half of it from -60 to 60; the price is 1."""
    base = Pool(
        sqrt_price_x96=1 << 96,
        tick=0,
        liquidity=2 * E18,
        fee0=3_000,
        fee1=3_000,
        tick_spacing=60,
        ticks=(-600, -60, 60, 600),
        liquidity_net=(E18, E18, -E18, -E18),
    )
    return replace(base, **changes)


@pytest.mark.parametrize("zero_for_one", [True, False])
def test_a_swap_ends_where_the_liquidity_does(zero_for_one: bool) -> None:
    found = swap(pool(), E18, zero_for_one=zero_for_one)
    assert not found.complete
    assert found.ticks_crossed == 2
    assert found.liquidity == 0
    limit = MIN_SQRT_PRICE + 1 if zero_for_one else MAX_SQRT_PRICE - 1
    assert found.sqrt_price_x96 == limit
    assert found.amount_in < E18
    wanted = swap(pool(), -found.amount_out, zero_for_one=zero_for_one)
    assert wanted.complete
    assert wanted.amount_in <= found.amount_in


def test_a_limit_stops_a_swap_and_takes_only_what_it_needs() -> None:
    limit = get_sqrt_price_at_tick(-100) + 1
    found = swap(pool(), E18, zero_for_one=True, sqrt_price_limit_x96=limit)
    assert (found.sqrt_price_x96, found.tick, found.liquidity) == (limit, -100, E18)
    again = swap(pool(), found.amount_in, zero_for_one=True)
    assert again.amount_out == found.amount_out


@pytest.mark.parametrize(("zero_for_one", "tick"), [(True, -61), (False, 60)])
def test_a_price_on_a_tick_belongs_to_the_side_it_moved_to(zero_for_one: bool, tick: int) -> None:
    limit = get_sqrt_price_at_tick(-60 if zero_for_one else 60)
    found = swap(pool(), E18, zero_for_one=zero_for_one, sqrt_price_limit_x96=limit)
    assert (found.sqrt_price_x96, found.tick, found.liquidity) == (limit, tick, E18)


def test_an_empty_stretch_is_crossed_without_paying() -> None:
    """Also to a limit on the first tick of a word, where the tick is one less."""
    split = pool(ticks=(-120_000, -119_940, -60, 60), liquidity_net=(E18, -E18, E18, -E18))
    split = replace(split, liquidity=E18)
    far = swap(split, E18, zero_for_one=True, sqrt_price_limit_x96=get_sqrt_price_at_tick(-60_000))
    assert (far.tick, far.liquidity) == (-60_000, 0)
    word = -256 * 60 * 4
    at_word = swap(split, E18, zero_for_one=True, sqrt_price_limit_x96=get_sqrt_price_at_tick(word))
    assert at_word.tick == word - 1
    assert at_word.amount_in == far.amount_in
    beyond = swap(split, E18, zero_for_one=True)
    assert beyond.amount_out > far.amount_out


REVERTS = [
    (pool(), 0, True, None, "AS"),
    (pool(), 1 << 255, True, None, "255 bits"),
    (pool(), E18, True, 1 << 96, "SPL"),
    (pool(), E18, False, 1 << 96, "SPL"),
    (pool(), E18, True, MIN_SQRT_PRICE, "SPL"),
    (pool(), E18, False, MAX_SQRT_PRICE, "SPL"),
    (pool(sqrt_price_x96=0), E18, True, None, "not initialised"),
    (pool(liquidity=E18 // 2), E18, True, None, "LS"),
    (pool(variant=UNISWAP_V4), 0, True, None, "SwapAmountCannotBeZero"),
    (pool(variant=UNISWAP_V4), E18, True, 1 << 96, "PriceLimitAlreadyExceeded"),
    (pool(variant=UNISWAP_V4), E18, True, MIN_SQRT_PRICE, "PriceLimitOutOfBounds"),
    (pool(variant=UNISWAP_V4, fee0=10**6), -1, True, None, "InvalidFeeForExactOut"),
    (pool(variant=ALGEBRA_INTEGRAL), 0, True, None, "zeroAmountRequired"),
    (pool(variant=ALGEBRA_INTEGRAL), E18, True, 1 << 96, "invalidLimitSqrtPrice"),
]


@pytest.mark.parametrize(("state", "amount", "zero_for_one", "limit", "reason"), REVERTS)
def test_no_swap_where_the_pool_reverts(
    state: Pool, amount: int, zero_for_one: bool, limit: int | None, reason: str
) -> None:
    with pytest.raises(MathError, match=reason):
        swap(state, amount, zero_for_one=zero_for_one, sqrt_price_limit_x96=limit)


@pytest.mark.parametrize("zero_for_one", [True, False])
def test_a_swap_does_not_leave_the_ticks_that_were_read(zero_for_one: bool) -> None:
    part = pool(ticks=(-60, 60), liquidity_net=(E18, -E18), known_from=-180, known_to=180)
    edge = get_sqrt_price_at_tick(-180 if zero_for_one else 180)
    inside = swap(part, E18, zero_for_one=zero_for_one, sqrt_price_limit_x96=edge)
    assert inside == swap(pool(), E18, zero_for_one=zero_for_one, sqrt_price_limit_x96=edge)
    found = swap(part, inside.amount_in // 2, zero_for_one=zero_for_one)
    assert found == swap(pool(), inside.amount_in // 2, zero_for_one=zero_for_one)
    for amount in (E18, -E18 // 2):
        with pytest.raises(MathError, match=r"^beyond the ticks that were read$"):
            swap(part, amount, zero_for_one=zero_for_one)
    elsewhere = replace(part, known_from=60) if zero_for_one else replace(part, known_to=-60)
    with pytest.raises(MathError, match=r"^beyond the ticks that were read$"):
        swap(elsewhere, 1, zero_for_one=zero_for_one)


@pytest.mark.parametrize(
    ("variant", "protocol_fee", "part"),
    [("uniswap_v3", 4, 4), ("pancake_v3", 2_500, 4), ("algebra_v1", 250, 4)],
)
def test_the_protocols_part_leaves_amounts_alone(
    variant: str, protocol_fee: int, part: int
) -> None:
    free = pool(variant=VARIANTS[variant])
    charged = replace(free, protocol_fee0=protocol_fee, protocol_fee1=protocol_fee)
    amount = 10**15
    before, after = (swap(each, amount, zero_for_one=True) for each in (free, charged))
    assert (after.amount_in, after.amount_out) == (before.amount_in, before.amount_out)
    fee = amount - amount * 997_000 // 10**6
    assert after.protocol_fee == fee // part
    assert after.fee_growth_x128 == ((fee - fee // part) << 128) // (2 * E18)


def test_v4s_protocol_fee_comes_on_top() -> None:
    v4 = pool(variant=UNISWAP_V4, protocol_fee0=1_000)
    plain = pool(fee0=3_997)
    found = swap(v4, 10**15, zero_for_one=True)
    assert found.amount_out == swap(plain, 10**15, zero_for_one=True).amount_out
    assert found.protocol_fee == 10**15 // 1_000
    only = swap(replace(v4, fee0=0), 10**15, zero_for_one=True)
    assert (only.protocol_fee, only.fee_growth_x128) == (10**12, 0)


def test_v4_with_a_fee_of_all_takes_all() -> None:
    found = swap(pool(variant=UNISWAP_V4, fee1=10**6), 10**15, zero_for_one=False)
    assert (found.amount_in, found.amount_out, found.tick) == (10**15, 0, 0)


def test_v4_counts_amounts_in_128_bits() -> None:
    huge = pool(
        liquidity=2**127, ticks=(MIN_TICK + 8, 600), liquidity_net=(2**127, -(2**127)), fee0=0
    )
    assert swap(huge, 2**128, zero_for_one=True).complete
    with pytest.raises(MathError, match="127 bits"):
        swap(replace(huge, variant=UNISWAP_V4), 2**128, zero_for_one=True)


def test_pancake_computes_as_uniswap_and_integral_does_not_stop_at_words() -> None:
    """With spacing 1 and 30 units of liquidity each word's rounding is seen."""
    wide = pool(
        tick_spacing=1,
        liquidity=10**6,
        ticks=(-3_000, 3_000),
        liquidity_net=(10**6, -(10**6)),
    )
    uniswap = swap(wide, 10**5, zero_for_one=True)
    assert swap(replace(wide, variant=PANCAKE_V3), 10**5, zero_for_one=True) == uniswap
    integral = swap(replace(wide, variant=ALGEBRA_INTEGRAL), 10**5, zero_for_one=True)
    assert integral.amount_out > uniswap.amount_out


def test_a_pool_of_algebra_holds_no_more_than_its_reserves_count() -> None:
    """A reserve that would need 129 bits is refused, one unit less is not."""
    empty = pool(variant=ALGEBRA_INTEGRAL)
    sold = swap(empty, 1_000, zero_for_one=True)
    room = 2**128 - 1 - sold.amount_in
    full = replace(empty, reserve0=room)
    assert swap(full, 1_000, zero_for_one=True) == sold
    assert swap(replace(full, reserve0=2**128 - 1), 1_000, zero_for_one=False).complete
    with pytest.raises(MathError, match="the reserve exceeds 128 bits"):
        swap(replace(full, reserve0=room + 1), 1_000, zero_for_one=True)
    other = replace(full, variant=PANCAKE_V3, reserve0=2**128)
    assert swap(other, 1_000, zero_for_one=True).complete
