"""Plans of findings simulated on the real contracts: what was predicted happens, to the wei, by
both engines, over states that drawn trades have made; and receipts replay without any node."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.support.adapters import entry, identified, read_states
from tests.support.effort import examples
from tests.support.world import LocalWorld
from watcher.devnet.artifacts import Toolchain
from watcher.devnet.draft import Draft
from watcher.devnet.moves import coins, vaults
from watcher.devnet.moves.trades import sell, sell_over_ticks
from watcher.devnet.places import CoinPool, TickPool
from watcher.errors import MathError, StaleBlock, Unavailable
from watcher.math.exact.concentrated import swap
from watcher.math.exact.shares import preview_deposit
from watcher.math.exploitability.cycle import Leg, follow
from watcher.math.exploitability.inflation import griefing, inflation, outcome
from watcher.math.exploitability.sandwich import Victim, sandwich
from watcher.math.exploitability.terms import Terms
from watcher.math.exploitability.to_reference import bring_to_reference
from watcher.math.exploitability.trading import Market, Traded, join, leave, lp_token, trade
from watcher.math.families.share_vault import share_totals
from watcher.simulate.node import Refused
from watcher.simulate.prove import FORK, SIMULATE, held, prove
from watcher.simulate.receipt import Level, Receipt, receipt_from_json, receipt_to_json
from watcher.simulate.replay import replay_offline, replay_on_fork, replay_on_node
from watcher.simulate.script import ACTORS, Scene
from watcher.state import Address, Block, ShareVault, State, Target
from watcher.state.concentrated import Concentrated
from watcher.state.finding import (
    Account,
    Action,
    Finding,
    Proof,
    Role,
    Verb,
    Worth,
    negated,
    total,
)
from watcher.state.stableswap import StableSwap

pytestmark = pytest.mark.anvil

TOLERANCE = Fraction(1, 20)


class LocalNode:
    """The chain of the test as a node of it, whose calls are counted for docs/proof.md."""

    def __init__(self, node: LocalWorld) -> None:
        self._chain = node.chain

    async def ask(self, method: str, *params: object) -> object:
        try:
            return await asyncio.to_thread(self._chain.request, method, *params)
        except Unavailable as error:
            raise Refused(str(error)) from error


class WithoutSimulation(LocalNode):
    """A node that knows neither simulations nor access lists, nor state overrides."""

    async def ask(self, method: str, *params: object) -> object:
        if method in ("eth_simulateV1", "eth_createAccessList"):
            raise Refused(f"{method} is not there", code=-32601)
        return await super().ask(method, *params)


class Stage:
    """The pools of each family, as they were identified. No dataclass: hypothesis would tell all of
    the world with a failure."""

    def __init__(self, node: LocalWorld, anvil: Toolchain, targets: Mapping[str, Target]) -> None:
        self.node = node
        self.anvil = anvil
        self.targets = targets

    def states(self, *names: str) -> list[State]:
        return asyncio.run(read_states(self.node.chain, [self.targets[name] for name in names]))

    def head(self) -> Block:
        return self.node.chain.head()

    def market(self, name: str) -> Market:
        (state,) = self.states(name)
        return Market(self.targets[name], state)

    def proven(self, finding: Finding, *markets: Market) -> Receipt:
        """The receipt of a simulation at the head, by both engines."""
        return asyncio.run(
            prove(
                _scene(finding, markets), self.head(), LocalNode(self.node), anvil=self.anvil.anvil
            )
        )

    @contextmanager
    def moved(self, move: Callable[[Draft], object]) -> Iterator[None]:
        """The chain after a move, for as long as it is looked at."""
        chain = self.node.chain
        snapshot = chain.snapshot()
        try:
            draft = Draft(self.node.world, chain)
            move(draft)
            chain.mine(draft.transactions, seconds=draft.seconds)
            yield
        finally:
            chain.revert(snapshot)


def _scene(finding: Finding, markets: Sequence[Market]) -> Scene:
    return Scene(
        finding,
        {each.target.id: each.target for each in markets},
        {each.target.id: each.state for each in markets},
    )


PAIRS = ("DAI/USDC", "pancake:DAI/USDC")
VAULTS = ("oz-usdc", "solmate-dai")
OTHERS = ("curve_cryptoswap", "kyber_dmm", "saddle", "pancake_v3")
EVERY_POOL = ("uniswap_v3", *OTHERS)
CURVE = ("curve:sUSD", "ng:USDC/USDT", "ng:DAI/USDC")


@pytest.fixture(scope="module")
def stage(fork_site: LocalWorld, toolchain: Toolchain) -> Stage:
    world = fork_site.world
    named = {
        each.name: entry(each.protocol, each.address, **dict[str, Any](each.options))
        for each in world.entries.targets
        if each.name in (*PAIRS, *VAULTS, *CURVE) or each.protocol in EVERY_POOL
    }
    found = asyncio.run(identified(fork_site.chain, list(named.values())))
    targets = {
        name: one.target for name, one in zip(named, found, strict=True) if one.target is not None
    }
    assert targets.keys() == named.keys(), [one.refusal for one in found]
    return Stage(fork_site, toolchain, targets)


def worths(market: Market, *prices: float) -> dict[Address, Worth]:
    tokens = market.target.tokens
    return {
        token.address: Worth(price, token.decimals)
        for token, price in zip(tokens, prices, strict=True)
    }


def proves_to_the_wei(receipt: Receipt, finding: Finding, level: Level) -> None:
    """By both engines, and the attacker has what its account says."""
    assert (receipt.level, [run.engine for run in receipt.runs]) == (level, [SIMULATE, FORK]), (
        receipt.reason
    )
    trades = [each for each in finding.plan if (each.actor, each.verb) == (Role.VICTIM, "swap")]
    calm = receipt.undisturbed
    assert len(calm.runs) == (2 if trades else 0)
    if trades:
        now, alone = held(receipt.runs[0].changes), held(calm.runs[0].changes)
        lost = total(each.deltas for each in finding.accounts if each.role is Role.VICTIM)
        victim = ACTORS[Role.VICTIM]
        tokens = {token for who, token in (*now, *alone) if who == victim}
        assert dict(lost) == {
            token: differs
            for token in tokens
            if (differs := now.get((victim, token), 0) - alone.get((victim, token), 0))
        }
    first, second = receipt.runs
    assert held(first.changes) == held(second.changes) == held(receipt.predicted)
    assert [(each.data, each.gas) for each in first.calls] == [
        (each.data, each.gas) for each in second.calls
    ]
    gained = {
        each.token: each.amount for each in first.changes if each.holder == ACTORS[Role.ATTACKER]
    }
    accounts = total(each.deltas for each in finding.accounts if each.role is Role.ATTACKER)
    assert gained == dict(accounts)


def executed(stage: Stage, finding: Finding, *markets: Market) -> bool:
    """Whether there was something to execute, which then was as predicted."""
    if not finding.plan:
        return False
    level = Level.EXECUTED if finding.proof is Proof.EXECUTED else Level.PARTIAL
    proves_to_the_wei(stage.proven(finding, *markets), finding, level)
    return True


def part(bits: float, of: int) -> int:
    return max(int(of * 2**-bits), 1)


def through(market: Market, *steps: Traded) -> Finding:
    """Steps that need not pay, as a plan that harms."""
    share = lp_token(market)

    def verb(one: Traded) -> Verb:
        if share in dict(one.taken):
            return "add"
        return "remove" if share in dict(one.given) else "swap"

    moved = total(one.trader for one in steps)
    ours = Account(Role.ATTACKER, "", moved)
    theirs = Account(Role.LIQUIDITY, market.target.id, negated(moved))
    return Finding(
        attack="round_trip",
        goal="griefing",
        target_ids=(market.target.id,),
        proof=Proof.EXECUTED,
        accounts=(ours, theirs) if moved else (ours,),
        plan=tuple(
            Action(Role.ATTACKER, verb(one), market.target.id, one.given, one.taken)
            for one in steps
        ),
    )


sizes = st.floats(2, 12)
coin = st.integers(0, 1)


@pytest.mark.proves("constant_product", "UniswapV2Pair", moves=("swap", "mint", "burn"))
@settings(max_examples=examples(4, deep=100), phases=[Phase.generate])
@given(name=st.sampled_from(PAIRS), first=coin, before=sizes, size=sizes, price=st.floats(0.5, 2))
def test_pairs(
    stage: Stage, name: str, first: int, before: float, size: float, price: float
) -> None:
    pair = stage.node.world.pair(name)
    state = stage.market(name).state
    held_in = (state.reserve0, state.reserve1)[first]  # type: ignore[union-attr]
    token_in = (pair.token0, pair.token1)[first]
    trader = stage.node.world.actors.trader
    with stage.moved(lambda draft: sell(draft, trader, pair, token_in, part(before, held_in))):
        market = stage.market(name)
        worth = worths(market, price, 1.0)
        assert executed(
            stage, bring_to_reference(market, worth=worth, terms=Terms()), market
        ) or price == pytest.approx(1, rel=0.5)
        victim = Victim(first, 1 - first, part(size, held_in), TOLERANCE)
        squeezed = sandwich(market, victim, worth=worth, terms=Terms())
        assert executed(stage, squeezed, market) or squeezed.reason
        added = join(market, [part(size, held) for held in _balances(market.state)])
        minted = dict(added.taken)[lp_token(market)]
        assert executed(stage, through(market, added, leave(added.market, minted, None)), market)


def _balances(state: State) -> tuple[int, ...]:
    return (state.balance0, state.balance1)  # type: ignore[union-attr]


@settings(max_examples=examples(4, deep=100), phases=[Phase.generate])
@given(number=st.integers(0, 3), first=coin, before=sizes, size=sizes, price=st.floats(0.98, 1.02))
def test_pools_with_ticks(
    stage: Stage, number: int, first: int, before: float, size: float, price: float
) -> None:
    pools = stage.node.world.tick_pools
    pool = pools[number % len(pools)]
    market = stage.market(pool.name)
    with stage.moved(
        lambda draft: _sell_in(draft, pool, first, part(before, _virtual(market, first)))
    ):
        market = stage.market(pool.name)
        spot = _price(market)
        worth = worths(market, spot * price, 1.0)
        found = bring_to_reference(market, worth=worth, terms=Terms())
        assert executed(stage, found, market) or price == pytest.approx(1, rel=0.011)
        victim = Victim(first, 1 - first, part(size, _virtual(market, first)), TOLERANCE)
        try:
            squeezed = sandwich(market, victim, worth=worth, terms=Terms())
        except MathError:
            # the liquidity that there is ends before
            return
        assert executed(stage, squeezed, market) or squeezed.reason


def _sell_in(draft: Draft, pool: TickPool, first: int, amount: int) -> None:
    found = swap(draft.pool_state(pool), amount, zero_for_one=first == 0)
    token = (pool.token0, pool.token1)[first]
    sell_over_ticks(draft, draft.world.actors.trader, pool, token, found)


def _virtual(market: Market, coin_in: int) -> int:
    state = market.state
    assert isinstance(state, Concentrated)
    price = state.sqrt_price_x96
    return (state.liquidity << 96) // price if coin_in == 0 else state.liquidity * price >> 96


def _price(market: Market) -> float:
    """Of a whole token0 in whole tokens1."""
    state = market.state
    assert isinstance(state, Concentrated)
    scale = Fraction(10**state.decimals0, 10**state.decimals1)
    return float(Fraction(state.sqrt_price_x96**2, 2**192) * scale)


@pytest.mark.proves("stableswap", "CurveStableSwapNG", moves=("exchange", "add_liquidity"))
@settings(max_examples=examples(5, deep=100), phases=[Phase.generate])
@given(
    name=st.sampled_from(CURVE),
    first=st.integers(0, 3),
    second=st.integers(0, 2),
    before=sizes,
    size=sizes,
    price=st.floats(0.97, 1.03),
)
def test_stableswap_pools(
    stage: Stage, name: str, first: int, second: int, before: float, size: float, price: float
) -> None:
    pool = stage.node.world.coin_pool(name)
    i, j = _two(pool, first, second)
    market = stage.market(name)
    amount = part(before, _held(market, i))
    trader = stage.node.world.actors.trader
    with stage.moved(lambda draft: coins.exchange(draft, trader, pool, (i, j), amount)):
        market = stage.market(name)
        worth = worths(market, *(price if k == i else 1.0 for k in range(len(pool.coins))))
        found = bring_to_reference(market, worth=worth, terms=Terms())
        assert executed(stage, found, market) or found.reason
        victim = Victim(i, j, part(size, _held(market, i)), TOLERANCE)
        squeezed = sandwich(market, victim, worth=worth, terms=Terms())
        assert executed(stage, squeezed, market) or squeezed.reason
        there = trade(market, i, j, part(size, _held(market, i)))
        steps = [there, trade(there.market, j, i, there.amount_out)]
        if name.startswith("ng:"):
            amounts = [
                part(size, _held(market, k)) if k == i else 0 for k in range(len(pool.coins))
            ]
            steps = [join(market, amounts)]
            steps.append(leave(steps[0].market, dict(steps[0].taken)[lp_token(market)], j))
        assert executed(stage, through(market, *steps), market)


@pytest.mark.parametrize("protocol", OTHERS)
def test_other_pools_as_they_stand(stage: Stage, protocol: str) -> None:
    """There and back in each, and in and out where that is followed."""
    markets = [
        stage.market(name) for name, one in stage.targets.items() if one.protocol == protocol
    ]
    assert markets
    for market in markets:
        i, j = market.coins[-1], market.coins[0]
        there = trade(market, i, j, 10 ** market.target.tokens[i].decimals // 3)
        back = trade(there.market, j, i, there.amount_out)
        assert executed(stage, through(market, there, back), market)
        try:
            steps = _in_and_back(market)
        except MathError:
            assert protocol == "pancake_v3" or getattr(market.state, "withdraw_fee", False)
            continue
        assert executed(stage, through(market, *steps), market)


def _in_and_back(market: Market) -> tuple[Traded, Traded]:
    state = market.state
    amounts = [10**token.decimals // 7 for token in market.target.tokens]
    coin_out: int | None = market.coins[0]
    if market.target.protocol == "kyber_dmm":
        held_of = (state.reserve0, state.reserve1)  # type: ignore[union-attr]
        amounts, coin_out = [held // 1_000 for held in held_of], None
    added = join(market, amounts)
    return added, leave(added.market, dict(added.taken)[lp_token(market)], coin_out)


def _two(pool: CoinPool, first: int, second: int) -> tuple[int, int]:
    count = len(pool.coins)
    i = first % count
    return i, (i + 1 + second % (count - 1)) % count


def _held(market: Market, coin_in: int) -> int:
    assert isinstance(market.state, StableSwap)
    return market.state.balances[coin_in]


@pytest.mark.proves("share_vault", "SolmateVault", "OpenZeppelinVault", moves=("deposit", "redeem"))
@settings(max_examples=examples(4, deep=100), phases=[Phase.generate])
@given(name=st.sampled_from(VAULTS), gift=st.floats(0, 30), size=st.floats(0, 12))
def test_vaults(stage: Stage, name: str, gift: float, size: float) -> None:
    vault = stage.node.world.vault(name)
    depositor = stage.node.world.actors.depositor
    with stage.moved(lambda draft: vaults.give(draft, depositor, vault, int(2**gift))):
        market = stage.market(name)
        state = market.state
        assert isinstance(state, ShareVault)
        worth = Worth(1.0, vault.asset.decimals)
        victim = part(size, state.total_assets)
        for ask in (inflation, griefing):
            found = ask(market.target, state, victim=victim, worth=worth, terms=Terms())
            assert executed(stage, found, market) or found.reason
        assert executed(stage, _in_and_out(market, state, victim), market)


def _in_and_out(market: Market, state: ShareVault, assets: int) -> Finding:
    """A deposit beside a gift, redeemed at once, by our arithmetic."""
    done = outcome(state, first=assets, gift=assets // 7, victim=max(assets // 3, 1))
    asset, share = market.target.tokens[0].address, lp_token(market)
    own = _shares(state, assets)
    gift = ((asset, assets // 7),) if assets // 7 else ()
    back = done.attacker + assets + assets // 7
    spent = max(assets // 3, 1)
    got = ((share, done.victim_shares),)
    target_id = market.target.id
    paid = ((asset, done.victim + spent),) if done.victim + spent else ()
    steps = (
        Action(Role.ATTACKER, "deposit", target_id, ((asset, assets),), ((share, own),)),
        Action(Role.ATTACKER, "give", target_id, gift, ()),
        Action(Role.VICTIM, "deposit", target_id, ((asset, spent),), got),
        Action(Role.ATTACKER, "redeem", target_id, ((share, own),), ((asset, back),)),
        Action(Role.VICTIM, "redeem", target_id, got, paid),
    )
    accounts = (
        Account(Role.ATTACKER, "", total([((asset, done.attacker),)])),
        Account(Role.VICTIM, "", total([((asset, done.victim),)])),
        Account(Role.LIQUIDITY, target_id, total([((asset, done.others),)])),
    )
    return Finding(
        attack="share_price",
        goal="griefing",
        target_ids=(target_id,),
        proof=Proof.EXECUTED,
        accounts=tuple(each for each in accounts if each.deltas or each.role is Role.ATTACKER),
        plan=tuple(each for each in steps if each.gives and dict(each.gives).get(share, 1)),
    )


def _shares(state: ShareVault, assets: int) -> int:
    return preview_deposit(assets, share_totals(state))


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
            _scene(finding, markets),
            before.block,
            WithoutSimulation(stage.node),
            anvil=stage.anvil.anvil,
        )
    )
    assert (receipt.level, [run.engine for run in receipt.runs]) == (Level.EXECUTED, [FORK])
    assert receipt.predicted == before.predicted
    with pytest.raises(Refused):
        asyncio.run(
            prove(_scene(finding, markets), before.block, WithoutSimulation(stage.node), anvil=None)
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
        asyncio.run(prove(_scene(finding, markets), gone, LocalNode(stage.node), anvil=None))
    assert asyncio.run(replay_offline(replace(receipt, block=gone), stage.anvil.anvil)).same
