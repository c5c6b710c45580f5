"""Aave V3 beside its real pool: indexes at a time, balances, what the treasury is due, health."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.adapters import entry, identified, read_states
from tests.support.effort import examples
from tests.support.numbers import sizes
from tests.support.real_aave import Kept, RealReserve, real_reserves
from tests.support.real_compound import TOKEN_BALANCES, WETH_BALANCES
from tests.support.simulation import SENDER, Result, Step, entry_of, simulate, step
from tests.support.world import LocalWorld
from watcher.errors import MathError
from watcher.math.aave_reserve import (
    atoken_supply,
    debt_index,
    income_index,
    scaled_treasury,
    variable_debt,
)
from watcher.math.exact import lending_aave as ours
from watcher.math.exact.lending_aave import RAY, ray_mul
from watcher.state import AaveReserve, Address

MOVES = (
    *("getReserveNormalizedIncome", "getReserveNormalizedVariableDebt", "totalSupply"),
    *("balanceOf", "getUserAccountData", "supply"),
)
pytestmark = [
    pytest.mark.anvil,
    pytest.mark.proves(
        "aave_reserve", "AavePool", "AaveAToken", "AaveVariableDebtToken", moves=MOVES
    ),
]

on_chain = settings(max_examples=examples(25, deep=300))
YEAR = 365 * 86_400
RESERVES = st.integers(0, 2)


@pytest.fixture(scope="module")
def reserves(fork_site: LocalWorld) -> list[RealReserve]:
    return real_reserves(fork_site)


@dataclass(frozen=True)
class Case:
    """A reserve and how long nobody has touched it."""

    indexes: tuple[int, int]
    rates: tuple[int, int]
    scaled: tuple[int, int]
    elapsed: int


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Of every size that 128 bits hold; half of them as reserves are."""
    index = sizes(RAY, 100 * RAY) | sizes(0, 2**128 - 1)
    rate = sizes(0, RAY) | sizes(0, 2**128 - 1)
    amount = sizes(0, 2**100) | sizes(0, 2**200)
    return Case(
        (draw(index), draw(index)),
        (draw(rate), draw(rate)),
        (draw(amount), draw(amount)),
        draw(st.sampled_from([0, 1, 2, 3, YEAR]) | sizes(0, 50 * YEAR)),
    )


def outcome(ask: Callable[[], int]) -> int | None:
    try:
        return ask()
    except MathError:
        return None


def answer(found: Result) -> int | None:
    return found.integer if found.ok else None


@on_chain
@given(which=RESERVES, case=cases(), data=st.data())
def test_indexes_and_balances_are_the_pools(
    reserves: list[RealReserve], which: int, case: Case, data: st.DataObject
) -> None:
    real = reserves[which]
    now = real.chain.head().timestamp + 10
    elapsed = min(case.elapsed, now)
    kept = Kept(
        case.indexes[0], case.rates[0], case.indexes[1], case.rates[1], updated_at=now - elapsed
    )
    own = (data.draw(sizes(0, 2**120)), data.draw(sizes(0, 2**120)))
    asked = [real.of_pool("getReserveNormalizedIncome")]
    asked += [real.of_pool("getReserveNormalizedVariableDebt")]
    for token in (real.a_token, real.variable):
        asked += [step(token, "totalSupply()"), step(token, "balanceOf(address)", SENDER)]
    income, debt, *tokens = real.run(kept, asked, time=now, scaled=case.scaled, own=own)

    def income_now() -> int:
        return ours.normalized_income(case.indexes[0], case.rates[0], elapsed)

    def debt_now() -> int:
        return ours.normalized_debt(case.indexes[1], case.rates[1], elapsed)

    assert answer(income) == outcome(income_now)
    assert answer(debt) == outcome(debt_now)
    expected = []
    for index, total, held in zip((income_now, debt_now), case.scaled, own, strict=True):
        expected += [_of(index, total), _of(index, held)]
    # what is none needs no index, but for the supply of the debt token
    if case.scaled[0] == 0:
        expected[0] = 0
    if own[1] == 0:
        expected[3] = 0
    assert [answer(each) for each in tokens] == expected


def _of(index: Callable[[], int], scaled: int) -> int | None:
    return outcome(lambda: ray_mul(scaled, index()))


@on_chain
@given(which=RESERVES, elapsed=sizes(0, 3 * YEAR))
def test_touching_a_reserve_leaves_what_ours_says(
    reserves: list[RealReserve], which: int, elapsed: int
) -> None:
    """A deposit of one unit later on: the indexes stored then, and what the treasury is due."""
    real = reserves[which]
    chain, market = real.chain, real.market
    now = chain.head().timestamp + 1 + elapsed
    who = market.accounts[0]
    before = simulate(chain, {}, [real.data()], time=now)[0].integers()
    kept = _state(real, before, now)
    give = "supply(address,uint256,address,uint16)"
    steps: list[Step] = [
        step(real.variable, "scaledTotalSupply()"),
        step(market.address, give, market.token.address, 10**6, who, 0, sender=who),
        real.data(),
    ]
    owed, supplied, after = _with_money(real, who, steps, now)
    assert supplied.ok, supplied.reason
    kept = replace(kept, scaled_debt=owed.integer)
    words = after.integers()
    assert words[1] == income_index(kept)
    assert words[3] == (debt_index(kept) if kept.scaled_debt else kept.variable_borrow_index)
    assert words[12] == scaled_treasury(kept)


def _with_money(real: RealReserve, who: Address, steps: list[Step], now: int) -> list[Result]:
    """`who` has some of the asset first, and lets the pool take it."""
    market = real.market
    token = market.token.address
    first = [step(token, "approve(address,uint256)", market.address, 2**255, sender=who)]
    slot = WETH_BALANCES if market.token.symbol == "WETH" else TOKEN_BALANCES
    storage = {(token, entry_of(slot, who)): 10**6}
    return simulate(real.chain, storage, [*first, *steps], time=now)[len(first) :]


def _state(real: RealReserve, words: tuple[int, ...], now: int) -> AaveReserve:
    return AaveReserve(
        available=0,
        scaled_supply=0,
        scaled_debt=0,
        stable_debt=0,
        unbacked=words[13],
        accrued_to_treasury=words[12],
        liquidity_index=words[1],
        variable_borrow_index=words[3],
        liquidity_rate=words[2],
        variable_borrow_rate=words[4],
        elapsed=now - words[6],
        ltv=0,
        liquidation_threshold=0,
        liquidation_bonus=0,
        reserve_factor=words[0] >> 64 & 0xFFFF,
        active=True,
        frozen=False,
        paused=False,
        borrowing_enabled=True,
        price=0,
        price_unit=1,
        accounts=(),
        decimals=real.market.token.decimals,
    )


async def test_a_year_later_the_state_gives_what_the_pool_then_says(
    fork_node: LocalWorld, reserves: list[RealReserve]
) -> None:
    """The adapter's state with a year elapsed beside the getters a year on; and each account."""
    targets = []
    for real in reserves:
        market = real.market
        asked = entry(
            "aave_v3", market.address, asset=market.token.address, accounts=list(market.accounts)
        )
        (found,) = await identified(fork_node.chain, [asked])
        assert found.target is not None, found.refusal
        targets.append(found.target)
    states = await read_states(fork_node.chain, targets)
    for real, state in zip(reserves, states, strict=True):
        assert isinstance(state, AaveReserve)
        later = replace(state, elapsed=state.elapsed + YEAR)
        accounts = real.market.accounts
        steps = [
            real.of_pool("getReserveNormalizedIncome"),
            real.of_pool("getReserveNormalizedVariableDebt"),
            *(step(each, "totalSupply()") for each in (real.a_token, real.variable)),
            *(step(real.a_token, "balanceOf(address)", who) for who in accounts),
            *(step(real.variable, "balanceOf(address)", who) for who in accounts),
        ]
        time = fork_node.chain.head().timestamp + YEAR
        found_then = simulate(fork_node.chain, {}, steps, time=time)
        known = later.accounts
        income, debt = income_index(later), debt_index(later)
        assert [each.integer for each in found_then] == [
            *(income, debt, atoken_supply(later), variable_debt(later)),
            *(ray_mul(each.scaled_supply, income) for each in known),
            *(ray_mul(each.scaled_debt, debt) for each in known),
        ]
        data = [step(real.market.address, "getUserAccountData(address)", who) for who in accounts]
        for each, told in zip(known, simulate(fork_node.chain, {}, data), strict=True):
            health = ours.health_factor(each.collateral, each.debt, each.liquidation_threshold)
            assert told.integers()[:2] != (0, 0)
            assert health > 10**18
