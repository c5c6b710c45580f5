"""States of lending markets, peg stability modules, index tokens and lockboxes, for hypothesis."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.support.numbers import DECIMALS, SHARES, portion, sizes
from watcher.state import (
    Lockbox,
    MorphoMarket,
    MorphoPosition,
    PegStability,
    SetComponent,
    SetToken,
)

UINT128 = 2**128 - 1


@st.composite
def morpho_markets(draw: st.DrawFn) -> MorphoMarket:
    """With two accounts, at prices that leave them healthy or not."""
    supplied = draw(sizes(0, UINT128))
    borrowed = portion(supplied, draw(SHARES)) if supplied else 0
    borrow_shares = min(borrowed * 10**6, UINT128)
    return MorphoMarket(
        total_supply_assets=supplied,
        total_supply_shares=draw(sizes(0, UINT128)),
        total_borrow_assets=borrowed,
        total_borrow_shares=borrow_shares,
        fee=draw(st.integers(0, 10**18 // 4)),
        borrow_rate=draw(sizes(0, 10**12)),
        lltv=draw(st.integers(0, 10**18 - 1)),
        oracle_price=draw(st.just(0) | sizes(10**24, 10**48)),
        loan_balance=draw(sizes(0, 2**256 - 1)),
        positions=tuple(
            MorphoPosition(
                supply_shares=draw(sizes(0, UINT128)),
                borrow_shares=borrow_shares // parts if parts else 0,
                collateral=draw(sizes(0, 2**100)),
            )
            for parts in (draw(st.sampled_from([0, 2, 3])), draw(st.sampled_from([0, 2, 1_000])))
        ),
        loan_decimals=draw(DECIMALS),
        collateral_decimals=draw(DECIMALS),
    )


@st.composite
def peg_modules(draw: st.DrawFn) -> PegStability:
    decimals = draw(st.sampled_from([2, 6, 8, 18]))
    one_dollar = 10 ** (36 - decimals)
    cap = draw(sizes(0, 2**128))
    return PegStability(
        held=draw(sizes(0, 2**128)),
        minted=draw(st.just(cap) | sizes(0, cap)),
        mint_cap=cap,
        fee_in=draw(st.sampled_from([0, 5, 9_999])),
        fee_out=draw(st.sampled_from([0, 10, 9_999])),
        oracle_price=draw(st.just(one_dollar) | sizes(0, 2 * one_dollar)),
        paused=draw(st.sampled_from([False, False, True])),
        stable_decimals=decimals,
        minted_decimals=18,
    )


@st.composite
def set_tokens(draw: st.DrawFn) -> SetToken:
    """Of three components, of which one may be owed elsewhere; with target weights or without."""
    components = []
    for _ in range(3):
        unit = draw(sizes(0, 2**100))
        owed = draw(st.just(0) | sizes(0, 2 * unit + 1))
        components.append(SetComponent(unit, unit - owed, draw(sizes(0, 2**200))))
    quarter = 10**18 // 4
    return SetToken(
        total_supply=draw(sizes(0, 2**100)),
        components=tuple(components),
        weights=draw(st.sampled_from([(quarter, quarter, 2 * quarter), ()])),
        valuation=draw(st.just(()) | st.tuples(sizes(0, 2**200))),
        decimals=tuple(draw(DECIMALS) for _ in range(3)),
    )


@st.composite
def lockboxes(draw: st.DrawFn) -> Lockbox:
    """Of two holders, whose token was issued as often or not."""
    locked = draw(sizes(0, 2**200)), draw(sizes(0, 2**200))
    return Lockbox(
        locked=locked,
        issued=draw(st.just(sum(locked)) | sizes(0, 2**200)),
        locked_decimals=draw(DECIMALS),
        issued_decimals=draw(DECIMALS),
    )
