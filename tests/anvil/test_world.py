"""The local world: what is deployed, what each scene does to it, and that it can be repeated."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest

from tests.support.world import LocalWorld
from watcher.chain.anvil import run_anvil
from watcher.devnet.artifacts import Toolchain
from watcher.devnet.background import Stop, run_devnet
from watcher.devnet.calldata import call_data
from watcher.devnet.deploy import FEEDS, PANCAKE_POOLS, UNISWAP_POOLS, deploy_world
from watcher.devnet.draft import Draft
from watcher.devnet.local_chain import LocalChain, Transaction, local_options
from watcher.devnet.moves.trades import gap_bps, sell, value_share
from watcher.devnet.play import PlayedBlock, play
from watcher.devnet.scenes import SCENES
from watcher.devnet.scenes.calm import CALM
from watcher.devnet.scenes.feed_moves import FEED_MOVES
from watcher.devnet.scenes.one_side_emptied import ONE_SIDE_EMPTIED
from watcher.devnet.scenes.reorg import REORG
from watcher.devnet.scenes.vault_donated import VAULT_DONATED
from watcher.devnet.scenes.vault_earns import VAULT_EARNS
from watcher.devnet.stage import RollBack, Scene, Stage
from watcher.devnet.world import Pair, Vault, World
from watcher.errors import SetupError, Unavailable
from watcher.math.exact.constant_product import get_amount_out, protocol_liquidity
from watcher.state.block import Block

pytestmark = pytest.mark.anvil

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


def test_the_pools_hold_what_was_planned(world_node: LocalWorld) -> None:
    planned = [("", pool) for pool in UNISWAP_POOLS] + [("pancake:", p) for p in PANCAKE_POOLS]
    for prefix, (a, b, amount_a, amount_b) in planned:
        pair = world_node.world.pair(f"{prefix}{a}/{b}")
        held = dict(
            zip((pair.token0.symbol, pair.token1.symbol), reserves(world_node, pair), strict=True)
        )
        token_a, token_b = world_node.world.token(a), world_node.world.token(b)
        assert held == {a: amount_a * 10**token_a.decimals, b: amount_b * 10**token_b.decimals}


def test_tokens_say_what_the_world_says_of_them(world_node: LocalWorld) -> None:
    for token in world_node.world.tokens:
        assert world_node.chain.read(token.address, "decimals()(uint8)") == (token.decimals,)
        assert world_node.chain.read(token.address, "symbol()(string)") == (token.symbol,)
    assert {token.decimals for token in world_node.world.tokens} == {2, 6, 8, 18}


def test_the_feeds_answer_through_their_proxies(world_node: LocalWorld) -> None:
    for symbol, pair, dollars, *_ in FEEDS:
        feed = world_node.world.feed(world_node.world.token(symbol))
        round_id, answer, _, updated_at, _ = world_node.chain.read(feed.proxy, ROUND)
        assert round_id == (1 << 64) + 1
        assert answer == dollars * 10**8
        assert updated_at == world_node.chain.head().timestamp
        assert world_node.chain.read(feed.proxy, "description()(string)") == (pair,)


def test_the_vaults_hold_their_asset_at_one_to_one(world_node: LocalWorld) -> None:
    for vault in world_node.world.vaults:
        asset = world_node.chain.read(vault.address, "asset()(address)")[0]
        assert asset.lower() == vault.asset.address.lower()
        offset = vault.decimals_offset if vault.virtual_shares else 0
        assert price_per_share(world_node, vault) == Fraction(1, 10**offset)


def test_the_set_up_takes_few_blocks(world_node: LocalWorld) -> None:
    assert world_node.chain.head().number <= 40


def test_the_pools_start_at_the_feeds(world_node: LocalWorld) -> None:
    draft = Draft(world_node.world, world_node.chain)
    assert all(gap_bps(draft, pair) == 0 for pair in world_node.world.pools)


def test_the_router_quotes_with_the_fee_that_the_entries_name(world_node: LocalWorld) -> None:
    fees = {entry.name: entry.options.get("fee") for entry in world_node.world.entries.targets}
    for pair in world_node.world.pairs:
        if pair.router is None:
            continue
        assert fees[pair.name] == 0.003
        reserve0, reserve1 = reserves(world_node, pair)
        amount_in = reserve0 // 1_000
        path = [pair.token0.address, pair.token1.address]
        quote = "getAmountsOut(uint256,address[])(uint256[])"
        (amounts,) = world_node.chain.read(pair.router, quote, amount_in, path)
        expected = get_amount_out(
            amount_in, reserve0, reserve1, fee_numerator=997, fee_denominator=1000
        )
        assert amounts == (amount_in, expected)


def test_pancake_takes_two_thousandths_and_no_less(fork_node: LocalWorld) -> None:
    pair = fork_node.world.pair("pancake:WETH/USDC")
    draft = Draft(fork_node.world, fork_node.chain)
    trader = fork_node.world.actors.trader
    trade = sell(draft, trader, pair, pair.token0, reserves(fork_node, pair)[0] // 50)
    amounts = (0, trade.amount_out + 1)
    *before, swap = draft.transactions
    too_much = call_data("swap(uint256,uint256,address,bytes)", *amounts, trader, b"")
    greedy = Transaction(trader, pair.address, too_much, "a greedy swap")
    snapshot = fork_node.chain.snapshot()
    with pytest.raises(SetupError, match=r"a greedy swap failed in block \d+ .*Pancake: K"):
        fork_node.chain.mine([*before, greedy])
    fork_node.chain.revert(snapshot)
    fork_node.chain.mine([*before, swap])
    assert reserves(fork_node, pair) == draft.reserves(pair)


@pytest.mark.parametrize("name", ["pancake:DAI/USDC", "DAI/USDC"])
def test_the_protocol_gets_its_share_where_it_is_switched_on(
    fork_node: LocalWorld, name: str
) -> None:
    node, actors = fork_node, fork_node.world.actors
    pair = node.world.pair(name)
    draft = Draft(node.world, node.chain)
    sell(draft, actors.whale, pair, pair.token0, reserves(node, pair)[0] // 3)
    amounts = [reserve // 100 for reserve in draft.reserves(pair)]
    for token, amount in zip((pair.token0, pair.token1), amounts, strict=True):
        draft.fund(actors.builder, token, amount)
        transfer = "transfer(address,uint256)"
        draft.send(actors.builder, token.address, transfer, pair.address, amount, label="giving")
    draft.send(actors.builder, pair.address, "mint(address)", actors.builder, label="a mint")
    (supply,) = node.chain.read(pair.address, "totalSupply()(uint256)")
    (k_last,) = node.chain.read(pair.address, "kLast()(uint256)")
    node.chain.mine(draft.transactions)
    expected = protocol_liquidity(
        *draft.reserves(pair),
        total_supply=supply,
        k_last=k_last,
        share_numerator=pair.protocol_share.numerator,
        share_denominator=pair.protocol_share.denominator,
    )
    (minted,) = node.chain.read(pair.address, "balanceOf(address)(uint256)", actors.treasury)
    assert minted == expected
    assert (minted > 0) == name.startswith("pancake:")


@pytest.mark.parametrize("longest", [False, True], ids=["shortest", "longest"])
@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
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


@pytest.mark.parametrize("blocks", [5, 40])
def test_equal_seeds_play_equal_blocks(toolchain: Toolchain, blocks: int) -> None:
    runs = [fresh_run(toolchain, blocks, seed) for seed in (1, 1, 2)]
    assert runs[0] == runs[1]
    assert not {block.hash for block in runs[0]} & {block.hash for block in runs[2]}
    scenes = {block.scene for block in runs[0]}
    assert scenes >= {"calm", "one_side_emptied", "reorg"}
    assert blocks == 5 or scenes == {scene.name for scene in SCENES}
    numbers = [block.number for block in runs[0]]
    assert numbers == list(range(numbers[0], numbers[0] + blocks))
    (replaced,) = [block.replaced for block in runs[0] if block.replaced]
    assert 1 <= replaced <= 5
    for before, block in pairwise(runs[0]):
        assert block.timestamp - before.timestamp == (24 if block.replaced else 12)


def fresh_run(toolchain: Toolchain, blocks: int, seed: int) -> list[PlayedBlock]:
    with run_anvil(toolchain.anvil, local_options()) as anvil:
        chain = LocalChain(anvil.url)
        world = deploy_world(chain, toolchain.artifacts)
        return list(play(world, chain, blocks=blocks, seed=seed))


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


@pytest.mark.parametrize("time", ["first", "second"])
def test_the_fork_is_the_world_each_time_and_leaves_it_alone(
    world_node: LocalWorld, fork_node: LocalWorld, time: str
) -> None:
    assert fork_node.chain.head() == world_node.chain.head(), time
    pairs = world_node.world.pairs
    before = [reserves(world_node, pair) for pair in pairs]
    assert [reserves(fork_node, pair) for pair in pairs] == before
    list(play_scene(fork_node, ONE_SIDE_EMPTIED, 3, seed=1))
    assert [reserves(fork_node, pair) for pair in pairs] != before
    assert [reserves(world_node, pair) for pair in pairs] == before


def test_a_transaction_that_is_left_out_is_an_error(toolchain: Toolchain) -> None:
    with run_anvil(toolchain.anvil, local_options()) as anvil:
        chain = LocalChain(anvil.url)
        sender, receiver = chain.accounts[:2]
        whole = chain.gas_limit()
        gift = Transaction(sender, receiver, "0x", "a gift", value=1, gas=whole)
        chain.mine([gift])
        with pytest.raises(SetupError, match=r"put 1 transactions into block 2 .* where 2 were"):
            chain.mine([gift, gift])


class Watching:
    """Takes what run_devnet tells, and asks it to stop after some blocks."""

    def __init__(self, blocks: int) -> None:
        self.stop = Stop()
        self.url = ""
        self.seen: list[PlayedBlock] = []
        self.blocks = blocks

    def ready(self, world: World, url: str) -> None:
        assert world.entries.targets
        self.url = url

    def block(self, block: PlayedBlock) -> None:
        self.seen.append(block)
        if len(self.seen) == self.blocks:
            self.stop.set()


def test_a_devnet_plays_then_stays_calm_until_it_is_stopped(toolchain: Toolchain) -> None:
    watching = Watching(9)
    thread = threading.Thread(
        target=run_devnet,
        args=(toolchain,),
        kwargs={
            "port": 0,
            "blocks": 5,
            "seed": 1,
            "interval": 0.01,
            "on_ready": watching.ready,
            "on_block": watching.block,
            "stop": watching.stop,
        },
    )
    thread.start()
    thread.join(60)
    assert not thread.is_alive()
    numbers = [block.number for block in watching.seen]
    assert numbers == list(range(numbers[0], numbers[0] + 9))
    assert {block.scene for block in watching.seen[5:]} == {"calm"}
    with pytest.raises(Unavailable):
        LocalChain(watching.url)


DEVNET = """
import sys
from pathlib import Path
from watcher.devnet.artifacts import Artifacts, Toolchain, prepare
from watcher.devnet.background import run_devnet

ended = run_devnet(
    prepare(Path(sys.argv[1])), port=0, blocks=5, seed=1, interval=0.05,
    on_ready=lambda world, url: print(url, flush=True),
    on_block=lambda block: print(block.number, flush=True),
)
print(ended.name)
"""


def test_a_devnet_keeps_to_the_clock(toolchain: Toolchain) -> None:
    ages = []
    stop = Stop()

    def seen(block: PlayedBlock) -> None:
        ages.append(time.time() - block.timestamp)
        if len(ages) == 3:
            stop.set()

    run_devnet(
        toolchain,
        port=0,
        blocks=5,
        seed=1,
        interval=2.0,
        on_ready=lambda world, url: None,
        on_block=seen,
        stop=stop,
    )
    # Seconds, on a busy machine some more; a fixed genesis would be years away.
    assert all(abs(age) < 60 for age in ages)
    assert max(ages) - min(ages) < 4


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_devnet_and_its_anvil(toolchain: Toolchain, number: signal.Signals) -> None:
    cache = toolchain.anvil.parents[3]
    with subprocess.Popen(
        [sys.executable, "-c", DEVNET, str(cache)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    ) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert process.stdout.readline().strip().isdigit()
        process.send_signal(number)
        rest = process.stdout.read().split()
        assert process.wait(30) == 0
    assert rest[-1] == number.name
    with pytest.raises(Unavailable):
        LocalChain(url)
