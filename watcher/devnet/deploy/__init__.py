"""Builds the local world out of the real contracts."""

from __future__ import annotations

from watcher.devnet.artifacts import Artifacts
from watcher.devnet.deploy.curve import (
    CoinPlan,
    allow_exchanges,
    deploy_first,
    deploy_ng,
    first_liquidity,
)
from watcher.devnet.deploy.feeds import deploy_feed, start_feed
from watcher.devnet.deploy.pools import (
    Exchange,
    Pool,
    add_liquidity,
    allow_trading,
    create_pair,
    deploy_pancake,
    deploy_uniswap,
    find_pair,
)
from watcher.devnet.deploy.site import Site
from watcher.devnet.deploy.tick_pools import (
    TickPlan,
    add_position,
    create_pool,
    deploy_uniswap_v3,
    find_pool,
)
from watcher.devnet.deploy.tokens import allow, deploy_tokens
from watcher.devnet.deploy.vaults import deploy_openzeppelin, deploy_solmate, first_deposit
from watcher.devnet.local_chain import LocalChain
from watcher.devnet.world import (
    PRICE_DECIMALS,
    Actors,
    CoinPool,
    Feed,
    Pair,
    TickPool,
    Vault,
    World,
)
from watcher.state.token import Address, Token

_HOUR = 3_600

# Token, pair, dollars, heartbeat in seconds, deviation: as the feeds on Ethereum have them.
FEEDS = (
    ("WETH", "ETH / USD", 3_000, _HOUR, 0.005),
    ("WBTC", "BTC / USD", 60_000, _HOUR, 0.005),
    ("USDC", "USDC / USD", 1, 24 * _HOUR, 0.0025),
    ("DAI", "DAI / USD", 1, _HOUR, 0.0025),
    ("USDT", "USDT / USD", 1, 24 * _HOUR, 0.0025),
    ("HUSD", "HUSD / USD", 1, 24 * _HOUR, 0.005),
    ("GUSD", "GUSD / USD", 1, 24 * _HOUR, 0.005),
)
# The two tokens and how many whole ones of each; worth the same at the feeds' first answers.
UNISWAP_POOLS = (
    ("WETH", "USDC", 1_000, 3_000_000),
    ("WBTC", "WETH", 50, 1_000),
    ("DAI", "USDC", 2_000_000, 2_000_000),
    ("GUSD", "USDC", 500_000, 500_000),
)
PANCAKE_POOLS = (
    ("WETH", "USDC", 400, 1_200_000),
    ("DAI", "USDC", 800_000, 800_000),
)
# The two tokens, the fee in pips, and the dollars of both in each position: one around the market's
# price, one ten times as wide, one of all prices.
TICK_POOLS = (
    ("WETH", "USDC", 500, 1_000_000),
    ("WBTC", "WETH", 3_000, 1_000_000),
    ("GUSD", "USDC", 10_000, 200_000),
)
# Name, coins (a vault's name is its shares), how many whole ones of each, A and the fee in parts of
# 10**10: a pool of the first generation, whose A is n^(n-1) times that, and two of NG.
CURVE_FIRST_POOLS = (
    (
        "curve:sUSD",
        ("DAI", "USDC", "USDT", "SUSD"),
        (900_000, 1_100_000, 600_000, 1_900_000),
        100,
        4_000_000,
    ),
)
CURVE_NG_POOLS = (
    ("ng:USDT/HUSD/DAI", ("USDT", "HUSD", "DAI"), (500_000, 350_000, 650_000), 200, 4_000_000),
    ("ng:oz-usdc/DAI", ("oz-usdc", "DAI"), (200_000, 260_000), 1_500, 1_000_000),
)
# Whole units of the asset that each vault starts with.
VAULT_DEPOSITS = {
    "oz-usdc": 1_000_000,
    "oz6-usdc": 400_000,
    "solmate-weth": 500,
    "solmate-dai": 750_000,
}


def deploy_world(chain: LocalChain, artifacts: Artifacts) -> World:
    """Set everything up on a fresh chain, in a handful of blocks.

    Raises SetupError when any of it fails.
    """
    actors = Actors(*chain.accounts[:10])
    builder = actors.builder
    site = Site(chain, artifacts)
    tokens = deploy_tokens(site, builder)
    weth = tokens["WETH"]
    plans = _plans(site, actors, tokens)
    for exchange, pool in plans:
        create_pair(site, builder, exchange, pool)
    uniswap_v3 = deploy_uniswap_v3(site, builder, weth=weth)
    tick_plans = _tick_plans(tokens)
    for plan in tick_plans:
        create_pool(site, builder, uniswap_v3, plan)
    vaults = _vaults(site, builder, tokens)
    feeds = _feeds(site, builder, tokens)
    curve_pools = _curve_pools(site, builder, tokens, vaults)
    site.mine()
    pairs = tuple(find_pair(site, exchange, pool) for exchange, pool in plans)
    tick_pools = tuple(find_pool(site, uniswap_v3, plan) for plan in tick_plans)
    coin_pools = tuple(pool for pool, _ in curve_pools)
    _allow(site, actors, pairs, tick_pools, vaults)
    _allow_exchanges(site, actors, coin_pools, vaults)
    for plan in tick_plans:
        for position in plan.positions:
            add_position(site, builder, uniswap_v3, plan, position, weth=weth)
    for pair, (_, pool) in zip(pairs, plans, strict=True):
        add_liquidity(site, builder, pair, pool, weth=weth)
    for vault in vaults:
        first_deposit(site, actors.depositor, vault, VAULT_DEPOSITS[vault.name], weth=weth)
    for coin_pool, coin_plan in curve_pools:
        first_liquidity(site, builder, coin_pool, coin_plan, weth=weth)
    for feed in feeds:
        start_feed(site, builder, feed, oracle=actors.oracle)
    site.mine()
    return World(
        chain_id=chain.chain_id,
        actors=actors,
        weth=weth,
        tokens=tuple(tokens.values()),
        pairs=pairs,
        tick_pools=tick_pools,
        coin_pools=coin_pools,
        vaults=vaults,
        feeds=feeds,
    )


def _plans(site: Site, actors: Actors, tokens: dict[str, Token]) -> list[tuple[Exchange, Pool]]:
    uniswap = deploy_uniswap(site, actors.builder, weth=tokens["WETH"])
    pancake = deploy_pancake(site, actors.builder, fee_to=actors.treasury)
    return [
        (exchange, Pool(tokens[a], tokens[b], amount_a, amount_b))
        for exchange, pools in ((uniswap, UNISWAP_POOLS), (pancake, PANCAKE_POOLS))
        for a, b, amount_a, amount_b in pools
    ]


def _tick_plans(tokens: dict[str, Token]) -> list[TickPlan]:
    dollars = {symbol: price for symbol, _, price, _, _ in FEEDS}
    return [
        TickPlan.around_market(tokens[a], tokens[b], (dollars[a], dollars[b]), fee=fee, worth=worth)
        for a, b, fee, worth in TICK_POOLS
    ]


def _allow(
    site: Site,
    actors: Actors,
    pairs: tuple[Pair, ...],
    tick_pools: tuple[TickPool, ...],
    vaults: tuple[Vault, ...],
) -> None:
    traders = (actors.trader, actors.other_trader, actors.whale, actors.arbitrageur)
    for trader in (actors.builder, *traders):
        allow_trading(site, (*pairs, *tick_pools), trader)
    for depositor in (actors.depositor, actors.other_depositor):
        for vault in vaults:
            allow(site, depositor, vault.asset, vault.address)


def _allow_exchanges(
    site: Site, actors: Actors, pools: tuple[CoinPool, ...], vaults: tuple[Vault, ...]
) -> None:
    for trader in (actors.trader, actors.other_trader, actors.whale):
        for pool in pools:
            allow_exchanges(site, pool, vaults, trader)


def _curve_pools(
    site: Site, builder: Address, tokens: dict[str, Token], vaults: tuple[Vault, ...]
) -> list[tuple[CoinPool, CoinPlan]]:
    coins = tokens | {
        vault.name: Token(vault.address, vault.asset.decimals + vault.decimals_offset, vault.name)
        for vault in vaults
    }

    def plan(
        name: str, symbols: tuple[str, ...], amounts: tuple[int, ...], amplification: int, fee: int
    ) -> CoinPlan:
        chosen = tuple(coins[symbol] for symbol in symbols)
        return CoinPlan(name, chosen, amounts, amplification, fee, vaults)

    first = [plan(*each) for each in CURVE_FIRST_POOLS]
    ng = [plan(*each) for each in CURVE_NG_POOLS]
    return [
        *((deploy_first(site, builder, each), each) for each in first),
        *((deploy_ng(site, builder, each), each) for each in ng),
    ]


def _vaults(site: Site, builder: Address, tokens: dict[str, Token]) -> tuple[Vault, ...]:
    usdc = tokens["USDC"]
    return (
        deploy_openzeppelin(site, builder, usdc, name="oz-usdc", offset=0),
        deploy_openzeppelin(site, builder, usdc, name="oz6-usdc", offset=6),
        deploy_solmate(site, builder, tokens["WETH"], name="solmate-weth"),
        deploy_solmate(site, builder, tokens["DAI"], name="solmate-dai"),
    )


def _feeds(site: Site, builder: Address, tokens: dict[str, Token]) -> tuple[Feed, ...]:
    return tuple(
        deploy_feed(
            site,
            builder,
            tokens[symbol],
            pair=pair,
            first_answer=dollars * 10**PRICE_DECIMALS,
            heartbeat=heartbeat,
            deviation=deviation,
        )
        for symbol, pair, dollars, heartbeat, deviation in FEEDS
    )
