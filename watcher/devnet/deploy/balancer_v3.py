"""Balancer V3: the Vault with its extensions, its Router over Permit2, and pools that are
registered as a factory would. The protocol takes a part of the swap fees and of what rates earn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from watcher.devnet.deploy.balancer import BPT, create_rate, give_coin, number_of
from watcher.devnet.deploy.site import Site
from watcher.devnet.deploy.tokens import allow
from watcher.devnet.places import BalancerV3Pool, Vault
from watcher.state.token import ZERO_ADDRESS, Address, Token

ONE = 10**18
SWAP_PART, YIELD_PART = ONE // 2, ONE // 10
"""Of the protocol: of the swap fees the most that there may be."""
MINIMUM_TRADE, MINIMUM_WRAP = 10**6, 10**4
_DAY = 86_400
_PAUSE_WINDOWS = 90 * _DAY, 30 * _DAY
MINIMUM_BALANCE = 10**12
"""Of 18 decimals: what each coin of a weighted pool may not fall below."""

REGISTER = (
    "registerPool(address,(address,uint8,address,bool)[],uint256,uint32,bool,"
    "(address,address,address),address,(bool,bool,bool,bool))"
)
INITIALIZE = "initialize(address,address[],uint256[],uint256,bool,bytes)"
LET_SPEND = "approve(address,address,uint160,uint48)"
"""Permit2's: token, spender, amount, until when."""
REGISTER_GAS = 2_000_000
INITIALIZE_GAS = 2_000_000
STANDARD, WITH_RATE = 0, 1


@dataclass(frozen=True, slots=True)
class Plan:
    """A pool to be: its coins (a vault's name is its shares, which have a rate), how many whole
    ones of each, its weights or its amplification, and its fee."""

    name: str
    coins: tuple[str, ...]
    whole: tuple[int, ...]
    shape: tuple[int, ...] | int
    swap_fee: int

    @property
    def protocol(self) -> str:
        return "balancer_v3_stable" if isinstance(self.shape, int) else "balancer_v3_weighted"


# The weighted one is at the feeds' first prices.
PLANS = (
    Plan("b3:WETH/USDC", ("WETH", "USDC"), (800, 600_000), (8 * ONE // 10, 2 * ONE // 10), 10**16),
    Plan(
        "b3:oz-usdc/DAI/USDT", ("oz-usdc", "DAI", "USDT"), (300_000, 500_000, 200_000), 400, 10**14
    ),
)


@dataclass(frozen=True, slots=True)
class Venue:
    """What all pools of the Vault share."""

    vault: Address
    router: Address
    permit2: Address
    beside: tuple[Address, ...]


def deploy_venue(site: Site, builder: Address, *, weth: Address) -> Venue:
    """Queue the Vault, which its extensions name before it is there, and the Router."""
    permit2 = site.create(builder, "Permit2")
    authorizer = site.create(builder, "BalancerAuthorizer", builder)
    vault = site.upcoming(builder, after=3)
    admin = site.create(
        builder, "BalancerV3VaultAdmin", vault, *_PAUSE_WINDOWS, MINIMUM_TRADE, MINIMUM_WRAP
    )
    extension = site.create(builder, "BalancerV3VaultExtension", vault, admin)
    fees = site.create(builder, "BalancerV3ProtocolFeeController", vault, SWAP_PART, YIELD_PART)
    site.create(builder, "BalancerV3Vault", extension, authorizer, fees)
    router = site.create(builder, "BalancerV3Router", vault, weth, permit2, "router")
    beside = (authorizer, admin, extension, vault, fees, router, permit2)
    return Venue(vault, router, permit2, beside)


def deploy_balancer_v3(
    site: Site, builder: Address, tokens: Mapping[str, Token], vaults: Sequence[Vault]
) -> tuple[BalancerV3Pool, ...]:
    """Queue the Vault, the Router, rate providers and the pools."""
    venue = deploy_venue(site, builder, weth=tokens["WETH"].address)
    wanted = {coin for plan in PLANS for coin in plan.coins}
    rated = [vault for vault in vaults if vault.name in wanted]
    coins = dict(tokens) | {
        vault.name: Token(vault.address, vault.asset.decimals + vault.decimals_offset, vault.name)
        for vault in rated
    }
    rates = {vault.address: create_rate(site, builder, vault) for vault in rated}
    return tuple(_pool(site, builder, venue, plan, coins, rates) for plan in PLANS)


def fill_balancer_v3(
    site: Site,
    builder: Address,
    pools: Sequence[BalancerV3Pool],
    vaults: Sequence[Vault],
    *,
    weth: Token,
) -> None:
    """First liquidity, from coins that the builder is given for it."""
    for pool, plan in zip(pools, PLANS, strict=True):
        whole = dict(zip(plan.coins, plan.whole, strict=True))
        amounts = [whole[coin.symbol] * 10**coin.decimals for coin in pool.coins]
        for coin, amount in zip(pool.coins, amounts, strict=True):
            give_coin(site, builder, coin, amount, vaults, weth=weth)
            allow_router(site, pool, coin, builder)
        held = [coin.address for coin in pool.coins]
        order = (pool.address, held, amounts, 0, False, b"")
        site.send(builder, pool.router, INITIALIZE, *order, gas=INITIALIZE_GAS)


def allow_router(site: Site, pool: BalancerV3Pool, coin: Token, holder: Address) -> None:
    """Let the Router take any amount of a coin, through Permit2."""
    allow(site, holder, coin, pool.permit2)
    spender = (coin.address, pool.router, 2**160 - 1, 2**48 - 1)
    site.send(holder, pool.permit2, LET_SPEND, *spender)


def _pool(
    site: Site,
    builder: Address,
    venue: Venue,
    plan: Plan,
    coins: Mapping[str, Token],
    rates: Mapping[Address, Address],
) -> BalancerV3Pool:
    held = sorted((coins[each] for each in plan.coins), key=number_of)
    address = site.create(builder, *_contract(plan, held), venue.vault)
    config = [
        (coin.address, WITH_RATE, rates[coin.address], True)
        if coin.address in rates
        else (coin.address, STANDARD, ZERO_ADDRESS, False)
        for coin in held
    ]
    site.send(
        builder,
        venue.vault,
        REGISTER,
        address,
        config,
        plan.swap_fee,
        site.chain.head().timestamp + _PAUSE_WINDOWS[0],
        False,
        (builder, builder, ZERO_ADDRESS),
        ZERO_ADDRESS,
        (False, False, False, False),
        gas=REGISTER_GAS,
    )
    return BalancerV3Pool(
        name=plan.name,
        protocol=plan.protocol,
        address=address,
        vault=venue.vault,
        router=venue.router,
        permit2=venue.permit2,
        coins=tuple(held),
        beside=(*venue.beside, *rates.values()),
    )


def _contract(plan: Plan, coins: Sequence[Token]) -> tuple[str, tuple[Any, ...]]:
    """The contract's name, and the first argument of its constructor."""
    if isinstance(plan.shape, int):
        return "StablePool", (plan.name, BPT, plan.shape, "pool")
    weights = dict(zip(plan.coins, plan.shape, strict=True))
    ordered = [weights[coin.symbol] for coin in coins]
    least = [MINIMUM_BALANCE] * len(ordered)
    return "WeightedPool", (plan.name, BPT, len(ordered), ordered, "pool", least)
