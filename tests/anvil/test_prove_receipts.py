"""Receipts of a real loop: what they hold, what refutes them, how they replay without a node."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from fractions import Fraction

import pytest

from tests.support.proving import (
    LocalNode,
    Stage,
    WithoutSimulation,
    scene_of,
    stage_of,
)
from tests.support.world import LocalWorld
from watcher.devnet.artifacts import Toolchain
from watcher.devnet.draft import Draft
from watcher.devnet.moves.trades import sell
from watcher.errors import StaleBlock
from watcher.math.exploitability.cycle import Leg, follow
from watcher.math.exploitability.terms import Terms
from watcher.math.exploitability.trading import Market
from watcher.simulate.node import Refused
from watcher.simulate.prove import FORK, SIMULATE, prove
from watcher.simulate.receipt import Level, Receipt, receipt_from_json, receipt_to_json
from watcher.simulate.replay import replay_offline, replay_on_fork, replay_on_node
from watcher.simulate.script import ACTORS
from watcher.state import Address
from watcher.state.finding import (
    Finding,
    Role,
    Worth,
)

pytestmark = pytest.mark.anvil


@pytest.fixture(scope="module")
def stage(fork_site: LocalWorld, toolchain: Toolchain) -> Stage:
    return stage_of(fork_site, toolchain)


@pytest.fixture(scope="module")
def loop(stage: Stage) -> tuple[Finding, list[Market], Receipt]:
    """A loop through three protocols that pays, and its receipt at a block that stays."""
    world, chain = stage.node.world, stage.node.chain
    pair = world.pair("DAI/USDC")
    draft = Draft(world, chain)
    sell(draft, world.actors.trader, pair, pair.token0, 10**5 * 10**pair.token0.decimals)
    chain.mine(draft.transactions, seconds=draft.seconds)
    markets = [stage.market(name) for name in ("DAI/USDC", "ng:DAI/USDC")]
    usdc = world.token("USDC").address
    legs = tuple(
        Leg(market, _place(market, a), _place(market, b))
        for market, a, b in (
            (markets[0], usdc, world.token("DAI").address),
            (markets[1], world.token("DAI").address, usdc),
        )
    )
    worth = {token.address: Worth(1.0, token.decimals) for token in markets[0].target.tokens}
    finding = follow(legs, worth=worth, terms=Terms(premium=Fraction(9, 10_000)))
    assert finding.profit > 0, finding.reason
    return finding, markets, stage.proven(finding, *markets)


def _place(market: Market, token: Address) -> int:
    return [each.address for each in market.target.tokens].index(token)


def test_a_loop_over_two_protocols_is_executed_and_its_premium_is_apart(
    loop: tuple[Finding, list[Market], Receipt],
) -> None:
    finding, _, receipt = loop
    assert (receipt.level, receipt.reason) == (Level.EXECUTED, "")
    assert [each.holder for each in receipt.script.grants] == [ACTORS[Role.ATTACKER]]
    assert receipt.script.grants[0].amount == finding.capital[0][1]
    assert receipt.block.number == receipt.runs[0].pin.number
    assert receipt.block.timestamp == receipt.runs[0].pin.timestamp


def test_a_receipt_is_replayed_by_each_engine_and_without_a_node(
    stage: Stage, loop: tuple[Finding, list[Market], Receipt]
) -> None:
    receipt = receipt_from_json(receipt_to_json(loop[2]))
    assert receipt == loop[2]
    anvil = stage.anvil.anvil
    offline = asyncio.run(replay_offline(receipt, anvil))
    assert (offline.same, offline.run.engine) == (True, "witness"), offline.reason
    assert asyncio.run(replay_on_node(receipt, LocalNode(stage.node))).same
    assert asyncio.run(replay_on_fork(receipt, LocalNode(stage.node), anvil)).same
    assert offline.run.gas == receipt.runs[0].gas


def test_a_witness_of_which_one_slot_differs_replays_otherwise(
    stage: Stage, loop: tuple[Finding, list[Market], Receipt]
) -> None:
    receipt, markets = loop[2], loop[1]
    assert receipt.witness is not None
    accounts = [
        replace(
            account,
            storage=tuple(replace(slot, value=slot.value + 10**12) for slot in account.storage),
        )
        if account.address == markets[1].target.address
        else account
        for account in receipt.witness.accounts
    ]
    assert accounts != list(receipt.witness.accounts)
    bent = replace(receipt, witness=replace(receipt.witness, accounts=tuple(accounts)))
    replay = asyncio.run(replay_offline(bent, stage.anvil.anvil))
    assert not replay.same
    assert replay.reason


def _otherwise(finding: Finding, market: Market, units: int) -> Finding:
    """The plan with so many units more for its step at a pool."""
    return replace(
        finding,
        plan=tuple(
            replace(each, takes=tuple((token, amount + units) for token, amount in each.takes))
            if each.target_id == market.target.id
            else each
            for each in finding.plan
        ),
    )


def test_a_prediction_that_is_a_unit_off_is_refuted(
    stage: Stage, loop: tuple[Finding, list[Market], Receipt]
) -> None:
    finding, markets, _ = loop
    for units in (-1, 1):
        receipt = stage.proven(_otherwise(finding, markets[1], units), *markets)
        assert receipt.level == Level.REFUTED
        assert f"{SIMULATE}: 0x" in receipt.reason
        assert "predicted are" in receipt.reason


def test_a_pair_that_is_asked_for_a_unit_more_refuses(
    stage: Stage, loop: tuple[Finding, list[Market], Receipt]
) -> None:
    finding, markets, _ = loop
    receipt = stage.proven(_otherwise(finding, markets[0], 1), *markets)
    assert receipt.level == Level.REFUTED
    assert f"call {len(receipt.script.steps)} reverted" in receipt.reason


def test_a_node_without_simulations_leaves_it_to_the_fork(
    stage: Stage, loop: tuple[Finding, list[Market], Receipt]
) -> None:
    finding, markets, before = loop
    receipt = asyncio.run(
        prove(
            scene_of(finding, markets),
            before.block,
            WithoutSimulation(stage.node),
            anvil=stage.anvil.anvil,
        )
    )
    assert (receipt.level, [run.engine for run in receipt.runs]) == (Level.EXECUTED, [FORK])
    assert receipt.predicted == before.predicted
    with pytest.raises(Refused):
        asyncio.run(
            prove(
                scene_of(finding, markets), before.block, WithoutSimulation(stage.node), anvil=None
            )
        )


def test_a_step_that_is_not_encoded_leaves_a_scenario(
    stage: Stage, loop: tuple[Finding, list[Market], Receipt]
) -> None:
    finding, markets, _ = loop
    other = replace(markets[1].target, protocol="balancer_v1")
    plan = tuple(
        replace(each, target_id=other.id) if each.target_id == markets[1].target.id else each
        for each in finding.plan
    )
    receipt = stage.proven(
        replace(finding, plan=plan), markets[0], replace(markets[1], target=other)
    )
    assert (receipt.level, receipt.runs, receipt.witness) == (Level.SCENARIO, (), None)
    assert "balancer_v1 are not encoded" in receipt.reason


def test_a_block_that_has_left_the_chain_is_not_simulated(
    stage: Stage, loop: tuple[Finding, list[Market], Receipt]
) -> None:
    finding, markets, receipt = loop
    gone = replace(receipt.block, hash="0x" + "ab" * 32)
    with pytest.raises(StaleBlock, match="not on the chain"):
        asyncio.run(prove(scene_of(finding, markets), gone, LocalNode(stage.node), anvil=None))
    assert asyncio.run(replay_offline(replace(receipt, block=gone), stage.anvil.anvil)).same
