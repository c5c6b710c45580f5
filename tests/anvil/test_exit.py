"""The contracts decide: the plan of an exit, sent step by step, pays what it says, to the wei."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from tests.support.real_exits import execute, states, watched
from tests.support.real_holdings import Estate, estate
from tests.support.world import LocalWorld
from watcher.devnet.artifacts import Toolchain
from watcher.math.exit.estate import estate_of
from watcher.math.exit.plan import ExitPlan, exit_plan
from watcher.math.exit.world import world_of
from watcher.math.quotes import quote_exact_in
from watcher.state import Target, Token

pytestmark = pytest.mark.anvil


@pytest.fixture(scope="module")
def rich(fork_site: LocalWorld, toolchain: Toolchain) -> Estate:
    return estate(fork_site, toolchain.artifacts)


@pytest.fixture(scope="module")
def pools(rich: Estate) -> list[Target]:
    return watched(rich)


@pytest.fixture
def treasury(rich: Estate) -> Iterator[Estate]:
    """What a test does to it is undone."""
    snapshot = rich.chain.snapshot()
    try:
        yield rich
    finally:
        rich.chain.revert(snapshot)


def planned(found: Estate, pools: list[Target], into: Token) -> ExitPlan:
    target = found.identify()
    world = world_of(asyncio.run(states(found, pools)))
    return exit_plan(estate_of(target, found.read(target)), world, into.address)


@pytest.mark.parametrize("wanted", ["USDC", "WETH", "DAI"])
def test_everything_is_sold_as_the_plan_says_to_the_wei(
    treasury: Estate, pools: list[Target], wanted: str
) -> None:
    """LP tokens four contracts deep, three positions, two vaults, native coin and plain tokens; of
    three of these nobody has a pool."""
    usdc, weth = treasury.world.token("USDC"), treasury.world.weth
    for sold, part in ((usdc, 300), (weth, 450)):
        treasury.swap_pair(sold, part)
        treasury.swap_ticks(sold, part + 7)
    into = treasury.world.token(wanted)
    plan = planned(treasury, pools, into)
    verbs = [step.verb for step in plan.steps]
    assert set(verbs) == {"wrap", "close", "burn", "redeem", "sell"}
    assert verbs.index("sell") == len(verbs) - verbs.count("sell")
    execute(treasury, plan, pools)
    assert treasury.balance(into.address) == plan.received > 0
    left = {each.token: each.amount for each in plan.left}
    assert len(left) == 3
    for token in treasury.plain:
        if token != into:
            assert treasury.balance(token.address) == left.get(token.address, 0), token.symbol
    for share in treasury.burned:
        assert treasury.balance(share) == 0


def test_half_of_a_pool_is_sold_into_what_others_have_in_it(
    treasury: Estate, pools: list[Target]
) -> None:
    """All LP tokens of the WETH/USDC pair that anybody has, but for a tenth, go to the treasury:
    whoever takes its own liquidity for depth promises far too much."""
    world = treasury.world
    pair, builder = world.pair("WETH/USDC").address, world.actors.builder
    given = treasury.balance(pair, builder) * 9 // 10
    treasury.send(builder, pair, "transfer(address,uint256)", treasury.holder, given)
    usdc, only = world.token("USDC"), [target for target in pools if target.address == pair]
    ((_, whole),) = asyncio.run(states(treasury, only))
    plan = planned(treasury, only, usdc)
    (sale,) = [step for step in plan.steps if step.verb == "sell"]
    ((weth, sold),), ((_, paid),) = sale.gives, sale.takes
    coins = [token.address for token in only[0].tokens]
    naive = quote_exact_in(whole, coins.index(weth), coins.index(usdc.address), sold).amount_out
    assert paid < naive // 2
    execute(treasury, plan, pools)
    assert treasury.balance(usdc.address) == plan.received
