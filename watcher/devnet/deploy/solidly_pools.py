"""Aerodrome: stable and volatile pools, filled without its router."""

from __future__ import annotations

from dataclasses import dataclass

from eth_utils.crypto import keccak

from watcher.devnet.deploy.site import Site
from watcher.devnet.deploy.tokens import provide
from watcher.devnet.places import SolidlyPool
from watcher.state.token import Address, Token, to_address

POOL_GAS = 1_500_000


@dataclass(frozen=True, slots=True)
class Aerodrome:
    """The contracts: every pool is a clone of `implementation`."""

    factory: Address
    implementation: Address


# The two tokens, whether it is stable, how many whole ones of each, and its fee of 10,000; the
# factory's own where it is None. The last one is out of balance from the start.
SOLIDLY_POOLS = (
    ("WETH", "USDC", False, 300, 900_000, None),
    ("DAI", "USDC", True, 600_000, 600_000, None),
    ("WBTC", "WETH", False, 10, 200, 25),
    ("USDC", "HUSD", True, 400_000, 400_000, None),
    ("USDT", "DAI", False, 300_000, 300_000, 1),
    ("GUSD", "DAI", True, 300_000, 300_000, 12),
)
UNBALANCED = ("GUSD", "DAI", 2_000_000)
"""The pool, and what is given to it of its second token, in whole ones."""


def deploy_solidly(
    site: Site, builder: Address, tokens: dict[str, Token]
) -> tuple[SolidlyPool, ...]:
    """Queue the factory and its pools; their addresses are known before anything is mined."""
    implementation = site.create(builder, "AerodromePool")
    exchange = Aerodrome(
        site.create(builder, "AerodromePoolFactory", implementation), implementation
    )
    return tuple(
        _create(site, builder, exchange, (tokens[a], tokens[b]), stable=stable, fee=fee)
        for a, b, stable, _, _, fee in SOLIDLY_POOLS
    )


def fill_solidly(
    site: Site, builder: Address, pools: tuple[SolidlyPool, ...], tokens: dict[str, Token]
) -> None:
    """First liquidity of equal value; one of them is then given more of one token."""
    weth = tokens["WETH"]
    for pool, (a, b, _, whole_a, whole_b, _) in zip(pools, SOLIDLY_POOLS, strict=True):
        for symbol, whole in ((a, whole_a), (b, whole_b)):
            _give(site, builder, pool, tokens[symbol], whole, weth=weth)
        site.send(builder, pool.address, "mint(address)", builder)
        if (a, b) == UNBALANCED[:2]:
            _give(site, builder, pool, tokens[b], UNBALANCED[2], weth=weth)
            site.send(builder, pool.address, "sync()")


def clone_address(
    factory: Address, implementation: Address, coins: tuple[Address, ...], *, stable: bool
) -> Address:
    """OpenZeppelin's deterministic clone of a pool, whose salt are its coins and its curve."""
    salt = keccak(b"".join(_raw(coin) for coin in coins) + bytes([stable]))
    code = (
        bytes.fromhex("3d602d80600a3d3981f3363d3d373d3d3d363d73")
        + _raw(implementation)
        + bytes.fromhex("5af43d82803e903d91602b57fd5bf3")
    )
    return to_address(keccak(b"\xff" + _raw(factory) + salt + keccak(code))[12:])


def _create(
    site: Site,
    builder: Address,
    exchange: Aerodrome,
    tokens: tuple[Token, Token],
    *,
    stable: bool,
    fee: int | None,
) -> SolidlyPool:
    token0, token1 = sorted(tokens, key=lambda token: int(token.address, 16))
    coins = token0.address, token1.address
    create = "createPool(address,address,bool)"
    site.send(builder, exchange.factory, create, *coins, stable, gas=POOL_GAS)
    address = clone_address(exchange.factory, exchange.implementation, coins, stable=stable)
    if fee is not None:
        site.send(builder, exchange.factory, "setCustomFee(address,uint256)", address, fee)
    curve = "stable" if stable else "volatile"
    name = f"{curve}:{tokens[0].symbol}/{tokens[1].symbol}"
    return SolidlyPool(name, address, token0, token1, stable)


def _give(
    site: Site, builder: Address, pool: SolidlyPool, token: Token, whole: int, *, weth: Token
) -> None:
    amount = whole * 10**token.decimals
    provide(site, builder, token, amount, weth=weth)
    site.send(builder, token.address, "transfer(address,uint256)", pool.address, amount)


def _raw(address: Address) -> bytes:
    return bytes.fromhex(address[2:])
