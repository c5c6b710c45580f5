"""Real pools of Pancake V3, Algebra Integral and Uniswap V4 on an Anvil: the steps that make one as
a model says it must be, and that swap in it directly."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Protocol

from eth_abi.abi import encode
from eth_utils.crypto import keccak
from hypothesis import strategies as st

from tests.support.strategies import sizes
from tests.support.uniswap_v3 import GAS_LIMIT, Result, Runner, Step, held_tokens
from tests.support.uniswap_v3_model import Case, PoolModel, orders, positions
from watcher.chain.anvil import run_anvil
from watcher.devnet.artifacts import Toolchain
from watcher.devnet.deploy.site import Site
from watcher.devnet.deploy.tick_families import POOL_KEY
from watcher.devnet.local_chain import LocalChain, local_options
from watcher.math.exact.concentrated_variants import (
    ALGEBRA_INTEGRAL,
    PANCAKE_V3,
    UNISWAP_V4,
    Variant,
)
from watcher.protocols.uniswap_v4 import DYNAMIC_FEE_FLAG, pool_id
from watcher.state import Address, Token, to_address
from watcher.state.token import ZERO_ADDRESS

SWAP = ["address", "bool", "int256", "uint160"]
MINT = ["address", "int24", "int24", "uint128"]
ANY_VALUE = 2**127
"""Wei that go with a call which may have to pay some; what is left comes back."""

FEE_SETTER = to_address("0x0000000000000000000000000000000000abc000")
"""Hooks of which no bit of the address stands for a call: they may set the fee, and do nothing."""


@dataclass(frozen=True, slots=True)
class Fees:
    """What the pool's positions and its protocol have been given, of both tokens."""

    growth: tuple[int, int]
    protocol: tuple[int, int]


class Family(Protocol):
    """One protocol's contracts."""

    variant: ClassVar[Variant]

    CASES: ClassVar[st.SearchStrategy[Case]]

    @property
    def runner(self) -> Runner: ...

    def model(self, case: Case) -> PoolModel: ...

    def creation(self, model: PoolModel) -> list[Step]: ...

    def minting(self, model: PoolModel, ticks: tuple[int, int], liquidity: int) -> Step: ...

    def swapping(self, model: PoolModel, amount: int, end: int, *, zero_for_one: bool) -> Step:
        """`amount` is sold where positive, bought where negative, until the price is `end`."""

    def paid(self, result: Result) -> tuple[int, int]:
        """What the trader paid of both tokens, negative what it got."""

    def reading(self, model: PoolModel) -> list[Step]:
        """Two steps, whose first answers are the price and the tick, and the liquidity."""

    def closing(self, model: PoolModel) -> list[Step]: ...

    def fees(self, results: Sequence[Result]) -> Fees:
        """Of the answers to `closing`."""


@st.composite
def cases(
    draw: st.DrawFn,
    *,
    fees: st.SearchStrategy[int],
    protocol_fees: st.SearchStrategy[tuple[int, int]],
    first: int = 0,
) -> Case:
    token0 = draw(st.integers(first, 4))
    reach = draw(st.sampled_from([3, 15, 300, 2_000]))
    least = draw(st.sampled_from([1, 12]))
    return Case(
        tokens=(token0, draw(st.integers(max(token0, 0) + 1, 5))),
        fee=draw(fees),
        tick=draw(st.integers(-30_000, 30_000)),
        shift=draw(sizes(0, 2**64)),
        protocol_fees=draw(protocol_fees),
        positions=draw(st.lists(positions(reach), min_size=least, max_size=14)),
        orders=draw(st.lists(orders(), min_size=1, max_size=5)),
    )


def direct_swap(
    runner: Runner, trader: Address, pool: Address, amount: int, end: int, *, zero_for_one: bool
) -> Step:
    """Through TickTrader; pools of Pancake V3 and Algebra swap by the same call."""
    order = (pool, zero_for_one, amount, end)
    return runner.step(trader, "swap", SWAP, *order, returns=["int256", "int256"])


def pair_of(runner: Runner, case: Case) -> tuple[Token, Token]:
    first, second = case.tokens
    return runner.tokens[first], runner.tokens[second]


def numbers(runner: Runner, to: Address, names: Sequence[str], returns: str) -> list[Step]:
    """Getters that answer one number each, or two."""
    return [runner.step(to, name, returns=returns.split()) for name in names]


@dataclass(frozen=True, slots=True)
class Pancake:
    """Pancake V3; a spacing stands for its fee tier."""

    variant: ClassVar[Variant] = PANCAKE_V3
    TIERS: ClassVar[dict[int, int]] = {100: 1, 500: 10, 2_500: 50, 10_000: 200}
    CASES: ClassVar[st.SearchStrategy[Case]] = cases(
        fees=st.sampled_from(sorted(TIERS)),
        protocol_fees=st.sampled_from([(0, 0), (3_200, 3_200), (4_000, 1_000), (0, 2_345)]),
    )

    runner: Runner
    factory: Address
    deployer: Address
    trader: Address
    init_code_hash: bytes

    def model(self, case: Case) -> PoolModel:
        tokens = pair_of(self.runner, case)
        return PoolModel(case, tokens, spacing=self.TIERS[case.fee], variant=self.variant)

    def address(self, model: PoolModel) -> Address:
        salt = keccak(encode(["address", "address", "uint24"], [*model.pair, model.case.fee]))
        payload = b"\xff" + bytes.fromhex(self.deployer[2:]) + salt + self.init_code_hash
        return to_address(keccak(payload)[12:])

    def creation(self, model: PoolModel) -> list[Step]:
        run, pool, owner = self.runner, self.address(model), self.runner.owner
        create = ["address", "address", "uint24"]
        fees = ["address", "uint32", "uint32"]
        return [
            run.step(self.factory, "createPool", create, *model.pair, model.case.fee),
            run.step(pool, "initialize", ["uint160"], model.pool.sqrt_price_x96),
            run.step(
                self.factory,
                "setFeeProtocol",
                fees,
                pool,
                *model.case.protocol_fees,
                sender=owner,
            ),
        ]

    def minting(self, model: PoolModel, ticks: tuple[int, int], liquidity: int) -> Step:
        asked = (self.address(model), *ticks, liquidity)
        answer = ["uint256", "uint256"]
        return self.runner.step(self.trader, "mintPancake", MINT, *asked, returns=answer)

    def swapping(self, model: PoolModel, amount: int, end: int, *, zero_for_one: bool) -> Step:
        pool = self.address(model)
        return direct_swap(self.runner, self.trader, pool, amount, end, zero_for_one=zero_for_one)

    def paid(self, result: Result) -> tuple[int, int]:
        amount0, amount1 = result.values
        return amount0, amount1

    def reading(self, model: PoolModel) -> list[Step]:
        run, pool = self.runner, self.address(model)
        return [
            run.step(pool, "slot0", returns=["uint160", "int24"]),
            run.step(pool, "liquidity", returns=["uint128"]),
        ]

    def closing(self, model: PoolModel) -> list[Step]:
        run, pool = self.runner, self.address(model)
        growth = ("feeGrowthGlobal0X128", "feeGrowthGlobal1X128")
        return [
            *numbers(run, pool, growth, "uint256"),
            *numbers(run, pool, ["protocolFees"], "uint128 uint128"),
        ]

    def fees(self, results: Sequence[Result]) -> Fees:
        growth0, growth1, protocol = results
        return Fees((*growth0.values, *growth1.values), protocol.values)


@dataclass(frozen=True, slots=True)
class Algebra:
    """Algebra Integral without a plugin. The protocol's fees wait in the pool or are in `vault`."""

    variant: ClassVar[Variant] = ALGEBRA_INTEGRAL
    CASES: ClassVar[st.SearchStrategy[Case]] = cases(
        fees=st.one_of(st.sampled_from([0, 1, 100, 500, 3_000]), st.integers(0, 2**16 - 1)),
        protocol_fees=st.sampled_from([0, 1, 150, 999, 1_000]).map(lambda fee: (fee, fee)),
    )

    runner: Runner
    factory: Address
    trader: Address
    vault: Address

    def model(self, case: Case) -> PoolModel:
        tokens = pair_of(self.runner, case)
        spacing = 1 + case.shift % 500
        return PoolModel(case, tokens, spacing=spacing, variant=self.variant)

    def address(self, model: PoolModel) -> Address:
        compute = "computePoolAddress(address,address)(address)"
        return to_address(self.runner.chain.read(self.factory, compute, *model.pair)[0])

    def creation(self, model: PoolModel) -> list[Step]:
        """A setter refuses what is set already."""
        run, pool, owner = self.runner, self.address(model), self.runner.owner
        create = ["address", "address", "bytes"]
        steps = [
            run.step(self.factory, "createPool", create, *model.pair, b""),
            run.step(pool, "initialize", ["uint160"], model.pool.sqrt_price_x96),
            run.step(pool, "setFee", ["uint16"], model.case.fee, sender=owner),
        ]
        community_fee, _ = model.case.protocol_fees
        if community_fee:
            steps.append(run.step(pool, "setCommunityFee", ["uint16"], community_fee, sender=owner))
        if model.spacing != 60:
            steps.append(run.step(pool, "setTickSpacing", ["int24"], model.spacing, sender=owner))
        return steps

    def minting(self, model: PoolModel, ticks: tuple[int, int], liquidity: int) -> Step:
        asked = (self.address(model), *ticks, liquidity)
        answer = ["uint256", "uint256"]
        return self.runner.step(self.trader, "mintAlgebra", MINT, *asked, returns=answer)

    def swapping(self, model: PoolModel, amount: int, end: int, *, zero_for_one: bool) -> Step:
        pool = self.address(model)
        return direct_swap(self.runner, self.trader, pool, amount, end, zero_for_one=zero_for_one)

    def paid(self, result: Result) -> tuple[int, int]:
        amount0, amount1 = result.values
        return amount0, amount1

    def reading(self, model: PoolModel) -> list[Step]:
        run, pool = self.runner, self.address(model)
        return [
            run.step(pool, "globalState", returns=["uint160", "int24"]),
            run.step(pool, "liquidity", returns=["uint128"]),
        ]

    def closing(self, model: PoolModel) -> list[Step]:
        run, pool = self.runner, self.address(model)
        growth = ("totalFeeGrowth0Token", "totalFeeGrowth1Token")
        return [
            *numbers(run, pool, growth, "uint256"),
            *numbers(run, pool, ["getCommunityFeePending"], "uint128 uint128"),
            *(
                run.step(token, "balanceOf", ["address"], self.vault, returns=["uint256"])
                for token in model.pair
            ),
        ]

    def fees(self, results: Sequence[Result]) -> Fees:
        growth0, growth1, waiting, held0, held1 = results
        first, second = waiting.values
        return Fees(
            (*growth0.values, *growth1.values),
            (first + held0.values[0], second + held1.values[0]),
        )


@dataclass(frozen=True, slots=True)
class UniswapV4:
    """Uniswap V4; the fee of every third spacing is set by hooks. The token before the first is the
    native coin."""

    variant: ClassVar[Variant] = UNISWAP_V4
    CASES: ClassVar[st.SearchStrategy[Case]] = cases(
        fees=st.one_of(
            st.sampled_from([0, 1, 500, 3_000, 10_000, 999_999, 1_000_000]),
            st.integers(0, 1_000_000),
        ),
        protocol_fees=st.sampled_from([(0, 0), (1_000, 1), (0, 77), (500, 500)]),
        first=-1,
    )

    runner: Runner
    manager: Address
    views: Address
    adder: Address
    swapper: Address

    def model(self, case: Case) -> PoolModel:
        first, second = case.tokens
        native = Token(ZERO_ADDRESS, 18, "native")
        token0 = native if first < 0 else self.runner.tokens[first]
        tokens = token0, self.runner.tokens[second]
        spacing = (1, 10, 60, 200, 16_384, 32_767)[case.shift % 6]
        return PoolModel(case, tokens, spacing=spacing, variant=self.variant)

    def key(self, model: PoolModel) -> tuple[Any, ...]:
        if model.spacing % 3:
            return (*model.pair, model.case.fee, model.spacing, ZERO_ADDRESS)
        return (*model.pair, DYNAMIC_FEE_FLAG, model.spacing, FEE_SETTER)

    def id(self, model: PoolModel) -> bytes:
        names = ("currency0", "currency1", "fee", "tick_spacing", "hooks")
        return bytes.fromhex(pool_id(dict(zip(names, self.key(model), strict=True)))[2:])

    def creation(self, model: PoolModel) -> list[Step]:
        run, key, (fee0, fee1) = self.runner, self.key(model), model.case.protocol_fees
        begin = [POOL_KEY, "uint160"]
        fees = [POOL_KEY, "uint24"]
        steps = [
            run.step(self.manager, "initialize", begin, key, model.pool.sqrt_price_x96),
            run.step(
                self.manager, "setProtocolFee", fees, key, fee1 << 12 | fee0, sender=run.owner
            ),
        ]
        if key[-1] == FEE_SETTER:
            update = (self.manager, "updateDynamicLPFee", fees, key, model.case.fee)
            steps.append(run.step(*update, sender=FEE_SETTER))
        return steps

    def minting(self, model: PoolModel, ticks: tuple[int, int], liquidity: int) -> Step:
        types = [POOL_KEY, "(int24,int24,int256,bytes32)", "bytes"]
        asked = (self.key(model), (*ticks, liquidity, bytes(32)), b"")
        return self.runner.step(
            self.adder, "modifyLiquidity", types, *asked, returns=["int256"], value=ANY_VALUE
        )

    def swapping(self, model: PoolModel, amount: int, end: int, *, zero_for_one: bool) -> Step:
        types = [POOL_KEY, "(bool,int256,uint160)", "(bool,bool)", "bytes"]
        asked = (self.key(model), (zero_for_one, -amount, end), (False, False), b"")
        return self.runner.step(
            self.swapper, "swap", types, *asked, returns=["int256"], value=ANY_VALUE
        )

    def paid(self, result: Result) -> tuple[int, int]:
        """A BalanceDelta is the caller's, in two halves."""
        (delta,) = result.values
        amount1 = (delta + 2**127) % 2**128 - 2**127
        return -(delta >> 128), -amount1

    def reading(self, model: PoolModel) -> list[Step]:
        run, pool = self.runner, self.id(model)
        asked = (("getSlot0", ["uint160", "int24"]), ("getLiquidity", ["uint128"]))
        return [
            run.step(self.views, name, ["bytes32"], pool, returns=answer) for name, answer in asked
        ]

    def closing(self, model: PoolModel) -> list[Step]:
        run, one, two = self.runner, ["uint256"], ["uint256", "uint256"]
        growth = run.step(
            self.views, "getFeeGrowthGlobals", ["bytes32"], self.id(model), returns=two
        )
        accrued = [
            run.step(self.manager, "protocolFeesAccrued", ["address"], currency, returns=one)
            for currency in model.pair
        ]
        return [growth, *accrued]

    def fees(self, results: Sequence[Result]) -> Fees:
        growth, protocol0, protocol1 = results
        return Fees(growth.values, (*protocol0.values, *protocol1.values))


@contextmanager
def families(toolchain: Toolchain) -> Iterator[tuple[Pancake, Algebra, UniswapV4]]:
    """All on an Anvil of their own, which ends with the block."""
    with run_anvil(toolchain.anvil, replace(local_options(), gas_limit=GAS_LIMIT)) as anvil:
        chain = LocalChain(anvil.url)
        owner, trader = chain.accounts[:2]
        chain.request("anvil_setBalance", trader, hex(4 * ANY_VALUE))
        site = Site(chain, toolchain.artifacts)
        direct = site.create(owner, "TickTrader")
        code = bytes.fromhex(site.creation_code("PancakeV3Pool")[2:])
        deployer = site.create(owner, "PancakeV3Deployer", code)
        pancake = site.create(owner, "PancakeV3Factory", deployer)
        algebra = site.upcoming(owner, after=1)
        site.create(owner, "AlgebraFactory", site.create(owner, "AlgebraPoolDeployer", algebra))
        vaults = site.create(owner, "AlgebraVaultFactoryStub", owner)
        site.send(owner, algebra, "setVaultFactory(address)", vaults)
        manager = site.create(owner, "PoolManager", owner)
        views = site.create(owner, "StateView", manager)
        adder = site.create(owner, "PoolModifyLiquidityTest", manager)
        swapper = site.create(owner, "PoolSwapTest", manager)
        site.send(owner, manager, "setProtocolFeeController(address)", owner)
        tokens = held_tokens(site, owner, trader, spenders=(direct, adder, swapper))
        site.mine()
        runner = Runner(chain, owner, trader, tokens)
        yield (
            Pancake(runner, pancake, deployer, direct, keccak(code)),
            Algebra(runner, algebra, direct, owner),
            UniswapV4(runner, manager, views, adder, swapper),
        )
