"""The scenes of trouble: what each leaves of the world, and that it was foretold."""

from __future__ import annotations

from fractions import Fraction

import pytest

from tests.support.adapters import entries, identified, read_states
from tests.support.played import play_scene
from tests.support.simulation import simulate, step
from tests.support.world import LocalWorld
from watcher.devnet.draft import Draft
from watcher.devnet.moves.borrowers import cash, market_of
from watcher.devnet.places import Vault
from watcher.devnet.scenes.basket_drifts import BASKET_DRIFTS, RISE_BPS
from watcher.devnet.scenes.crash import CRASH, LEFT
from watcher.devnet.scenes.full_utilization import FULL_UTILIZATION
from watcher.devnet.scenes.stale_feed import STALE_FEED
from watcher.devnet.scenes.unbacked_mint import MINTED_BPS, UNBACKED_MINT
from watcher.devnet.scenes.vault_run import VAULT_RUN
from watcher.math.lending import Lending, lending
from watcher.math.stress import SHOCKS, bad_debt_at, debt_at_risk
from watcher.state import Lockbox, State

pytestmark = pytest.mark.anvil

SUPPLY = "totalSupply()(uint256)"
REDEEM = "redeemUnderlying(uint256)"


def test_after_a_run_nobody_who_had_shares_has_any(fork_node: LocalWorld) -> None:
    world = fork_node.world

    def left(vault: Vault) -> bool:
        draft, actors = Draft(world, fork_node.chain), world.actors
        holders = actors.depositor, actors.other_depositor
        return not any(draft.shares(vault, each) for each in holders)

    assert not any(left(vault) for vault in world.vaults)
    list(play_scene(fork_node, VAULT_RUN, 5, seed=1))
    (emptied,) = [vault for vault in world.vaults if left(vault)]
    assert Draft(world, fork_node.chain).shares(emptied, world.actors.depositor) == 0


def test_who_lent_to_a_market_without_cash_cannot_withdraw(fork_node: LocalWorld) -> None:
    draft = Draft(fork_node.world, fork_node.chain)
    market, lender = market_of(draft, "USDC"), fork_node.world.actors.depositor
    (before,) = simulate(fork_node.chain, {}, [step(market.address, REDEEM, 10**6, sender=lender)])
    assert before.integer == 0
    list(play_scene(fork_node, FULL_UTILIZATION, 4, seed=1))
    assert cash(Draft(fork_node.world, fork_node.chain), market) == 0
    (after,) = simulate(fork_node.chain, {}, [step(market.address, REDEEM, 10**6, sender=lender)])
    assert not after.ok or after.integer != 0


async def usdc_market(node: LocalWorld) -> Lending:
    market = market_of(Draft(node.world, node.chain), "USDC")
    told = lending(await read_at(node, market.address))
    assert told is not None
    return told


async def read_at(node: LocalWorld, address: str) -> State:
    named = [one for one in entries(node.world) if one.address == address]
    found = await identified(node.chain, named)
    (state,) = await read_states(node.chain, [one.target for one in found if one.target])
    return state


async def test_the_ladder_had_foretold_what_a_crash_leaves(fork_node: LocalWorld) -> None:
    """The debt of the account whose collateral falls, from the state before, within 0.1%."""
    before = await usdc_market(fork_node)
    assert before.accounts is not None
    assert before.bonus is not None
    debtor = before.accounts[:1]
    risky = [shock for shock in SHOCKS if debt_at_risk(debtor, shock)]
    assert risky[0] == Fraction(30, 100), "the step at which it falls"
    foretold = bad_debt_at(debtor, 1 - Fraction(1, LEFT), before.bonus)
    list(play_scene(fork_node, CRASH, 12, seed=1))
    after = await usdc_market(fork_node)
    assert after.accounts is not None
    assert after.accounts[0].value < 1
    assert 0 < after.accounts[0].owed < debtor[0].owed
    assert foretold == pytest.approx(after.accounts[0].owed, rel=1e-3)


def test_a_silent_feed_is_older_than_its_heartbeat_and_comes_back(fork_node: LocalWorld) -> None:
    world = fork_node.world
    feed = world.feed(world.weth)
    ages = []
    for block in play_scene(fork_node, STALE_FEED, 5, seed=1):
        draft = Draft(world, fork_node.chain)
        ages.append(block.timestamp - draft.round(feed).updated_at)
        others = [one for one in world.feeds if one != feed]
        assert all(block.timestamp == draft.round(one).updated_at for one in others)
    assert ages[-2] > feed.heartbeat
    assert ages[-1] == 0


async def test_what_is_minted_without_backing_is_missing_in_the_lockbox(
    fork_node: LocalWorld,
) -> None:
    box = fork_node.world.boxes[0]
    assert box.issued is not None
    (before,) = fork_node.chain.read(box.issued.address, SUPPLY)
    list(play_scene(fork_node, UNBACKED_MINT, 2, seed=1))
    named = [one for one in entries(fork_node.world) if one.address == box.holders[0]]
    found = await identified(
        fork_node.chain, [one for one in named if one.protocol == "lockbox"][:1]
    )
    (state,) = await read_states(fork_node.chain, [one.target for one in found if one.target])
    assert isinstance(state, Lockbox)
    grown = before
    for _ in range(2):
        grown += grown * MINTED_BPS // 10_000
    assert (state.issued, sum(state.locked)) == (grown, before)


def test_a_basket_drifts_out_of_its_band(fork_node: LocalWorld) -> None:
    world = fork_node.world
    index = world.index_tokens[0]
    feed = world.feed(index.components[0])
    list(play_scene(fork_node, BASKET_DRIFTS, 4, seed=1))
    rise = (1 + RISE_BPS / 10_000) ** 4
    answer = Draft(world, fork_node.chain).round(feed).answer
    assert answer == pytest.approx(feed.first_answer * rise, rel=1e-6)
    part = index.weights[0] * rise / (index.weights[0] * rise + 1 - index.weights[0])
    assert part - index.weights[0] > index.band
