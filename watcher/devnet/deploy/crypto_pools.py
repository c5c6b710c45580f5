"""Curve's CryptoSwap pools of two coins, by the contract of 2021."""

from __future__ import annotations

from dataclasses import dataclass

from watcher.devnet.deploy.site import Site
from watcher.devnet.deploy.tokens import allow, provide
from watcher.devnet.places import CoinPool
from watcher.devnet.sources import crypto_swap
from watcher.state.token import Address, Token

LIQUIDITY_GAS = 3_000_000
EXCHANGE = "exchange(uint256,uint256,uint256,uint256)"

WAD = 10**18
FEE_GAMMA = 230 * 10**12
ALLOWED_EXTRA_PROFIT = 10**10
ADJUSTMENT_STEP = 10**14
"""Both small, so that a price scale moves within a play."""
ADMIN_FEE = 5 * 10**9
HALF_TIME = 60
"""Seconds in which a price oracle has gone half of its way: five blocks."""


@dataclass(frozen=True, slots=True)
class CryptoPlan:
    """A pool that is to be: `whole` coins of each, `worth` dollars each one; A is A N^N times
    10**4, the fees are parts of 10**10, towards `out_fee` away from balance."""

    coins: tuple[str, str]
    whole: tuple[int, int]
    worth: tuple[int, int]
    A: int
    gamma: int
    mid_fee: int
    out_fee: int

    @property
    def price(self) -> int:
        """Of coin 1 in coin 0, with 18 decimals."""
        return self.worth[1] * WAD // self.worth[0]


# The last three are out of balance from their first deposit.
CRYPTO_POOLS = (
    CryptoPlan(
        ("USDC", "WETH"), (900_000, 300), (1, 3_000), 400_000, 145 * 10**12, 26 * 10**6, 45 * 10**6
    ),
    CryptoPlan(
        ("USDT", "WBTC"), (600_000, 10), (1, 60_000), 540_000, 280 * 10**11, 5 * 10**6, 45 * 10**6
    ),
    CryptoPlan(("DAI", "WETH"), (450_000, 150), (1, 3_000), 200_000_000, 10**14, 10**7, 9 * 10**7),
    CryptoPlan(
        ("WBTC", "WETH"), (10, 500), (60_000, 3_000), 1_000_000, 10**15, 26 * 10**6, 45 * 10**6
    ),
    CryptoPlan(("DAI", "SUSD"), (250_000, 900_000), (1, 1), 2_000_000, 10**16, 5 * 10**6, 10**7),
    CryptoPlan(
        ("WETH", "DAI"), (20, 240_000), (3_000, 1), 400_000, 145 * 10**12, 26 * 10**6, 45 * 10**6
    ),
)


def deploy_crypto(site: Site, builder: Address, tokens: dict[str, Token]) -> tuple[CoinPool, ...]:
    """Queue the pools; their addresses are known before anything is mined."""
    return tuple(_create(site, builder, plan, tokens) for plan in CRYPTO_POOLS)


def fill_crypto(site: Site, builder: Address, pools: tuple[CoinPool, ...], *, weth: Token) -> None:
    """First liquidity, from coins that the builder is given for it."""
    for pool, plan in zip(pools, CRYPTO_POOLS, strict=True):
        amounts = [
            whole * 10**coin.decimals for whole, coin in zip(plan.whole, pool.coins, strict=True)
        ]
        for coin, amount in zip(pool.coins, amounts, strict=True):
            provide(site, builder, coin, amount, weth=weth)
            allow(site, builder, coin, pool.address)
        add = "add_liquidity(uint256[2],uint256)"
        site.send(builder, pool.address, add, amounts, 0, gas=LIQUIDITY_GAS)


def _create(site: Site, builder: Address, plan: CryptoPlan, tokens: dict[str, Token]) -> CoinPool:
    coin0, coin1 = (tokens[symbol] for symbol in plan.coins)
    share = site.create(builder, "CryptoToken")
    address = site.create(
        builder,
        crypto_swap((coin0.decimals, coin1.decimals)),
        *(builder, builder, plan.A, plan.gamma, plan.mid_fee, plan.out_fee),
        *(ALLOWED_EXTRA_PROFIT, FEE_GAMMA, ADJUSTMENT_STEP, ADMIN_FEE, HALF_TIME, plan.price),
        libraries={"token": share, "coin0": coin0.address, "coin1": coin1.address},
    )
    site.send(builder, share, "set_minter(address)", address)
    name = f"crypto:{coin0.symbol}/{coin1.symbol}"
    return CoinPool(name, "curve_cryptoswap", address, (coin0, coin1), EXCHANGE, plan.worth)
