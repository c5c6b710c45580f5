"""Curve's StableSwap pools: of the first generation, and NG of plain coins and of vault shares."""

from __future__ import annotations

from dataclasses import dataclass

from watcher.devnet.deploy.site import Site
from watcher.devnet.deploy.tokens import allow, provide
from watcher.devnet.world import CoinPool, Vault
from watcher.state.token import ZERO_ADDRESS, Address, Token

LIQUIDITY_GAS = 3_000_000
EXCHANGE = "exchange(int128,int128,uint256,uint256)"
EARLY_EXCHANGE = "exchange(uint128,uint128,uint256,uint256)"
"""Of the revision of NG that its package brings."""

_ERC4626 = 3
"""NG's name for a coin whose rate is its own convertToAssets."""
_OFFPEG_MULTIPLIER = 2 * 10**10
_AVERAGE_SECONDS = 866


@dataclass(frozen=True, slots=True)
class CoinPlan:
    """A pool to be: its coins and how many whole ones of each it starts with; `vaults` are those
    whose shares are among the coins."""

    name: str
    coins: tuple[Token, ...]
    amounts: tuple[int, ...]
    amplification: int
    fee: int
    vaults: tuple[Vault, ...] = ()

    def raw_amounts(self) -> tuple[int, ...]:
        return tuple(
            amount * 10**coin.decimals
            for coin, amount in zip(self.coins, self.amounts, strict=True)
        )


def deploy_first(site: Site, builder: Address, plan: CoinPlan) -> CoinPool:
    """The first generation's, whose 18, 6, 6 and 18 decimals are written in its code; A is n^(n-1)
    times the plan's, which later generations do themselves."""
    share = site.create(builder, "CurvePoolToken", f"Curve.fi {plan.name}", "crvPlain", 18, 0)
    coins = [coin.address for coin in plan.coins]
    address = site.create(
        builder, "CurveStableSwap", coins, coins, share, plan.amplification, plan.fee
    )
    site.send(builder, share, "set_minter(address)", address)
    return CoinPool(plan.name, "curve_stableswap", address, plan.coins, EXCHANGE)


def deploy_ng(site: Site, builder: Address, plan: CoinPlan) -> CoinPool:
    """StableSwap-NG, which is its own LP token; a vault's shares count at their own rate."""
    count = len(plan.coins)
    shares = {vault.address for vault in plan.vaults}
    address = site.create(
        builder,
        "CurveStableSwapNG",
        f"Curve.fi {plan.name}",
        "crvNG",
        plan.amplification,
        plan.fee,
        _OFFPEG_MULTIPLIER,
        _AVERAGE_SECONDS,
        [coin.address for coin in plan.coins],
        [10 ** (36 - coin.decimals) for coin in plan.coins],
        [_ERC4626 if coin.address in shares else 0 for coin in plan.coins],
        [bytes(4)] * count,
        [ZERO_ADDRESS] * count,
    )
    return CoinPool(plan.name, "curve_stableswap", address, plan.coins, EARLY_EXCHANGE)


def first_liquidity(
    site: Site, builder: Address, pool: CoinPool, plan: CoinPlan, *, weth: Token
) -> None:
    """Add what the plan names, from coins that the builder is given for it."""
    amounts = plan.raw_amounts()
    for coin, amount in zip(plan.coins, amounts, strict=True):
        vault = next((each for each in plan.vaults if each.address == coin.address), None)
        if vault is None:
            provide(site, builder, coin, amount, weth=weth)
        else:
            # nothing was earned yet: an asset is a share
            provide(site, builder, vault.asset, amount, weth=weth)
            allow(site, builder, vault.asset, vault.address)
            site.send(builder, vault.address, "deposit(uint256,address)", amount, builder)
        allow(site, builder, coin, pool.address)
    kind = "uint256[]" if pool.exchange == EARLY_EXCHANGE else f"uint256[{len(amounts)}]"
    site.send(
        builder,
        pool.address,
        f"add_liquidity({kind},uint256)",
        list(amounts),
        0,
        gas=LIQUIDITY_GAS,
    )


def allow_exchanges(site: Site, pool: CoinPool, vaults: tuple[Vault, ...], trader: Address) -> None:
    """Let the pool take what `trader` sells, and a vault what its shares are bought with."""
    for coin in pool.coins:
        allow(site, trader, coin, pool.address)
    for vault in vaults:
        if vault.address in {coin.address for coin in pool.coins}:
            allow(site, trader, vault.asset, vault.address)
