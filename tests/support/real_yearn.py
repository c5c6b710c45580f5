"""Yearn's real vaults after whatever a test lets happen to them, block by block, in one
eth_simulateV1: the chain itself stays as it was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from tests.support.simulation import (
    GAS,
    RECEIVER,
    SENDER,
    Result,
    Step,
    answers,
    identified,
    step,
)
from tests.support.strategies import UINT256
from tests.support.world import LocalWorld
from watcher.devnet.artifacts import Artifacts
from watcher.devnet.deploy.more_vaults import deploy_yearn_v2, deploy_yearn_v3
from watcher.devnet.deploy.site import Site
from watcher.devnet.local_chain import LocalChain
from watcher.devnet.places import WatchedVault
from watcher.protocols import ADAPTERS, Entry
from watcher.protocols.adapter import read
from watcher.state import (
    Address,
    Answer,
    BlockTime,
    Call,
    Static,
    Target,
    Token,
    YearnVault,
    to_address,
)

SYMBOLS = {"0.3.4": "DAI", "0.4.3": "DAI", "3.1.0": "USDC"}
ASSETS = 10**40
"""What the sender is minted of the asset."""

BUSY = 20 * GAS
LOST = to_address("0x0000000000000000000000000000000000001057")


@dataclass(frozen=True, slots=True)
class Wait:
    """The seconds until the next block."""

    seconds: int


@dataclass(frozen=True, slots=True)
class RealYearn:
    """A deployed vault that is empty; its builder governs it, its strategies have nothing."""

    chain: LocalChain
    target: Target
    strategies: tuple[Address, ...]
    builder: Address

    @property
    def strategy(self) -> Address:
        return self.strategies[0]

    @property
    def address(self) -> Address:
        return self.target.address

    @property
    def asset(self) -> Address:
        return self.target.tokens[0].address

    @property
    def is_v3(self) -> bool:
        return self.target.protocol == "yearn_v3"

    def observe(
        self, happened: Sequence[Step | Wait], steps: Sequence[Step] = ()
    ) -> tuple[YearnVault, list[Result]]:
        """The state that the adapter reads once all of it has happened, none of which may fail, and
        the results of the steps in it."""

        def ask(calls: Sequence[Call]) -> list[Answer]:
            asked = [
                Step(each.to, "0x" + each.data.hex()) for each in calls if isinstance(each, Static)
            ]
            results, time = self._simulate(happened, asked)
            found = iter(answers(results))
            word = time.to_bytes(32, "big")
            clock = Answer(ok=True, data=word, length=32)
            return [clock if isinstance(each, BlockTime) else next(found) for each in calls]

        state = read(ADAPTERS[self.target.protocol], self.target, ask)
        assert isinstance(state, YearnVault)
        return state, self.run(happened, steps)

    def run(self, happened: Sequence[Step | Wait], steps: Sequence[Step]) -> list[Result]:
        """The results of the steps once all of it has happened."""
        return self._simulate(happened, steps)[0] if steps else []

    def _simulate(
        self, happened: Sequence[Step | Wait], steps: Sequence[Step]
    ) -> tuple[list[Result], int]:
        """The results of the steps, which run in the last block, and that block's time."""
        time = self.chain.head().timestamp + 1
        mint = step(self.asset, "mint(address,uint256)", SENDER, ASSETS)
        approve = step(self.asset, "approve(address,uint256)", self.address, UINT256)
        blocks: list[tuple[int, list[Step]]] = [(time, [mint, approve])]
        for each in happened:
            if isinstance(each, Wait):
                time += each.seconds
                blocks.append((time, []))
            else:
                blocks[-1][1].append(each)
        planned = sum(len(calls) for _, calls in blocks)
        blocks[-1][1].extend(steps)
        asked = {
            "blockStateCalls": [
                {
                    "blockOverrides": {"time": hex(at), "gasLimit": hex(BUSY * 50)},
                    "calls": [
                        {"from": one.sender, "to": one.to, "data": one.data, "gas": hex(BUSY)}
                        for one in calls
                    ],
                }
                for at, calls in blocks
            ]
        }
        simulated = self.chain.request("eth_simulateV1", asked, "latest")
        results = [
            Result(int(each["status"], 16) == 1, bytes.fromhex(each["returnData"][2:]))
            for block in simulated
            for each in block["calls"]
        ]
        for done in results[:planned]:
            assert done.ok, done.reason
        return results[planned:], time

    def deposit(self, assets: int) -> Step:
        return step(self.address, "deposit(uint256,address)", assets, SENDER)

    def leave(self, shares: int) -> Step:
        """To the receiver, through the strategy where the vault has too little."""
        if self.is_v3:
            signature = "redeem(uint256,address,address,address[])"
            return step(self.address, signature, shares, RECEIVER, SENDER, list(self.strategies))
        signature = "withdraw(uint256,address)"
        return step(self.address, signature, shares, RECEIVER)

    def withdraw(self, assets: int) -> Step:
        signature = "withdraw(uint256,address,address,address[])"
        return step(self.address, signature, assets, RECEIVER, SENDER, list(self.strategies))

    def mint(self, shares: int) -> Step:
        return step(self.address, "mint(uint256,address)", shares, SENDER)

    def give(self, assets: int, *, to: Address | None = None) -> Step:
        return step(self.asset, "transfer(address,uint256)", to or self.address, assets)

    def gain(self, assets: int) -> Step:
        """To the strategy, which has not reported it yet."""
        return self.give(assets, to=self.strategy)

    def lose(self, assets: int, *, at: int = 0) -> Step:
        """What the strategy has becomes less."""
        if self.is_v3:
            signature = "transfer(address,uint256)"
            return step(self.asset, signature, LOST, assets, sender=self.strategies[at])
        return step(self.strategy, "spend(uint256)", assets)

    def lend(self, assets: int, *, at: int = 0) -> Step:
        """V3's debt is set, V2's is taken at a harvest: `assets` are then what it owed before."""
        if self.is_v3:
            signature = "update_debt(address,uint256)"
            return step(self.address, signature, self.strategies[at], assets, sender=self.builder)
        return step(self.strategy, "harvest(uint256)", assets)

    def report(self, owed: int) -> list[Step]:
        """Whatever the strategy has more or less than it owes."""
        if self.is_v3:
            signature = "process_report(address)"
            return [step(self.address, signature, self.strategy, sender=self.builder)]
        harvest = step(self.strategy, "harvest(uint256)", owed)
        if self.target.params["version"] == "0.3.4":
            return [harvest]
        # 0.4.3 takes no gain over 1% of the debt while it looks.
        signature = "setStrategyEnforceChangeLimit(address,bool)"
        look = step(self.address, signature, self.strategy, False, sender=self.builder)
        return [look, harvest]

    def price_per_share(self) -> Step:
        return step(self.address, "pricePerShare()")


def deploy_yearn(site: LocalWorld, artifacts: Artifacts) -> dict[str, RealYearn]:
    """An empty vault of each version."""
    building, builder = Site(site.chain, artifacts), site.world.actors.builder
    token = site.world.token
    made: dict[str, WatchedVault] = {
        "0.3.4": deploy_yearn_v2(
            building, builder, token(SYMBOLS["0.3.4"]), "0.3.4", contract="YearnV2Vault"
        ),
        "0.4.3": deploy_yearn_v2(
            building, builder, token(SYMBOLS["0.4.3"]), "0.4.3", contract="YearnV2LaterVault"
        ),
        "3.1.0": deploy_yearn_v3(building, builder, token(SYMBOLS["3.1.0"]), "3.1.0"),
    }
    made["two"] = _with_limited_strategies(building, builder, token("USDC"))
    building.mine()
    entries = [
        Entry(
            site.chain.chain_id,
            vault.protocol,
            vault.address,
            name=version,
            options={
                name: " ".join(value) if isinstance(value, list) else str(value)
                for name, value in vault.options.items()
            },
        )
        for version, vault in made.items()
    ]
    return {
        target.name: RealYearn(site.chain, target, made[target.name].strategies, builder)
        for target in identified(site.chain, entries)
    }


def _with_limited_strategies(site: Site, builder: Address, asset: Token) -> WatchedVault:
    """A V3 with two strategies that may have their assets elsewhere."""
    vault = deploy_yearn_v3(site, builder, asset, "two")
    strategies: list[Address] = []
    for name in ("one", "other"):
        strategy = site.create(builder, "LimitedVault", asset.address, name, "s", LOST)
        site.send(builder, vault.address, "add_strategy(address)", strategy)
        most = "update_max_debt_for_strategy(address,uint256)"
        site.send(builder, vault.address, most, strategy, UINT256)
        strategies.append(strategy)
    named: list[str] = list(strategies)
    return replace(vault, strategies=tuple(strategies), options={"strategies": named})
