"""How figures move with their inputs; what every measure promises is in tests/contract."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.effort import examples
from tests.support.strategies import (
    DECIMALS,
    FEES,
    PRICES,
    TOKEN0,
    TOKEN1,
    pool,
    subject_of,
    subjects,
    usually,
    vaults,
)
from watcher.math.exploitability.arbitrage import arbitrage
from watcher.math.measures import measure
from watcher.math.settings import Settings
from watcher.math.subject import Subject
from watcher.state import ConstantProduct, Measure, ShareVault

SETTINGS = Settings(unit="USD", sizes=(1.0, 1_000.0, 1e6), prices=())
NEAR = 1e-9
GROWING = ("depth", "depth_feeless", "depth_money", "depth_ladder", "size_within_slippage")


def figures(subject: Subject, settings: Settings = SETTINGS) -> dict[tuple[str, ...], float]:
    """Each value by its name followed by the values of its dims."""
    (found,) = measure([subject], settings)
    return {(each.name, *(value for _, value in each.dims)): each.value for each in found}


def same(one: Measure, two: Measure) -> bool:
    value = one.value == two.value or (math.isnan(one.value) and math.isnan(two.value))
    return value and replace(one, value=0.0) == replace(two, value=0.0)


@settings(max_examples=examples(50, deep=500))
@given(st.lists(subjects(), max_size=12))
def test_many_targets_are_measured_as_each_alone(many: list[Subject]) -> None:
    found = measure(many, SETTINGS)
    assert len(found) == len(many)
    for together, subject in zip(found, many, strict=True):
        (alone,) = measure([subject], SETTINGS)
        assert all(same(one, two) for one, two in zip(together, alone, strict=True))


SAFE = st.integers(10**9, 2**90)


@st.composite
def balanced(draw: st.DrawFn) -> ConstantProduct:
    return pool(draw(SAFE), draw(SAFE), fee=draw(FEES), decimals=(draw(DECIMALS), draw(DECIMALS)))


def is_full_after(state: ConstantProduct, price0: float, price1: float) -> bool:
    """Whether the best trade leaves as much in the pair as it can hold."""
    found = arbitrage(state, price0, price1)
    held = (state.reserve0, state.reserve1)[found.coin_in] + found.amount_in
    return held > 2**112 * 0.999_999


@usually
@given(state=balanced(), price0=PRICES, price1=PRICES, factor=st.sampled_from([2, 3, 1_000]))
def test_a_larger_pool_is_deeper_and_no_more_out_of_balance(
    state: ConstantProduct, price0: float, price1: float, factor: int
) -> None:
    larger = replace(
        state,
        reserve0=factor * state.reserve0,
        reserve1=factor * state.reserve1,
        balance0=factor * state.balance0,
        balance1=factor * state.balance1,
    )
    sizes = replace(SETTINGS, sizes=tuple(size * factor for size in SETTINGS.sizes))
    before = figures(subject_of(state, (price0, price1)))
    after = figures(subject_of(larger, (price0, price1)), sizes)
    for (key, old), new in zip(before.items(), after.values(), strict=True):
        grows = key[0] in GROWING
        if key[0] == "arbitrage_value":
            # Rounding is up to one unit of each coin, in the small pool factor times as much.
            unit = price0 / 10**state.decimals0 + price1 / 10**state.decimals1
            most = pytest.approx(factor * old, rel=NEAR, abs=2 * factor * unit)
            assert new == most or (new < factor * old and is_full_after(larger, price0, price1))
        else:
            assert new == pytest.approx(old * factor if grows else old, rel=NEAR, abs=1e-12), key


@usually
@given(state=balanced(), price0=PRICES, price1=PRICES)
def test_another_unit_of_account_changes_money_alone(
    state: ConstantProduct, price0: float, price1: float
) -> None:
    sizes = replace(SETTINGS, sizes=tuple(4 * size for size in SETTINGS.sizes))
    before = figures(subject_of(state, (price0, price1)))
    after = figures(subject_of(state, (4 * price0, 4 * price1)), sizes)
    for (key, old), new in zip(before.items(), after.values(), strict=True):
        money = key[0] in ("depth_money", "arbitrage_value")
        expected = 4 * old if money else old
        # the balance at another price is the same but for the logarithm that it is found by
        lost = key[0].startswith("lost_depth")
        assert new == (pytest.approx(expected, abs=1e-12) if lost else expected), key


@usually
@given(state=balanced(), price0=PRICES, price1=PRICES)
def test_exchanging_the_coins_exchanges_their_figures(
    state: ConstantProduct, price0: float, price1: float
) -> None:
    before = figures(subject_of(state, (price0, price1)))
    after = figures(subject_of(state.flipped(), (price1, price0)))
    exchanged: dict[str, str] = {
        TOKEN0.address: TOKEN1.address,
        TOKEN1.address: TOKEN0.address,
    }
    for (name, *dims), old in before.items():
        new = after[name, *(exchanged.get(dim, dim) for dim in dims)]
        if name in ("spot_price", "reference_price"):
            assert new * old == pytest.approx(1, rel=NEAR)
        elif name == "ln_spot_over_reference":
            assert new == pytest.approx(-old, rel=NEAR, abs=1e-12)
        else:
            assert new == pytest.approx(old, rel=NEAR, abs=1e-12), name


@usually
@given(state=balanced(), price0=PRICES, price1=PRICES)
def test_figures_stay_within_what_they_are(
    state: ConstantProduct, price0: float, price1: float
) -> None:
    found = figures(subject_of(state, (price0, price1)))
    shares = [found["value_share", token.address] for token in (TOKEN0, TOKEN1)]
    assert sum(shares) == pytest.approx(1, rel=1e-12)
    assert 0 <= found["disparity_value",] <= 1
    assert found["disparity_value",] == pytest.approx(abs(shares[0] - shares[1]), abs=1e-12)
    assert found["arbitrage_value",] >= 0
    for token in (TOKEN0, TOKEN1):
        impacts = [found["price_impact", f"{size:.15g}", token.address] for size in SETTINGS.sizes]
        costs = [found["slippage", f"{size:.15g}", token.address] for size in SETTINGS.sizes]
        assert impacts == sorted(impacts)
        assert costs == sorted(costs)
        assert all(
            0 <= impact <= cost + 1e-15 <= 1 + 1e-15
            for impact, cost in zip(impacts, costs, strict=True)
        )
        depth, feeless = (found[name, "0.01", token.address] for name in ("depth", "depth_feeless"))
        assert feeless <= depth * (1 + 1e-12)


@usually
@given(state=balanced(), factor=st.floats(0.5, 2))
def test_a_pool_at_its_reference_is_in_balance(state: ConstantProduct, factor: float) -> None:
    """Spot at the reference: no distance, equal shares, no arbitrage."""
    spot = (state.reserve1 / 10**state.decimals1) / (state.reserve0 / 10**state.decimals0)
    at = figures(subject_of(state, (spot, 1.0)))
    assert at["ln_spot_over_reference",] == pytest.approx(0, abs=1e-12)
    assert at["disparity_value",] == pytest.approx(0, abs=1e-12)
    if state.fee_numerator < state.fee_denominator:
        assert at["arbitrage_value",] == 0
    off = figures(subject_of(state, (spot * factor, 1.0)))
    assert off["ln_spot_over_reference",] == pytest.approx(-math.log(factor), abs=1e-9)
    assert off["disparity_value",] == pytest.approx(abs(1 - factor) / (1 + factor), abs=1e-9)


@usually
@given(state=vaults(most=2**120), factor=st.sampled_from([2, 7]))
def test_a_larger_vault_has_the_same_price_per_share(state: ShareVault, factor: int) -> None:
    larger = replace(
        state,
        total_assets=factor * state.total_assets,
        total_supply=factor * state.total_supply,
        idle_assets=factor * state.idle_assets,
        virtual_assets=factor * state.virtual_assets,
        virtual_shares=factor * state.virtual_shares,
    )
    before, after = figures(subject_of(state)), figures(subject_of(larger))
    assert after["price_per_share",] == pytest.approx(before["price_per_share",], nan_ok=True)
    old, new = before["donation_1pct",], after["donation_1pct",]
    unit = 1 / 10**state.asset_decimals
    assert new == pytest.approx(factor * old, rel=NEAR, abs=factor * unit, nan_ok=True)


@usually
@given(state=vaults(most=2**120), gain=st.integers(0, 2**100))
def test_more_assets_never_lower_the_price_per_share(state: ShareVault, gain: int) -> None:
    richer = replace(state, total_assets=state.total_assets + gain)
    found = figures(subject_of(richer, previous=state))["price_per_share_change",]
    assert math.isnan(found) or found >= 0
    back = figures(subject_of(state, previous=richer))["price_per_share_change",]
    assert back == pytest.approx(-found / (1 + found), nan_ok=True)
