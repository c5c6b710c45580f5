"""Compound V2 beside its real markets: interest to a block, the exchange rate, what accounts owe
and what the comptroller says of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.adapters import entry, identified, read_states
from tests.support.effort import examples
from tests.support.numbers import sizes
from tests.support.real_compound import (
    TOTAL_RESERVES,
    Loan,
    RealMarket,
    account_storage,
    real_markets,
)
from tests.support.simulation import SENDER, Result, Step, simulate, step
from tests.support.stirring import send
from tests.support.world import LocalWorld
from watcher.errors import MathError
from watcher.math.compound_market import accrued, exchange_rate_current
from watcher.math.exact import lending_compound as ours
from watcher.math.exact.lending_compound import WAD, Curve, Position, Totals
from watcher.state import Address, CompoundMarket, to_address

MOVES = (
    *("accrueInterest", "exchangeRateCurrent", "borrowBalanceCurrent", "totalBorrowsCurrent"),
    *("getAccountSnapshot", "getAccountLiquidity", "redeem"),
)
pytestmark = [
    pytest.mark.anvil,
    pytest.mark.proves(
        "compound_market",
        "CErc20",
        "CompoundComptroller",
        "WhitePaperInterestRateModel",
        moves=MOVES,
    ),
]

on_chain = settings(max_examples=examples(25, deep=300))
YEAR = 2_102_400
"""Blocks, as the model counts them."""
MARKETS = st.integers(0, 3)
SOME = st.integers(2**80, 2**90) | sizes(0, 2**90)
KEPT = st.integers(1, 10**9)


@pytest.fixture(scope="module")
def markets(fork_site: LocalWorld) -> list[RealMarket]:
    return real_markets(fork_site)


@dataclass(frozen=True)
class Case:
    """A market and how long nobody has touched it."""

    totals: Totals
    supply: int
    reserve_factor: int
    elapsed: int
    curve: tuple[int, int]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Of every size; half of them as markets are, the reserves a part of the interest."""
    most = draw(st.sampled_from([2**60, 2**100, 2**255]))
    cash, borrows = draw(sizes(0, most)), draw(sizes(0, most))
    reserves = draw(sizes(0, (cash + borrows) // 2) | sizes(0, most))
    return Case(
        Totals(cash, borrows, reserves, draw(sizes(WAD, 2**90) | sizes(0, 2**255))),
        supply=draw(st.just(0) | sizes(0, most)),
        reserve_factor=draw(st.integers(0, WAD)),
        elapsed=draw(st.sampled_from([0, 1, YEAR]) | sizes(0, 20 * YEAR)),
        curve=(draw(sizes(0, WAD)), draw(sizes(0, 8 * WAD))),
    )


def outcome(ask: Callable[[], int]) -> int | None:
    try:
        return ask()
    except MathError:
        return None


def answer(found: Result) -> int | None:
    return found.integer if found.ok else None


@on_chain
@given(which=MARKETS, case=cases(), data=st.data())
def test_interest_accrues_as_the_market_has_it(
    markets: list[RealMarket], which: int, case: Case, data: st.DataObject
) -> None:
    """Each *Current getter, and what accrueInterest leaves; where it fails nothing changes."""
    real, totals = markets[which], case.totals
    loan = Loan(data.draw(sizes(0, totals.total_borrows)), data.draw(sizes(1, 2**90)))
    account = ("borrowBalanceCurrent", SENDER, "address")
    asked = [real.view("borrowRatePerBlock"), real.view("exchangeRateStored")]
    asked += [real.view(account[0], account[1], inputs=account[2])]
    asked += [real.view("exchangeRateCurrent"), real.view("totalBorrowsCurrent")]
    after = [real.view(name) for name in ("totalBorrows", "totalReserves", "borrowIndex")]
    rate, stored, owed, current, borrows, *left = real.run(
        totals,
        [*asked, *after],
        elapsed=case.elapsed,
        supply=case.supply,
        reserve_factor=case.reserve_factor,
        loan=loan,
        curve=case.curve,
    )
    curve = Curve(*case.curve, annual=YEAR)
    expected_rate = outcome(lambda: ours.get_borrow_rate(curve, totals))
    assert answer(rate) == expected_rate
    initial = stored.integer if case.supply == 0 else 0
    assert answer(stored) == outcome(lambda: ours.exchange_rate(totals, case.supply, initial))

    def now() -> Totals:
        block_rate = ours.get_borrow_rate(curve, totals)
        factor = case.reserve_factor
        return ours.accrue_interest(totals, block_rate, factor, elapsed=case.elapsed)

    assert answer(borrows) == outcome(lambda: now().total_borrows)
    assert answer(current) == outcome(lambda: ours.exchange_rate(now(), case.supply, initial))
    debt = outcome(lambda: ours.borrow_balance(loan.principal, loan.interest_index, index(now)))
    assert answer(owed) == debt
    try:
        kept = now()
    except MathError:
        kept = totals
    found = [each.integer for each in left]
    assert found == [kept.total_borrows, kept.total_reserves, kept.borrow_index]


def index(now: Callable[[], Totals]) -> int:
    return now().borrow_index


@on_chain
@given(which=MARKETS, case=cases(), data=st.data())
def test_redeeming_goes_by_the_exchange_rate(
    markets: list[RealMarket], which: int, case: Case, data: st.DataObject
) -> None:
    """What redeeming pays is the cash that goes; a snapshot of who redeems says the rest."""
    real = markets[which]
    totals = replace(case.totals, total_reserves=min(case.totals.total_reserves, 2**60))
    shares = data.draw(sizes(1, max(case.supply, 1)))
    asked = [real.view("exchangeRateCurrent"), real.view("redeem", shares, inputs="uint256")]
    asked += [real.view("getCash"), real.view("getAccountSnapshot", SENDER, inputs="address")]
    rate, redeemed, cash, snapshot = real.run(
        totals, asked, elapsed=0, supply=max(case.supply, 1), shares=shares
    )
    if not rate.ok or not redeemed.ok or redeemed.integer:
        expected = outcome(lambda: ours.redeem_amount(shares, rate.integer)) if rate.ok else None
        assert expected is None or expected > totals.cash or expected == 0
        return
    assert totals.cash - cash.integer == ours.redeem_amount(shares, rate.integer)
    error, left, owed, _ = snapshot.integers()
    assert (error, left, owed) == (0, 0, 0)


@on_chain
@given(who=st.integers(0, 1), held=st.lists(st.tuples(SOME, SOME, KEPT), min_size=2, max_size=2))
def test_an_account_is_valued_as_the_comptroller_does(
    markets: list[RealMarket], who: int, held: list[tuple[int, int, int]]
) -> None:
    """A borrower of the world, which entered two markets, with any shares and debts there; what is
    kept makes the exchange rates odd, so that products are rounded."""
    chain, market = markets[0].chain, markets[0].market
    account = market.accounts[who]
    (entered,) = chain.read(market.rules, "getAssetsIn(address)(address[])", account)
    (oracle,) = chain.read(market.rules, "oracle()(address)")
    known = {real.market.address: real.market for real in markets}
    storage: dict[tuple[Address, int], int] = {}
    steps: list[Step] = [step(market.rules, "getAccountLiquidity(address)", account)]
    for address, (shares, debt, reserves) in zip(map(to_address, entered), held, strict=True):
        storage |= account_storage(known[address], account, shares, Loan(debt, WAD))
        storage[address, TOTAL_RESERVES] = reserves
        steps.append(step(address, "getAccountSnapshot(address)", account))
        steps.append(step(market.rules, "markets(address)", address))
        steps.append(step(to_address(oracle), "getUnderlyingPrice(address)", address))
    told, *rest = simulate(chain, storage, steps)
    found = []
    for snapshot, rules, price in zip(rest[::3], rest[1::3], rest[2::3], strict=True):
        _, shares, debt, rate = snapshot.integers()
        found.append(Position(shares, debt, rate, rules.integers()[1], price.integer))
    expected = ours.liquidity_and_shortfall(ours.valued(found, half_up=True))
    assert told.integers() == (0, *expected)


async def test_a_year_later_the_state_gives_what_the_market_then_says(
    fork_node: LocalWorld, markets: list[RealMarket]
) -> None:
    """The adapter's state with a year elapsed beside the market's own getters a year on."""
    targets = []
    for real in markets:
        (found,) = await identified(fork_node.chain, [entry("compound_v2", real.market.address)])
        assert found.target is not None
        targets.append(found.target)
    states = await read_states(fork_node.chain, targets)
    for real, state in zip(markets, states, strict=True):
        assert isinstance(state, CompoundMarket)
        later = replace(state, elapsed=state.elapsed + YEAR)
        number = fork_node.chain.head().number + YEAR
        names = ("exchangeRateCurrent", "totalBorrowsCurrent", "totalReserves", "borrowIndex")
        steps = [real.view(name) for name in names]
        found_then = simulate(fork_node.chain, {}, steps, number=number)
        now = accrued(later)
        assert [each.integer for each in found_then] == [
            exchange_rate_current(later),
            now.total_borrows,
            now.total_reserves,
            now.borrow_index,
        ]
        assert now.total_borrows > state.total_borrows or not state.total_borrows


async def test_a_gift_moves_the_exchange_rate_and_no_total(
    fork_node: LocalWorld, markets: list[RealMarket]
) -> None:
    """Cash is the cToken's balance: whoever sends to it raises what a share is worth."""
    usdc = next(real for real in markets if real.market.token.symbol == "USDC")
    (found,) = await identified(fork_node.chain, [entry("compound_v2", usdc.market.address)])
    assert found.target is not None
    (before,) = await read_states(fork_node.chain, [found.target])
    gift = 123_456 * 10**6
    mint = "mint(address,uint256)"
    who = fork_node.world.actors.trader
    send(fork_node, who, usdc.market.token.address, mint, usdc.market.address, gift)
    (after,) = await read_states(fork_node.chain, [found.target])
    assert isinstance(before, CompoundMarket)
    assert isinstance(after, CompoundMarket)
    assert after.cash == before.cash + gift
    assert after.total_supply == before.total_supply
    assert after.exchange_rate == (
        (before.cash + gift + before.total_borrows - before.total_reserves)
        * WAD
        // before.total_supply
    )
