"""CryptoSwap by published answers of pools on chain, and at the edges of its mathematics."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from tests.support.strategies_pools import crypto
from watcher.errors import MathError
from watcher.math.exact import cryptoswap_liquidity as liquidity
from watcher.math.exact import cryptoswap_swaps as swaps
from watcher.math.exact.cryptoswap import (
    Pool,
    get_virtual_price,
    invariant,
    lp_price,
    ramped,
    scaled,
    sqrt_int,
)
from watcher.math.exact.cryptoswap_cbrt import cbrt
from watcher.math.exact.cryptoswap_cubic import get_y
from watcher.math.exact.cryptoswap_newton import WAD, newton_D
from watcher.math.exact.cryptoswap_prices import halfpow, price_average, tweak_price, wad_exp
from watcher.math.exact.cryptoswap_variants import ARITHMETIC, Variant
from watcher.math.families.cryptoswap import pool_of
from watcher.math.quotes import quote_exact_in, quote_exact_out, spot_price
from watcher.state.cryptoswap import CryptoSwap, CryptoSwapVariant

# 0xf5f5b97624542d72a9e06f04804bf81baa15e2b4 (USDT, WBTC, WETH) at block 25192354 of Ethereum.
TRICRYPTO_NG = Pool(
    variant="tricrypto_ng",
    balances=(4332903906625, 6010377250, 2228069361366269473640),
    precisions=(10**12, 10**10, 1),
    A=756886,
    gamma=175700099522697,
    D=13533423182336480804388507,
    price_scale=(75855801314196021500642, 2084347396023404453046),
    price_oracle=(73165887880271882853412, 1984580596191842865460),
    last_prices=(73166212202487361855289, 1984591878410942048545),
    mid_fee=1000000,
    out_fee=140000000,
    fee_gamma=400000000000000,
    allowed_extra_profit=100000000,
    adjustment_step=100000000000,
    xcp_profit=1094111136024631831,
    virtual_price=1047072616644998080,
    total_supply=7967512069557260391649,
)

# 0xe34b3a4cedb077b53cc813df6fe34a85749fcecc (crvUSD, EURS) on Arbitrum: its gamma narrows the
# balances that its mathematics takes.
TWOCRYPTO_NG = Pool(
    variant="twocrypto_ng",
    balances=(4048585006552861060153, 399999),
    precisions=(1, 10**16),
    A=1880000,
    gamma=199 * 10**15,
    D=8383386641969295080730,
    price_scale=(1083716143157454024,),
    price_oracle=(1083039505855158959,),
    last_prices=(1083039505855158959,),
    mid_fee=4000000,
    out_fee=30000000,
    fee_gamma=12300000000000000,
    allowed_extra_profit=100000000,
    adjustment_step=100000000000000,
    xcp_profit=1000023302885130528,
    virtual_price=1000020627288204984,
    total_supply=4026454270358976869472,
)


@pytest.mark.parametrize(
    ("pool", "i", "j", "dx", "dy"),
    [
        (TRICRYPTO_NG, 0, 1, 10**11, 133055837),
        (TRICRYPTO_NG, 0, 2, 10**10, 4973357493860972412),
        (TRICRYPTO_NG, 1, 2, 10**7, 3642938363107693855),
        (TRICRYPTO_NG, 2, 0, 10**18, 1962645351),
        (TWOCRYPTO_NG, 0, 1, 4732267796024191790852, 327494),
        (TWOCRYPTO_NG, 1, 0, 327494, 2949081412746367458511),
    ],
)
def test_a_view_answers_what_the_pool_on_chain_did(
    pool: Pool, i: int, j: int, dx: int, dy: int
) -> None:
    assert swaps.get_dy(pool, i, j, dx) == dy


@pytest.mark.parametrize(
    ("pool", "i", "j", "dy", "dx"),
    [
        (TRICRYPTO_NG, 0, 2, 10**18, 2007291490),
        (TRICRYPTO_NG, 2, 0, 10**10, 5106643144449848617),
        (TWOCRYPTO_NG, 0, 1, 100, 1093750017449472686),
        (TWOCRYPTO_NG, 1, 0, 10**18, 92),
    ],
)
def test_get_dx_is_the_estimate_of_the_view(pool: Pool, i: int, j: int, dy: int, dx: int) -> None:
    assert swaps.get_dx(pool, i, j, dy) == dx


def test_the_stored_virtual_price_is_that_of_the_last_move() -> None:
    """A withdrawal in all coins raises the price by its rounding, and does not store it."""
    for pool in (TRICRYPTO_NG, TWOCRYPTO_NG):
        gained = get_virtual_price(pool) - pool.virtual_price
        assert 0 <= gained < pool.virtual_price // 10**5


def test_the_lp_price_is_by_the_oracle() -> None:
    price = lp_price(TRICRYPTO_NG)
    exact = 3 * Fraction(TRICRYPTO_NG.virtual_price, WAD)
    product = TRICRYPTO_NG.price_oracle[0] * TRICRYPTO_NG.price_oracle[1]
    assert abs((Fraction(price) / exact) ** 3 / (product * WAD) - 1) < Fraction(1, 10**15)
    two = pool_of(crypto(variant="twocrypto"))
    assert lp_price(two) == 2 * two.virtual_price * sqrt_int(two.price_oracle[0]) // WAD
    ng = pool_of(crypto(variant="twocrypto_ng"))
    assert abs(lp_price(ng) - lp_price(replace(ng, variant="twocrypto"))) <= 2
    for early in (crypto(variant="twocrypto_early"), three()):
        with pytest.raises(MathError, match="tells no price"):
            lp_price(pool_of(early))


def three(variant: CryptoSwapVariant = "tricrypto", *, balanced: bool = True) -> CryptoSwap:
    parts = (10**24, 10**24, 10**24) if balanced else (10**24, 10**24, 10**23)
    return crypto(parts, variant=variant, prices=(30_000 * WAD, 1_500 * WAD), decimals=(6, 8, 18))


@pytest.mark.parametrize("variant", ARITHMETIC)
def test_the_mathematics_refuses_what_is_unsafe(variant: Variant) -> None:
    rules = ARITHMETIC[variant]
    x = [10**24] * rules.coins
    good = newton_D(rules, rules.min_A * 10, 10**14, x)
    assert abs(good - sum(x)) <= good // 10**12
    for ANN, gamma, reason in [
        (rules.min_A - 1, 10**14, "values A"),
        (rules.max_A + 1, 10**14, "values A"),
        (rules.min_A, 10**10 - 1, "values gamma"),
        (rules.min_A, rules.max_gamma + 1, "values gamma"),
    ]:
        with pytest.raises(MathError, match=reason):
            get_y(rules, ANN, gamma, x, good, 0)
    for D in (10**17 - 1, 10**33 + 1):
        with pytest.raises(MathError, match="values D"):
            get_y(rules, rules.min_A, 10**14, x, D, 0)
    with pytest.raises(MathError, match="unsafe values x"):
        get_y(rules, rules.min_A, 10**14, [x[0], *([10**21] * (rules.coins - 1))], good, 0)
    with pytest.raises(MathError):
        newton_D(rules, rules.min_A, 10**14, [0] * rules.coins)


def test_a_large_gamma_narrows_what_the_second_version_takes() -> None:
    """lim_mul: 100 at a gamma of 0.02 and below, in proportion above."""
    rules = ARITHMETIC["twocrypto_ng"]
    D = 2 * 10**24
    x_j = D * 20 // 2
    get_y(rules, rules.min_A * 10, 2 * 10**16, [0, x_j], D, 0)
    with pytest.raises(MathError, match="unsafe values x"):
        get_y(rules, rules.min_A * 10, 199 * 10**15, [0, x_j], D, 0)


def test_a_ramp_is_weighted_by_time() -> None:
    at = {
        time: ramped(time, initial=400, future=1000, initial_time=10, future_time=20)
        for time in (10, 13, 19, 20, 99)
    }
    assert at == {10: 400, 13: 580, 19: 940, 20: 1000, 99: 1000}
    with pytest.raises(MathError):
        ramped(9, initial=400, future=1000, initial_time=10, future_time=20)


def test_the_averages_halve_in_v1_and_fall_by_e_in_ng() -> None:
    assert halfpow(WAD) == WAD // 2
    assert halfpow(60 * WAD) == 0
    assert abs(halfpow(WAD // 2) ** 2 * 2 - WAD * WAD) < WAD * WAD // 10**7
    assert wad_exp(0) == WAD
    assert wad_exp(-WAD) == 367879441171442321
    v1 = replace(pool_of(crypto()), price_oracle=(100,), last_prices=(300,))
    assert price_average(v1, elapsed=600, window=600) == (200,)
    assert price_average(v1, elapsed=0, window=600) == (100,)
    ng = replace(
        v1, variant="twocrypto_ng", price_scale=(100,), price_oracle=(10**6,), last_prices=(10**9,)
    )
    # The last price counts for twice the price scale at most.
    assert price_average(ng, elapsed=10**6, window=1) == (200,)
    with pytest.raises(MathError):
        price_average(v1, elapsed=1, window=0)


def test_the_cube_root_loses_its_last_digits_only() -> None:
    for x in (0, 1, 2, 7, 10**18, 27 * 10**18, 10**41, 10**50, 10**59, 10**60, 2**256 - 1):
        root = cbrt(x)
        room = root // 10**15 + 2
        assert max(root - room, 0) ** 3 <= x * 10**36 <= (root + room) ** 3


def test_profit_moves_the_price_scale_towards_the_oracle_and_no_profit_does_not() -> None:
    pool = replace(pool_of(crypto(grown=1_100)), xcp_profit=1_100 * WAD // 1000)
    xp = scaled(pool, pool.balances)
    target = (pool.price_scale[0] * 101 // 100,)
    rich = tweak_price(replace(pool, price_oracle=target), xp, last_prices=target)
    assert pool.price_scale[0] < rich.price_scale[0] < target[0]
    assert rich.D == invariant(rich, scaled(rich, rich.balances))
    poor = replace(pool, price_oracle=target, xcp_profit=2 * pool.virtual_price - WAD)
    left = tweak_price(poor, xp, last_prices=target)
    assert left.price_scale == pool.price_scale
    assert left.last_prices == target


@pytest.mark.parametrize(("variant", "loses"), [("twocrypto", False), ("twocrypto_ng", True)])
def test_ng_refuses_a_move_that_earns_nothing(variant: Variant, loses: bool) -> None:
    pool = pool_of(crypto(variant=variant))
    pool = replace(pool, D=invariant(pool, scaled(pool, pool.balances)))
    pool = replace(pool, virtual_price=get_virtual_price(pool))
    xp = scaled(pool, pool.balances)
    if loses:
        with pytest.raises(MathError, match="Loss"):
            tweak_price(pool, xp, last_prices=pool.price_scale)
    else:
        assert tweak_price(pool, xp, last_prices=pool.price_scale).D == pool.D
    lower = replace(pool, virtual_price=pool.virtual_price + 1)
    with pytest.raises(MathError, match="Loss"):
        tweak_price(lower, xp, last_prices=pool.price_scale)
    allowed = tweak_price(replace(lower, loss_allowed=True), xp, last_prices=pool.price_scale)
    assert allowed.virtual_price == pool.virtual_price


def test_v1_takes_the_last_prices_from_the_trade() -> None:
    pool = replace(pool_of(three()), loss_allowed=True)
    last = pool.last_prices
    assert swaps.traded_prices(pool, 0, 1, 2 * 10**6, 10**4) == (20_000 * WAD, last[1])
    assert swaps.traded_prices(pool, 2, 0, WAD, 10**9) == (last[0], 1_000 * WAD)
    assert swaps.traded_prices(pool, 1, 2, 10**8, 10 * WAD) == (last[0], last[0] // 10)
    assert swaps.with_price(last, 0, 2 * WAD) == (last[0] // 2, last[1] // 2)
    assert swaps.with_price(last, 1, 0) is None


def test_the_last_lp_tokens_of_ng_take_all_and_those_of_v1_leave_one() -> None:
    variants: list[tuple[CryptoSwapVariant, int]] = [("tricrypto_ng", 0), ("tricrypto", 1)]
    for variant, left in variants:
        pool = pool_of(three(variant))
        removed = liquidity.remove_liquidity(pool, pool.total_supply)
        assert (removed.pool.balances == (0, 0, 0)) is (left == 0)
        with pytest.raises(MathError):
            liquidity.remove_liquidity(pool, pool.total_supply + 1)
    with pytest.raises(MathError):
        liquidity.remove_liquidity(pool, 0)


def test_the_first_deposit_mints_the_constant_product() -> None:
    pool = pool_of(crypto())
    empty = replace(pool, balances=(0, 0), D=0, total_supply=0, virtual_price=0, xcp_profit=0)
    added = liquidity.add_liquidity(empty, pool.balances)
    assert added.pool.virtual_price == added.pool.xcp_profit == WAD
    assert added.pool.D == pool.D
    with pytest.raises(MathError, match="no coins"):
        liquidity.add_liquidity(pool, (0, 0))


def test_one_coin_costs_less_in_balance_than_out_of_it() -> None:
    """NG's fee is of the balances after it, and its highest where that is too far."""
    pool = replace(pool_of(crypto(variant="twocrypto_ng")), loss_allowed=True)
    tenth, most = pool.total_supply // 10, pool.total_supply * 6 // 10
    near = liquidity.remove_liquidity_one_coin(pool, tenth, 0).amounts[0]
    dear = replace(pool, mid_fee=pool.out_fee)
    assert near > liquidity.remove_liquidity_one_coin(dear, tenth, 0).amounts[0]
    far = liquidity.remove_liquidity_one_coin(pool, most, 0).amounts[0]
    assert far == liquidity.remove_liquidity_one_coin(dear, most, 0).amounts[0]
    assert liquidity.calc_withdraw_one_coin(pool, tenth, 0) >= near


def test_quotes_dispatch_to_the_contract_of_the_variant() -> None:
    state = replace(three("tricrypto_ng", balanced=False), loss_allowed=True)
    pool = pool_of(state)
    assert quote_exact_in(state, 0, 2, 10**9).amount_out == swaps.get_dy(pool, 0, 2, 10**9)
    assert quote_exact_out(state, 0, 2, WAD).amount_in == swaps.get_dx(pool, 0, 2, WAD)
    old = replace(state, variant="tricrypto")
    least = quote_exact_out(old, 0, 2, WAD).amount_in
    assert quote_exact_in(old, 0, 2, least).amount_out >= WAD
    assert quote_exact_in(old, 0, 2, least - 1).amount_out < WAD
    assert spot_price(state, 0, 2) * spot_price(state, 2, 1) == spot_price(state, 0, 1)
    with pytest.raises(MathError, match="no input buys that"):
        quote_exact_out(old, 0, 2, state.balances[2])


def test_v1_takes_a_loss_of_a_withdrawal_in_one_coin_and_ng_does_not() -> None:
    """remove_liquidity_one_coin of v1 marks a ramp as over where there was none."""
    variants: list[CryptoSwapVariant] = ["twocrypto", "twocrypto_ng"]
    for variant in variants:
        pool = pool_of(crypto(variant=variant))
        poorer = replace(pool, virtual_price=pool.virtual_price * 2)
        if variant == "twocrypto":
            after = liquidity.remove_liquidity_one_coin(poorer, 10**20, 0).pool
            assert after.virtual_price < poorer.virtual_price
            assert not after.loss_allowed
        else:
            with pytest.raises(MathError, match="Loss"):
                liquidity.remove_liquidity_one_coin(poorer, 10**20, 0)
