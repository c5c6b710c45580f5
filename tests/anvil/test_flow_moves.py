"""Everything that the real contracts of each protocol do to their reserves, one thing a block: each
is decoded as web3 decodes it, and explains what became of the reserves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.anvil import test_balancer as balancer
from tests.anvil.test_reorgs import watching
from tests.support.flow_checks import (
    ADMINISTERED,
    FIRST_CURVE,
    check_target,
    to_administrator,
)
from tests.support.stirring import exchange, trade_over_ticks
from tests.support.world import LocalWorld
from watcher.chain.anvil import run_anvil
from watcher.devnet.artifacts import Toolchain
from watcher.devnet.calldata import call_data
from watcher.devnet.deploy import deploy_world
from watcher.devnet.deploy.pools import FAR_FUTURE
from watcher.devnet.deploy.tick_pools import POSITION_GAS
from watcher.devnet.local_chain import LocalChain, Transaction, local_options
from watcher.devnet.places import CoinPool, KyberPool, Pair, SolidlyPool
from watcher.errors import Unavailable
from watcher.state import Address, to_address
from watcher.state.flow import Side
from watcher.store import recompute

pytestmark = pytest.mark.anvil

TRANSFER = "transfer(address,uint256)"
MINT = "mint(address,uint256)"


@pytest.fixture
def node(toolchain: Toolchain) -> Iterator[LocalWorld]:
    with run_anvil(toolchain.anvil, local_options()) as running:
        chain = LocalChain(running.url)
        yield LocalWorld(chain, deploy_world(chain, toolchain.artifacts))


def send(
    node: LocalWorld, to: Address, signature: str, *args: object, sender: Address | None = None
) -> int:
    """One call in a block of its own; the block's number."""
    who = sender or node.world.actors.builder
    sent = Transaction(who, to, call_data(signature, *args), signature, gas=POSITION_GAS)
    return node.chain.mine([sent]).number


def balance(node: LocalWorld, token: Address, holder: Address) -> int:
    return int(node.chain.read(token, "balanceOf(address)(uint256)", holder)[0])


AnyPair = Pair | SolidlyPool | KyberPool


def pay(node: LocalWorld, token: Address, to: Address, amount: int) -> None:
    send(node, token, MINT, to, amount)


def move_pair(node: LocalWorld, pair: AnyPair) -> dict[tuple[str, int], list[int]]:
    """Everything that a pair can do; what it was given otherwise, where that became reserve."""
    builder, receiver = node.world.actors.builder, node.world.actors.treasury
    token0, token1 = pair.token0.address, pair.token1.address
    reserve0, reserve1 = (balance(node, token, pair.address) for token in (token0, token1))
    given: dict[tuple[str, int], list[int]] = {}
    for token, reserve in ((token0, reserve0), (token1, reserve1)):
        pay(node, token, pair.address, reserve // 97)
    send(node, pair.address, "mint(address)", builder)
    pay(node, token0, pair.address, reserve0 // 50)
    swap = "swap(uint256,uint256,address,bytes)"
    send(node, pair.address, swap, 0, reserve1 // 103, receiver, b"")
    # Both ways at once: what came in of the coin that goes out is paid in as well.
    for token, reserve in ((token0, reserve0), (token1, reserve1)):
        pay(node, token, pair.address, reserve // 50)
    send(node, pair.address, swap, reserve0 // 211, reserve1 // 97, receiver, b"")
    pay(node, token1, pair.address, 12_345_678)
    given[pair.name, send(node, pair.address, "sync()")] = [0, 12_345_678]
    pay(node, token0, pair.address, 7_654_321)
    liquidity = balance(node, pair.address, builder) // 7
    send(node, pair.address, TRANSFER, pair.address, liquidity)
    given[pair.name, send(node, pair.address, "burn(address)", receiver)] = [7_654_321, 0]
    pay(node, token1, pair.address, 999_999)
    send(node, pair.address, "skim(address)", receiver)
    return given


@pytest.mark.parametrize(
    "name", ["DAI/USDC", "pancake:DAI/USDC", "stable:DAI/USDC", "kyber:DAI/USDC"]
)
async def test_everything_that_a_pair_does_is_decoded_and_explained(
    node: LocalWorld, toolchain: Toolchain, tmp_path: Path, name: str
) -> None:
    world = node.world
    pools: list[AnyPair] = [*world.pairs, *world.solidly_pools, *world.kyber_pools]
    [pair] = [pool for pool in pools if pool.name == name]
    async with watching(node, tmp_path, "pair") as watched:
        [start] = await watched.look()
        given = move_pair(node, pair)
        await watched.look()
        [target] = [one for one in watched.prepared.targets if one.name == name]
        first = start.block.number
        kinds = check_target(node, toolchain, watched.store, target, first=first, given=given)
        fees = {"fee"} if target.protocol == "solidly" else set()
        assert kinds == {"swap", "add", "remove", "sync"} | fees
        assert recompute(watched.store).found == 0


POSITION = (
    "positions(uint256)(uint96,address,address,address,uint24,int24,int24,uint128,uint256,uint256,"
    "uint128,uint128)"
)
ALL = 2**128 - 1
OPEN = "mint((address,address,uint24,int24,int24,uint256,uint256,uint256,uint256,address,uint256))"


def move_v3(node: LocalWorld, name: str) -> dict[tuple[str, int], list[int]]:
    """Through the manager of positions and the pool itself; what the pool was given otherwise."""
    world, builder = node.world, node.world.actors.builder
    pool, manager = world.tick_pool(name), world.treasuries[0].positions
    token0, token1 = pool.token0.address, pool.token1.address
    for token in (token0, token1):
        pay(node, token, builder, 10**24)
        send(node, token, "approve(address,uint256)", manager, 10**24)
        send(node, token, "approve(address,uint256)", pool.router, 10**24)
    send(node, pool.address, "setFeeProtocol(uint8,uint8)", 4, 6)
    amounts = balance(node, token0, pool.address) // 50, balance(node, token1, pool.address) // 50
    ticks = pool.ticks[0], pool.ticks[-1]
    order = (token0, token1, pool.fee, *ticks, *amounts, 0, 0, builder, FAR_FUTURE)
    send(node, manager, OPEN, order)
    (count,) = node.chain.read(manager, "balanceOf(address)(uint256)", builder)
    owned = "tokenOfOwnerByIndex(address,uint256)(uint256)"
    (nft,) = node.chain.read(manager, owned, builder, count - 1)
    swap = "exactInputSingle((address,address,uint24,address,uint256,uint256,uint256,uint160))"
    for sold, bought, amount in ((token0, token1, amounts[0]), (token1, token0, amounts[1])):
        send(node, pool.router, swap, (sold, bought, pool.fee, builder, FAR_FUTURE, amount, 0, 0))
    (*_, liquidity, _, _, _, _) = node.chain.read(manager, POSITION, nft)
    decrease = "decreaseLiquidity((uint256,uint128,uint256,uint256,uint256))"
    send(node, manager, decrease, (nft, liquidity // 3, 0, 0, FAR_FUTURE))
    send(node, manager, "collect((uint256,address,uint128,uint128))", (nft, builder, ALL, ALL))
    collect = "collectProtocol(address,uint128,uint128)"
    send(node, pool.address, collect, world.actors.treasury, ALL, ALL)
    sent = Transaction(builder, token1, call_data(MINT, pool.address, 4_444), "a gift")
    return {(name, node.chain.mine([sent]).number): [0, 4_444]}


async def test_what_positions_and_the_protocol_take_is_decoded_and_a_gift_stays_unexplained(
    node: LocalWorld, toolchain: Toolchain, tmp_path: Path
) -> None:
    mintable = {token.symbol for token in node.world.tokens} - {"WETH"}
    name = next(
        pool.name
        for pool in node.world.tick_pools
        if {pool.token0.symbol, pool.token1.symbol} <= mintable
    )
    async with watching(node, tmp_path, "v3") as watched:
        [start] = await watched.look()
        given = move_v3(node, name)
        await watched.look()
        [target] = [one for one in watched.prepared.targets if one.name == name]
        kinds = check_target(
            node, toolchain, watched.store, target, first=start.block.number, given=given
        )
        assert kinds == {"swap", "add", "remove", "collect", "fee"}
        assert recompute(watched.store).found == 0


async def test_a_pool_of_pancakes_third_version(
    node: LocalWorld, toolchain: Toolchain, tmp_path: Path
) -> None:
    builder = node.world.actors.builder
    pool = next(one for one in node.world.concentrated_pools if one.protocol == "pancake_v3")
    async with watching(node, tmp_path, "pancake") as watched:
        [start] = await watched.look()
        for token in (pool.token0, pool.token1):
            if token != node.world.weth:
                pay(node, token.address, builder, 10**24)
        trade_over_ticks(node, pool)  # sets the protocol's part for the next one
        trade_over_ticks(node, pool)
        mint = "mintPancake(address,int24,int24,uint128)"
        send(node, pool.trader, mint, pool.address, pool.ticks[0], pool.ticks[-1], 10**6)
        [factory] = node.chain.read(pool.address, "factory()(address)")
        collect = "collectProtocol(address,address,uint128,uint128)"
        send(node, to_address(factory), collect, pool.address, builder, ALL, ALL)
        await watched.look()
        [target] = [one for one in watched.prepared.targets if one.name == pool.name]
        kinds = check_target(node, toolchain, watched.store, target, first=start.block.number)
        assert kinds == {"swap", "add", "fee"}


async def test_swaps_joins_and_exits_of_balancers_pools(
    node: LocalWorld, toolchain: Toolchain, tmp_path: Path
) -> None:
    """The protocol's part of the fees is switched on first: what leaves beside an exit is told."""
    pools, builder = node.world.balancer_pools, node.world.actors.builder
    balancer.provide(node)
    async with watching(node, tmp_path, "balancer") as watched:
        [start] = await watched.look()
        balancer.trade(node)
        for pool in pools:
            amounts = [0 if coin.symbol == "BPT" else 10**coin.decimals for coin in pool.coins]
            first = next(k for k, coin in enumerate(pool.coins) if coin.symbol != "BPT")
            for kind in ("join", "all", "one"):
                burned = 123 * 10**17 if pool.pool_id else 10**18
                order = (amounts, burned, first, builder)
                data = balancer.change_data(pool, kind, *order)
                sent = Transaction(builder, pool.vault, data, f"{kind} {pool.name}", gas=10**7)
                node.chain.mine([sent])
        await watched.look()
        fees = set()
        for pool in pools:
            [target] = [one for one in watched.prepared.targets if one.name == pool.name]
            kinds = check_target(node, toolchain, watched.store, target, first=start.block.number)
            assert kinds == {"swap", "add", "remove"}
            fees |= {
                amount.side
                for record in watched.store.flows(target.id)
                for flow in record.window.decoded.flows
                for amount in flow.amounts
            }
        assert Side.FEE in fees
        assert recompute(watched.store).found == 0


def would_pass(node: LocalWorld, sender: Address, to: Address, data: str) -> bool:
    try:
        node.chain.request("eth_call", {"from": sender, "to": to, "data": data}, "latest")
    except Unavailable:
        return False
    return True


def coin_moves(pool: CoinPool, builder: Address) -> list[tuple[str, tuple[Any, ...]]]:
    """Adding and every way of removing that the pool has."""
    count, burned = len(pool.coins), 10**18
    amounts = [(3 + place) * 10**coin.decimals for place, coin in enumerate(pool.coins)]
    none = [0] * count
    if pool.protocol == "saddle":
        late = FAR_FUTURE
        return [
            ("addLiquidity(uint256[],uint256,uint256)", (amounts, 0, late)),
            ("removeLiquidity(uint256,uint256[],uint256)", (burned, none, late)),
            ("removeLiquidityOneToken(uint256,uint8,uint256,uint256)", (burned, 1, 0, late)),
            ("removeLiquidityImbalance(uint256[],uint256,uint256)", (amounts, 10**24, late)),
        ]
    sized = f"uint256[{count}]" if pool.name == FIRST_CURVE or "crypto" in pool.protocol else ""
    several = sized or "uint256[]"
    remove: tuple[str, tuple[Any, ...]] = (f"remove_liquidity(uint256,{several})", (burned, none))
    if not sized:  # without paying the administrator, whom this world has not named
        remove = (
            "remove_liquidity(uint256,uint256[],address,bool)",
            (burned, none, builder, False),
        )
    moves: list[tuple[str, tuple[Any, ...]]] = [
        (f"add_liquidity({several},uint256)", (amounts, 0)),
        remove,
    ]
    if pool.protocol == "curve_cryptoswap":
        one = "remove_liquidity_one_coin(uint256,uint256,uint256)"
        return [*moves, (one, (burned, 1, 0))]
    moves.append((f"remove_liquidity_imbalance({several},uint256)", (amounts, 10**24)))
    if not sized:
        moves.append(("remove_liquidity_one_coin(uint256,uint128,uint256)", (burned, 1, 0)))
    return moves


async def test_exchanges_and_liquidity_of_curves_and_saddles_pools(
    node: LocalWorld, toolchain: Toolchain, tmp_path: Path
) -> None:
    world, builder = node.world, node.world.actors.builder
    mintable = {token.address for token in world.tokens} - {world.weth.address}
    pools = [pool for pool in world.coin_pools if {one.address for one in pool.coins} <= mintable]
    async with watching(node, tmp_path, "coins") as watched:
        [start] = await watched.look()
        first, done = start.block.number, set()
        for pool in pools:
            coins = [coin.address for coin in pool.coins]
            transactions = [
                Transaction(builder, coin, call_data(signature, who, 10**26), signature)
                for coin in coins
                for signature, who in ((MINT, builder), ("approve(address,uint256)", pool.address))
            ]
            node.chain.mine(transactions)
            for signature, arguments in coin_moves(pool, builder):
                data = call_data(signature, *arguments)
                if not would_pass(node, builder, pool.address, data):
                    continue  # a pool far out of balance may refuse one way of leaving
                node.chain.mine([Transaction(builder, pool.address, data, signature, gas=10**7)])
                done.add((pool.protocol, signature.partition("(")[0]))
            exchange(node, pool)
        await watched.look()
        for pool in pools:
            [target] = [one for one in watched.prepared.targets if one.name == pool.name]
            given = {}
            if target.protocol in ADMINISTERED:
                given = to_administrator(node, target, first)
            kinds = check_target(node, toolchain, watched.store, target, first=first, given=given)
            assert kinds == {"swap", "add", "remove"}
        assert len(done) == 4 + 4 + 3, "each way of adding and leaving, of each protocol"
        assert recompute(watched.store).found == 0
