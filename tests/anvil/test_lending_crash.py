"""A crash of the collateral, in the real markets of both protocols: what the states then say of the
accounts is what the contracts do."""

from __future__ import annotations

from fractions import Fraction

import pytest

from tests.support.adapters import entries, identified, read_states
from tests.support.simulation import simulate, step
from tests.support.stirring import send
from tests.support.world import LocalWorld
from watcher.devnet.calldata import call_data
from watcher.devnet.local_chain import Transaction
from watcher.devnet.places import LendingMarket
from watcher.math.lending import Lending, lending, uncovered_debt, weakest_health
from watcher.math.stress import bad_debt_at, debt_at_risk
from watcher.state import Address, CompoundMarket

pytestmark = pytest.mark.anvil

CRASH = 500 * 10**8
LENDING_GAS = 2_000_000
ACCOUNTS = "getAccountLiquidity(address)"
PROTOCOLS = pytest.mark.parametrize("protocol", ["compound_v2", "aave_v3"])


def market_of(node: LocalWorld, protocol: str, symbol: str) -> LendingMarket:
    markets = node.world.lending_markets
    return next(one for one in markets if (one.protocol, one.token.symbol) == (protocol, symbol))


async def read(node: LocalWorld, market: LendingMarket) -> Lending:
    named = [one for one in entries(node.world) if one.protocol == market.protocol]
    found = await identified(node.chain, named)
    targets = [
        one.target
        for one in found
        if one.target is not None and one.target.tokens[0].address == market.token.address
    ]
    (state,) = await read_states(node.chain, targets)
    told = lending(state)
    assert told is not None
    return told


def crash(node: LocalWorld) -> None:
    feed = node.world.feed(node.world.weth)
    oracle = node.world.actors.oracle
    send(node, oracle, feed.aggregator, "submit(uint256,int256)", 2, CRASH)


def act(
    node: LocalWorld, sender: Address, market: LendingMarket, signature: str, *args: object
) -> None:
    data = call_data(signature, *args)
    node.chain.mine([Transaction(sender, market.address, data, signature, gas=LENDING_GAS)])


@PROTOCOLS
async def test_a_crash_leaves_debt_that_no_collateral_covers(
    fork_node: LocalWorld, protocol: str
) -> None:
    market = market_of(fork_node, protocol, "USDC")
    before = await read(fork_node, market)
    assert weakest_health(before) > 1
    assert uncovered_debt(before) == 0
    crash(fork_node)
    after = await read(fork_node, market)
    assert after.accounts is not None
    assert weakest_health(after) < 1
    # the keeper alone has ether as collateral
    keeper, _ = after.accounts
    assert uncovered_debt(after) == keeper.debt - keeper.value > 0
    assert after.known_debt == after.stored_debt > 0


async def test_compound_answers_the_shortfall(fork_node: LocalWorld) -> None:
    crash(fork_node)
    market = market_of(fork_node, "compound_v2", "USDC")
    after = await read(fork_node, market)
    assert after.accounts is not None
    for who, account in zip(market.accounts, after.accounts, strict=True):
        (told,) = simulate(fork_node.chain, {}, [step(market.rules, ACCOUNTS, who)])
        error, free, shortfall = told.integers()
        assert (error, Fraction(free - shortfall, 10**18)) == (0, account.counted - account.debt)


async def test_the_ladder_foretells_what_liquidators_leave_in_compound(
    fork_node: LocalWorld,
) -> None:
    """From the state before the crash alone: they repay at the close factor while there is
    anything to seize, and what then stands without collateral is what was foretold."""
    market, ether = (market_of(fork_node, "compound_v2", symbol) for symbol in ("USDC", "WETH"))
    before = await read(fork_node, market)
    assert before.accounts is not None
    assert before.bonus is not None
    (answer,) = fork_node.chain.read(
        fork_node.world.feed(fork_node.world.weth).proxy, "latestAnswer()(int256)"
    )
    shock = 1 - Fraction(CRASH, answer)
    # the whale's collateral does not fall
    foretold = bad_debt_at(before.accounts[:1], shock, before.bonus)
    assert debt_at_risk(before.accounts[:1], Fraction(0)) == 0
    crash(fork_node)
    who, debtor = fork_node.world.actors.trader, market.accounts[0]
    send(fork_node, who, market.token.address, "mint(address,uint256)", who, 10**12)
    approve = "approve(address,uint256)"
    send(fork_node, who, market.token.address, approve, market.address, 2**255)
    seize = "liquidateCalculateSeizeTokens(address,address,uint256)(uint256,uint256)"
    for _ in range(40):
        (owed,) = fork_node.chain.read(
            market.address, "borrowBalanceStored(address)(uint256)", debtor
        )
        (shares,) = fork_node.chain.read(ether.address, "balanceOf(address)(uint256)", debtor)
        most = owed // 2
        _, wanted = fork_node.chain.read(market.rules, seize, market.address, ether.address, most)
        amount = most if wanted <= shares else most * shares // wanted
        if amount == 0:
            break
        order = (debtor, amount, ether.address)
        act(fork_node, who, market, "liquidateBorrow(address,uint256,address)", *order)
    left = await read(fork_node, market)
    assert left.accounts is not None
    debtor_left = left.accounts[0]
    assert debtor_left.value < Fraction(1, 100)
    assert foretold == pytest.approx(debtor_left.owed, rel=1e-3)
    assert foretold > 0


async def test_what_liquidators_leave_in_aave_is_debt_without_collateral(
    fork_node: LocalWorld,
) -> None:
    """They take what there is, and the rest of the debt stays: it was foretold within the bonus."""
    market, ether = (market_of(fork_node, "aave_v3", symbol) for symbol in ("USDC", "WETH"))
    crash(fork_node)
    foretold = uncovered_debt(await read(fork_node, market))
    who, debtor = fork_node.world.actors.trader, market.accounts[0]
    usdc = market.token
    send(fork_node, who, usdc.address, "mint(address,uint256)", who, 10**12)
    send(fork_node, who, usdc.address, "approve(address,uint256)", market.address, 2**255)
    liquidate = "liquidationCall(address,address,address,uint256,bool)"
    order = (ether.token.address, usdc.address, debtor, 2**255, False)
    for _ in range(12):
        act(fork_node, who, market, liquidate, *order)
        left = await read(fork_node, market)
        assert left.accounts is not None
        keeper = left.accounts[0]
        if keeper.value == 0:
            break
    assert keeper.value == 0
    assert uncovered_debt(left) == keeper.debt
    # who repays a unit of debt takes 5% more in collateral
    assert foretold < keeper.debt < foretold + Fraction(6, 100) * keeper.debt


async def test_an_empty_market_is_read(fork_node: LocalWorld) -> None:
    """Whoever supplied the last market without loans leaves: nothing but the initial rate stays."""
    market = market_of(fork_node, "compound_v2", "WBTC")
    depositor = fork_node.world.actors.depositor
    (shares,) = fork_node.chain.read(market.address, "balanceOf(address)(uint256)", depositor)
    act(fork_node, depositor, market, "redeem(uint256)", shares)
    told = await read(fork_node, market)
    assert (told.cash, told.supplied, told.total_debt) == (0, 0, 0)
    assert told.supply_index == Fraction(2, 100)
    named = [one for one in entries(fork_node.world) if one.address == market.address]
    (found,) = await identified(fork_node.chain, named)
    assert found.target is not None
    (state,) = await read_states(fork_node.chain, [found.target])
    assert isinstance(state, CompoundMarket)
    assert (state.total_supply, state.cash) == (0, 0)
