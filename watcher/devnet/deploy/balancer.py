"""Balancer's pools of V2, behind one Vault that takes half of the swap fees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from watcher.devnet.deploy.site import Site, created_address
from watcher.devnet.deploy.tokens import allow, provide
from watcher.devnet.places import BalancerPool, Vault
from watcher.math.exact.fixed_point import UINT256_MAX
from watcher.state.token import ZERO_ADDRESS, Address, Token

ONE = 10**18
PROTOCOL_FEE = ONE // 2
"""The most that the Vault allows."""
JOIN = "joinPool(bytes32,address,address,(address[],uint256[],bytes,bool))"
SET_FEE = "setSwapFeePercentage(uint256)"

BPT = "BPT"
"""The symbol of every pool's own token."""
POOL_GAS = 8_000_000
JOIN_GAS = 3_000_000
_DAY = 86_400
_PAUSE_WINDOWS = 90 * _DAY, 30 * _DAY
RATE_SECONDS = 60
"""How long a composable pool keeps a rate: five blocks, so that a play shows it lag behind."""
_GENERAL, _MINIMAL, _TWO = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Plan:
    """A pool to be: its coins (a vault's name is its shares), how many whole ones of each, its
    weights or its amplification, and its fee."""

    name: str
    factory: str
    coins: tuple[str, ...]
    whole: tuple[int, ...]
    shape: tuple[int, ...] | int
    swap_fee: int

    @property
    def protocol(self) -> str:
        return "balancer_v2_stable" if isinstance(self.shape, int) else "balancer_v2_weighted"


# The weighted ones are at the feeds' first prices, the stable ones more or less out of balance.
PLANS = (
    Plan(
        "b2:WBTC/WETH/DAI",
        "BalancerWeightedFactory",
        ("WBTC", "WETH", "DAI"),
        (20, 400, 600_000),
        (4 * ONE // 10, 4 * ONE // 10, 2 * ONE // 10),
        3 * 10**15,
    ),
    Plan(
        "b2:WETH/USDC",
        "BalancerFirstWeightedFactory",
        ("WETH", "USDC"),
        (200, 600_000),
        (ONE // 2, ONE // 2),
        10**16,
    ),
    Plan(
        "b2:DAI/USDC/USDT",
        "BalancerStableFactory",
        ("DAI", "USDC", "USDT"),
        (500_000, 700_000, 400_000),
        500,
        10**14,
    ),
    Plan(
        "b2:GUSD/USDC",
        "BalancerFirstStableFactory",
        ("GUSD", "USDC"),
        (90_000, 10_000),
        100,
        4 * 10**14,
    ),
    Plan(
        "b2:HUSD/DAI",
        "BalancerComposableFactory",
        ("HUSD", "DAI"),
        (1_000_000, 20_000),
        200,
        4 * 10**14,
    ),
    Plan(
        "b2:oz-usdc/DAI",
        "BalancerComposableFactory",
        ("oz-usdc", "DAI"),
        (300_000, 250_000),
        1_000,
        2 * 10**14,
    ),
)
_FIRST_NONCE = {"BalancerFirstWeightedFactory": 1, "BalancerFirstStableFactory": 1}
"""The other factories have created the two halves of their pools' code before."""
_WITH_FEE_PROVIDER = ("BalancerWeightedFactory", "BalancerComposableFactory")


def deploy_balancer(
    site: Site, builder: Address, tokens: Mapping[str, Token], vaults: Sequence[Vault]
) -> tuple[BalancerPool, ...]:
    """Queue the Vault, its factories and the pools; their addresses are known before anything is
    mined."""
    authorizer = site.create(builder, "BalancerAuthorizer", builder)
    holder = site.create(builder, "BalancerVault", authorizer, ZERO_ADDRESS, *_PAUSE_WINDOWS)
    _take_fees(site, builder, authorizer, created_address(holder, 1))
    fees = site.create(builder, "BalancerFeePercentages", holder, ONE, ONE)
    coins = {
        vault.name: Token(vault.address, vault.asset.decimals + vault.decimals_offset, vault.name)
        for vault in vaults
    } | dict(tokens)
    rates = {vault.address: create_rate(site, builder, vault) for vault in _rated(vaults)}
    factories: dict[str, tuple[Address, int]] = {}
    pools: list[BalancerPool] = []
    for plan in PLANS:
        if plan.factory not in factories:
            more = (fees, "f", "p") if plan.factory in _WITH_FEE_PROVIDER else ()
            factory = site.create(builder, plan.factory, holder, *more)
            factories[plan.factory] = factory, _FIRST_NONCE.get(plan.factory, 3)
        factory, nonce = factories[plan.factory]
        factories[plan.factory] = factory, nonce + 1
        held = sorted((coins[each] for each in plan.coins), key=number_of)
        pool = _pool(plan, created_address(factory, nonce), holder, held, number=len(pools))
        _create(site, builder, factory, plan, held, rates, named=coins)
        pools.append(pool)
    return tuple(pools)


def fill_balancer(
    site: Site,
    builder: Address,
    pools: Sequence[BalancerPool],
    vaults: Sequence[Vault],
    *,
    weth: Token,
) -> None:
    """First liquidity of V2's, from coins that the builder is given for it."""
    for pool, plan in zip(_of_v2(pools), PLANS, strict=True):
        # of its own tokens a composable pool is given none
        whole = {pool.address: 0} | {
            coin.address: amount
            for name, amount in zip(plan.coins, plan.whole, strict=True)
            for coin in pool.coins
            if coin.symbol == name
        }
        amounts = [whole[coin.address] * 10**coin.decimals for coin in pool.coins]
        for coin, amount in zip(pool.coins, amounts, strict=True):
            if amount:
                give_coin(site, builder, coin, amount, vaults, weth=weth)
                allow(site, builder, coin, pool.vault)
        data = encode(["uint256", "uint256[]"], [0, amounts])
        most = [UINT256_MAX] * len(pool.coins)
        request = ([coin.address for coin in pool.coins], most, data, False)
        site.send(builder, pool.vault, JOIN, pool.pool_id, builder, builder, request, gas=JOIN_GAS)


def allow_balancer(
    site: Site, pools: Sequence[BalancerPool], vaults: Sequence[Vault], trader: Address
) -> None:
    """Let the Vault take what `trader` sells, and a vault what its shares are bought with."""
    for holder in dict.fromkeys(pool.vault for pool in pools):
        coins = {coin for pool in pools if pool.vault == holder for coin in pool.coins}
        for coin in sorted(coins, key=number_of):
            allow(site, trader, coin, holder)
    for vault in _rated(vaults):
        allow(site, trader, vault.asset, vault.address)


def _take_fees(site: Site, builder: Address, authorizer: Address, collector: Address) -> None:
    raw = bytes.fromhex(collector[2:])
    role = keccak(raw.rjust(32, b"\0") + keccak(text=SET_FEE)[:4])
    site.send(builder, authorizer, "grantRole(bytes32,address)", role, builder)
    site.send(builder, collector, SET_FEE, PROTOCOL_FEE)


def _of_v2(pools: Sequence[BalancerPool]) -> list[BalancerPool]:
    return [pool for pool in pools if pool.pool_id]


def _rated(vaults: Sequence[Vault]) -> list[Vault]:
    wanted = {coin for plan in PLANS for coin in plan.coins}
    return [vault for vault in vaults if vault.name in wanted]


def create_rate(site: Site, builder: Address, vault: Vault) -> Address:
    """A provider of what a whole share of `vault` is worth."""
    share = 10 ** (vault.asset.decimals + vault.decimals_offset)
    scale = 10 ** (18 - vault.asset.decimals)
    return site.create(builder, "VaultRate", vault.address, share, scale)


def _pool(
    plan: Plan, address: Address, holder: Address, coins: Sequence[Token], *, number: int
) -> BalancerPool:
    """The Vault's id of it: address, kind and the number of pools before."""
    specialization = _TWO if len(coins) == 2 else _MINIMAL
    held = list(coins)
    if isinstance(plan.shape, int):
        specialization = _TWO if len(coins) == 2 else _GENERAL
        if plan.factory == "BalancerComposableFactory":
            specialization = _GENERAL
            held = sorted((*coins, Token(address, 18, BPT)), key=number_of)
    pool_id = bytes.fromhex(address[2:]) + specialization.to_bytes(2) + number.to_bytes(10)
    return BalancerPool(plan.name, plan.protocol, address, holder, tuple(held), pool_id)


def _create(
    site: Site,
    builder: Address,
    factory: Address,
    plan: Plan,
    coins: Sequence[Token],
    rates: Mapping[Address, Address],
    *,
    named: Mapping[str, Token],
) -> None:
    tokens = [coin.address for coin in coins]
    providers = [rates.get(token, ZERO_ADDRESS) for token in tokens]
    shape: Any = plan.shape
    if not isinstance(plan.shape, int):
        weights = {
            named[coin].address: weight for coin, weight in zip(plan.coins, plan.shape, strict=True)
        }
        shape = [weights[token] for token in tokens]
    kinds = ["string", "string", "address[]"]
    kinds.append("uint256" if isinstance(plan.shape, int) else "uint256[]")
    given: list[Any] = [plan.name, BPT, tokens, shape]
    match plan.factory:
        case "BalancerWeightedFactory":
            kinds += ["address[]"]
            given += [providers]
        case "BalancerComposableFactory":
            kinds += ["address[]", "uint256[]", "bool[]"]
            given += [providers, [RATE_SECONDS] * len(tokens), [False] * len(tokens)]
    create = f"create({','.join(kinds)},uint256,address)"
    site.send(builder, factory, create, *given, plan.swap_fee, builder, gas=POOL_GAS)


def give_coin(
    site: Site,
    builder: Address,
    coin: Token,
    amount: int,
    vaults: Sequence[Vault],
    *,
    weth: Token,
) -> None:
    """So much of a coin for the builder: wrapped, minted, or bought of a vault that has earned
    nothing yet."""
    vault = next((each for each in vaults if each.address == coin.address), None)
    if vault is None:
        provide(site, builder, coin, amount, weth=weth)
        return
    provide(site, builder, vault.asset, amount, weth=weth)
    allow(site, builder, vault.asset, vault.address)
    site.send(builder, vault.address, "deposit(uint256,address)", amount, builder)


def number_of(token: Token) -> int:
    return int(token.address, 16)
