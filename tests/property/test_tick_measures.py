"""The float figures of pools with ticks beside exact swaps of the same pools."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.support.strategies import sizes, subject_of, ticked, ticked_pools, usually
from watcher.errors import MathError
from watcher.math import tick_curve
from watcher.math.exact.concentrated import swap
from watcher.math.exact.tick_math import MAX_SQRT_PRICE, MIN_SQRT_PRICE
from watcher.math.exploitability.tick_arbitrage import tick_arbitrage
from watcher.math.families.concentrated import fee, pool_of, without_fee
from watcher.math.measures import measure
from watcher.math.settings import Settings
from watcher.state import Concentrated, Measure

RELATIVE = 1e-9
POOLS = ticked_pools().map(lambda state: replace(state, variant="uniswap_v3"))
COINS = st.sampled_from([0, 1])


def units_lost(state: Concentrated) -> int:
    """Smallest units that the contract's roundings may keep: two a step."""
    span = state.ticks[-1] - state.ticks[0]
    return 2 * (len(state.ticks) + 2) + 2 * (span // state.tick_spacing // 256 + 4)


@usually
@given(state=POOLS, coin=COINS, amount=sizes(1, 2**110))
def test_the_curve_is_the_swap_without_its_fee(state: Concentrated, coin: int, amount: int) -> None:
    side = tick_curve.side(state, zero_for_one=coin == 0)
    found = swap(pool_of(without_fee(state)), amount, zero_for_one=coin == 0)
    if amount > side.total_in[-1]:
        with pytest.raises(MathError, match="liquidity ends"):
            side.amount_out(float(amount))
        assert float(found.amount_in) == pytest.approx(
            float(side.total_in[-1]), rel=RELATIVE, abs=units_lost(state)
        )
        return
    out = side.amount_out(float(amount))
    # a unit of the input that is rounded away costs the price of a unit
    price = Fraction(state.sqrt_price_x96**2, 2**192)
    worth = float(price if coin == 0 else 1 / price)
    lost = units_lost(state) * (1 + worth)
    assert out == pytest.approx(found.amount_out, rel=RELATIVE, abs=lost)


@usually
@given(state=POOLS, coin=COINS)
def test_depth_is_what_moves_the_price_so_far(state: Concentrated, coin: int) -> None:
    move = 0.01
    ratio = tick_curve.root_of_move(move, zero_for_one=coin == 0)
    limit = int(state.sqrt_price_x96 * Fraction(ratio))
    assume(MIN_SQRT_PRICE < limit < MAX_SQRT_PRICE - 1)
    feeless = tick_curve.side(state, zero_for_one=coin == 0).amount_to(ratio)
    found = swap(pool_of(state), 2**200, zero_for_one=coin == 0, sqrt_price_limit_x96=limit)
    gross = feeless / float(1 - fee(state, coin))
    # the limit is a whole number: one of its units is this much of the input
    assert found.amount_in == pytest.approx(gross, rel=1e-6, abs=2 * units_lost(state))


@usually
@given(state=POOLS, off=st.floats(-0.2, 0.2), factor=st.sampled_from([0.99, 1.01]))
def test_no_other_amount_earns_more(state: Concentrated, off: float, factor: float) -> None:
    price = tick_curve.spot_price(state) * math.exp(off)
    best = tick_arbitrage(state, price, 1.0)
    worth = (price / 10**state.decimals0, 1 / 10**state.decimals1)
    assert best.profit >= 0
    if best.profit == 0:
        return
    coin = best.coin_in
    amount = int(best.amount_in * factor)
    assume(amount > 0)
    other = swap(pool_of(state), amount, zero_for_one=coin == 0)
    earned = other.amount_out * worth[1 - coin] - other.amount_in * worth[coin]
    rounding = units_lost(state) * (worth[0] + worth[1])
    assert earned <= best.profit * (1 + RELATIVE) + rounding
    # afterwards nothing is left to take
    done = swap(pool_of(state), best.amount_in, zero_for_one=coin == 0)
    after = replace(
        state, sqrt_price_x96=done.sqrt_price_x96, tick=done.tick, liquidity=done.liquidity
    )
    assert tick_arbitrage(after, price, 1.0).profit <= best.profit * RELATIVE + rounding


@pytest.mark.parametrize("coin", [0, 1])
@pytest.mark.parametrize("fee_pips", [500, 10_000])
def test_the_fee_is_left_between_the_price_and_the_reference(coin: int, fee_pips: int) -> None:
    """Where selling one more unit would no longer pay, and not before."""
    state = ticked([(-6_000, 6_000, 10**24)], fees=(fee_pips, fee_pips))
    best = tick_arbitrage(state, 0.9 if coin == 0 else 1.1, 1.0)
    assert best.coin_in == coin
    worth = (0.9 if coin == 0 else 1.1, 1.0)

    def earned(amount: int) -> float:
        found = swap(pool_of(state), amount, zero_for_one=coin == 0)
        return (found.amount_out * worth[1 - coin] - found.amount_in * worth[coin]) / 10**18

    assert best.profit == pytest.approx(earned(best.amount_in), rel=1e-12)
    for permille in (990, 999, 1_001, 1_010):
        assert earned(best.amount_in * permille // 1_000) < best.profit


def figures(state: Concentrated, *, prices: tuple[float, float], size: float) -> list[Measure]:
    settings = Settings(unit="USD", sizes=(size,), prices=())
    [found] = measure([subject_of(state, prices)], settings)
    return list(found)


@usually
@given(state=POOLS, coin=COINS, amount=sizes(2**50, 2**100))
def test_slippage_is_that_of_the_quote(state: Concentrated, coin: int, amount: int) -> None:
    spot = tick_curve.spot_price(state)
    prices, units = (spot, 1.0), (10**state.decimals0, 10**state.decimals1)
    found = figures(state, prices=prices, size=amount / units[coin] * prices[coin])
    token = subject_of(state, prices).target.tokens[coin].address
    by_name = {each.name: each for each in found if dict(each.dims).get("token_in") == token}
    for name, pool in (("slippage", state), ("price_impact", without_fee(state))):
        figure = by_name[name]
        done = swap(pool_of(pool), amount, zero_for_one=coin == 0)
        if figure.reason:
            assert figure.reason == tick_curve.NO_LIQUIDITY
            assert done.amount_in <= amount * (1 + RELATIVE)
        elif done.complete and done.amount_out > 2**40:  # else the roundings are what is seen
            raw = Fraction(state.sqrt_price_x96**2, 2**192)
            exact = 1 - Fraction(done.amount_out, amount) / (raw if coin == 0 else 1 / raw)
            assert figure.value == pytest.approx(float(exact), rel=1e-8, abs=1e-8)


@usually
@given(state=POOLS, reach=st.integers(1, 50))
def test_where_the_known_ticks_end_a_figure_is_unknown(state: Concentrated, reach: int) -> None:
    """Never extrapolated: with fewer ticks a figure is the same, or says that they end."""
    spot = tick_curve.spot_price(state)
    low = max(state.tick - reach * state.tick_spacing, -887_272)
    high = min(state.tick + reach * state.tick_spacing, 887_272)
    kept = [i for i, tick in enumerate(state.ticks) if low <= tick <= high]
    less = replace(
        state,
        ticks=tuple(state.ticks[i] for i in kept),
        liquidity_net=tuple(state.liquidity_net[i] for i in kept),
        liquidity_gross=tuple(state.liquidity_gross[i] for i in kept),
        known_from=low,
        known_to=high,
    )
    unknown = 0
    for whole, part in zip(
        figures(state, prices=(spot * 1.1, 1.0), size=1e6),
        figures(less, prices=(spot * 1.1, 1.0), size=1e6),
        strict=True,
    ):
        if part.reason and not whole.reason:
            assert part.reason in (tick_curve.BEYOND_KNOWN, "beyond the ticks that were read")
            unknown += 1
        elif not part.reason:
            assert not whole.reason
            assert part.value == pytest.approx(whole.value, rel=RELATIVE, abs=1e-12)
    if reach * state.tick_spacing < 50:  # less than half a percent of the price
        assert unknown
