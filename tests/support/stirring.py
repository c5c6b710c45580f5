"""Gifts, trades and fees on the contracts of the local world."""

from __future__ import annotations

from typing import Any

from tests.support.plain import Plain
from tests.support.world import LocalWorld
from watcher.devnet.artifacts import Toolchain
from watcher.devnet.calldata import call_data
from watcher.devnet.deploy.balancer_v3 import LET_SPEND
from watcher.devnet.deploy.feeds import price_update
from watcher.devnet.deploy.morpho import PARAMS
from watcher.devnet.deploy.pools import FAR_FUTURE
from watcher.devnet.deploy.saddle import SWAP
from watcher.devnet.deploy.site import Site
from watcher.devnet.deploy.tick_families import POOL_KEY
from watcher.devnet.deploy.venus_psm import SWAP_OUT
from watcher.devnet.local_chain import Transaction
from watcher.devnet.moves.balancer import call_of
from watcher.devnet.places import (
    BalancerPool,
    BalancerV3Pool,
    CoinPool,
    ConcentratedPool,
    PythFeed,
    Vault,
)
from watcher.state import (
    Address,
    to_address,
)
from watcher.state.token import ZERO_ADDRESS

SWAP_V3 = "swapSingleTokenExactIn(address,address,address,uint256,uint256,uint256,bool,bytes)"


def send(node: LocalWorld, sender: Address, to: Address, signature: str, *args: Any) -> None:
    node.chain.mine([Transaction(sender, to, call_data(signature, *args), signature)])


def give(node: LocalWorld, vault: Vault, amount: int = 7_777) -> None:
    """Mint some of its asset into a vault."""
    sender = node.world.actors.trader
    send(node, sender, vault.asset.address, "mint(address,uint256)", vault.address, amount)


def bring(node: LocalWorld, price: PythFeed, answer: int, conf: int) -> None:
    published = node.chain.head().timestamp
    data = price_update(price, answer=answer, conf=conf, published=published)
    send(node, node.world.actors.oracle, price.contract, "updatePriceFeeds(bytes[])", [data])


def trade_over_ticks(node: LocalWorld, pool: ConcentratedPool) -> None:
    """Sell a little of token1 in it, after new fees of the protocol."""
    builder, token = node.world.actors.builder, pool.token1
    send(node, builder, token.address, "mint(address,uint256)", builder, 10**9)
    highest = 1461446703485210103287273052203988822378723970341
    way = (False, 10**6, highest)
    if pool.protocol != "uniswap_v4":
        swap = "swap(address,bool,int256,uint160)"
        send(node, builder, pool.trader, swap, pool.address, *way)
    if pool.protocol == "pancake_v3":
        [factory] = node.chain.read(pool.address, "factory()(address)")
        fees = "setFeeProtocol(address,uint32,uint32)"
        send(node, builder, to_address(factory), fees, pool.address, 1_000, 4_000)
    elif pool.protocol == "algebra_integral":
        send(node, builder, pool.address, "setFee(uint16)", 777)
        send(node, builder, pool.address, "setCommunityFee(uint16)", 12)
    else:
        key = tuple(
            pool.options[name] for name in ("currency0", "currency1", "fee", "tick_spacing")
        )
        fees = f"setProtocolFee({POOL_KEY},uint24)"
        send(node, builder, pool.address, fees, (*key, ZERO_ADDRESS), 999 << 12 | 1)


def trade_coins(node: LocalWorld, pool: CoinPool) -> None:
    """Sell the thousandth of what it has of its first coin."""
    trader, coin = node.world.actors.trader, pool.coins[0]
    amount = Plain(node.chain, coin.address).balance(pool.address) // 1_000
    if coin == node.world.weth:
        data = call_data("deposit()")
        node.chain.mine([Transaction(trader, coin.address, data, "wrapping", value=amount)])
    else:
        send(node, trader, coin.address, "mint(address,uint256)", trader, amount)
    send(node, trader, pool.address, pool.exchange, 0, 1, amount, 0)


def exchange(node: LocalWorld, pool: CoinPool) -> None:
    """Some of the last coin that anybody may mint, for the one before it or behind."""
    sender = node.world.actors.trader
    coin = max(place for place, each in enumerate(pool.coins) if each in node.world.tokens)
    other = coin - 1 if coin else 1
    amount = 1_234 * 10 ** pool.coins[coin].decimals // 100 + 7
    mint = "mint(address,uint256)"
    send(node, sender, pool.coins[coin].address, mint, sender, amount)
    late = [FAR_FUTURE] if pool.exchange == SWAP else []
    send(node, sender, pool.address, pool.exchange, coin, other, amount, 0, *late)


def sell(node: LocalWorld, pool: BalancerPool) -> None:
    """A whole coin that anybody may mint, for another."""
    minted = {token.address for token in node.world.tokens} - {node.world.weth.address}
    taker = node.world.actors.trader
    sold = next(coin for coin in pool.coins if coin.address in minted)
    bought = next(coin for coin in pool.coins if coin != sold and coin.symbol != "BPT")
    amount = 10**sold.decimals
    send(node, taker, sold.address, "mint(address,uint256)", taker, amount)
    send(node, taker, sold.address, "approve(address,uint256)", pool.vault, amount)
    signature, arguments = call_of(pool, (sold, bought), amount, taker)
    send(node, taker, pool.vault, signature, *arguments)


def sell_through_router(node: LocalWorld, pool: BalancerV3Pool) -> None:
    """A whole coin that anybody may mint, for another."""
    minted = {token.address for token in node.world.tokens} - {node.world.weth.address}
    taker = node.world.actors.trader
    sold = next(coin for coin in pool.coins if coin.address in minted)
    bought = next(coin for coin in pool.coins if coin != sold)
    amount = 10**sold.decimals
    send(node, taker, sold.address, "mint(address,uint256)", taker, amount)
    send(node, taker, sold.address, "approve(address,uint256)", pool.permit2, amount)
    send(node, taker, pool.permit2, LET_SPEND, sold.address, pool.router, amount, 2**48 - 1)
    order = (pool.address, sold.address, bought.address, amount, 0, FAR_FUTURE, False, b"")
    send(node, taker, pool.router, SWAP_V3, *order)


def stir(node: LocalWorld) -> None:
    """Gifts to every pair and vault, one trade, protocol fees on, a new answer of every feed: no
    two fields of a state are equal by chance any more."""
    world, who = node.world, node.world.actors
    mint = "mint(address,uint256)"
    mintable = {token.address for token in world.tokens} - {world.weth.address}
    pools = (*world.pools, *world.share_markets, *world.solidly_pools, *world.kyber_pools)
    for number, pair in enumerate(pools, start=1):
        for token, gift in ((pair.token0, 1_000 * number + 1), (pair.token1, 1_000 * number + 2)):
            if token.address in mintable:
                send(node, who.trader, token.address, mint, pair.address, gift)
    for number, vault in enumerate(world.vaults, start=1):
        if vault.asset != world.weth:
            give(node, vault, 7_777 * number)
    for number, other_vault in enumerate(world.more_vaults, start=1):
        for strategy in other_vault.strategies:
            send(node, who.trader, other_vault.asset.address, mint, strategy, 333 * number)
        gift = 555 * number
        send(node, who.trader, other_vault.asset.address, mint, other_vault.address, gift)
    traded = world.pair("DAI/USDC")
    send(node, who.trader, traded.token0.address, mint, traded.address, 10**18)
    swap = "swap(uint256,uint256,address,bytes)"
    send(node, who.trader, traded.address, swap, 0, 1, who.trader, b"")
    factory = Plain(node.chain, traded.address).at("factory").address
    send(node, who.builder, factory, "setFeeTo(address)", who.treasury)
    for balancer in world.balancer_pools:
        sell(node, balancer)
    for balancer_v3 in world.balancer_v3_pools:
        sell_through_router(node, balancer_v3)
    for pool in world.tick_pools:
        send(node, who.builder, pool.address, "setFeeProtocol(uint8,uint8)", 4, 6)
    for other in world.concentrated_pools:
        trade_over_ticks(node, other)
    for coin_pool in world.coin_pools:
        trade = trade_coins if coin_pool.protocol == "curve_cryptoswap" else exchange
        trade(node, coin_pool)
    for market in world.lending_markets:
        if market.protocol == "compound_v2":
            send(node, who.builder, market.address, "accrueInterest()")
    for number, feed in enumerate(world.feeds, start=1):
        answer = feed.first_answer + number
        send(node, who.oracle, feed.aggregator, "submit(uint256,int256)", 2, answer)
    for loan in world.morpho_loans:
        send(node, who.builder, loan.morpho, f"accrueInterest({PARAMS})", loan.params)
    for module in world.peg_modules:
        send(node, who.whale, module.address, SWAP_OUT, who.whale, 12_345_678)
    for box in world.boxes:
        send(node, who.trader, box.locked.address, mint, box.holders[0], 4_321)
    for index in world.index_tokens:
        last = index.components[-1]
        send(node, who.trader, last.address, mint, index.address, 1_234_567)
    for price in world.pyth:
        bring(node, price, 99_990_001, 54_321)


def deploy_aggregator(node: LocalWorld, toolchain: Toolchain, *, decimals: int) -> Address:
    """A FluxAggregator that nobody has answered to yet."""
    site = Site(node.chain, toolchain.artifacts)
    arguments = (ZERO_ADDRESS, 0, 3_600, ZERO_ADDRESS, 1, 10**20, decimals, "ETH / USD")
    address = site.create(node.world.actors.builder, "FluxAggregator", *arguments)
    site.mine()
    return address
