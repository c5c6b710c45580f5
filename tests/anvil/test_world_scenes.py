"""The local world: what each scene does to it."""

from __future__ import annotations

from fractions import Fraction
from random import Random

import pytest

from tests.support.played import ROUND, SEEDS, play_scene, price_per_share
from tests.support.world import LocalWorld
from watcher.devnet.draft import Draft
from watcher.devnet.moves.direct import DirectPool, back_to_the_feeds
from watcher.devnet.moves.ticks import market, spot
from watcher.devnet.moves.trades import gap_bps, value_share
from watcher.devnet.places import ConcentratedPool, KyberPool, SolidlyPool
from watcher.devnet.scenes import BY_NAME
from watcher.devnet.scenes.calm import CALM
from watcher.devnet.scenes.feed_moves import FEED_MOVES
from watcher.devnet.scenes.one_side_emptied import ONE_SIDE_EMPTIED
from watcher.devnet.scenes.reorg import REORG
from watcher.devnet.scenes.vault_donated import VAULT_DONATED
from watcher.devnet.scenes.vault_earns import VAULT_EARNS
from watcher.devnet.stage import Scene, Stage
from watcher.state.token import NATIVE_COINS

pytestmark = pytest.mark.anvil


@pytest.mark.parametrize("longest", [False, True], ids=["shortest", "longest"])
@pytest.mark.parametrize("scene", BY_NAME.values(), ids=lambda scene: scene.name)
def test_every_scene_plays(fork_node: LocalWorld, scene: Scene, longest: bool) -> None:
    blocks = min(scene.longest, 12) if longest else scene.shortest
    before = fork_node.chain.head().number + 1
    heads = list(play_scene(fork_node, scene, blocks, seed=7))
    assert [head.number for head in heads] == list(range(before + 1, before + blocks + 1))
    assert fork_node.chain.head() == heads[-1]


@pytest.mark.parametrize("seed", SEEDS)
def test_calm_stays_within_the_feeds_deviations(fork_node: LocalWorld, seed: int) -> None:
    answers: dict[str, int] = {feed.pair: feed.first_answer for feed in fork_node.world.feeds}
    changed = set()
    for _ in play_scene(fork_node, CALM, 20, seed):
        draft = Draft(fork_node.world, fork_node.chain)
        assert all(gap_bps(draft, pair) < 150 for pair in fork_node.world.pools)
        for feed in fork_node.world.feeds:
            answer = draft.round(feed).answer
            assert abs(answer / answers[feed.pair] - 1) < feed.deviation
            changed |= {feed.pair} if answer != answers[feed.pair] else set()
            answers[feed.pair] = answer
    assert changed


def spots(node: LocalWorld) -> dict[str, tuple[int, int]]:
    """What is left of each pool that no trade is planned in: price and liquidity, or reserves."""
    draft, world = Draft(node.world, node.chain), node.world
    found = {pool.name: spot(draft, pool) for pool in world.concentrated_pools}
    for solidly in world.solidly_pools:
        reserve0, reserve1 = draft.read(solidly.address, "getReserves()(uint256,uint256)")
        found[solidly.name] = reserve0, reserve1
    for kyber in world.kyber_pools:
        reserve0, reserve1 = draft.read(kyber.address, "getReserves()(uint112,uint112)")
        found[kyber.name] = reserve0, reserve1
    return found


def gap_of(node: LocalWorld, pool: ConcentratedPool) -> float:
    """How far its price is from the feeds', as a fraction, either way."""
    draft = Draft(node.world, node.chain)
    ratio = Fraction(spot(draft, pool)[0], market(draft, pool)) ** 2
    return float(abs(ratio - 1))


def test_in_time_calm_trades_in_every_pool(fork_node: LocalWorld) -> None:
    before = spots(fork_node)
    list(play_scene(fork_node, CALM, 60, seed=1))
    after = spots(fork_node)
    assert [name for name in before if before[name] == after[name]] == []


def test_pools_that_lag_are_brought_back_in_calm(fork_node: LocalWorld) -> None:
    world = fork_node.world
    assert all(gap_of(fork_node, pool) < 1e-4 for pool in world.concentrated_pools)
    list(play_scene(fork_node, FEED_MOVES, 3, seed=1))
    weth = (world.weth.address, *NATIVE_COINS)
    lagging = [
        pool
        for pool in world.concentrated_pools
        if pool.token0.address in weth or pool.token1.address in weth
    ]
    assert {pool.protocol for pool in lagging} == {"pancake_v3", "algebra_integral", "uniswap_v4"}
    assert all(gap_of(fork_node, pool) > 0.07 for pool in lagging)
    draft = Draft(world, fork_node.chain)
    every: list[DirectPool] = [*world.solidly_pools, *world.kyber_pools]
    direct = [pool for pool in every if back_to_the_feeds(draft, pool) is not None]
    assert {type(pool) for pool in direct} == {SolidlyPool, KyberPool}
    list(play_scene(fork_node, CALM, 60, seed=1))
    assert all(gap_of(fork_node, pool) < 0.015 for pool in lagging)
    draft = Draft(world, fork_node.chain)
    assert all(back_to_the_feeds(draft, pool) is None for pool in direct)


@pytest.mark.parametrize("blocks", [2, 3, 8])
@pytest.mark.parametrize("seed", SEEDS)
def test_one_side_is_emptied_and_comes_back_in_part(
    fork_node: LocalWorld, blocks: int, seed: int
) -> None:
    shares = []
    for _ in play_scene(fork_node, ONE_SIDE_EMPTIED, blocks, seed):
        draft = Draft(fork_node.world, fork_node.chain)
        widest = max(fork_node.world.pairs, key=lambda pair: gap_bps(draft, pair))
        share = value_share(draft, widest, widest.token0)
        shares.append(max(share, 1 - share))
    assert abs(max(shares) - Fraction(9, 10)) < Fraction(1, 200)
    assert Fraction(55, 100) < shares[-1] < Fraction(80, 100)


@pytest.mark.parametrize("blocks", [3, 7])
def test_the_pools_lag_the_feed_and_follow(fork_node: LocalWorld, blocks: int) -> None:
    world, weth = fork_node.world, fork_node.world.weth
    pools = [pair for pair in world.pairs if weth in (pair.token0, pair.token1)]
    gaps = []
    for _ in play_scene(fork_node, FEED_MOVES, blocks, seed=1):
        draft = Draft(world, fork_node.chain)
        gaps.append([gap_bps(draft, pair) for pair in pools])
    assert Draft(world, fork_node.chain).round(world.feed(weth)).answer == 2_760 * 10**8
    assert all(gap > 700 for gap in gaps[blocks - max(1, blocks // 3) - 1])
    assert all(gap < 60 for gap in gaps[-1])


def test_a_feed_that_fell_rises_again(fork_node: LocalWorld) -> None:
    feed = fork_node.world.feed(fork_node.world.weth)
    answers = []
    for seed in SEEDS:
        list(play_scene(fork_node, FEED_MOVES, 4, seed))
        answers.append(Draft(fork_node.world, fork_node.chain).round(feed).answer)
    assert answers == [2_760 * 10**8, 3_000 * 10**8, 2_760 * 10**8]


@pytest.mark.parametrize("seed", SEEDS)
def test_vaults_earn_in_small_steps(fork_node: LocalWorld, seed: int) -> None:
    vaults = fork_node.world.vaults
    prices = {vault.name: price_per_share(fork_node, vault) for vault in vaults}
    supplies: set[tuple[int, ...]] = set()
    for _ in play_scene(fork_node, VAULT_EARNS, 6, seed):
        rises = []
        for vault in vaults:
            price = price_per_share(fork_node, vault)
            rises.append(price / prices[vault.name] - 1)
            prices[vault.name] = price
        assert sum(Fraction(1, 10_000) < rise < Fraction(1, 1_000) for rise in rises) == 2
        total = "totalSupply()(uint256)"
        supplies.add(tuple(fork_node.chain.read(vault.address, total)[0] for vault in vaults))
    assert len(supplies) == 5  # two deposits and two redemptions in six blocks


@pytest.mark.parametrize("seed", SEEDS)
def test_a_donation_moves_the_price_per_share(fork_node: LocalWorld, seed: int) -> None:
    vaults = fork_node.world.vaults
    before = {vault.name: price_per_share(fork_node, vault) for vault in vaults}
    blocks = play_scene(fork_node, VAULT_DONATED, 3, seed)
    next(blocks)
    rises = [price_per_share(fork_node, vault) / before[vault.name] - 1 for vault in vaults]
    (rise,) = [rise for rise in rises if rise]
    assert Fraction(3, 100) <= rise <= Fraction(9, 100)
    assert len(list(blocks)) == 2


@pytest.mark.parametrize("depth", range(1, 6))
def test_a_reorg_replaces_blocks_and_leaves_the_head_one_higher(
    fork_node: LocalWorld, depth: int
) -> None:
    *old, new_head = play_scene(fork_node, REORG, depth + 1, seed=depth)
    assert len(old) == depth
    assert new_head.number == old[-1].number + 1
    assert new_head.timestamp > old[-1].timestamp
    known = "eth_getBlockByNumber"
    ancestor = fork_node.chain.request(known, hex(old[0].number - 1), False)
    for block in old:
        replaced = fork_node.chain.request(known, hex(block.number), False)
        assert replaced["hash"] != block.hash
        assert fork_node.chain.request("eth_getBlockByHash", block.hash, False) is None
    first = fork_node.chain.request(known, hex(old[0].number), False)
    assert first["parentHash"] == ancestor["hash"] == old[0].parent_hash
    assert first["timestamp"] != hex(old[0].timestamp)


def test_an_answer_is_repeated_before_its_heartbeat_is_over(fork_node: LocalWorld) -> None:
    world = fork_node.world
    fork_node.chain.mine(seconds=3_600 - 61)
    stage = Stage(world, fork_node.chain, Random(1))
    assert not stage.draft(seconds=0).transactions
    fork_node.chain.mine(stage.draft().transactions)
    head = fork_node.chain.head()
    ages = {
        feed.pair: head.timestamp - fork_node.chain.read(feed.proxy, ROUND)[3]
        for feed in world.feeds
    }
    assert {pair for pair, age in ages.items() if age == 0} == {
        feed.pair for feed in world.feeds if feed.heartbeat == 3_600
    }
