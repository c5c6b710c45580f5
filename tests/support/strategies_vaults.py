"""Vaults of more than one contract for hypothesis: Yearn's."""

from __future__ import annotations

from typing import get_args

from hypothesis import strategies as st

from tests.support.numbers import DECIMALS, UINT256, sizes
from watcher.state import YearnStrategy, YearnVault
from watcher.state.yearn_vault import YearnVersion


def yearn(
    total_idle: int = 10**21,
    total_supply: int = 10**21,
    *debts: int,
    version: YearnVersion = "0.4.3",
) -> YearnVault:
    """A vault by hand, whose strategies have what they owe."""
    return YearnVault(
        version=version,
        total_idle=total_idle,
        total_debt=sum(debts),
        total_supply=total_supply,
        balance=total_idle,
        locked_profit=0,
        locked_shares=0,
        deposit_limit=UINT256,
        shutdown=False,
        guarded=False,
        strategies=tuple(YearnStrategy(debt, debt, debt) for debt in debts),
        decimals=18,
    )


@st.composite
def yearns(draw: st.DrawFn, most: int = 2**120) -> YearnVault:
    version = draw(st.sampled_from(get_args(YearnVersion)))
    idle, debts = draw(sizes(0, most)), draw(st.lists(sizes(0, most), max_size=3))
    debt = sum(debts) + draw(st.one_of(st.just(0), sizes(0, most)))
    supply = draw(sizes(0, most))
    is_v3 = version == "3.1.0"
    strategies = []
    for owed in debts:
        assets = draw(st.one_of(st.just(owed), sizes(0, most)))
        payable = draw(st.one_of(st.just(assets), sizes(0, most))) if is_v3 else assets
        strategies.append(YearnStrategy(owed, assets, payable))
    return YearnVault(
        version=version,
        total_idle=idle,
        total_debt=debt,
        total_supply=supply,
        balance=idle + (draw(sizes(0, most)) if is_v3 else 0),
        locked_profit=0 if is_v3 else draw(sizes(0, idle + debt)),
        locked_shares=draw(sizes(0, supply)) if is_v3 else 0,
        deposit_limit=draw(st.sampled_from([0, most, UINT256])),
        shutdown=draw(st.booleans()),
        guarded=version == "0.3.4" and draw(st.booleans()),
        strategies=tuple(strategies),
        decimals=draw(DECIMALS),
    )
