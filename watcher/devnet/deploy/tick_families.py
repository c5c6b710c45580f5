"""Pools with concentrated liquidity that are not Uniswap V3's: of Pancake V3, Algebra Integral and
Uniswap V4, with positions in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from watcher.devnet.deploy.site import Site
from watcher.devnet.deploy.tick_pools import POOL_GAS, POSITION_GAS, TickPlan
from watcher.devnet.deploy.tokens import allow, provide
from watcher.devnet.world import ConcentratedPool, Option
from watcher.math.exact.positions import Amounts, get_liquidity_for_amounts
from watcher.math.exact.tick_math import get_sqrt_price_at_tick
from watcher.state.token import ZERO_ADDRESS, Address, Token, to_address

POOL_KEY = "(address,address,uint24,int24,address)"
_MODIFY = f"modifyLiquidity({POOL_KEY},(int24,int24,int256,bytes32),bytes)"

# The two tokens, the fee in pips, the spacing, the dollars of both in each position.
PANCAKE_V3 = ("WETH", "USDC", 500, 10, 500_000)
ALGEBRA = ("WBTC", "USDC", 2_600, 60, 400_000)
UNISWAP_V4 = (("ETH", "USDC", 3_000, 60, 600_000), ("DAI", "USDC", 100, 1, 300_000))
# Of the fee, in thousandths; of the input in pips, when token 0 and token 1 are sold.
COMMUNITY_FEE = 150
V4_PROTOCOL_FEES = (50, 30)

NATIVE = Token(ZERO_ADDRESS, 18, "ETH")


@dataclass(frozen=True, slots=True)
class Made:
    """A pool that stands once what is queued has been mined. `start` finds it and sets its first
    price and fees; `mint` puts so much liquidity between two ticks of it, for which `spender` takes
    the tokens, and of the native coin what comes last."""

    plan: TickPlan
    protocol: str
    start: Callable[[], Address]
    mint: Callable[[Address, tuple[int, int], int, int], None]
    spender: Address
    beside: tuple[Address, ...]
    options: Mapping[str, Option] = field(default_factory=lambda: MappingProxyType({}))


def deploy_tick_families(
    site: Site, builder: Address, tokens: Mapping[str, Token], dollars: Mapping[str, int]
) -> list[Made]:
    """The contracts and their pools; `dollars` are of a whole token."""
    known = {**tokens, NATIVE.symbol: NATIVE}
    worth = {**dollars, NATIVE.symbol: dollars["WETH"]}

    def planned(prefix: str, plan: tuple[str, str, int, int, int]) -> TickPlan:
        a, b, fee, spacing, each = plan
        return TickPlan.around_market(
            known[a],
            known[b],
            (worth[a], worth[b]),
            fee=fee,
            worth=each,
            spacing=spacing,
            prefix=prefix,
        )

    trader = site.create(builder, "TickTrader")
    return [
        _pancake(site, builder, trader, planned("pancake3", PANCAKE_V3)),
        _algebra(site, builder, trader, planned("algebra", ALGEBRA)),
        *_uniswap_v4(site, builder, [planned("v4", plan) for plan in UNISWAP_V4]),
    ]


def fill_tick_families(
    site: Site, builder: Address, made: list[Made], *, weth: Token
) -> tuple[ConcentratedPool, ...]:
    """First prices, and positions of the builder's, in pools that have been mined."""
    return tuple(_filled(site, builder, one, weth=weth) for one in made)


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
        trader=made.spender,
        beside=made.beside,
    )


def _pancake(site: Site, builder: Address, trader: Address, plan: TickPlan) -> Made:
    code = bytes.fromhex(site.creation_code("PancakeV3Pool")[2:])
    deployer = site.create(builder, "PancakeV3Deployer", code)
    factory = site.create(builder, "PancakeV3Factory", deployer)
    pair = (plan.token0.address, plan.token1.address, plan.fee)
    site.send(builder, factory, "createPool(address,address,uint24)", *pair, gas=POOL_GAS)

    def start() -> Address:
        pool = _read(site, factory, "getPool(address,address,uint24)(address)", *pair)
        site.send(builder, pool, "initialize(uint160)", plan.sqrt_price_x96)
        return pool

    mint = _minter(site, builder, trader, "mintPancake(address,int24,int24,uint128)")
    return Made(plan, "pancake_v3", start, mint, trader, (deployer, factory))


def _algebra(site: Site, builder: Address, trader: Address, plan: TickPlan) -> Made:
    """The deployer and the factory name each other."""
    factory = site.upcoming(builder, after=1)
    deployer = site.create(builder, "AlgebraPoolDeployer", factory)
    site.create(builder, "AlgebraFactory", deployer)
    vaults = site.create(builder, "AlgebraVaultFactoryStub", builder)
    pair = (plan.token0.address, plan.token1.address)
    site.send(builder, factory, "setVaultFactory(address)", vaults)
    site.send(builder, factory, "createPool(address,address,bytes)", *pair, b"", gas=POOL_GAS)

    def start() -> Address:
        pool = _read(site, factory, "poolByPair(address,address)(address)", *pair)
        site.send(builder, pool, "initialize(uint160)", plan.sqrt_price_x96)
        site.send(builder, pool, "setFee(uint16)", plan.fee)
        site.send(builder, pool, "setCommunityFee(uint16)", COMMUNITY_FEE)
        return pool

    mint = _minter(site, builder, trader, "mintAlgebra(address,int24,int24,uint128)")
    beside = (deployer, factory, vaults)
    return Made(plan, "algebra_integral", start, mint, trader, beside)


def _uniswap_v4(site: Site, builder: Address, plans: list[TickPlan]) -> list[Made]:
    manager = site.create(builder, "PoolManager", builder)
    views = site.create(builder, "StateView", manager)
    router = site.create(builder, "PoolModifyLiquidityTest", manager)
    site.send(builder, manager, "setProtocolFeeController(address)", builder)
    return [_v4_pool(site, builder, (manager, views, router), plan) for plan in plans]


def _v4_pool(
    site: Site, builder: Address, contracts: tuple[Address, Address, Address], plan: TickPlan
) -> Made:
    manager, views, router = contracts
    currencies = (plan.token0.address, plan.token1.address)
    key = (*currencies, plan.fee, plan.spacing, ZERO_ADDRESS)
    fee0, fee1 = V4_PROTOCOL_FEES

    def start() -> Address:
        site.send(builder, manager, f"initialize({POOL_KEY},uint160)", key, plan.sqrt_price_x96)
        site.send(builder, manager, f"setProtocolFee({POOL_KEY},uint24)", key, fee1 << 12 | fee0)
        return manager

    def mint(_: Address, ticks: tuple[int, int], liquidity: int, value: int) -> None:
        order = (*ticks, liquidity, bytes(32))
        site.send(builder, router, _MODIFY, key, order, b"", value=value, gas=POSITION_GAS)

    return Made(
        plan,
        "uniswap_v4",
        start,
        mint,
        router,
        (views,),
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
