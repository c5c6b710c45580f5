"""Uniswap V2 through its router, Pancake V2 on its pairs: its package's router reverts."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from fractions import Fraction

from watcher.devnet.deploy.site import Site
from watcher.devnet.deploy.tokens import allow, provide
from watcher.devnet.places import Pair, TickPool
from watcher.state.token import Address, Token, to_address

PAIR_GAS = 4_000_000
FAR_FUTURE = 2**40
"""A deadline that no block reaches."""


@dataclass(frozen=True, slots=True)
class Pool:
    """A pool to be: two tokens and how many whole ones of each it starts with."""

    token_a: Token
    token_b: Token
    amount_a: int
    amount_b: int


@dataclass(frozen=True, slots=True)
class Exchange:
    """A factory with its facts. UniswapV2Pair._mintFee divides by 5 sqrt(k) + sqrt(kLast), which
    gives the protocol 1/6; PancakePair's 3 sqrt(k) + sqrt(kLast) gives it 1/4."""

    prefix: str
    factory: Address
    fee: Fraction
    protocol_share: Fraction
    router: Address | None = None


def deploy_uniswap(site: Site, builder: Address, *, weth: Token) -> Exchange:
    factory = site.create(builder, "UniswapV2Factory", builder)
    router = site.create(builder, "UniswapV2Router02", factory, weth.address)
    return Exchange("", factory, Fraction(3, 1000), Fraction(1, 6), router)


def deploy_pancake(site: Site, builder: Address, *, fee_to: Address) -> Exchange:
    """With its protocol fee switched on before the first liquidity, so that kLast is kept."""
    factory = site.create(builder, "PancakeFactory", builder)
    site.send(builder, factory, "setFeeTo(address)", fee_to)
    return Exchange("pancake:", factory, Fraction(2, 1000), Fraction(1, 4))


def create_pair(site: Site, builder: Address, exchange: Exchange, pool: Pool) -> None:
    tokens = pool.token_a.address, pool.token_b.address
    site.send(builder, exchange.factory, "createPair(address,address)", *tokens, gas=PAIR_GAS)


def find_pair(site: Site, exchange: Exchange, pool: Pool) -> Pair:
    """The pair that the factory made; it must have been mined."""
    a, b = pool.token_a, pool.token_b
    (found,) = site.chain.read(
        exchange.factory, "getPair(address,address)(address)", a.address, b.address
    )
    token0, token1 = sorted((a, b), key=lambda token: int(token.address, 16))
    return Pair(
        name=f"{exchange.prefix}{a.symbol}/{b.symbol}",
        address=to_address(found),
        token0=token0,
        token1=token1,
        fee=exchange.fee,
        protocol_share=exchange.protocol_share,
        router=exchange.router,
    )


def allow_trading(site: Site, pools: Iterable[Pair | TickPool], trader: Address) -> None:
    """Let the routers of these pools take what `trader` sells or adds."""
    for token, router in dict.fromkeys(
        (token, pool.router)
        for pool in pools
        if pool.router is not None
        for token in (pool.token0, pool.token1)
    ):
        allow(site, trader, token, router)


def add_liquidity(
    site: Site,
    builder: Address,
    pair: Pair,
    pool: Pool,
    *,
    weth: Token,
    held: Collection[Token] = (),
) -> None:
    """The pool's first liquidity, from tokens that the builder is given for it; `held` it has."""
    amounts = {
        pool.token_a: pool.amount_a * 10**pool.token_a.decimals,
        pool.token_b: pool.amount_b * 10**pool.token_b.decimals,
    }
    for token, amount in amounts.items():
        if token not in held:
            provide(site, builder, token, amount, weth=weth)
        if pair.router is None:
            transfer = "transfer(address,uint256)"
            site.send(builder, token.address, transfer, pair.address, amount)
    if pair.router is None:
        site.send(builder, pair.address, "mint(address)", builder)
        return
    site.send(
        builder,
        pair.router,
        "addLiquidity(address,address,uint256,uint256,uint256,uint256,address,uint256)",
        *(token.address for token in amounts),
        *amounts.values(),
        *amounts.values(),
        builder,
        FAR_FUTURE,
    )
