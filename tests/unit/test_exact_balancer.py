"""Balancer's mathematics by known answers, and what its contracts refuse."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from tests.support.balancer_strategies import ONE, balancer_stable, weighted
from watcher.errors import MathError
from watcher.math.exact import balancer_v1, bnum
from watcher.math.exact.balancer_fixed_point import complement, div_up, mul_up, pow_down, pow_up
from watcher.math.exact.fixed_point import div_truncated
from watcher.math.exact.log_exp_math import MILD_EXPONENT_BOUND, exp, power
from watcher.math.exact.stable_surge import Surge, calculate_imbalance
from watcher.math.families.weighted import pool_of
from watcher.math.quotes import (
    add_liquidity,
    quote_exact_in,
    quote_exact_out,
    remove_liquidity,
    remove_liquidity_one,
    spot_price,
)
from watcher.state import BalancerStable, Weighted
from watcher.state.weighted import WeightedVariant


@pytest.mark.parametrize(
    ("x", "y", "quotient"), [(7, 2, 3), (-7, 2, -3), (7, -2, -3), (-7, -2, 3), (-1, 5, 0)]
)
def test_signed_quotients_are_rounded_towards_zero(x: int, y: int, quotient: int) -> None:
    assert div_truncated(x, y) == quotient


def test_signed_division_by_zero_is_refused() -> None:
    with pytest.raises(MathError, match="zero"):
        div_truncated(1, 0)


def test_powers_of_nothing_and_to_nothing() -> None:
    assert power(5, 0) == ONE
    assert power(0, 5) == 0
    assert power(0, 0) == ONE


@pytest.mark.parametrize(
    ("x", "y", "reason"),
    [
        (1 << 255, ONE, "X_OUT_OF_BOUNDS"),
        (2 * ONE, MILD_EXPONENT_BOUND, "Y_OUT_OF_BOUNDS"),
        (2 * ONE, 200 * ONE, "PRODUCT_OUT_OF_BOUNDS"),
        (1, 2 * ONE, "PRODUCT_OUT_OF_BOUNDS"),
    ],
)
def test_powers_out_of_bounds_are_refused(x: int, y: int, reason: str) -> None:
    with pytest.raises(MathError, match=reason):
        power(x, y)


def test_exponentials_out_of_bounds_are_refused() -> None:
    assert exp(0) == ONE
    for x in (131 * ONE, -42 * ONE):
        with pytest.raises(MathError, match="INVALID_EXPONENT"):
            exp(x)


def test_short_cuts_are_exact_and_the_long_way_is_not() -> None:
    x = 3 * ONE // 2
    for y, exact in ((ONE, x), (2 * ONE, 9 * ONE // 4), (4 * ONE, 81 * ONE // 16)):
        assert pow_up(x, y) == pow_down(x, y) == exact
        assert pow_down(x, y, short_cuts=False) < exact < pow_up(x, y, short_cuts=False)


def test_rounding_up_adds_nothing_to_whole_results() -> None:
    assert mul_up(2 * ONE, 3) == 6
    assert mul_up(1, 1) == 1
    assert div_up(6, 2 * ONE) == 3
    assert complement(ONE + 1) == 0


def test_v1_rounds_halves_up() -> None:
    assert bnum.bmul(1, ONE // 2) == 1
    assert bnum.bmul(1, ONE // 2 - 1) == 0
    assert bnum.bdiv(1, 2 * ONE) == 1
    assert bnum.bdiv(1, 2 * ONE + 2) == 0


@pytest.mark.parametrize(("base", "reason"), [(0, "BASE_TOO_LOW"), (2 * ONE, "BASE_TOO_HIGH")])
def test_v1_has_no_power_of_this_base(base: int, reason: str) -> None:
    with pytest.raises(MathError, match=reason):
        bnum.bpow(base, ONE // 2)


@pytest.mark.parametrize(
    ("variant", "most"),
    [("v1", ONE // 2), ("v2_first", 3 * ONE // 10), ("v2", 3 * ONE // 10), ("v3", 3 * ONE // 10)],
)
def test_a_swap_takes_a_part_of_the_pool_at_most(variant: WeightedVariant, most: int) -> None:
    state = weighted((1000 * ONE, 1000 * ONE), variant=variant, fee=0)
    assert quote_exact_in(state, 0, 1, 1000 * most).amount_out > 0
    with pytest.raises(MathError, match="MAX_IN_RATIO"):
        quote_exact_in(state, 0, 1, 1001 * most)


def test_an_exact_output_takes_a_part_of_the_pool_at_most() -> None:
    state = weighted((1000 * ONE, 1000 * ONE))
    assert quote_exact_out(state, 0, 1, 300 * ONE).amount_in > 428 * ONE
    with pytest.raises(MathError, match="MAX_OUT_RATIO"):
        quote_exact_out(state, 0, 1, 300 * ONE + 1)


def test_prices_follow_weights_and_decimals() -> None:
    state = weighted(
        (3 * 10**12, 10**21), weights=(3 * ONE // 4, ONE // 4), decimals=(6, 18), variant="v2"
    )
    assert spot_price(state, 0, 1) == Fraction(10**21 * 3, 3 * 10**12)
    assert spot_price(state, 1, 0) == 1 / spot_price(state, 0, 1)


def test_prices_of_stable_pools_follow_rates_and_the_own_token_is_worth_its_share() -> None:
    """In balance, a coin of rate 2 buys two of rate 1; the own token, one of each per two coins."""
    state = balancer_stable(
        (10**24, 2 * 10**24, 5 * 10**23),
        rates=(ONE, ONE, 4 * ONE),
        bpt_index=0,
        total_supply=4 * 10**24,
    )
    assert spot_price(state, 2, 1) == 4
    assert spot_price(state, 0, 1) == 1
    assert spot_price(state, 1, 0) == 1


def test_nothing_is_swapped_for_nothing() -> None:
    for state in (weighted(), balancer_stable(), weighted(variant="v3_first")):
        with pytest.raises(MathError):
            quote_exact_in(state, 0, 1, 0)
        with pytest.raises(MathError):
            quote_exact_out(state, 0, 1, 0)


def test_v3_refuses_dust() -> None:
    state = balancer_stable(variant="v3_first")
    assert quote_exact_in(state, 0, 1, 1_010_000).amount_out > 10**6
    with pytest.raises(MathError, match="TradeAmountTooSmall"):
        quote_exact_in(state, 0, 1, 1_000_000)


def test_v3_limits_the_imbalance_in_its_later_revision_alone() -> None:
    balances = (10**24, 2 * 10**20)
    first = balancer_stable(balances, variant="v3_first")
    later = replace(first, variant="v3")
    assert quote_exact_in(first, 0, 1, 2 * 10**24).amount_out > 0
    with pytest.raises(MathError, match="MaxImbalanceRatioExceeded"):
        quote_exact_in(later, 0, 1, 2 * 10**24)


def test_v3_keeps_a_least_balance_in_its_later_revision_alone() -> None:
    first = weighted((10**13, 10**13), variant="v3_first", fee=0)
    later = replace(first, variant="v3", minimum_balances=(10**12, 10**13))
    assert quote_exact_in(first, 0, 1, 10**11).amount_out > 0
    with pytest.raises(MathError, match="TokenBalanceBelowMin"):
        quote_exact_in(later, 0, 1, 10**11)


def test_the_imbalance_is_the_distance_to_the_median() -> None:
    """Of an even number of balances the median is the mean of the two in the middle."""
    assert calculate_imbalance([10, 0, 9, 8]) == 11 * ONE // 27
    assert calculate_imbalance([4, 1, 10, 3, 2]) == 11 * ONE // 20
    assert calculate_imbalance([7, 7, 7]) == 0


def test_an_imbalance_that_does_not_grow_is_no_surge() -> None:
    surge = Surge(threshold=ONE // 10, max_fee=ONE // 20)
    assert surge.fee([190, 10], [10, 190], static_fee=10**15) == 10**15


def test_the_surge_fee_grows_with_the_imbalance_from_the_threshold_on() -> None:
    surge = Surge(threshold=ONE // 10, max_fee=ONE // 20)
    even, skew, full = [100, 100], [150, 50], [200, 0]
    assert calculate_imbalance(skew) == ONE // 2
    assert calculate_imbalance([10, 20, 60]) == 50 * ONE // 90
    assert surge.fee(even, skew, static_fee=10**15) == 10**15 + (49 * 10**15) * 4 // 9
    assert surge.fee(even, full, static_fee=10**15) == ONE // 20
    assert surge.fee(skew, even, static_fee=10**15) == 10**15
    assert surge.fee(even, [105, 95], static_fee=10**15) == 10**15
    assert surge.fee(even, full, static_fee=ONE // 10) == ONE // 10


def test_a_surging_pool_takes_no_liquidity_that_unbalances_it() -> None:
    state = balancer_stable(variant="v3_first", surge=(ONE // 10, ONE // 20))
    assert add_liquidity(state, [10**22, 10**22]) > 0
    with pytest.raises(MathError, match="AfterLiquidityHookFailed"):
        add_liquidity(state, [5 * 10**23, 0])
    with pytest.raises(MathError, match="AfterLiquidityHookFailed"):
        remove_liquidity_one(state, 2 * 10**23, 0)
    assert remove_liquidity(state, 2 * 10**23) == (10**23, 10**23)


def test_a_composable_pool_sells_itself_as_adding_does() -> None:
    state = balancer_stable((10**24, 2**110, 10**24), bpt_index=1)
    minted = add_liquidity(state, [10**22, 0, 0])
    assert quote_exact_in(state, 0, 1, 10**22).amount_out == minted
    paid = remove_liquidity_one(state, minted, 2)
    assert quote_exact_in(state, 1, 2, minted).amount_out == paid
    with pytest.raises(MathError, match="own"):
        add_liquidity(state, [0, 1, 0])
    with pytest.raises(MathError, match="own"):
        remove_liquidity_one(state, 1, 1)


@pytest.mark.parametrize("state", [weighted(), balancer_stable(), weighted(variant="v3_first")])
def test_more_than_there_is_cannot_be_burned(state: Weighted | BalancerStable) -> None:
    with pytest.raises(MathError):
        remove_liquidity(state, state.total_supply + 1)
    with pytest.raises(MathError):
        remove_liquidity_one(state, state.total_supply + 1, 0)


def test_v1_takes_one_coin_by_its_amount_and_all_by_what_is_minted() -> None:
    state = weighted(
        (10**21, 10**21), variant="v1", weights=(5 * ONE, 5 * ONE), total_supply=10**20
    )
    assert 0 < add_liquidity(state, [10**20, 0]) < 5 * 10**18
    with pytest.raises(MathError, match="one coin alone"):
        add_liquidity(state, [10**20, 10**20])
    pool = pool_of(state)
    assert isinstance(pool, balancer_v1.BPool)
    assert balancer_v1.join_pool(pool, 10**19) == (10**20, 10**20)
    assert remove_liquidity(state, 10**19) == (10**20, 10**20)
    with pytest.raises(MathError, match="ERR_MATH_APPROX"):
        remove_liquidity(state, 1)
