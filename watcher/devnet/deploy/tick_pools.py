"""Uniswap V3: pools, and positions through the manager that issues them as NFTs."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import isqrt

from watcher.devnet.deploy.pools import FAR_FUTURE
from watcher.devnet.deploy.site import Site
from watcher.devnet.deploy.tokens import allow, provide
from watcher.devnet.places import TickPool
from watcher.math.exact.tick_math import MAX_TICK, get_tick_at_sqrt_price
from watcher.state.token import Address, Token, to_address

POOL_GAS = 8_000_000
POSITION_GAS = 1_200_000
OBSERVATIONS = 128
OBSERVATION_GAS = 25_000
"""A slot of storage each."""

SPACINGS = {500: 10, 3_000: 60, 10_000: 200}
"""Of the fee tiers that the factory begins with."""

# How far a position reaches from the price, in ticks: 5%, a half, and everything.
_REACHES = (600, 6_000, MAX_TICK)
_MINT = "mint((address,address,uint24,int24,int24,uint256,uint256,uint256,uint256,address,uint256))"


@dataclass(frozen=True, slots=True)
class UniswapV3:
    """The contracts."""

    factory: Address
    positions: Address
    router: Address


@dataclass(frozen=True, slots=True)
class Position:
    """A position to be: its range of ticks, and at most how much of each token, in smallest
    units."""

    tick_lower: int
    tick_upper: int
    amount0: int
    amount1: int


@dataclass(frozen=True, slots=True)
class TickPlan:
    """A pool to be, with its first price and positions."""

    name: str
    token0: Token
    token1: Token
    fee: int
    spacing: int
    sqrt_price_x96: int
    positions: tuple[Position, ...]

    @property
    def ticks(self) -> tuple[int, ...]:
        """Where its positions begin and end."""
        ends = [(each.tick_lower, each.tick_upper) for each in self.positions]
        return tuple(sorted({tick for pair in ends for tick in pair}))

    @classmethod
    def around_market(
        cls,
        token_a: Token,
        token_b: Token,
        prices: tuple[int, int],
        *,
        fee: int,
        worth: int,
        spacing: int,
        prefix: str = "v3",
    ) -> TickPlan:
        """A pool at the market's price; `prices` of whole tokens, and `worth` of each token in each
        position, in one unit of account."""
        price_of = dict(zip((token_a, token_b), prices, strict=True))
        token0, token1 = sorted((token_a, token_b), key=lambda token: int(token.address, 16))
        amount0, amount1 = (
            worth * 10**token.decimals // price_of[token] for token in (token0, token1)
        )
        sqrt_price_x96 = isqrt(int(Fraction(amount1, amount0) * 2**192))
        tick = get_tick_at_sqrt_price(sqrt_price_x96)
        return cls(
            name=f"{prefix}:{token_a.symbol}/{token_b.symbol}",
            token0=token0,
            token1=token1,
            fee=fee,
            spacing=spacing,
            sqrt_price_x96=sqrt_price_x96,
            positions=tuple(
                Position(
                    max(tick - reach, -MAX_TICK + spacing) // spacing * spacing,
                    min(tick + reach, MAX_TICK) // spacing * spacing,
                    amount0,
                    amount1,
                )
                for reach in _REACHES
            ),
        )


def deploy_uniswap_v3(site: Site, builder: Address, *, weth: Token) -> UniswapV3:
    factory = site.create(builder, "UniswapV3Factory")
    nobody = to_address(bytes(20))
    return UniswapV3(
        factory=factory,
        positions=site.create(builder, "NonfungiblePositionManager", factory, weth.address, nobody),
        router=site.create(builder, "SwapRouter", factory, weth.address),
    )


def create_pool(site: Site, builder: Address, exchange: UniswapV3, plan: TickPlan) -> None:
    """Made and set to its first price, its tokens allowed to be put into positions."""
    for token in (plan.token0, plan.token1):
        allow(site, builder, token, exchange.positions)
    site.send(
        builder,
        exchange.positions,
        "createAndInitializePoolIfNecessary(address,address,uint24,uint160)",
        plan.token0.address,
        plan.token1.address,
        plan.fee,
        plan.sqrt_price_x96,
        gas=POOL_GAS,
    )


def find_pool(site: Site, exchange: UniswapV3, plan: TickPlan) -> TickPool:
    """The pool that the factory made; it must have been mined."""
    (found,) = site.chain.read(
        exchange.factory,
        "getPool(address,address,uint24)(address)",
        plan.token0.address,
        plan.token1.address,
        plan.fee,
    )
    return TickPool(
        name=plan.name,
        address=to_address(found),
        token0=plan.token0,
        token1=plan.token1,
        fee=plan.fee,
        tick_spacing=plan.spacing,
        ticks=plan.ticks,
        router=exchange.router,
    )


def keep_observations(site: Site, builder: Address, pool: TickPool) -> None:
    """Let a pool remember its past from now on: a new one keeps its last change alone."""
    site.send(
        builder,
        pool.address,
        "increaseObservationCardinalityNext(uint16)",
        OBSERVATIONS,
        gas=OBSERVATIONS * OBSERVATION_GAS,
    )


def add_position(
    site: Site,
    builder: Address,
    exchange: UniswapV3,
    plan: TickPlan,
    position: Position,
    *,
    weth: Token,
) -> None:
    """A position of the builder's, from tokens that it is given for it."""
    amounts = {plan.token0: position.amount0, plan.token1: position.amount1}
    for token, amount in amounts.items():
        provide(site, builder, token, amount, weth=weth)
    order = (
        plan.token0.address,
        plan.token1.address,
        plan.fee,
        position.tick_lower,
        position.tick_upper,
        *amounts.values(),
        0,
        0,
        builder,
        FAR_FUTURE,
    )
    site.send(builder, exchange.positions, _MINT, order, gas=POSITION_GAS)
