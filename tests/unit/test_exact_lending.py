"""Lending without a chain: what must be refused, and what follows from the definitions. That it is
the contracts' arithmetic, tests/anvil shows."""

from __future__ import annotations

import pytest

from watcher.errors import MathError
from watcher.math.exact import lending_aave as aave
from watcher.math.exact import lending_compound as compound
from watcher.math.exact.lending_compound import WAD, Curve, Position, Totals

RAY = 10**27
YEAR = 365 * 86_400
MARKET = Totals(cash=600, total_borrows=400, total_reserves=100, borrow_index=WAD)


def test_interest_is_refused_at_a_rate_over_the_most() -> None:
    most = compound.BORROW_RATE_MAX
    compound.accrue_interest(MARKET, most, 0, elapsed=0)
    with pytest.raises(MathError, match="absurdly high"):
        compound.accrue_interest(MARKET, most + 1, 0, elapsed=0)


def test_interest_is_simple_and_the_reserves_get_their_part() -> None:
    found = compound.accrue_interest(MARKET, 10**12, WAD // 4, elapsed=10**6)
    assert (found.total_borrows, found.total_reserves) == (800, 200)
    assert found.borrow_index == 2 * WAD
    assert found.cash == MARKET.cash


def test_what_overflows_is_refused() -> None:
    vast = Totals(0, 2**255, 0, WAD)
    with pytest.raises(MathError, match="256 bits"):
        compound.accrue_interest(vast, 10**12, 0, elapsed=10**6)
    with pytest.raises(MathError, match="256 bits"):
        compound.supplied(Totals(2**255, 2**255, 0, WAD))
    with pytest.raises(MathError, match="256 bits"):
        aave.ray_mul(2**255, 2)
    with pytest.raises(MathError, match="256 bits"):
        aave.ray_div(2**255, 1)


def test_reserves_beyond_what_there_is_are_refused() -> None:
    with pytest.raises(MathError, match="more than the market has"):
        compound.exchange_rate(Totals(1, 1, 3, WAD), 5, 7)


def test_an_empty_market_has_its_initial_rate() -> None:
    assert compound.exchange_rate(Totals(0, 0, 0, WAD), 0, 7) == 7
    # a gift to a market without shares changes no rate
    assert compound.exchange_rate(Totals(1_000, 0, 0, WAD), 0, 7) == 7


def test_utilization_leaves_the_reserves_out_but_for_the_first_model() -> None:
    assert compound.utilization_rate(MARKET) == 400 * WAD // 900
    assert compound.utilization_rate(MARKET, of_supplied=False) == 400 * WAD // 1_000
    assert compound.utilization_rate(Totals(5, 0, 9, WAD)) == 0
    with pytest.raises(MathError, match="zero"):
        compound.utilization_rate(Totals(0, 5, 5, WAD))


def test_rates_jump_after_the_kink() -> None:
    curve = Curve(base_rate=100, multiplier=1_000, jump_multiplier=10_000, kink=WAD // 2)
    at_half = Totals(500, 500, 0, WAD)
    assert compound.get_borrow_rate(curve, at_half) == 100 + 500
    above = Totals(400, 600, 0, WAD)
    assert compound.get_borrow_rate(curve, above) == 100 + 500 + 1_000
    flat = Curve(base_rate=100, multiplier=1_000)
    assert compound.get_borrow_rate(flat, above) == 100 + 600
    yearly = Curve(base_rate=100, multiplier=1_000, annual=7)
    assert compound.get_borrow_rate(yearly, above) == 700 // 7


def test_debts_grow_with_the_index() -> None:
    assert compound.borrow_balance(0, 0, WAD) == 0
    assert compound.borrow_balance(10, 3, 4) == 13
    with pytest.raises(MathError, match="zero"):
        compound.borrow_balance(1, 0, WAD)


def test_what_shares_redeem_for_is_rounded_down() -> None:
    assert compound.redeem_amount(33, 3 * WAD + WAD // 2) == 115


def test_either_rounding_of_an_account() -> None:
    """The last digits of factor times rate are lost or rounded."""
    one = Position(shares=WAD, borrow_balance=3, exchange_rate=WAD + 1, factor=WAD // 2, price=WAD)
    assert compound.valued([one], half_up=True).collateral == WAD // 2 + 1
    assert compound.valued([one], half_up=False).collateral == WAD // 2
    held = compound.valued([one, one], half_up=True)
    assert held.debt == 6
    assert compound.liquidity_and_shortfall(held) == (held.collateral - 6, 0)
    owing = compound.valued([one._replace(shares=0)], half_up=True)
    assert compound.liquidity_and_shortfall(owing) == (0, 3)


@pytest.mark.parametrize("elapsed", [0, 1, 2, 3])
def test_the_first_terms_of_compounded_interest(elapsed: int) -> None:
    """At a rate of 100% a second the series is exact: (1 + 1)^n."""
    assert aave.calculate_compounded_interest(RAY * YEAR, elapsed) == 2**elapsed * RAY


def test_linear_interest_and_the_indexes() -> None:
    assert aave.calculate_linear_interest(RAY, YEAR // 2) == RAY + RAY // 2
    assert aave.normalized_income(3 * RAY, RAY, YEAR) == 6 * RAY
    assert aave.normalized_income(3 * RAY, RAY, 0) == 3 * RAY
    assert aave.normalized_debt(3 * RAY, RAY * YEAR, 2) == 12 * RAY
    assert aave.normalized_debt(3 * RAY, RAY, 0) == 3 * RAY


def test_halves_are_rounded_up() -> None:
    assert (aave.ray_mul(1, RAY // 2), aave.ray_mul(1, RAY // 2 - 1)) == (1, 0)
    assert (aave.ray_div(1, 2 * RAY), aave.ray_div(1, 2 * RAY + 2)) == (1, 0)
    assert (aave.percent_mul(1, 5_000), aave.percent_mul(1, 4_999)) == (1, 0)
    with pytest.raises(MathError, match="zero"):
        aave.wad_div(1, 0)


def test_the_treasury_gets_its_part_of_the_interest_alone() -> None:
    indexes = (RAY, RAY + RAY // 10)
    due = aave.accrued_to_treasury(5, 1_000, 2_000, borrow_indexes=indexes, liquidity_index=RAY)
    assert due == 5 + 20
    still = (RAY, RAY)
    assert aave.accrued_to_treasury(5, 9, 2_000, borrow_indexes=still, liquidity_index=0) == 5
    with pytest.raises(MathError, match="shrunk"):
        aave.accrued_to_treasury(5, 10, 1, borrow_indexes=(2 * RAY, RAY), liquidity_index=RAY)


def test_health_is_counted_collateral_over_debt() -> None:
    assert aave.health_factor(1_000, 400, 8_000) == 2 * WAD
    assert aave.health_factor(0, 0, 0) == 2**256 - 1
