"""Pools with concentrated liquidity that are not Uniswap V3's: of Pancake V3, Algebra Integral and
Uniswap V4, with positions in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NamedTuple, TypeAlias

from watcher.devnet.deploy.site import Site
from watcher.devnet.deploy.tick_pools import POOL_GAS, POSITION_GAS, TickPlan
from watcher.devnet.deploy.tokens import allow, provide
from watcher.devnet.places import ConcentratedPool, Option
from watcher.math.exact.positions import Amounts, get_liquidity_for_amounts
from watcher.math.exact.tick_math import get_sqrt_price_at_tick
from watcher.state.token import ZERO_ADDRESS, Address, Token, to_address

POOL_KEY = "(address,address,uint24,int24,address)"
_MODIFY = f"modifyLiquidity({POOL_KEY},(int24,int24,int256,bytes32),bytes)"

# The protocol, the two tokens, the fee in pips, the spacing, the dollars of both in each position.
POOLS = (
    ("pancake_v3", "WETH", "USDC", 500, 10, 500_000),
    ("algebra_integral", "WBTC", "USDC", 2_600, 60, 400_000),
    ("pancake_v3", "DAI", "USDT", 100, 1, 250_000),
    ("pancake_v3", "WBTC", "WETH", 2_500, 50, 350_000),
    ("algebra_integral", "DAI", "WETH", 900, 60, 200_000),
    ("uniswap_v4", "ETH", "USDC", 3_000, 60, 600_000),
    ("uniswap_v4", "ETH", "WBTC", 10_000, 200, 150_000),
    ("uniswap_v4", "HUSD", "USDC", 500, 10, 100_000),
    ("uniswap_v4", "DAI", "USDC", 100, 1, 300_000),
)
PREFIXES = {"pancake_v3": "pancake3", "algebra_integral": "algebra", "uniswap_v4": "v4"}
# Of the fee, in thousandths; of the input in pips, when token 0 and token 1 are sold.
COMMUNITY_FEE = 150
V4_PROTOCOL_FEES = (50, 30)

NATIVE = Token(ZERO_ADDRESS, 18, "ETH")


@dataclass(frozen=True, slots=True)
class Made:
    """A pool that stands once what is queued has been mined. `start` finds it and sets its first
    price and fees; `mint` puts so much liquidity between two ticks of it, for which `spender` takes
    the tokens, and of the native coin what comes last; `trader` swaps in it."""

    plan: TickPlan
    protocol: str
    start: Callable[[], Address]
    mint: Callable[[Address, tuple[int, int], int, int], None]
    spender: Address
    trader: Address
    beside: tuple[Address, ...]
    options: Mapping[str, Option] = field(default_factory=lambda: MappingProxyType({}))


Maker: TypeAlias = Callable[[TickPlan], Made]


class V4(NamedTuple):
    """The contracts about all pools of Uniswap V4."""

    manager: Address
    views: Address
    opener: Address
    swapper: Address


def deploy_tick_families(
    site: Site, builder: Address, tokens: Mapping[str, Token], dollars: Mapping[str, int]
) -> list[Made]:
    """The contracts and their pools; `dollars` are of a whole token."""
    known = {**tokens, NATIVE.symbol: NATIVE}
    worth = {**dollars, NATIVE.symbol: dollars["WETH"]}

    trader = site.create(builder, "TickTrader")
    makers = {
        "pancake_v3": _pancake(site, builder, trader),
        "algebra_integral": _algebra(site, builder, trader),
        "uniswap_v4": _uniswap_v4(site, builder),
    }
    return [
        makers[protocol](
            TickPlan.around_market(
                known[a],
                known[b],
                (worth[a], worth[b]),
                fee=fee,
                worth=each,
                spacing=spacing,
                prefix=PREFIXES[protocol],
            )
        )
        for protocol, a, b, fee, spacing, each in POOLS
    ]


def fill_tick_families(
    site: Site, builder: Address, made: list[Made], *, weth: Token
) -> tuple[ConcentratedPool, ...]:
    """First prices, and positions of the builder's, in pools that have been mined."""
    return tuple(_filled(site, builder, one, weth=weth) for one in made)


def allow_tick_families(
    site: Site, pools: tuple[ConcentratedPool, ...], *, traders: tuple[Address, ...]
) -> None:
    """Let what swaps in the pools take what `traders` sell."""
    taken = dict.fromkeys(
        (token, pool.trader)
        for pool in pools
        for token in (pool.token0, pool.token1)
        if token != NATIVE
    )
    for trader in traders:
        for token, spender in taken:
            allow(site, trader, token, spender)


def _filled(site: Site, builder: Address, made: Made, *, weth: Token) -> ConcentratedPool:
    plan, address = made.plan, made.start()
    own = [token for token in (plan.token0, plan.token1) if token != NATIVE]
    for token in own:
        allow(site, builder, token, made.spender)
    for position in plan.positions:
        ticks = (position.tick_lower, position.tick_upper)
        offered = Amounts(position.amount0, position.amount1)
        below, above = map(get_sqrt_price_at_tick, ticks)
        liquidity = get_liquidity_for_amounts(
            plan.sqrt_price_x96, offered, sqrt_price_a_x96=below, sqrt_price_b_x96=above
        )
        for token, amount in zip((plan.token0, plan.token1), offered, strict=True):
            if token in own:
                provide(site, builder, token, amount, weth=weth)
        made.mint(address, ticks, liquidity, 0 if plan.token0 in own else offered.amount0)
    return ConcentratedPool(
        name=plan.name,
        protocol=made.protocol,
        address=address,
        token0=plan.token0,
        token1=plan.token1,
        ticks=plan.ticks,
        options=made.options,
        trader=made.trader,
        beside=made.beside,
    )


def _pancake(site: Site, builder: Address, trader: Address) -> Maker:
    code = bytes.fromhex(site.creation_code("PancakeV3Pool")[2:])
    deployer = site.create(builder, "PancakeV3Deployer", code)
    factory = site.create(builder, "PancakeV3Factory", deployer)
    mint = _minter(site, builder, trader, "mintPancake(address,int24,int24,uint128)")

    def make(plan: TickPlan) -> Made:
        pair = (plan.token0.address, plan.token1.address, plan.fee)
        site.send(builder, factory, "createPool(address,address,uint24)", *pair, gas=POOL_GAS)

        def start() -> Address:
            pool = _read(site, factory, "getPool(address,address,uint24)(address)", *pair)
            site.send(builder, pool, "initialize(uint160)", plan.sqrt_price_x96)
            return pool

        return Made(plan, "pancake_v3", start, mint, trader, trader, (deployer, factory))

    return make


def _algebra(site: Site, builder: Address, trader: Address) -> Maker:
    """The deployer and the factory name each other."""
    factory = site.upcoming(builder, after=1)
    deployer = site.create(builder, "AlgebraPoolDeployer", factory)
    site.create(builder, "AlgebraFactory", deployer)
    vaults = site.create(builder, "AlgebraVaultFactoryStub", builder)
    site.send(builder, factory, "setVaultFactory(address)", vaults)
    mint = _minter(site, builder, trader, "mintAlgebra(address,int24,int24,uint128)")

    def make(plan: TickPlan) -> Made:
        pair = (plan.token0.address, plan.token1.address)
        site.send(builder, factory, "createPool(address,address,bytes)", *pair, b"", gas=POOL_GAS)

        def start() -> Address:
            pool = _read(site, factory, "poolByPair(address,address)(address)", *pair)
            site.send(builder, pool, "initialize(uint160)", plan.sqrt_price_x96)
            site.send(builder, pool, "setFee(uint16)", plan.fee)
            site.send(builder, pool, "setCommunityFee(uint16)", COMMUNITY_FEE)
            return pool

        beside = (deployer, factory, vaults)
        return Made(plan, "algebra_integral", start, mint, trader, trader, beside)

    return make


def _uniswap_v4(site: Site, builder: Address) -> Maker:
    manager = site.create(builder, "PoolManager", builder)
    views = site.create(builder, "StateView", manager)
    opener = site.create(builder, "PoolModifyLiquidityTest", manager)
    swapper = site.create(builder, "PoolSwapTest", manager)
    site.send(builder, manager, "setProtocolFeeController(address)", builder)
    return lambda plan: _v4_pool(site, builder, V4(manager, views, opener, swapper), plan)


def _v4_pool(site: Site, builder: Address, made: V4, plan: TickPlan) -> Made:
    manager, views, opener, swapper = made
    currencies = (plan.token0.address, plan.token1.address)
    key = (*currencies, plan.fee, plan.spacing, ZERO_ADDRESS)
    fee0, fee1 = V4_PROTOCOL_FEES

    def start() -> Address:
        site.send(builder, manager, f"initialize({POOL_KEY},uint160)", key, plan.sqrt_price_x96)
        site.send(builder, manager, f"setProtocolFee({POOL_KEY},uint24)", key, fee1 << 12 | fee0)
        return manager

    def mint(_: Address, ticks: tuple[int, int], liquidity: int, value: int) -> None:
        order = (*ticks, liquidity, bytes(32))
        site.send(builder, opener, _MODIFY, key, order, b"", value=value, gas=POSITION_GAS)

    return Made(
        plan,
        "uniswap_v4",
        start,
        mint,
        opener,
        swapper,
        (views, opener),
        {
            "currency0": currencies[0],
            "currency1": currencies[1],
            "fee": plan.fee,
            "tick_spacing": plan.spacing,
            "state_view": views,
        },
    )


def _minter(
    site: Site, builder: Address, trader: Address, signature: str
) -> Callable[[Address, tuple[int, int], int, int], None]:
    def mint(pool: Address, ticks: tuple[int, int], liquidity: int, _: int) -> None:
        site.send(builder, trader, signature, pool, *ticks, liquidity, gas=POSITION_GAS)

    return mint


def _read(site: Site, contract: Address, signature: str, *args: object) -> Address:
    (found,) = site.chain.read(contract, signature, *args)
    return to_address(found)
