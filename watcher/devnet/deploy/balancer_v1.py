"""Balancer's pools of V1, each its own vault."""

from __future__ import annotations

from collections.abc import Mapping

from watcher.devnet.deploy.site import Site
from watcher.devnet.deploy.tokens import allow, provide
from watcher.devnet.places import BalancerPool
from watcher.state.token import Address, Token

ONE = 10**18
PROTOCOL = "balancer_v1"
# Name, coins, how many whole ones of each, their weights and the fee: one at the feeds' first
# prices, one out of balance.
FIRST_POOLS = (
    ("b1:WETH/DAI", ("WETH", "DAI"), (400, 300_000), (40 * ONE, 10 * ONE), 25 * 10**14),
    (
        "b1:USDC/USDT/WBTC",
        ("USDC", "USDT", "WBTC"),
        (300_000, 60_000, 5),
        (10 * ONE, 10 * ONE, 12 * ONE),
        10**16,
    ),
    ("b1:WBTC/GUSD", ("WBTC", "GUSD"), (4, 240_000), (5 * ONE, 5 * ONE), 10**15),
)


def deploy_balancer_v1(
    site: Site, builder: Address, tokens: Mapping[str, Token]
) -> tuple[BalancerPool, ...]:
    """Queue the pools; they are filled as their coins are bound."""
    pools = []
    for name, symbols, whole, weights, fee in FIRST_POOLS:
        address = site.create(builder, "BalancerV1Pool")
        coins = tuple(tokens[symbol] for symbol in symbols)
        site.send(builder, address, "setSwapFee(uint256)", fee)
        for coin, amount, weight in zip(coins, whole, weights, strict=True):
            units = amount * 10**coin.decimals
            provide(site, builder, coin, units, weth=tokens["WETH"])
            allow(site, builder, coin, address)
            site.send(
                builder, address, "bind(address,uint256,uint256)", coin.address, units, weight
            )
        site.send(builder, address, "finalize()")
        pools.append(BalancerPool(name, PROTOCOL, address, address, coins, b""))
    return tuple(pools)
