"""Curve's StableSwap pools: of the first generation, and NG of plain coins and of vault shares."""

from __future__ import annotations

from watcher.devnet.deploy.site import Site
from watcher.devnet.deploy.tokens import allow, provide
from watcher.devnet.places import CoinPool, Vault
from watcher.state.token import ZERO_ADDRESS, Address, Token

LIQUIDITY_GAS = 3_000_000
EXCHANGE = "exchange(int128,int128,uint256,uint256)"
EARLY_EXCHANGE = "exchange(uint128,uint128,uint256,uint256)"
"""Of the revision of NG that its package brings."""

# Name, coins (a vault's name is its shares), how many whole ones of each, A and the fee in parts of
# 10**10: a pool of the first generation, whose A is n^(n-1) times that, and two of NG.
FIRST_POOLS = (
    (
        "curve:sUSD",
        ("DAI", "USDC", "USDT", "SUSD"),
        (900_000, 1_100_000, 600_000, 1_900_000),
        100,
        4_000_000,
    ),
)
NG_POOLS = (
    ("ng:USDT/HUSD/DAI", ("USDT", "HUSD", "DAI"), (500_000, 350_000, 650_000), 200, 4_000_000),
    ("ng:oz-usdc/DAI", ("oz-usdc", "DAI"), (200_000, 260_000), 1_500, 1_000_000),
    ("ng:USDC/USDT", ("USDC", "USDT"), (3_000_000, 2_800_000), 2_000, 1_000_000),
    ("ng:GUSD/DAI", ("GUSD", "DAI"), (20_000, 380_000), 50, 4_000_000),
    ("ng:HUSD/GUSD", ("HUSD", "GUSD"), (1_000, 990_000), 200, 4_000_000),
    ("ng:SUSD/USDC", ("SUSD", "USDC"), (450_000, 150_000), 100, 4_000_000),
    ("ng:DAI/USDC", ("DAI", "USDC"), (700_000, 690_000), 1_000, 500_000),
    ("ng:solmate-dai/USDT", ("solmate-dai", "USDT"), (150_000, 90_000), 800, 2_000_000),
    (
        "ng:five",
        ("USDC", "USDT", "DAI", "HUSD", "GUSD"),
        (200_000, 260_000, 180_000, 90_000, 40_000),
        *(300, 4_000_000),
    ),
)

_ERC4626 = 3
"""NG's name for a coin whose rate is its own convertToAssets."""
_OFFPEG_MULTIPLIER = 2 * 10**10
_AVERAGE_SECONDS = 866


def deploy_curve(
    site: Site, builder: Address, tokens: dict[str, Token], vaults: tuple[Vault, ...]
) -> tuple[CoinPool, ...]:
    """Queue the pools; their addresses are known before anything is mined."""
    coins = tokens | {
        vault.name: Token(vault.address, vault.asset.decimals + vault.decimals_offset, vault.name)
        for vault in vaults
    }
    first = [
        _first(site, builder, name, tuple(coins[each] for each in symbols), *numbers)
        for name, symbols, _, *numbers in FIRST_POOLS
    ]
    shares = frozenset(vault.address for vault in vaults)
    ng = [
        _ng(site, builder, name, tuple(coins[each] for each in symbols), *numbers, shares=shares)
        for name, symbols, _, *numbers in NG_POOLS
    ]
    return (*first, *ng)


def fill_curve(
    site: Site,
    builder: Address,
    pools: tuple[CoinPool, ...],
    vaults: tuple[Vault, ...],
    *,
    weth: Token,
) -> None:
    """First liquidity, from coins that the builder is given for it."""
    for pool, (_, _, whole, *_) in zip(pools, (*FIRST_POOLS, *NG_POOLS), strict=True):
        amounts = [each * 10**coin.decimals for each, coin in zip(whole, pool.coins, strict=True)]
        _fill(site, builder, pool, amounts, vaults, weth=weth)


def allow_exchanges(
    site: Site, pools: tuple[CoinPool, ...], vaults: tuple[Vault, ...], trader: Address
) -> None:
    """Let the pools take what `trader` sells, and a vault what its shares are bought with."""
    for pool in pools:
        for coin in pool.coins:
            allow(site, trader, coin, pool.address)
        for vault in vaults:
            if vault.address in {coin.address for coin in pool.coins}:
                allow(site, trader, vault.asset, vault.address)


def _first(
    site: Site,
    builder: Address,
    name: str,
    coins: tuple[Token, ...],
    amplification: int,
    fee: int,
) -> CoinPool:
    """The first generation's, whose 18, 6, 6 and 18 decimals are written in its code; A is n^(n-1)
    times what is given, which later generations do themselves."""
    share = site.create(builder, "CurvePoolToken", f"Curve.fi {name}", "crvPlain", 18, 0)
    listed = [coin.address for coin in coins]
    address = site.create(builder, "CurveStableSwap", listed, listed, share, amplification, fee)
    site.send(builder, share, "set_minter(address)", address)
    return CoinPool(name, "curve_stableswap", address, coins, EXCHANGE)


def _ng(
    site: Site,
    builder: Address,
    name: str,
    coins: tuple[Token, ...],
    amplification: int,
    fee: int,
    *,
    shares: frozenset[Address],
) -> CoinPool:
    """StableSwap-NG, which is its own LP token; a vault's shares count at their own rate."""
    address = site.create(
        builder,
        "CurveStableSwapNG",
        f"Curve.fi {name}",
        "crvNG",
        amplification,
        fee,
        _OFFPEG_MULTIPLIER,
        _AVERAGE_SECONDS,
        [coin.address for coin in coins],
        [10 ** (36 - coin.decimals) for coin in coins],
        [_ERC4626 if coin.address in shares else 0 for coin in coins],
        [bytes(4)] * len(coins),
        [ZERO_ADDRESS] * len(coins),
    )
    return CoinPool(name, "curve_stableswap", address, coins, EARLY_EXCHANGE)


def _fill(
    site: Site,
    builder: Address,
    pool: CoinPool,
    amounts: list[int],
    vaults: tuple[Vault, ...],
    *,
    weth: Token,
) -> None:
    for coin, amount in zip(pool.coins, amounts, strict=True):
        vault = next((each for each in vaults if each.address == coin.address), None)
        if vault is None:
            provide(site, builder, coin, amount, weth=weth)
        else:
            # nothing was earned yet: an asset is a share
            provide(site, builder, vault.asset, amount, weth=weth)
            allow(site, builder, vault.asset, vault.address)
            site.send(builder, vault.address, "deposit(uint256,address)", amount, builder)
        allow(site, builder, coin, pool.address)
    kind = "uint256[]" if pool.exchange == EARLY_EXCHANGE else f"uint256[{len(amounts)}]"
    add = f"add_liquidity({kind},uint256)"
    site.send(builder, pool.address, add, amounts, 0, gas=LIQUIDITY_GAS)
