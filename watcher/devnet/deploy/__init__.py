"""Builds the local world out of the real contracts."""

from __future__ import annotations

from watcher.devnet.artifacts import Artifacts
from watcher.devnet.deploy.aave import deploy_aave, fill_aave
from watcher.devnet.deploy.balancer import (
    allow_balancer,
    deploy_balancer,
    fill_balancer,
)
from watcher.devnet.deploy.balancer_v1 import deploy_balancer_v1
from watcher.devnet.deploy.balancer_v3 import deploy_balancer_v3, fill_balancer_v3
from watcher.devnet.deploy.compound import deploy_compound, fill_compound, require_loans
from watcher.devnet.deploy.crypto_pools import deploy_crypto, fill_crypto
from watcher.devnet.deploy.curve import allow_exchanges, deploy_curve, fill_curve
from watcher.devnet.deploy.feeds import bring_price, deploy_feed, deploy_pyth, start_feed
from watcher.devnet.deploy.kyber_pools import deploy_kyber, fill_kyber
from watcher.devnet.deploy.lockboxes import deploy_boxes
from watcher.devnet.deploy.more_vaults import deploy_more_vaults, fill_more_vaults
from watcher.devnet.deploy.morpho import borrow_morpho, deploy_morpho, fill_morpho
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
from watcher.devnet.deploy.saddle import deploy_saddle, fill_saddle
from watcher.devnet.deploy.set_tokens import deploy_sets, fill_sets
from watcher.devnet.deploy.site import Site
from watcher.devnet.deploy.solidly_pools import deploy_solidly, fill_solidly
from watcher.devnet.deploy.tick_families import (
    allow_tick_families,
    deploy_tick_families,
    fill_tick_families,
)
from watcher.devnet.deploy.tick_pools import (
    SPACINGS,
    TickPlan,
    add_position,
    create_pool,
    deploy_uniswap_v3,
    find_pool,
    keep_observations,
)
from watcher.devnet.deploy.tokens import allow, deploy_tokens
from watcher.devnet.deploy.treasury import fill_purse, hand_over, treasury_of
from watcher.devnet.deploy.vaults import (
    buy_shares,
    deploy_openzeppelin,
    deploy_solmate,
    first_deposit,
    share_of,
)
from watcher.devnet.deploy.venus_psm import deploy_modules, fill_modules
from watcher.devnet.local_chain import LocalChain
from watcher.devnet.places import (
    MEAN_SECONDS,
    PRICE_DECIMALS,
    Actors,
    Feed,
    Implied,
    Pair,
    PythFeed,
    TickPool,
    Treasury,
    Vault,
)
from watcher.devnet.world import World
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
DOLLARS = {symbol: price for symbol, _, price, _, _ in FEEDS}
# The two tokens and how many whole ones of each; worth the same at the feeds' first answers.
UNISWAP_POOLS = (
    ("WETH", "USDC", 1_000, 3_000_000),
    ("WBTC", "WETH", 50, 1_000),
    ("DAI", "USDC", 2_000_000, 2_000_000),
    ("GUSD", "USDC", 500_000, 500_000),
    ("WBTC", "USDC", 20, 1_200_000),
)
PANCAKE_POOLS = (
    ("WETH", "USDC", 400, 1_200_000),
    ("DAI", "USDC", 800_000, 800_000),
    ("HUSD", "DAI", 600_000, 600_000),
)
# The two tokens, the fee in pips, and the dollars of both in each position: one around the market's
# price, one ten times as wide, one of all prices.
TICK_POOLS = (
    ("WETH", "USDC", 500, 1_000_000),
    ("WBTC", "WETH", 3_000, 1_000_000),
    ("GUSD", "USDC", 10_000, 200_000),
    ("DAI", "WETH", 500, 400_000),
    ("WBTC", "USDC", 3_000, 300_000),
    ("USDT", "HUSD", 10_000, 150_000),
)
# Pyth's id of USDC / USD.
PYTH_USDC = "0xeaa020c61cc479712813461ce153894a96a6c00b21ed0cfc2798d1f9a9e9c94a"
# Token, source, and the pool that implies a price of it beside its feed.
IMPLIED = (
    ("GUSD", "uniswap_v3_twap", "v3:GUSD/USDC"),
    ("GUSD", "spot", "GUSD/USDC"),
    ("DAI", "uniswap_v2_twap", "DAI/USDC"),
    ("DAI", "spot", "pancake:DAI/USDC"),
)
# What the treasury has LP tokens and shares of.
TREASURY_PAIR = "WETH/USDC"
TREASURY_VAULTS = ("oz-usdc", "solmate-weth")
# Whole units of the asset that each vault starts with.
VAULT_DEPOSITS = {
    "oz-usdc": 1_000_000,
    "oz6-usdc": 400_000,
    "solmate-weth": 500,
    "solmate-dai": 750_000,
}


# Whole shares, and as many units of the asset, of the pair where the first vault's are sold.
SHARE_MARKET = 400_000


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
    solidly_pools = deploy_solidly(site, builder, tokens)
    tick_families = deploy_tick_families(site, builder, tokens, DOLLARS)
    vaults = _vaults(site, builder, tokens)
    feeds = _feeds(site, builder, tokens)
    curve_pools = deploy_curve(site, builder, tokens, vaults)
    saddle_pools = deploy_saddle(site, builder, tokens)
    crypto_pools = deploy_crypto(site, builder, tokens)
    balancer_pools = (
        *deploy_balancer(site, builder, tokens, vaults),
        *deploy_balancer_v1(site, builder, tokens),
    )
    pyth = PythFeed(deploy_pyth(site, builder), PYTH_USDC, tokens["USDC"], 24 * _HOUR)
    kyber_pools = deploy_kyber(site, builder, tokens, fee_to=actors.treasury)
    more_vaults = deploy_more_vaults(site, builder, tokens, keeper=actors.keeper)
    morpho_loans = deploy_morpho(site, builder, tokens, feeds, actors)
    peg_modules = deploy_modules(site, builder, tokens, actors)
    index_tokens = deploy_sets(site, builder, tokens, actors)
    boxes = deploy_boxes(site, builder, tokens, actors)
    compound = deploy_compound(site, builder, tokens, feeds, actors)
    aave = deploy_aave(site, builder, tokens, feeds, actors)
    balancer_v3_pools = deploy_balancer_v3(site, builder, tokens, vaults)
    site.mine()
    pairs = tuple(find_pair(site, exchange, pool) for exchange, pool in plans)
    tick_pools = tuple(find_pool(site, uniswap_v3, plan) for plan in tick_plans)
    _allow(site, actors, pairs, tick_pools, vaults)
    for plan in tick_plans:
        for position in plan.positions:
            add_position(site, builder, uniswap_v3, plan, position, weth=weth)
    concentrated_pools = fill_tick_families(site, builder, tick_families, weth=weth)
    for pair, (_, pool) in zip(pairs, plans, strict=True):
        add_liquidity(site, builder, pair, pool, weth=weth)
    fill_solidly(site, builder, solidly_pools, tokens)
    for vault in vaults:
        first_deposit(site, actors.depositor, vault, VAULT_DEPOSITS[vault.name], weth=weth)
    fill_more_vaults(
        site, actors.depositor, more_vaults, builder=builder, keeper=actors.keeper, weth=weth
    )
    fill_curve(site, builder, curve_pools, vaults, weth=weth)
    fill_saddle(site, builder, saddle_pools, weth=weth)
    fill_crypto(site, builder, crypto_pools, weth=weth)
    fill_kyber(site, builder, kyber_pools, tokens)
    fill_balancer(site, builder, balancer_pools, vaults, weth=weth)
    fill_balancer_v3(site, builder, balancer_v3_pools, vaults, weth=weth)
    coin_pools = (*curve_pools, *saddle_pools, *crypto_pools)
    traders = (actors.trader, actors.other_trader, actors.arbitrageur)
    allow_tick_families(site, concentrated_pools, traders=traders)
    for trader in (actors.trader, actors.other_trader, actors.whale):
        allow_exchanges(site, coin_pools, vaults, trader)
        allow_balancer(site, balancer_pools, vaults, trader)
    market, of_shares = _share_market(site, builder, plans[0][0], vaults[0], weth=weth)
    for tick_pool in tick_pools:
        keep_observations(site, builder, tick_pool)
    pools = {pair: pool for pair, (_, pool) in zip(pairs, plans, strict=True)}
    treasury = _treasury(site, actors, tokens, pools, vaults, uniswap_v3.positions)
    fill_morpho(site, actors.depositor, morpho_loans, weth=weth)
    fill_modules(site, actors.whale, peg_modules, weth=weth)
    fill_sets(site, actors, index_tokens, weth=weth)
    site.mine()
    for feed in feeds:
        start_feed(site, builder, feed, oracle=actors.oracle)
    borrow_morpho(site, morpho_loans)
    fill_compound(site, actors, compound, weth=weth)
    fill_aave(site, actors, aave, weth=weth)
    published = chain.head().timestamp
    bring_price(site, actors.oracle, pyth, answer=10**8, conf=10**5, published=published)
    # Means over time need a past.
    site.mine(seconds=MEAN_SECONDS)
    require_loans(site, compound)
    return World(
        chain_id=chain.chain_id,
        actors=actors,
        weth=weth,
        tokens=tuple(tokens.values()),
        pairs=pairs,
        tick_pools=tick_pools,
        solidly_pools=solidly_pools,
        coin_pools=coin_pools,
        concentrated_pools=concentrated_pools,
        lending_markets=(*compound, *aave),
        kyber_pools=kyber_pools,
        vaults=vaults,
        feeds=feeds,
        share_markets=(market,),
        balancer_pools=balancer_pools,
        balancer_v3_pools=balancer_v3_pools,
        pyth=(pyth,),
        implied=(*_implied((*pairs, *tick_pools), tokens), *of_shares),
        treasuries=(treasury,),
        more_vaults=more_vaults,
        morpho_loans=morpho_loans,
        peg_modules=peg_modules,
        index_tokens=index_tokens,
        boxes=boxes,
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
    return [
        TickPlan.around_market(
            tokens[a],
            tokens[b],
            (DOLLARS[a], DOLLARS[b]),
            fee=fee,
            worth=worth,
            spacing=SPACINGS[fee],
        )
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


def _implied(pools: tuple[Pair | TickPool, ...], tokens: dict[str, Token]) -> tuple[Implied, ...]:
    named = {pool.name: pool for pool in pools}
    return tuple(
        Implied(source, tokens[symbol], named[pool].other(tokens[symbol]), named[pool].address)
        for symbol, source, pool in IMPLIED
    )


def _share_market(
    site: Site, builder: Address, exchange: Exchange, vault: Vault, *, weth: Token
) -> tuple[Pair, tuple[Implied, ...]]:
    """A pair where the shares of `vault` are sold for its asset, and what the two say of them."""
    share, asset = share_of(site, vault), vault.asset
    pool = Pool(share, asset, SHARE_MARKET, SHARE_MARKET)
    create_pair(site, builder, exchange, pool)
    site.mine()
    pair = find_pair(site, exchange, pool)
    buy_shares(site, builder, vault, share, SHARE_MARKET, weth=weth)
    allow_trading(site, [pair], builder)
    add_liquidity(site, builder, pair, pool, weth=weth, held=[share])
    return pair, (
        Implied("redemption", share, asset, vault.address),
        Implied("redemption_rate", share, asset, vault.address, getter="convertToAssets"),
        Implied("spot", share, asset, pair.address),
    )


def _treasury(
    site: Site,
    actors: Actors,
    tokens: dict[str, Token],
    pools: dict[Pair, Pool],
    vaults: tuple[Vault, ...],
    positions: Address,
) -> Treasury:
    pair = next(pair for pair in pools if pair.name == TREASURY_PAIR)
    chosen = tuple(vault for vault in vaults if vault.name in TREASURY_VAULTS)
    fill_purse(site, actors.treasury, tokens)
    deposits = {vault: VAULT_DEPOSITS[vault.name] for vault in chosen}
    hand_over(site, actors, pair=pair, pool=pools[pair], vaults=deposits, positions=positions)
    return treasury_of(actors, tokens, pair=pair, vaults=chosen, positions=positions)


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
