"""Scenes played on a local world, and what they leave of a pool and a vault."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from random import Random

from tests.support.world import LocalWorld
from watcher.devnet.places import Pair, Vault
from watcher.devnet.stage import RollBack, Scene, Stage
from watcher.state.block import Block

ROUND = "latestRoundData()(uint80,int256,uint256,uint256,uint80)"
SEEDS = range(3)


def reserves(node: LocalWorld, pair: Pair) -> tuple[int, int]:
    reserve0, reserve1, _ = node.chain.read(pair.address, "getReserves()(uint112,uint112,uint32)")
    return reserve0, reserve1


def price_per_share(node: LocalWorld, vault: Vault) -> Fraction:
    (assets,) = node.chain.read(vault.address, "totalAssets()(uint256)")
    (shares,) = node.chain.read(vault.address, "totalSupply()(uint256)")
    return Fraction(assets, shares)


def play_scene(node: LocalWorld, scene: Scene, blocks: int, seed: int) -> Iterator[Block]:
    """Each announced block, with the chain as it is when it is announced."""
    node.chain.mine()  # on a fork, Anvil can roll back its own blocks alone
    stage = Stage(node.world, node.chain, Random(seed))
    for step in scene.play(stage, blocks):
        if isinstance(step, RollBack):
            node.chain.roll_back(step.blocks)
            continue
        block = node.chain.mine(step.transactions, seconds=step.seconds)
        if step.announced:
            yield block
