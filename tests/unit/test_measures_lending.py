"""The measures of lending markets from states by hand, beside their closed forms."""

from __future__ import annotations

import math

import pytest

from tests.support.strategies import subject_of
from tests.support.strategies_compound import aave_reserve, compound_market
from watcher.math.measures import measure
from watcher.math.settings import Settings
from watcher.state import (
    AaveAccount,
    CompoundAccount,
    Measure,
    MorphoMarket,
    MorphoPosition,
    State,
)
from watcher.state.compound_market import WAD

SETTINGS = Settings(unit="USD", sizes=(), prices=())


def figures(state: State, price: float = 3_000.0) -> dict[str, Measure]:
    """By name, and by side where there are two."""
    (found,) = measure([subject_of(state, (price, 1.0))], SETTINGS)
    return {each.name + "".join(f" {side}" for _, side in each.dims): each for each in found}


def values(state: State, price: float = 3_000.0) -> dict[str, float]:
    return {name: each.value for name, each in figures(state, price).items()}


def test_a_market_of_compound() -> None:
    found = values(compound_market())
    assert found["total_supplied"] == 990
    assert found["utilization"] == pytest.approx(400 / 990, rel=1e-15)
    assert found["withdrawable"] == 600
    assert found["cash_share"] == pytest.approx(600 / 990, rel=1e-15)
    assert (found["total_debt"], found["reserves"]) == (400, 10)
    assert found["supply_index"] == 990 / 49_500
    assert found["borrow_rate"] == 0.01
    assert found["supply_rate"] == pytest.approx(0.01 * 400 / 990 * 0.75, rel=1e-15)
    assert found["oracle_price"] == 3_000
    assert found["ln_oracle_over_reference"] == 0
    assert values(compound_market(), 1_500.0)["ln_oracle_over_reference"] == math.log(2)


def test_interest_up_to_the_block_is_in_every_figure() -> None:
    """A year at 1%, a quarter of it kept."""
    found = values(compound_market(elapsed=2_000_000))
    assert (found["total_debt"], found["reserves"]) == (404, 11)
    assert found["total_supplied"] == 600 + 404 - 11


def test_a_market_of_compound_that_does_not_count_years_has_no_rates() -> None:
    found = figures(compound_market(periods_a_year=0))
    for name in ("borrow_rate", "supply_rate"):
        assert "how many blocks a year" in found[name].reason


def test_an_empty_market_says_so() -> None:
    empty = {"cash": 0, "total_borrows": 0, "total_reserves": 0, "total_supply": 0}
    found = figures(compound_market(**empty))
    assert found["utilization"].value == 0
    assert found["cash_share"].reason == "nothing is supplied"
    assert found["known_debt_share"].reason == "no account is named"


def test_a_market_that_could_not_accrue_says_why() -> None:
    found = figures(compound_market(borrow_rate=10**13))
    assert {each.reason for each in found.values()} == {"borrow rate is absurdly high"}


def test_caps_are_told_by_side() -> None:
    found = figures(aave_reserve(supply_cap=2_000 * 10**6))
    assert found["cap_used supply"].value == 0.5
    assert found["cap_used borrow"].reason == "there is no cap"
    assert figures(aave_reserve(borrow_cap=0))["cap_used borrow"].reason == "the cap is 0"
    due = aave_reserve(supply_cap=2_000 * 10**6, accrued_to_treasury=10**9)
    assert figures(due)["cap_used supply"].value == 1
    assert not any(name.startswith("cap_used") for name in figures(compound_market()))


def test_accounts_of_compound() -> None:
    """One well off, one whose collateral in full is less than its debt."""
    sound = CompoundAccount(10, 100 * WAD, 300 * WAD, 400 * WAD, 200 * WAD)
    broken = CompoundAccount(10, 60 * WAD, 75 * WAD, 100 * WAD, 150 * WAD)
    found = values(compound_market(accounts=(sound, broken)))
    assert found["weakest_health"] == 0.5
    assert found["uncovered_debt"] == 50
    assert found["known_debt_share"] == 160 / 400
    unknown = figures(compound_market(accounts=(sound, CompoundAccount(1, 2))))
    assert "cannot be valued" in unknown["weakest_health"].reason
    idle = figures(compound_market(accounts=(CompoundAccount(1, 0, 5, 5, 0),)))
    assert idle["weakest_health"].reason == "no named account owes anything"
    assert idle["uncovered_debt"].value == 0


def test_the_ladder_of_shocks_names_the_step_that_breaks() -> None:
    """Two accounts with 400 WETH of debt together, counted at 300 against 200 and at 450 against
    400: the second falls at 20%, the first at 50%, and 600 can be withdrawn."""
    first = CompoundAccount(10, 300 * WAD, 300 * WAD, 400 * WAD, 200 * WAD)
    second = CompoundAccount(10, 100 * WAD, 450 * WAD, 600 * WAD, 400 * WAD)
    found = figures(compound_market(accounts=(first, second)))
    at_risk = [found[f"debt_at_risk {step}"].value for step in ("0.1", "0.2", "0.3", "0.5")]
    assert at_risk == [0, 100, 100, 400]
    assert [found[f"coverage {step}"].value for step in ("0.2", "0.5")] == [6, 1.5]
    assert "no known account may be liquidated" in found["coverage 0.1"].reason
    assert found["known_debt_share"].value == 1
    # 400 and 600 of collateral halved, over 1.08: 185 of 200 and 278 of 400 are repaid
    lost = 300 * (1 - 200 / 1.08 / 200) + 100 * (1 - 300 / 1.08 / 400)
    assert found["bad_debt_at_shock 0.5"].value == pytest.approx(lost, rel=1e-14)
    assert found["bad_debt_at_shock 0.2"].value == 0
    tight = figures(compound_market(accounts=(first, second), cash=100 * WAD))
    assert tight["coverage 0.5"].value == 0.25
    nobody = figures(compound_market())
    assert nobody["coverage 0.5"].reason == "no account is named"


def test_the_ladder_of_a_market_of_morpho() -> None:
    """140 of collateral against 100 at 80%: it falls below a price of 100 / (140 * 0.8). A repaid
    unit takes 1 / (1 - 0.3 * (1 - 0.8)) of it."""
    market = MorphoMarket(
        total_supply_assets=150 * WAD,
        total_supply_shares=150 * 10**24,
        total_borrow_assets=100 * WAD,
        total_borrow_shares=100 * 10**24,
        fee=0,
        borrow_rate=0,
        lltv=WAD * 8 // 10,
        oracle_price=10**36,
        loan_balance=50 * WAD,
        positions=(MorphoPosition(0, 100 * 10**24, 140 * WAD), MorphoPosition(0, 0, 0)),
        loan_decimals=18,
        collateral_decimals=18,
    )
    found = figures(market)
    steps = ("0.1", "0.2", "0.3", "0.5")
    at_risk = [found[f"debt_at_risk {step}"].value for step in steps]
    assert at_risk == pytest.approx([0, 100, 100, 100], rel=1e-15)
    assert found["coverage 0.2"].value == pytest.approx(0.5, rel=1e-15)
    lost = [found[f"bad_debt_at_shock {step}"].value for step in steps]
    taken = 1 / (1 - 0.3 * 0.2)
    assert lost == pytest.approx([0, 0, 100 - 98 / taken, 100 - 70 / taken], rel=1e-14)
    assert found["bad_debt"].value == 0


def test_no_reserve_of_aave_says_what_liquidators_of_other_collateral_take() -> None:
    account = AaveAccount(0, 400 * 10**6, 0, 600 * 10**8, 400 * 10**8, 8_000)
    found = figures(aave_reserve(accounts=(account,)))
    assert [found[f"debt_at_risk {step}"].value for step in ("0.1", "0.2")] == [0, 400]
    assert not any(name.startswith("bad_debt_at_shock") for name in found)


def test_a_reserve_of_aave() -> None:
    found = values(aave_reserve(), 1.0)
    assert found["utilization"] == 0.4
    assert (found["total_supplied"], found["total_debt"]) == (1_000, 400)
    assert (found["withdrawable"], found["cash_share"]) == (600, 0.6)
    assert (found["supply_rate"], found["borrow_rate"]) == (0.02, 0.05)
    assert (found["oracle_price"], found["reserves"]) == (1, 0)
    for shut in ({"paused": True}, {"active": False}):
        assert values(aave_reserve(**shut))["withdrawable"] == 0


def test_a_year_of_a_reserve() -> None:
    """Linear for who supplies, compounded for who owes, a tenth of it for the treasury."""
    found = values(aave_reserve(elapsed=365 * 86_400))
    assert (found["total_supplied"], found["supply_index"]) == (1_020, 1.02)
    assert found["total_debt"] == pytest.approx(400 * math.exp(0.05), rel=1e-5)
    assert found["reserves"] == pytest.approx((found["total_debt"] - 400) / 10, abs=1e-6)


def test_accounts_of_aave() -> None:
    sound = AaveAccount(0, 100 * 10**6, 0, 10**11, 4 * 10**10, 8_000)
    broken = AaveAccount(0, 100 * 10**6, 20 * 10**6, 10**10, 2 * 10**10, 8_000)
    found = values(aave_reserve(accounts=(sound, broken)))
    assert found["weakest_health"] == 0.4
    assert found["uncovered_debt"] == 100
    assert found["known_debt_share"] == 220 / 400
