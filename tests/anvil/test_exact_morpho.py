"""Morpho Blue beside its real contract: interest, shares, health, liquidations and bad debt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.effort import examples
from tests.support.numbers import SHARES, portion, sizes, spread
from tests.support.real_morpho import (
    ADAPTER,
    Given,
    RealMarket,
    deploy_markets,
    market_after,
    position_after,
    real_loan,
)
from tests.support.simulation import Step, answers, getters, simulate
from tests.support.world import LocalWorld
from watcher.devnet.artifacts import Toolchain
from watcher.errors import DecodeError, MathError
from watcher.math.exact import morpho as ours
from watcher.math.exact.morpho import Liquidation, Market, Move, Position, Terms
from watcher.math.families.morpho_market import market_of, position_of
from watcher.protocols.morpho_blue import BORROW_RATE_VIEW
from watcher.state import Answer, MorphoMarket

MOVES = ("accrueInterest", "supply", "withdraw", "borrow", "repay", "liquidate")
pytestmark = [
    pytest.mark.anvil,
    pytest.mark.proves("morpho_market", "Morpho", moves=MOVES),
]

each_way = settings(max_examples=examples(12, deep=100))
on_chain = settings(max_examples=examples(40, deep=300))
UINT128 = 2**128 - 1
YEAR = 365 * 86_400
WHICH = st.integers(0, 3)
PRICES = st.one_of(sizes(0, 2**120), sizes(10**30, 10**42))


@pytest.fixture(scope="module")
def markets(fork_site: LocalWorld, toolchain: Toolchain) -> list[RealMarket]:
    return deploy_markets(fork_site, toolchain.artifacts)


def usual_market(seed: int) -> Market:
    """Somewhat less than a million shares to an asset, as interest leaves them."""
    random = Random(seed)
    supplied = random.randint(10**9, 10 ** random.randint(12, 28))
    borrowed = supplied * random.randint(1, 1_000) // 1_000
    shares = [assets * random.randint(500_000, 999_999) + 7 for assets in (supplied, borrowed)]
    return Market(supplied, shares[0], borrowed, shares[1], random.choice([0, 10**17, 10**18 // 4]))


@st.composite
def wild_markets(draw: st.DrawFn, most: int = UINT128) -> Market:
    """Of every size; debts within what is supplied."""
    supplied = draw(sizes(0, most))
    borrowed = portion(supplied, draw(SHARES)) if supplied else 0
    shares = draw(sizes(0, most)), draw(sizes(0, most))
    fee = draw(st.sampled_from([0, 10**17]) | st.integers(0, 10**18 // 4))
    return Market(supplied, shares[0], borrowed, shares[1], fee)


def market_states() -> st.SearchStrategy[Market]:
    usual = st.integers(0, 2**32).map(usual_market)
    return st.one_of(usual, usual, wild_markets())


def positions_in(market: Market, collateral: int) -> tuple[Position, Position]:
    """The sender has all that there is of shares."""
    everything = Position(market.total_supply_shares, market.total_borrow_shares, collateral)
    return everything, Position(7, 0, 3)


def now(real: RealMarket) -> int:
    return real.chain.head().timestamp + 1


@on_chain
@given(
    which=WHICH,
    market=market_states(),
    rate=st.one_of(*[spread(10**8, 10**11)] * 4, sizes(0, 2**256 - 1)),
    elapsed=st.one_of(*[spread(1, 2 * YEAR)] * 4, st.just(0), sizes(0, 2**30)),
)
def test_what_is_read_is_what_accrue_interest_leaves(
    markets: list[RealMarket], which: int, market: Market, rate: int, elapsed: int
) -> None:
    """Where it reverts, the market cannot be read; the fee's recipient has its new shares."""
    real, time = markets[which], now(markets[which])
    known = Given(market, time - elapsed, rate, 10**36, positions_in(market, 5))
    found, (accrued, after, mine, recipient) = real.run(
        known, [real.accrue(), *real.after()], time=time
    )
    if not accrued.ok:
        with pytest.raises(DecodeError, match=r"accrueInterest of .* would revert"):
            real.read(found)
        return
    state = real.read(found)
    assert market_of(state) == market_after(after)
    held = [position_after(mine), position_after(recipient)]
    assert [position_of(each) for each in state.positions] == held
    assert state.borrow_rate == rate


@pytest.mark.parametrize("in_shares", [False, True], ids=["assets", "shares"])
@pytest.mark.parametrize("name", ["supply", "withdraw", "borrow", "repay"])
@each_way
@given(
    which=WHICH,
    market=market_states(),
    share=spread(2**40, 2**63) | SHARES,
    data=st.data(),
)
def test_each_move_does_what_ours_says(
    markets: list[RealMarket],
    which: int,
    market: Market,
    name: str,
    in_shares: bool,
    share: int,
    data: st.DataObject,
) -> None:
    real, time = markets[which], now(markets[which])
    mine, other = positions_in(market, UINT128)
    known = Given(market, time, 0, 2**120, (mine, other))
    whole = amount_of(market, name, in_shares=in_shares)
    amount = data.draw(
        st.one_of(
            *[st.just(portion(whole, share))] * 3,
            st.integers(-2, 2).map(lambda by: max(whole + by, 0)),
            sizes(0, 2**200),
        )
    )
    assets, shares = (0, amount) if in_shares else (amount, 0)
    _, (done, after, mine_after, _) = real.run(
        known, [real.move(name, assets, shares), *real.after()], time=time
    )
    try:
        move, position = moved(name, market, mine, assets, shares, Terms(2**120, real.params.lltv))
    except MathError:
        assert not done.ok, (name, amount)
        return
    assert done.ok, done.reason
    assert done.integers() == (move.assets, move.shares)
    assert market_after(after) == move.market
    assert position_after(mine_after) == position


def amount_of(market: Market, name: str, *, in_shares: bool) -> int:
    if name in ("supply", "withdraw"):
        return market.total_supply_shares if in_shares else market.total_supply_assets
    return market.total_borrow_shares if in_shares else market.total_borrow_assets


def moved(
    name: str, market: Market, mine: Position, assets: int, shares: int, terms: Terms
) -> tuple[Move, Position]:
    """What ours says of a move by whoever has `mine`, and the position then."""
    act: Callable[..., Move] = getattr(ours, name)
    move = act(market, assets=assets, shares=shares)
    match name:
        case "supply":
            position = replace(mine, supply_shares=mine.supply_shares + move.shares)
        case "withdraw":
            position = replace(mine, supply_shares=mine.supply_shares - move.shares)
        case "borrow":
            position = replace(mine, borrow_shares=mine.borrow_shares + move.shares)
        case _:
            position = replace(mine, borrow_shares=mine.borrow_shares - move.shares)
    if name == "borrow" and not ours.is_healthy(move.market, position, terms):
        raise MathError("insufficient collateral")
    return move, position


@st.composite
def owed(draw: st.DrawFn) -> tuple[Market, Position, int]:
    """A market, a position in it, and a price at which the position is near its limit half of the
    time."""
    market = draw(market_states())
    part = draw(spread(2**50, 2**64) | SHARES)
    debt = portion(market.total_borrow_shares, part) if market.total_borrow_shares else 0
    collateral = draw(st.one_of(spread(10**15, 10**24), sizes(0, UINT128)))
    price = draw(PRICES)
    if collateral and draw(st.booleans()):
        owing = market.total_borrow_assets * debt // max(market.total_borrow_shares, 1)
        percent = draw(spread(50, 150))
        price = min(owing * 10**36 * percent // (100 * collateral), 2**127)
    return market, Position(11, debt, collateral), price


@pytest.mark.parametrize("in_shares", [False, True], ids=["seized", "repaid"])
@on_chain
@given(which=WHICH, case=owed(), share=spread(2**40, 2**63), data=st.data())
def test_a_liquidation_is_what_ours_says(
    markets: list[RealMarket],
    in_shares: bool,
    which: int,
    case: tuple[Market, Position, int],
    share: int,
    data: st.DataObject,
) -> None:
    real, time = markets[which], now(markets[which])
    market, position, price = case
    whole = position.borrow_shares if in_shares else position.collateral
    part = portion(whole, share)
    amount = data.draw(st.sampled_from([part, part, part // 7, whole, whole + 1, whole - 1]))
    seized, repaid = (0, max(amount, 0)) if in_shares else (max(amount, 0), 0)
    known = Given(market, time, 0, price, (position,))
    _, (done, after, mine, _) = real.run(
        known, [real.liquidate(seized, repaid), *real.after()], time=time
    )
    terms = Terms(price, real.params.lltv)
    try:
        expected = ours.liquidate(
            market, position, terms, seized_assets=seized, repaid_shares=repaid
        )
    except MathError:
        assert not done.ok
        return
    assert done.ok, done.reason
    agrees(expected, done.integers(), market_after(after), position_after(mine))


def agrees(
    expected: Liquidation, paid: tuple[int, ...], market: Market, position: Position
) -> None:
    assert paid == (expected.seized_assets, expected.repaid_assets)
    assert (market, position) == (expected.market, expected.position)


@on_chain
@given(which=st.integers(1, 3), case=owed())
def test_foretold_bad_debt_is_what_the_suppliers_then_lose(
    markets: list[RealMarket], which: int, case: tuple[Market, Position, int]
) -> None:
    """Seizing all that there is, or repaying all that is owed where that is less."""
    real, time = markets[which], now(markets[which])
    market, position, price = case
    terms = Terms(price, real.params.lltv)
    try:
        lost, settled = ours.settle(market, position, terms)
    except MathError:
        return
    known = Given(market, time, 0, price, (position,))
    steps = [
        real.liquidate(position.collateral, 0),
        real.liquidate(0, position.borrow_shares),
        *real.after(),
    ]
    _, (seizing, repaying, after, mine, _) = real.run(known, steps, time=time)
    if ours.is_healthy(market, position, terms):
        assert lost == 0
        assert (seizing.ok, repaying.ok) == (False, False)
        return
    if position.collateral == 0:  # nobody gains by a liquidation, and all of the debt is lost
        assert not seizing.ok
        assert lost == ours.bad_debt(market, position)
        return
    assert seizing.ok != repaying.ok
    assert market_after(after) == settled
    assert position_after(mine).borrow_shares == 0
    assert market.total_supply_assets - settled.total_supply_assets == lost


def test_after_a_year_the_markets_of_the_world_are_what_accruing_makes_them(
    fork_site: LocalWorld,
) -> None:
    """At the rates of the package's own model, which utilization moves."""
    loans = fork_site.world.morpho_loans
    assert len(loans) == 3
    for loan in loans:
        real = real_loan(fork_site.chain, loan)
        later = fork_site.chain.head().timestamp + YEAR
        asked = getters(ADAPTER.calls(real.target))
        (market,) = answers(simulate(fork_site.chain, {}, asked[:1], time=later))
        rate = rate_step(real, market)
        steps = [*asked, rate, real.accrue(), *real.after()]
        results = simulate(fork_site.chain, {}, steps, time=later)
        first, *others = answers(results[: len(asked) + 1])
        clock = Answer(ok=True, data=later.to_bytes(32), length=32)
        state = real.read([first, clock, *others])
        assert results[len(asked) + 1].ok
        assert market_of(state) == market_after(results[len(asked) + 2])
        assert grown(fork_site, real, state) > 1


def rate_step(real: RealMarket, market: Answer) -> Step:
    answered = [int.from_bytes(market.data[at : at + 32]) for at in range(0, 192, 32)]
    call = BORROW_RATE_VIEW.call(real.params.irm, tuple(real.params), tuple(answered))
    (asked,) = getters([call])
    return asked


def grown(site: LocalWorld, real: RealMarket, state: MorphoMarket) -> float:
    """How many times the debt of today a year makes of it."""
    market = "market(bytes32)(uint128,uint128,uint128,uint128,uint128,uint128)"
    _, _, owed_today, *_ = site.chain.read(real.morpho, market, real.params.id)
    return float(state.total_borrow_assets / owed_today)
