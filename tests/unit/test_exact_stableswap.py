"""StableSwap by known answers: published prices of real pools, ramps, and what each era refuses."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from tests.support.strategies import metapool, stable
from watcher.errors import MathError
from watcher.math.exact import saddle
from watcher.math.exact import stableswap_liquidity as liquidity
from watcher.math.exact import stableswap_swaps as swaps
from watcher.math.exact.stableswap import amplification, dynamic_fee, get_D, get_virtual_price
from watcher.math.exact.stableswap_oracle import upkeep_oracles
from watcher.math.families.stableswap import pool_of
from watcher.math.quotes import (
    add_liquidity,
    quote_exact_in,
    quote_exact_out,
    remove_liquidity,
    remove_liquidity_one,
    spot_price,
    without_fee,
)
from watcher.state import StableSwap

M18, M6 = 10**24, 10**12
"""A million of a coin with 18 and with 6 decimals."""

THREE_POOL = (6, 18, 6)
"""USDT, DAI, USDC, as the figures below name them."""


def three_pool(usdt: Fraction, dai: Fraction, usdc: Fraction, *, A: int, fee: int) -> StableSwap:
    """In millions; 3pool's A is given as its contract gives it."""
    balances = (int(usdt * M6), int(dai * M18), int(usdc * M6))
    return stable(balances, variant="three_pool", A=A, fee=fee, decimals=THREE_POOL)


# The large coin against the smallest, marginal and without the fee, at figures of press and chain.
@pytest.mark.parametrize(
    ("millions", "A", "price"),
    [
        # 3pool on 2022-06-15 and -16; the press had 0.997 for the second
        (("267", "57", "56"), 2000, 0.99788),
        (("74.35", "12.91", "12.74"), 2000, 0.99673),
        (("86", "7", "7"), 2000, 0.98127),
        # 3pool at 2022-05-12 06:44 UTC, with the A of that day
        (("1839.995", "100.984", "100.249"), 5000, 0.97887),
    ],
)
def test_prices_of_3pool(millions: tuple[str, str, str], A: int, price: float) -> None:
    usdt, dai, usdc = map(Fraction, millions)
    state = three_pool(usdt, dai, usdc, A=A, fee=0)
    cheapest = min((dai, 1), (usdc, 2))[1]
    units = Fraction(10 ** THREE_POOL[0], 10 ** THREE_POOL[cheapest])
    assert float(spot_price(state, 0, cheapest) * units) == pytest.approx(price, abs=5e-6)


@pytest.mark.parametrize(("sold", "average"), [(1, 0.97857), (10, 0.97654), (50, 0.96011)])
def test_what_selling_into_3pool_paid_on_that_day(sold: int, average: float) -> None:
    """2022-05-12 06:44 UTC at its fee of 0.01%; the press had 0.96 for large sales."""
    pools = Fraction("1839.995"), Fraction("100.984"), Fraction("100.249")
    state = three_pool(*pools, A=5000, fee=1_000_000)
    paid = quote_exact_in(state, 0, 2, sold * M6).amount_out
    assert paid / (sold * M6) == pytest.approx(average, abs=5e-6)
    assert 1839.995 / sum(map(float, pools)) == pytest.approx(0.90142, abs=5e-6)


def test_the_discount_of_staked_ether() -> None:
    """June 2022: 491,000 stETH against 111,300 ETH at A = 50; the press had over 6%."""
    state = stable((491_000 * 10**18, 111_300 * 10**18), variant="steth", A=50)
    assert float(spot_price(state, 0, 1)) == pytest.approx(0.93738, abs=5e-6)


@pytest.mark.parametrize(
    ("share", "A", "price"),
    [
        (55, 30, 0.9934),
        (55, 200, 0.9990),
        (55, 2000, 0.9999),
        (90, 30, 0.734),
        (90, 200, 0.943),
        (90, 2000, 0.994),
        (95, 100, 0.68609),
    ],
)
def test_a_share_alone_does_not_tell_a_price(share: int, A: int, price: float) -> None:
    state = stable((share * M18, (100 - share) * M18), A=A)
    places = len(str(price)) - 2
    assert float(spot_price(state, 0, 1)) == pytest.approx(price, abs=0.6 * 10**-places)


def test_a_balanced_pool_has_the_price_of_its_rates() -> None:
    assert spot_price(stable(), 0, 1) == 1
    worth = (10**18, 1_250_000_000_000_000_000)
    state = stable((1_250 * 10**18, 1_000 * 10**6), decimals=(18, 6), prices=worth)
    assert spot_price(state, 0, 1) == Fraction(10**6, 10**18) * Fraction(4, 5)


def test_the_spot_price_is_what_the_smallest_trade_gets() -> None:
    state = without_fee(stable((3 * M18, M18, 2 * M18), A=100, fee=0))
    amount = 10**12
    for i in range(3):
        for j in {0, 1, 2} - {i}:
            paid = quote_exact_in(state, i, j, amount).amount_out
            assert paid / amount == pytest.approx(float(spot_price(state, i, j)), rel=1e-10)


def test_the_spot_prices_of_a_metapool_are_what_small_trades_get() -> None:
    state = without_fee(metapool())
    coins = [10**18, 10**18, 10**18, 10**6, 10**6]
    for i, j in ((0, 1), (1, 0), (0, 2), (0, 3), (2, 0), (4, 0), (3, 4)):
        paid = quote_exact_in(state, i, j, coins[i]).amount_out
        # amounts of a coin with 6 decimals have six digits here
        assert paid / coins[i] == pytest.approx(float(spot_price(state, i, j)), rel=5e-6), (i, j)


def test_a_metapool_leaves_the_lp_token_and_its_coins_to_the_base() -> None:
    for i, j in ((1, 2), (3, 1)):
        for ask in (quote_exact_in, quote_exact_out, spot_price):
            with pytest.raises(MathError, match="base pool itself"):
                ask(metapool(), i, j, *(() if ask is spot_price else (10**6,)))


def test_a_metapool_without_a_quoter_takes_the_least_input() -> None:
    for i, j in ((0, 3), (3, 0), (2, 4)):
        wanted = 1_000 * 10 ** (18 if j == 0 else 6)
        needed = quote_exact_out(metapool(), i, j, wanted).amount_in
        assert quote_exact_in(metapool(), i, j, needed).amount_out >= wanted
        assert quote_exact_in(metapool(), i, j, needed - 1).amount_out < wanted


@pytest.mark.parametrize(
    ("timestamp", "initial", "future", "expected"),
    [
        (0, 100, 200, 100),
        (1, 100, 200, 133),
        (2, 100, 200, 166),
        (3, 100, 200, 200),
        (9, 100, 200, 200),
        # downwards what has been taken off is rounded down, so A is rounded up
        (1, 200, 100, 167),
        (2, 200, 100, 134),
        (3, 200, 100, 100),
    ],
)
def test_the_amplification_moves_on_its_ramp(
    timestamp: int, initial: int, future: int, expected: int
) -> None:
    ramp = {"initial": initial, "future": future, "initial_time": 0, "future_time": 3}
    assert amplification(timestamp, **ramp) == expected


def test_a_ramp_that_has_not_begun_has_no_amplification() -> None:
    with pytest.raises(MathError, match="underflow"):
        amplification(4, initial=1, future=2, initial_time=5, future_time=9)


def test_the_dynamic_fee_runs_from_the_fee_to_its_multiple() -> None:
    fee, multiplier = 4_000_000, 5 * 10**10
    assert dynamic_fee(10**18, 10**18, fee, multiplier) == fee
    assert dynamic_fee(10**18, 1, fee, multiplier) == 5 * fee
    assert dynamic_fee(10**18, 1, fee, 10**10) == fee
    with pytest.raises(MathError, match="division"):
        dynamic_fee(0, 0, fee, multiplier)


@pytest.mark.parametrize("variant", ["gen1", "factory", "ng", "aave", "saddle"])
def test_a_balanced_pool_is_worth_its_sum(variant: str) -> None:
    state = stable((M18, M6, M6), variant=variant, decimals=(18, 6, 6))  # type: ignore[arg-type]
    pool = pool_of(replace(state, total_supply=3 * M18))
    assert get_D(pool, (M18, M18, M18)) == 3 * M18
    assert get_virtual_price(pool) == 10**18


def test_without_lp_tokens_there_is_no_virtual_price_or_it_is_0() -> None:
    assert get_virtual_price(pool_of(stable((0, 0), variant="connext", total_supply=0))) == 0
    with pytest.raises(MathError, match="division"):
        get_virtual_price(pool_of(stable((0, 0), total_supply=0)))


def test_an_empty_side_is_divided_by_or_not() -> None:
    for variant, refused in (("gen1", False), ("factory", True), ("ng", True)):
        pool = pool_of(stable((0, M18), variant=variant))  # type: ignore[arg-type]
        if refused:
            with pytest.raises(MathError, match="division"):
                get_D(pool, (0, M18))
        else:
            assert get_D(pool, (0, M18)) > 0
    assert get_D(pool_of(stable((0, 0))), (0, 0)) == 0


def test_views_and_exchanges_differ_as_the_contracts_do() -> None:
    """3pool takes its fee after converting in get_dy and before in exchange."""
    pool = pool_of(stable((M18, 10**8), variant="three_pool", decimals=(18, 2), fee=10**8))
    trades = [10**16 * k for k in range(200, 400)]
    viewed = [swaps.get_dy(pool, 0, 1, dx) for dx in trades]
    paid = [swaps.exchange(pool, 0, 1, dx).amount_out for dx in trades]
    assert viewed != paid
    assert max(abs(a - b) for a, b in zip(viewed, paid, strict=True)) == 1


def test_a_trade_whose_price_cannot_be_kept_is_stopped_in_new_pools() -> None:
    """Withdrawing all in one coin leaves no side of the others for the price."""
    everything = 2 * M18
    with pytest.raises(MathError, match="division"):
        remove_liquidity_one(stable(variant="ng"), everything, 0)
    assert remove_liquidity_one(stable(variant="factory"), everything, 0) > 0
    # A price of more than 128 bits.
    steep = pool_of(stable((10**30, 1), variant="ng_early", A=1))
    with pytest.raises(MathError, match="packed"):
        upkeep_oracles(steep, steep.balances, 5 * 10**19)
    upkeep_oracles(replace(steep, variant="ng"), steep.balances, 5 * 10**19)


def test_the_first_generation_has_no_withdrawal_in_one_coin() -> None:
    with pytest.raises(MathError, match="one coin"):
        remove_liquidity_one(stable(variant="gen1"), 10**18, 0)
    assert remove_liquidity_one(stable(variant="ren"), 10**18, 0) > 0


def test_new_pools_refuse_nothing_for_nothing() -> None:
    for ask in (
        lambda state: quote_exact_in(state, 0, 1, 0),
        lambda state: remove_liquidity(state, 0),
        lambda state: remove_liquidity_one(state, 0, 0),
    ):
        with pytest.raises(MathError, match=r"0 coins|nothing is burned"):
            ask(stable(variant="ng"))
    assert remove_liquidity(stable(), 0) == (0, 0)


def test_the_first_deposit_mints_the_invariant_and_needs_every_coin() -> None:
    empty = stable((0, 0), total_supply=0)
    assert add_liquidity(empty, (M18, M18)) == 2 * M18
    with pytest.raises(MathError, match="all coins"):
        add_liquidity(empty, (M18, 0))
    with pytest.raises(MathError, match="D should increase"):
        add_liquidity(stable(), (0, 0))


def test_a_deposit_in_proportion_pays_no_fee_and_one_in_one_coin_does() -> None:
    state = stable()
    assert add_liquidity(state, (M18 // 10, M18 // 10)) == 2 * M18 // 10
    free = liquidity.calc_token_amount(pool_of(state), (M18 // 10, 0), is_deposit=True)
    assert add_liquidity(state, (M18 // 10, 0)) < free


def test_only_one_coin_more_than_there_is_cannot_be_burned() -> None:
    with pytest.raises(MathError, match="insufficient"):
        remove_liquidity(stable(), 2 * M18 + 1)
    with pytest.raises(MathError, match="insufficient"):
        remove_liquidity_one(stable(), 2 * M18 + 1, 0)
    with pytest.raises(MathError, match="exceeds available"):
        remove_liquidity_one(stable(variant="saddle"), M18 + 1, 0)


def test_withdrawing_exact_amounts_burns_a_margin() -> None:
    burned = {
        variant: liquidity.remove_liquidity_imbalance(
            pool_of(stable(variant=variant)),
            (10**18, 0),
        ).liquidity
        for variant in ("gen1", "steth", "three_pool", "factory")
    }
    assert burned["three_pool"] == burned["factory"] == burned["steth"] + 1
    with pytest.raises(MathError, match="zero tokens burned"):
        liquidity.remove_liquidity_imbalance(pool_of(stable()), (0, 0))
    ren = pool_of(stable(variant="ren"))
    assert liquidity.remove_liquidity_imbalance(ren, (0, 0)).liquidity == 1


def test_saddles_withdrawal_fee_is_taken_off_what_is_paid() -> None:
    held = stable(variant="saddle")
    fresh = replace(held, withdraw_fee=5_000_000)
    assert remove_liquidity(fresh, 10**18) == (49975 * 10**13, 49975 * 10**13)
    assert remove_liquidity(held, 10**18) == (5 * 10**17, 5 * 10**17)
    one = remove_liquidity_one(held, 10**18, 1)
    assert remove_liquidity_one(fresh, 10**18, 1) == one * 9995 // 10000
    burned = saddle.remove_liquidity_imbalance(pool_of(held), (10**18, 0)).liquidity
    assert (
        saddle.remove_liquidity_imbalance(pool_of(fresh), (10**18, 0)).liquidity
        == burned * 10000 // 9995
    )


def test_a_lending_pools_underlying_coins_stand_behind_its_own() -> None:
    state = stable(
        (50 * 10**14, 50 * 10**14),
        variant="lending",
        decimals=(8, 8),
        prices=(2 * 10**16, 2 * 10**16),
    )
    lending = replace(state, underlying_decimals=(18, 6))
    assert quote_exact_in(lending, 0, 1, 10**12).amount_out > 0
    paid = quote_exact_in(lending, 2, 3, 10**21).amount_out
    assert paid == pytest.approx(999_600_000, rel=1e-4)
    assert float(spot_price(lending, 2, 3)) == pytest.approx(10**-12)
    with pytest.raises(MathError, match="its own coins, or the underlying"):
        quote_exact_in(lending, 0, 3, 10**12)
    with pytest.raises(MathError, match="no underlying coins"):
        swaps.get_dy_underlying(pool_of(stable()), 0, 1, 10**18)
    assert remove_liquidity(lending, 10**18)[2:] == (0, 0)
    with pytest.raises(MathError, match="not the underlying"):
        add_liquidity(lending, (1, 1, 1, 0))
