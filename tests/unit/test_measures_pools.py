"""The figures of constant-product pools, each beside the formula or the published number."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from tests.support.strategies import TOKEN0, TOKEN1, fixed, pool, subject_of
from watcher.math import disparity, slippage
from watcher.math.exact.constant_product import get_amount_out
from watcher.math.exploitability.arbitrage import arbitrage
from watcher.math.measures import measure
from watcher.math.settings import Settings
from watcher.math.subject import Subject
from watcher.state import ConstantProduct, Measure
from watcher.state.price import unknown_price

SETTINGS = Settings(unit="USD", sizes=(1_000.0, 250_000.0), prices=())
E18 = 10**18

GAMMA = np.array([0.997])


def figures(subject: Subject) -> dict[tuple[str, ...], Measure]:
    """Each measure by its name followed by the values of its dims."""
    (found,) = measure([subject], SETTINGS)
    return {(each.name, *(value for _, value in each.dims)): each for each in found}


def value(subject: Subject, *key: str) -> float:
    return figures(subject)[key].value


def reason(subject: Subject, *key: str) -> str:
    found = figures(subject)[key]
    assert math.isnan(found.value)
    return found.reason


ETHER_AND_DOLLARS = pool(1_000 * E18, 3_300_000 * 10**6, decimals=(18, 6))


def test_depth_to_one_percent_of_a_thousand_and_a_thousand() -> None:
    """The fee kept in the reserves: 5.04538; without the fee 5.03782, outside the curve 5.05297."""
    gross = float(slippage.depth(0.01, GAMMA)[0]) * 1_000
    feeless = float(slippage.depth(0.01, np.array([1.0]))[0]) * 1_000
    assert round(gross, 5) == 5.04538
    assert round(feeless, 5) == 5.03782
    assert round(feeless / 0.997, 5) == 5.05297
    assert feeless == pytest.approx(1_000 * (1 / math.sqrt(0.99) - 1), rel=1e-14)


@pytest.mark.parametrize("move", [0.001, 0.01, 0.1, 0.5])
@pytest.mark.parametrize("fee", [(997, 1000), (499, 500), (1, 1)])
def test_depth_is_the_largest_input_that_keeps_the_price(move: float, fee: tuple[int, int]) -> None:
    """Against the exact pool: the float's neighbours lie on either side of the threshold."""
    reserve_in, reserve_out = 1_000 * E18, 7_000 * E18
    depth = float(slippage.depth(move, np.array([fee[0] / fee[1]]))[0])

    def price_after(amount_in: int) -> Fraction:
        out = get_amount_out(
            amount_in, reserve_in, reserve_out, fee_numerator=fee[0], fee_denominator=fee[1]
        )
        return Fraction(reserve_out - out, reserve_in + amount_in)

    floor = Fraction(reserve_out, reserve_in) * (1 - Fraction(move))
    assert price_after(int(depth * (1 - 1e-9) * reserve_in)) >= floor
    assert price_after(int(depth * (1 + 1e-9) * reserve_in)) < floor


def test_slippage_is_what_the_exact_quote_loses() -> None:
    reserve_in, reserve_out, amount_in = 1_000 * E18, 7_000 * E18, 37 * E18
    out = get_amount_out(
        amount_in, reserve_in, reserve_out, fee_numerator=997, fee_denominator=1000
    )
    exact = 1 - Fraction(out, amount_in) / Fraction(reserve_out, reserve_in)
    assert float(slippage.slippage(np.array([0.037]), GAMMA)[0]) == pytest.approx(
        float(exact), rel=1e-12
    )
    feeless = get_amount_out(amount_in, reserve_in, reserve_out, fee_numerator=1, fee_denominator=1)
    impact = 1 - Fraction(feeless, amount_in) / Fraction(reserve_out, reserve_in)
    assert float(slippage.price_impact(np.array([0.037]))[0]) == pytest.approx(
        float(impact), rel=1e-12
    )


def test_the_prices_of_a_pool_and_their_distance() -> None:
    subject = subject_of(ETHER_AND_DOLLARS, (3_000.0, 1.0))
    assert value(subject, "spot_price") == 3_300.0
    assert value(subject, "reference_price") == 3_000.0
    assert value(subject, "ln_spot_over_reference") == pytest.approx(math.log(1.1), rel=1e-15)


def test_value_shares_and_their_disparity() -> None:
    subject = subject_of(ETHER_AND_DOLLARS, (3_000.0, 1.0))
    share0, share1 = 3_000_000 / 6_300_000, 3_300_000 / 6_300_000
    assert value(subject, "value_share", TOKEN0.address) == pytest.approx(share0, rel=1e-15)
    assert value(subject, "value_share", TOKEN1.address) == pytest.approx(share1, rel=1e-15)
    assert value(subject, "disparity_value") == pytest.approx(share1 - share0, rel=1e-12)


def test_a_depegged_coin_is_not_out_of_balance_in_value() -> None:
    """95 of the large coin at 5/95 beside 5 of the other: 50/50 in value."""
    subject = subject_of(pool(95 * E18, 5 * E18), (5 / 95, 1.0))
    assert value(subject, "disparity_value") == pytest.approx(0, abs=1e-15)
    assert value(subject_of(pool(95 * E18, 5 * E18)), "disparity_value") == pytest.approx(0.9)


def test_total_variation_is_one_when_all_is_in_the_coin_of_least_weight() -> None:
    shares = np.array([[1.0, 0.0], [0.0, 1.0], [0.2, 0.8]])
    weights = np.array([[0.2, 0.8]] * 3)
    assert disparity.total_variation(shares, weights) == pytest.approx([1.0, 0.25, 0.0])


def test_nothing_held_has_no_shares() -> None:
    amounts, prices = np.array([[0.0, 0.0], [1.0, np.nan]]), np.array([[1.0, 1.0], [1.0, 1.0]])
    assert np.isnan(disparity.value_shares(amounts, prices)).all()


@pytest.mark.parametrize(("size", "text"), [(1_000.0, "1000"), (250_000.0, "250000")])
def test_impact_and_slippage_of_a_size_in_money(size: float, text: str) -> None:
    subject = subject_of(ETHER_AND_DOLLARS, (3_000.0, 1.0))
    u = size / 3_000 / 1_000
    assert value(subject, "price_impact", text, TOKEN0.address) == pytest.approx(u / (1 + u))
    assert value(subject, "slippage", text, TOKEN0.address) == pytest.approx(
        1 - 0.997 / (1 + 0.997 * u)
    )
    u = size / 3_300_000
    assert value(subject, "price_impact", text, TOKEN1.address) == pytest.approx(u / (1 + u))


def test_depth_in_tokens_and_in_money() -> None:
    subject = subject_of(ETHER_AND_DOLLARS, (3_000.0, 2.0))
    for token, reserve, price in ((TOKEN0, 1_000, 3_000), (TOKEN1, 3_300_000, 2)):
        depth = value(subject, "depth", "0.01", token.address)
        assert depth == pytest.approx(5.04538e-3 * reserve, rel=1e-6)
        assert value(subject, "depth_feeless", "0.01", token.address) == pytest.approx(
            5.03782e-3 * reserve, rel=1e-6
        )
        assert value(subject, "depth_money", "0.01", token.address) == pytest.approx(depth * price)


def test_arbitrage_pays_what_the_pool_is_off() -> None:
    subject = subject_of(ETHER_AND_DOLLARS, (3_000.0, 1.0))
    found = arbitrage(ETHER_AND_DOLLARS, 3_000.0, 1.0)
    assert value(subject, "arbitrage_value") == found.profit
    assert found.coin_in == 0
    spent, got = found.amount_in / E18, found.amount_out / 10**6
    assert found.profit == pytest.approx(got - spent * 3_000)
    after = (3_300_000 - got) / (1_000 + spent)
    assert 3_000 < after * 0.997 * 1.004  # the price is brought to within the fee of 3,000
    assert value(subject_of(ETHER_AND_DOLLARS, (3_300.0, 1.0)), "arbitrage_value") == 0


@pytest.mark.parametrize("prices", [(1.0, 1.0), (1.5, 1.0), (1.0, 1.5)])
@pytest.mark.parametrize("reserves", [(2**112 - 5, 2**112 - 1), (2**112 - 1, 10**30)])
def test_an_arbitrage_is_accepted_by_the_pair_at_the_end_of_its_range(
    reserves: tuple[int, int], prices: tuple[float, float]
) -> None:
    state = pool(*reserves)
    found = arbitrage(state, *prices)
    if found.profit:
        side = state if found.coin_in == 0 else state.flipped()
        out = get_amount_out(
            found.amount_in, side.reserve0, side.reserve1, fee_numerator=997, fee_denominator=1000
        )
        assert out >= found.amount_out


def test_an_arbitrage_at_the_end_of_the_range_still_takes_what_fits() -> None:
    """The optimum lies far beyond uint112: all the room there is, 10**30, is used."""
    room = 10**30
    found = arbitrage(pool(2**112 - 1 - room, 2**112 - 1), 1.0, 1_000.0)
    assert found.coin_in == 0
    assert found.amount_in == pytest.approx(room, rel=1e-3)


EMPTY_SIDES = [pool(0, 10**18), pool(10**18, 0), pool(0, 0)]


@pytest.mark.parametrize("state", EMPTY_SIDES)
def test_a_pool_with_an_empty_side_has_no_figures_but_the_reference(state: ConstantProduct) -> None:
    for key, found in figures(subject_of(state, (2.0, 1.0))).items():
        if key == ("reference_price",):
            assert (found.value, found.reason) == (2.0, "")
        elif key[0] == "reserve_drift":
            assert (found.value, found.reason) == (0.0, "")
        else:
            assert math.isnan(found.value), key
            assert found.reason == "a side of the pool is empty", key


def test_the_drift_is_the_exact_difference_of_two_large_numbers() -> None:
    """As floats both would be the same."""
    state = replace(
        pool(2**111, 2**111, decimals=(18, 6)), balance0=2**111 + 1, balance1=2**111 - 3
    )
    subject = subject_of(state)
    assert value(subject, "reserve_drift", TOKEN0.address) == 1e-18
    assert value(subject, "reserve_drift", TOKEN1.address) == -3e-6


def test_a_target_that_was_not_read_says_why() -> None:
    known = subject_of(pool(), (2.0, 1.0))
    unread = Subject(known.target, None, None, known.prices, "target is reverted")
    for key, found in figures(unread).items():
        if key != ("reference_price",):
            assert math.isnan(found.value), key
            assert found.reason == "target is reverted", key
    prices = {
        TOKEN0.address: unknown_price(TOKEN0.address, "the feed is stale"),
    }
    blind = Subject(known.target, None, None, {**known.prices, **prices}, "target is reverted")
    assert "the feed is stale" in reason(blind, "reference_price")
    assert reason(blind, "spot_price") == "target is reverted"


def test_an_unknown_price_takes_only_what_needs_it() -> None:
    known = subject_of(ETHER_AND_DOLLARS, (3_000.0, 1.0))
    stale = unknown_price(TOKEN1.address, "the feed is stale (heartbeat 60 s)")
    subject = Subject(known.target, known.state, None, {**known.prices, TOKEN1.address: stale})
    why = f"no reference for {TOKEN1.address}: the feed is stale (heartbeat 60 s)"
    for key in (
        ("reference_price",),
        ("ln_spot_over_reference",),
        ("disparity_value",),
        ("value_share", TOKEN0.address),
        ("arbitrage_value",),
        ("depth_money", "0.01", TOKEN1.address),
        ("slippage", "1000", TOKEN1.address),
    ):
        assert reason(subject, *key) == why
    for key in (
        ("spot_price",),
        ("depth", "0.01", TOKEN1.address),
        ("depth_money", "0.01", TOKEN0.address),
        ("slippage", "1000", TOKEN0.address),
    ):
        assert value(subject, *key) > 0


def test_a_pool_is_never_judged_by_a_price_that_comes_from_itself() -> None:
    known = subject_of(ETHER_AND_DOLLARS, (3_000.0, 1.0))
    own = fixed(TOKEN0.address, 3_000.0, ancestry=("other", known.target.id))
    subject = Subject(known.target, known.state, None, {**known.prices, TOKEN0.address: own})
    assert "no independent reference" in reason(subject, "reference_price")
    assert "no independent reference" in reason(subject, "arbitrage_value")
    other = fixed(TOKEN0.address, 3_000.0, ancestry=("other",))
    subject = Subject(known.target, known.state, None, {**known.prices, TOKEN0.address: other})
    assert value(subject, "reference_price") == 3_000.0


@pytest.mark.parametrize("reserve", [1, 2**112 - 1])
@pytest.mark.parametrize("decimals", [0, 77])
def test_the_smallest_and_largest_pools_have_finite_figures(reserve: int, decimals: int) -> None:
    for found in figures(
        subject_of(pool(reserve, reserve, decimals=(decimals, 77 - decimals)))
    ).values():
        assert math.isfinite(found.value) or found.reason


def test_a_profit_beyond_a_floats_range_is_unknown() -> None:
    said = reason(subject_of(pool(10**27, 10**27), (1e300, 1.7e308)), "arbitrage_value")
    assert said == "the profit is more than a float can hold"
