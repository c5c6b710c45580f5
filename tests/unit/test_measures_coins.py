"""The figures of pools of several coins, each beside its formula where the curve has one."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from tests.support.strategies import fixed, stable, subject_of
from tests.support.strategies_pools import solidly
from watcher.math.coin_pools import NO_RATES
from watcher.math.measures import measure
from watcher.math.settings import Settings
from watcher.state import Measure, State

SETTINGS = Settings(unit="USD", sizes=(1_000.0, 250_000.0), prices=())
E18 = 10**18
HELD = 1_000_000
FEE = 0.003
GAMMA = 1 - FEE
VOLATILE = solidly(HELD * E18, HELD * E18, stable=False, fee=30)


def figures(state: State, *prices: float) -> dict[tuple[str, ...], Measure]:
    """Each measure by its name followed by the values of its dims, "first" or "second" for a
    coin."""
    subject = subject_of(state)
    first, second = (token.address for token in subject.target.tokens)
    known = {
        token: fixed(token, price) for token, price in zip((first, second), prices, strict=True)
    }
    (found,) = measure([replace(subject, prices=known)], SETTINGS)
    called: dict[str, str] = {first: "first", second: "second"}
    return {
        (each.name, *(called.get(value, value) for _, value in each.dims)): each for each in found
    }


def test_a_volatile_pool_has_the_depth_of_constant_product_with_the_fee_outside() -> None:
    found = figures(VOLATILE, 1.0, 1.0)
    feeless = HELD * (1 / math.sqrt(0.99) - 1)
    key = ("0.01", "first")
    assert found["depth_feeless", *key].value == pytest.approx(feeless, rel=2e-9)
    assert found["depth", *key].value == pytest.approx(feeless / GAMMA, rel=2e-9)
    assert found["depth_money", *key].value == found["depth", *key].value


@pytest.mark.parametrize("size", SETTINGS.sizes)
def test_and_its_impact_and_slippage(size: float) -> None:
    found = figures(VOLATILE, 1.0, 1.0)
    key = (f"{size:g}", "second")
    u = size / HELD
    assert found["price_impact", *key].value == pytest.approx(u / (1 + u), rel=1e-12)
    slippage = 1 - GAMMA / (1 + GAMMA * u)
    assert found["slippage", *key].value == pytest.approx(slippage, rel=1e-12)


@pytest.mark.parametrize("price", [0.9, 0.98, 0.996, 1.0, 1.05])
def test_and_its_arbitrage(price: float) -> None:
    """At most sqrt(gamma R0 R1 p_out / p_in) - R_in counts of the input, one way or the other."""
    found = figures(VOLATILE, price, 1.0)
    best = 0.0
    for paid, received in ((price, 1.0), (1.0, price)):
        x = (math.sqrt(GAMMA * HELD * HELD * received / paid) - HELD) / GAMMA
        if x > 0:
            out = HELD * GAMMA * x / (HELD + GAMMA * x)
            best = out * received - x * paid
    assert found["arbitrage_value",].value == pytest.approx(best, rel=1e-8, abs=1e-9)


def test_without_rates_the_market_is_the_reference_and_nothing_is_off_at_the_pools_own() -> None:
    found = figures(VOLATILE, 1.02, 1.0)
    assert found["reference_price", "second"].value == 1.02
    assert found["ln_spot_over_reference", "second"].value == pytest.approx(-math.log(1.02))
    assert found["disparity_invariant",].reason == NO_RATES
    assert found["ln_market_over_redemption", "second"].reason == NO_RATES


def test_three_legs_of_a_coin_that_earns() -> None:
    """The pool takes it at 1.05, the market at 1.02, and the pool sells it near its rate."""
    pool = stable((E18 * HELD, E18 * HELD * 105 // 100), prices=(105 * 10**16, E18))
    found = figures(pool, 1.02, 1.0)
    assert found["reference_price", "second"].value == 1.05
    assert found["spot_price", "second"].value == pytest.approx(1.05, rel=1e-12)
    assert found["ln_spot_over_reference", "second"].value == pytest.approx(0, abs=1e-12)
    market = found["ln_market_over_redemption", "second"].value
    assert market == pytest.approx(math.log(1.02 / 1.05), rel=1e-12)
    assert found["disparity_invariant",].value == pytest.approx(0, abs=1e-12)


def test_a_stable_pair_takes_whole_coins_one_for_one() -> None:
    pool = solidly(3 * HELD * 10**6, HELD * E18, decimals=(6, 18))
    found = figures(pool, 1.0, 1.0)
    assert found["reference_price", "second"].value == 1
    assert found["disparity_invariant",].value == pytest.approx(0.5, rel=1e-12)


def test_a_depegged_coin_fills_the_pool_at_its_rate_and_not_in_value() -> None:
    pool = stable((95 * HELD * E18, 5 * HELD * E18))
    found = figures(pool, 5 / 95, 1.0)
    assert found["disparity_invariant",].value == pytest.approx(0.9, rel=1e-12)
    assert found["disparity_value",].value == pytest.approx(0, abs=1e-12)
