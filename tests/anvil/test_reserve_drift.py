"""Pairs that hold something else than their reserves: gifts, rebases, fees on transfer."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.anvil.test_reorgs import Watching, watching
from tests.support.world import LocalWorld
from watcher.devnet.artifacts import Toolchain
from watcher.devnet.calldata import call_data
from watcher.devnet.deploy.pools import PAIR_GAS
from watcher.devnet.deploy.site import Site
from watcher.devnet.local_chain import Transaction
from watcher.errors import SetupError
from watcher.state import Address, to_address
from watcher.store import recompute

pytestmark = pytest.mark.anvil

E18 = 10**18
RECEIVER = to_address("0x00000000000000000000000000000000000FEe31")


@dataclass(frozen=True, slots=True)
class OddPair:
    """A pair of an OddToken and the world's DAI, 18 decimals each."""

    node: LocalWorld
    address: Address
    odd: Address
    dai: Address

    def send(self, to: Address, signature: str, *args: object) -> None:
        sender = self.node.world.actors.trader
        data = call_data(signature, *args)
        self.node.chain.mine([Transaction(sender, to, data, signature.partition("(")[0])])

    def balance(self, token: Address, holder: Address) -> int:
        return int(self.node.chain.read(token, "balanceOf(address)(uint256)", holder)[0])

    def drift(self, token: Address) -> int:
        """As the contracts themselves say it, in smallest units."""
        reserves = self.node.chain.read(self.address, "getReserves()(uint112,uint112,uint32)")
        first = int(token, 16) == min(int(self.odd, 16), int(self.dai, 16))
        return self.balance(token, self.address) - int(reserves[0 if first else 1])


def make_pair(node: LocalWorld, toolchain: Toolchain) -> OddPair:
    site, trader = Site(node.chain, toolchain.artifacts), node.world.actors.trader
    dai = node.world.token("DAI").address
    (factory,) = node.chain.read(node.world.pairs[0].address, "factory()(address)")
    odd = site.create(trader, "OddToken")
    site.send(trader, to_address(factory), "createPair(address,address)", odd, dai, gas=PAIR_GAS)
    site.mine()
    (pair,) = node.chain.read(to_address(factory), "getPair(address,address)(address)", odd, dai)
    for token in (odd, dai):
        site.send(trader, token, "mint(address,uint256)", trader, 10_000 * E18)
        site.send(trader, token, "transfer(address,uint256)", pair, 1_000 * E18)
    site.send(trader, to_address(pair), "mint(address)", trader)
    site.mine()
    return OddPair(node, to_address(pair), odd, dai)


def entry_of(pair: OddPair) -> str:
    return f"""
        [[targets]]
        chain = "eip155:{pair.node.chain.chain_id}"
        protocol = "uniswap_v2"
        address = "{pair.address}"
        name = "odd"
        fee = 0.003
        """


async def reported(watched: Watching, pair: OddPair) -> dict[str, float]:
    """The drift by token, as it is stored of the newest block."""
    await watched.look()
    target = next(one for one in watched.prepared.targets if one.address == pair.address)
    found = watched.store.latest(target.id)
    assert found is not None
    return {
        dict(one.dims)["token"]: one.value for one in found.measures if one.name == "reserve_drift"
    }


async def test_fault_31_a_drift_of_balance_and_reserve_is_reported_to_the_unit(
    fork_node: LocalWorld, toolchain: Toolchain, tmp_path: Path
) -> None:
    pair = make_pair(fork_node, toolchain)
    odd, dai = pair.odd, pair.dai
    transfer = "transfer(address,uint256)"

    async def look(expected: int, token: Address) -> None:
        other = dai if token == odd else odd
        assert pair.drift(token) == expected
        assert await reported(watched, pair) == {token: expected / E18, other: 0.0}

    async with watching(fork_node, tmp_path, "drift", more=entry_of(pair)) as watched:
        await look(0, odd)
        # A gift: whoever calls skim takes it.
        pair.send(dai, transfer, pair.address, 12_345_678_901)
        await look(12_345_678_901, dai)
        pair.send(pair.address, "skim(address)", RECEIVER)
        assert pair.balance(dai, RECEIVER) == 12_345_678_901
        await look(0, dai)
        # A fee on transfer: less arrives than was sent.
        pair.send(odd, "setFee(uint256)", 100)
        pair.send(odd, transfer, pair.address, 10 * E18)
        await look(99 * E18 // 10, odd)
        pair.send(pair.address, "sync()")
        await look(0, odd)
        # A rebase, both ways: above its reserves it can be skimmed, below it is short.
        reserve = pair.balance(odd, pair.address)
        pair.send(odd, "rebase(uint256)", 11 * E18 // 10)
        await look(reserve // 10, odd)
        pair.send(odd, "rebase(uint256)", 9 * E18 // 10)
        await look(-(reserve // 10), odd)
        with pytest.raises(SetupError, match="skim"):
            pair.send(pair.address, "skim(address)", RECEIVER)
        pair.send(pair.address, "sync()")
        await look(0, odd)
        assert recompute(watched.store).found == 0
