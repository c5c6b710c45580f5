"""Solidly and Kyber DMM by published answers, and at their edges."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.support.strategies_pools import kyber, solidly
from watcher.errors import MathError
from watcher.math.exact import kyber_dmm
from watcher.math.exact import solidly as exact
from watcher.math.families.kyber_dmm import pool_of as kyber_of
from watcher.math.families.solidly import pool_of
from watcher.math.quotes import (
    add_liquidity,
    quote_exact_in,
    quote_exact_out,
    remove_liquidity,
    spot_price,
)

WAD = 10**18


@pytest.mark.parametrize("version", ["v1", "v2"])
@pytest.mark.parametrize(
    ("reserves", "coin_in", "amount_in", "amount_out"),
    [
        ((2052127179, 1705017421), 1, 36283954, 36307464),
        ((6110873648, 6651345170), 0, 302268108, 302127234),
    ],
)
def test_a_stable_pool_answers_what_the_pool_on_chain_did(
    version: exact.Version,
    reserves: tuple[int, int],
    coin_in: int,
    amount_in: int,
    amount_out: int,
) -> None:
    """0xe08d427724d8a2673fe0be3a81b7db17be835b36, of two coins with 6 decimals."""
    state = solidly(*reserves, version=version, decimals=(6, 6))
    assert exact.get_amount_out(pool_of(state), coin_in, amount_in) == amount_out


def test_a_volatile_pool_answers_what_the_pool_on_chain_did() -> None:
    """0x79c912fef520be002c2b6e57ec4324e260f38e50: the fee is rounded down before it is taken."""
    state = solidly(31229966656506421921, 63506727363, stable=False, decimals=(18, 6))
    assert quote_exact_in(state, 1, 0, 33762029).amount_out == 16585646993362100


def test_the_versions_end_their_search_differently() -> None:
    """v1 is content within a unit, v2 takes the least that keeps k."""
    found = set()
    for version in ("v1", "v2"):
        pool = replace(pool_of(solidly(10**18, 3 * 10**18)), version=version)
        k = exact.get_k(pool, *pool.reserves)
        found.add(exact.get_y(pool, 2 * 10**18, k, 3 * 10**18))
    least = max(found)
    assert exact.get_k(pool, 2 * 10**18, least) >= k > exact.get_k(pool, 2 * 10**18, least - 2)


def test_the_spot_price_is_the_slope_of_the_curve() -> None:
    assert spot_price(solidly(), 0, 1) == 1
    uneven = solidly(3 * 10**24, 10**12, decimals=(18, 6))
    small = quote_exact_in(replace(uneven, fee=0), 0, 1, 10**18).amount_out
    assert abs(spot_price(uneven, 0, 1) * 10**18 - small) < 2
    assert spot_price(uneven, 0, 1) * spot_price(uneven, 1, 0) == 1
    with pytest.raises(MathError, match="empty"):
        spot_price(solidly(0, 5), 0, 1)


def test_a_swap_is_refused_for_its_reason() -> None:
    pool = pool_of(solidly(10**21, 10**21, fee=30))
    paid = exact.exact_in(pool, 0, 10**18)
    for coin, amount_in, amount_out, reason in [
        (0, 10**18, 0, "InsufficientOutputAmount"),
        (0, 10**18, 10**21, "InsufficientLiquidity"),
        (0, 0, 1, "InsufficientInputAmount"),
        (0, 10**18, paid + 10**6, "K"),
    ]:
        with pytest.raises(MathError, match=reason):
            exact.swap(pool, coin, amount_in, amount_out)
    with pytest.raises(MathError, match="division by zero"):
        exact.get_amount_out(pool_of(solidly(0, 0, stable=False)), 0, 0)


def test_what_lies_in_the_pool_counts_for_whoever_comes_next() -> None:
    """Its fee is taken too."""
    pool = pool_of(solidly(10**21, 10**21, stable=False, fee=100, drift=(10**18, 0)))
    after = exact.swap(pool, 0, 0, 9 * 10**17)
    assert after.reserves == (10**21 + 10**18 - 10**16, 10**21 - 9 * 10**17)


def test_the_first_deposit_of_a_stable_pool_is_of_equal_values() -> None:
    empty = pool_of(solidly(0, 0, decimals=(6, 18), total_supply=0))
    liquidity, after = exact.mint(empty, 10**6, 10**18)
    assert liquidity == 10**12 - 1000
    assert after.total_supply == 10**12
    for amounts, reason in [
        ((10**6, 10**18 + 1), "DepositsNotEqual"),
        ((100, 10**14), "BelowMinimumK"),
        ((1, 10**12), "InsufficientLiquidityMinted|BelowMinimumK"),
    ]:
        with pytest.raises(MathError, match=reason):
            exact.mint(empty, *amounts)
    free = replace(empty, stable=False)
    assert exact.mint(free, 10**6, 10**19)[0] > 0
    with pytest.raises(MathError, match="Minted"):
        exact.mint(free, 1, 10**6)


def test_an_exact_output_costs_the_least_that_buys_it() -> None:
    state = solidly(10**24, 10**12, fee=5, decimals=(18, 6))
    found = quote_exact_out(state, 0, 1, 10**9)
    assert quote_exact_in(state, 0, 1, found.amount_in).amount_out >= 10**9
    assert quote_exact_in(state, 0, 1, found.amount_in - 1).amount_out < 10**9
    with pytest.raises(MathError, match="no input buys that"):
        quote_exact_out(state, 0, 1, 10**12)


def test_an_amplified_pool_trades_on_its_virtual_reserves() -> None:
    plain, amplified = kyber(), kyber(amp_bps=100_000)
    paid = [quote_exact_in(state, 0, 1, 10**20).amount_out for state in (plain, amplified)]
    assert paid[0] < paid[1] < 10**20
    assert spot_price(kyber(10**21, 2 * 10**21, amp_bps=30_000), 0, 1) == 2
    with pytest.raises(MathError, match="INSUFFICIENT_LIQUIDITY"):
        quote_exact_in(amplified, 0, 1, 2 * 10**21)
    found = quote_exact_out(amplified, 0, 1, 10**20)
    assert quote_exact_in(amplified, 0, 1, found.amount_in).amount_out >= 10**20


def test_the_protocol_of_kyber_dmm_is_minted_its_part_of_the_growth() -> None:
    grown = kyber(2 * 10**21, 2 * 10**21, k_last=10**42, government_fee_bps=1_000)
    # (2 - 1) / (2 + 1) of the supply, times 1000 / 5000
    minted = kyber_dmm.protocol_liquidity(kyber_of(grown))
    assert minted == 10**21 * 1_000 // (3 * 5_000)
    assert kyber_dmm.protocol_liquidity(kyber_of(replace(grown, government_fee_bps=0))) == 0
    assert kyber_dmm.protocol_liquidity(kyber_of(replace(grown, k_last=10**43))) == 0
    liquidity, after = kyber_dmm.mint(kyber_of(grown), 2 * 10**21, 2 * 10**21)
    assert liquidity == 10**21 + minted
    assert after.k_last == 16 * 10**42
    assert after.total_supply == 2 * liquidity


def test_the_fee_of_kyber_dmm_follows_the_trend_in_three_pieces() -> None:
    """Section 2 of its paper: 60 bp from a trend of 1.477 up, about 36 at 1.2, 20 at 0.836."""
    bps = WAD // 10_000
    at = {r: kyber_dmm.trade_fee(r, 10_000) for r in (2 * WAD, 12 * WAD // 10, 836 * WAD // 1000)}
    assert [fee * 100 // bps for fee in at.values()] == [6000, 3648, 2003]
    assert kyber_dmm.trade_fee(0, 10_000) * 100 // bps == 1503
    assert kyber_dmm.trade_fee(2 * WAD, 10**6) == 60 * bps * 4 // 30


def test_averages_decay_block_by_block() -> None:
    once = kyber_dmm.r_factor(short_ema=WAD, long_ema=WAD, block_volume=0, blocks=1)
    assert once == (WAD - kyber_dmm.SHORT_ALPHA) * WAD // (WAD - kyber_dmm.LONG_ALPHA)
    later = kyber_dmm.r_factor(short_ema=WAD, long_ema=WAD, block_volume=0, blocks=1000)
    assert later < once
    assert kyber_dmm.r_factor(short_ema=5, long_ema=0, block_volume=0, blocks=0) == 0
    assert kyber_dmm.r_factor(short_ema=5, long_ema=10, block_volume=9, blocks=0) == WAD // 2


def test_liquidity_goes_through_the_families() -> None:
    for state in (solidly(), kyber()):
        assert add_liquidity(state, (10**18, 10**18)) == 10**18
        assert remove_liquidity(state, 10**18) == (10**18, 10**18)
    with pytest.raises(MathError, match="Burned"):
        remove_liquidity(solidly(), 0)
    with pytest.raises(MathError, match="UNSYNC_RESERVES"):
        remove_liquidity(replace(kyber(), balance0=1), 10**18)
