"""Pools of Connext's fork of Saddle: StableSwap in Solidity."""

from __future__ import annotations

from watcher.devnet.deploy.curve import LIQUIDITY_GAS
from watcher.devnet.deploy.pools import FAR_FUTURE
from watcher.devnet.deploy.site import Site
from watcher.devnet.deploy.tokens import allow, provide
from watcher.devnet.places import CoinPool
from watcher.state.token import Address, Token

SWAP = "swap(uint8,uint8,uint256,uint256,uint256)"

# Name, coins, how many whole ones of each, A and the fees in parts of 10**10: the exchange's, and
# the administrator's part of it.
POOLS = (
    (
        "saddle:USDC/USDT/DAI",
        ("USDC", "USDT", "DAI"),
        (700_000, 500_000, 900_000),
        *(400, 1_000_000, 5 * 10**9),
    ),
    ("saddle:HUSD/USDC", ("HUSD", "USDC"), (40_000, 360_000), *(100, 4_000_000, 0)),
    ("saddle:DAI/HUSD", ("DAI", "HUSD"), (250_000, 230_000), *(800, 500_000, 0)),
    ("saddle:GUSD/SUSD", ("GUSD", "SUSD"), (120_000, 90_000), *(30, 10_000_000, 2 * 10**9)),
)


def deploy_saddle(site: Site, builder: Address, tokens: dict[str, Token]) -> tuple[CoinPool, ...]:
    """Queue the pools, linked with one library; their LP tokens are clones of one."""
    share = site.create(builder, "SaddlePoolToken")
    library = site.create(builder, "SwapUtilsExternal")
    libraries = {"SwapUtilsExternal": library}
    found = []
    for name, symbols, _, amplification, fee, admin_fee in POOLS:
        coins = tuple(tokens[symbol] for symbol in symbols)
        address = site.create(builder, "SaddlePool", libraries=libraries)
        site.send(
            builder,
            address,
            "initialize(address[],uint8[],string,string,uint256,uint256,uint256,address)",
            [coin.address for coin in coins],
            [coin.decimals for coin in coins],
            f"Saddle {name}",
            "saddleLP",
            *(amplification, fee, admin_fee, share),
            gas=LIQUIDITY_GAS,
        )
        found.append(CoinPool(name, "saddle", address, coins, SWAP))
    return tuple(found)


def fill_saddle(site: Site, builder: Address, pools: tuple[CoinPool, ...], *, weth: Token) -> None:
    """First liquidity, from coins that the builder is given for it."""
    for pool, (_, _, whole, *_) in zip(pools, POOLS, strict=True):
        amounts = [each * 10**coin.decimals for each, coin in zip(whole, pool.coins, strict=True)]
        for coin, amount in zip(pool.coins, amounts, strict=True):
            provide(site, builder, coin, amount, weth=weth)
            allow(site, builder, coin, pool.address)
        add = "addLiquidity(uint256[],uint256,uint256)"
        site.send(builder, pool.address, add, amounts, 0, FAR_FUTURE, gas=LIQUIDITY_GAS)
