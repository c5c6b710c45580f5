"""The local world: what is deployed, and that a fork of it leaves it alone."""

from __future__ import annotations

from fractions import Fraction

import pytest

from tests.support.played import ROUND, play_scene, price_per_share, reserves
from tests.support.world import LocalWorld
from watcher.chain.anvil import run_anvil
from watcher.devnet.artifacts import Toolchain
from watcher.devnet.background import SET_UP_SECONDS
from watcher.devnet.calldata import call_data
from watcher.devnet.deploy import FEEDS, PANCAKE_POOLS, UNISWAP_POOLS
from watcher.devnet.draft import Draft
from watcher.devnet.local_chain import LocalChain, Transaction, local_options
from watcher.devnet.moves.trades import gap_bps, sell
from watcher.devnet.scenes.one_side_emptied import ONE_SIDE_EMPTIED
from watcher.errors import SetupError
from watcher.math.exact.constant_product import get_amount_out, protocol_liquidity

pytestmark = pytest.mark.anvil


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
    """A devnet is set up in the past, a second a block, and then catches up with the clock."""
    assert world_node.chain.head().number < SET_UP_SECONDS


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
