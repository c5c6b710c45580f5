"""Plans of findings executed on the real contracts, and held to what was predicted."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from tests.support.adapters import entry, identified, read_states
from tests.support.world import LocalWorld
from watcher.devnet.artifacts import Toolchain
from watcher.devnet.draft import Draft
from watcher.errors import Unavailable
from watcher.math.exploitability.trading import Market, Traded, lp_token
from watcher.simulate.node import Refused
from watcher.simulate.prove import FORK, SIMULATE, held, prove
from watcher.simulate.receipt import Level, Receipt
from watcher.simulate.script import ACTORS, Scene
from watcher.state import Address, Block, State, Target
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
                scene_of(finding, markets),
                self.head(),
                LocalNode(self.node),
                anvil=self.anvil.anvil,
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


def scene_of(finding: Finding, markets: Sequence[Market]) -> Scene:
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


def stage_of(fork_site: LocalWorld, toolchain: Toolchain) -> Stage:
    """With the world's pools and vaults whose steps are encoded."""
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
