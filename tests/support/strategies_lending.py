"""States of lending markets."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, get_args

from hypothesis import strategies as st

from tests.support.numbers import DECIMALS, sizes
from watcher.state import AaveAccount, AaveReserve, CompoundAccount, CompoundMarket
from watcher.state.aave_reserve import BPS, RAY
from watcher.state.compound_market import WAD, RateModel

RATE_MODELS: tuple[RateModel, ...] = get_args(RateModel)
FACTORS = st.integers(0, WAD)
YEARS = st.sampled_from([0, 2_102_400, 2_628_000, 10_512_000])
CAPS = st.none() | sizes(0, 2**128)


def compound_market(**changes: Any) -> CompoundMarket:
    """A market by hand: 600 whole tokens of 18 decimals in cash, 400 lent, 10 kept."""
    made = CompoundMarket(
        cash=600 * WAD,
        total_borrows=400 * WAD,
        total_reserves=10 * WAD,
        total_supply=49_500 * 10**8,
        borrow_index=WAD,
        elapsed=0,
        exchange_rate=2 * 10**26,
        borrow_rate=5 * 10**9,
        rate_model="other",
        base_rate=0,
        multiplier=0,
        jump_multiplier=0,
        kink=0,
        periods_a_year=2_000_000,
        reserve_factor=WAD // 4,
        collateral_factor=WAD * 3 // 4,
        close_factor=WAD // 2,
        liquidation_incentive=WAD * 108 // 100,
        price=3_000 * WAD,
        listed=True,
        mint_paused=False,
        borrow_paused=False,
        seize_paused=False,
        transfer_paused=False,
        accounts=(),
        decimals=18,
        share_decimals=8,
    )
    return replace(made, **changes)


def aave_reserve(**changes: Any) -> AaveReserve:
    """A reserve by hand: 600 whole tokens of 6 decimals at hand, 400 lent."""
    made = AaveReserve(
        available=600 * 10**6,
        scaled_supply=1_000 * 10**6,
        scaled_debt=400 * 10**6,
        stable_debt=0,
        unbacked=0,
        accrued_to_treasury=0,
        liquidity_index=RAY,
        variable_borrow_index=RAY,
        liquidity_rate=RAY // 50,
        variable_borrow_rate=RAY // 20,
        elapsed=0,
        ltv=7_500,
        liquidation_threshold=8_000,
        liquidation_bonus=10_500,
        reserve_factor=1_000,
        active=True,
        frozen=False,
        paused=False,
        borrowing_enabled=True,
        price=10**8,
        price_unit=10**8,
        accounts=(),
        decimals=6,
    )
    return replace(made, **changes)


@st.composite
def compound_accounts(draw: st.DrawFn) -> CompoundAccount:
    shares, owed = draw(sizes(0, 2**112)), draw(sizes(0, 2**112))
    if draw(st.integers(0, 5)) == 0:
        return CompoundAccount(shares, owed)
    value = draw(sizes(0, 2**128))
    collateral = value * draw(st.integers(0, 100)) // 100
    return CompoundAccount(shares, owed, collateral, value, draw(sizes(0, 2**128)))


@st.composite
def compound_markets(draw: st.DrawFn) -> CompoundMarket:
    model = draw(st.sampled_from(RATE_MODELS))
    told = 0 if model == "other" else 1
    factor = draw(FACTORS)
    cash, borrows = draw(sizes(0, 2**112)), draw(sizes(0, 2**112))
    return CompoundMarket(
        cash=cash,
        total_borrows=borrows,
        total_reserves=draw(sizes(0, cash + borrows) | sizes(0, 2**112)),
        total_supply=draw(sizes(0, 2**112)),
        borrow_index=draw(sizes(WAD, 2**100)),
        elapsed=draw(sizes(0, 2**32)),
        exchange_rate=draw(sizes(0, 2**112)),
        borrow_rate=draw(sizes(0, 6 * 10**12)),
        rate_model=model,
        base_rate=draw(sizes(0, WAD)) * told,
        multiplier=draw(sizes(0, WAD)) * told,
        jump_multiplier=draw(sizes(0, WAD)) if model == "jump" else 0,
        kink=draw(FACTORS) if model == "jump" else 0,
        periods_a_year=2_102_400 if model == "white_paper_annual" else draw(YEARS),
        reserve_factor=draw(FACTORS),
        collateral_factor=factor,
        close_factor=draw(FACTORS),
        liquidation_incentive=draw(sizes(0, 2 * WAD)),
        price=draw(st.just(0) | sizes(0, 2**200)),
        supply_cap=draw(CAPS),
        borrow_cap=draw(CAPS),
        listed=draw(st.booleans()),
        mint_paused=draw(st.booleans()),
        borrow_paused=draw(st.booleans()),
        seize_paused=draw(st.booleans()),
        transfer_paused=draw(st.booleans()),
        accounts=tuple(draw(st.lists(compound_accounts(), max_size=3))),
        decimals=draw(DECIMALS),
        share_decimals=8,
    )


@st.composite
def aave_accounts(draw: st.DrawFn) -> AaveAccount:
    return AaveAccount(
        scaled_supply=draw(sizes(0, 2**112)),
        scaled_debt=draw(sizes(0, 2**112)),
        stable_debt=draw(st.just(0) | sizes(0, 2**100)),
        collateral=draw(sizes(0, 2**128)),
        debt=draw(sizes(0, 2**128)),
        liquidation_threshold=draw(st.integers(0, BPS)),
    )


@st.composite
def aave_reserves(draw: st.DrawFn) -> AaveReserve:
    return AaveReserve(
        available=draw(sizes(0, 2**112)),
        scaled_supply=draw(sizes(0, 2**112)),
        scaled_debt=draw(sizes(0, 2**112)),
        stable_debt=draw(st.just(0) | sizes(0, 2**100)),
        unbacked=draw(st.just(0) | sizes(0, 2**100)),
        accrued_to_treasury=draw(sizes(0, 2**100)),
        liquidity_index=draw(sizes(RAY, 2**100)),
        variable_borrow_index=draw(sizes(RAY, 2**100)),
        liquidity_rate=draw(sizes(0, 10 * RAY)),
        variable_borrow_rate=draw(sizes(0, 10 * RAY)),
        elapsed=draw(sizes(0, 2**32)),
        ltv=draw(st.integers(0, BPS)),
        liquidation_threshold=draw(st.integers(0, BPS)),
        liquidation_bonus=draw(st.integers(0, 2 * BPS)),
        reserve_factor=draw(st.integers(0, BPS)),
        active=draw(st.booleans()),
        frozen=draw(st.booleans()),
        paused=draw(st.booleans()),
        borrowing_enabled=draw(st.booleans()),
        price=draw(st.just(0) | sizes(0, 2**128)),
        price_unit=draw(st.sampled_from([10**8, 10**18])),
        accounts=tuple(draw(st.lists(aave_accounts(), max_size=3))),
        decimals=draw(DECIMALS),
        supply_cap=draw(CAPS),
        borrow_cap=draw(CAPS),
    )
