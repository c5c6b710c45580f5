"""A pool as our mathematics say it must be, beside the calls that make it so in truth."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

from hypothesis import strategies as st

from tests.support.strategies import sizes
from tests.support.uniswap_v3 import FAR_FUTURE, SPACINGS, Step, Uniswap
from watcher.errors import MathError
from watcher.math.exact.concentrated import Pool, Swap, swap
from watcher.math.exact.concentrated_variants import UNISWAP_V3, Variant
from watcher.math.exact.positions import Amounts, get_liquidity_for_amounts, mint
from watcher.math.exact.tick_math import (
    MAX_SQRT_PRICE,
    MAX_TICK,
    MIN_SQRT_PRICE,
    get_sqrt_price_at_tick,
    get_tick_at_sqrt_price,
)
from watcher.state import Address, Token

TICK = ["uint128", "int128", "uint256", "uint256", "int56", "uint160", "uint32", "bool"]
"""The types of what `ticks(int24)` answers."""

UINT128_MAX = 2**128 - 1
MINT = "(address,address,uint24,int24,int24,uint256,uint256,uint256,uint256,address,uint256)"
EXACT_SINGLE = "(address,address,uint24,address,uint256,uint256,uint256,uint160)"
QUOTE_SINGLE = "(address,address,uint256,uint24,uint160)"
TICKS_PER_DIGIT = 23_027
"""A factor of ten in the price."""


@dataclass(frozen=True)
class Position:
    """Ticks in spacings from the pool's first tick; amounts that the minter offers."""

    lower: int
    upper: int
    offered: Amounts


@dataclass(frozen=True)
class Order:
    """A swap of `share` 65536ths of all that the pool can exchange, or of `units` units.

    `limit` is by how many basis points the price may move; below zero it lies behind the price.
    """

    zero_for_one: bool
    exact_in: bool
    share: int | None
    units: int
    limit: int | None


@dataclass(frozen=True)
class Case:
    tokens: tuple[int, int]
    fee: int
    tick: int
    shift: int
    protocol_fees: tuple[int, int]
    positions: list[Position]
    orders: list[Order]


OFFERS = st.one_of(st.integers(10**15, 10**24), sizes(1, 10**30))
SHARES = st.one_of(st.integers(1, 70_000), st.integers(1, 70_000), sizes(1, 65_536), st.none())


@st.composite
def positions(draw: st.DrawFn, reach: int) -> Position:
    lower = draw(st.integers(-reach, reach - 1))
    upper = draw(st.integers(lower + 1, reach))
    return Position(lower, upper, Amounts(draw(OFFERS), draw(OFFERS)))


@st.composite
def orders(draw: st.DrawFn) -> Order:
    return Order(
        zero_for_one=draw(st.booleans()),
        exact_in=draw(st.booleans()),
        share=draw(SHARES),
        units=draw(st.integers(0, 20)),
        limit=draw(st.one_of(st.none(), st.none(), st.integers(-2, 9_000))),
    )


@st.composite
def cases(draw: st.DrawFn) -> Case:
    first = draw(st.integers(0, 4))
    reach = draw(st.sampled_from([3, 15, 30, 300, 2_000]))
    least = draw(st.sampled_from([1, 18]))
    return Case(
        tokens=(first, draw(st.integers(first + 1, 5))),
        fee=draw(st.sampled_from(sorted(SPACINGS))),
        tick=draw(st.integers(-30_000, 30_000)),
        shift=draw(sizes(0, 2**64)),
        protocol_fees=draw(st.sampled_from([(0, 0), (4, 10), (0, 5)])),
        positions=draw(st.lists(positions(reach), min_size=least, max_size=20)),
        orders=draw(st.lists(orders(), min_size=1, max_size=5)),
    )


class PoolModel:
    """A pool as our mathematics say it must be; `variant` is its protocol's."""

    def __init__(
        self,
        case: Case,
        tokens: tuple[Token, Token],
        *,
        spacing: int,
        variant: Variant = UNISWAP_V3,
    ) -> None:
        self.case, self.spacing = case, spacing
        self.token0, self.token1 = tokens
        digits = self.token1.decimals - self.token0.decimals
        tick = max(min(case.tick + digits * TICKS_PER_DIGIT, 400_000), -400_000)
        self.origin = tick // spacing
        price = get_sqrt_price_at_tick(tick) + case.shift
        self.gross: Counter[int] = Counter()
        self.net: Counter[int] = Counter()
        self.pool = Pool(
            sqrt_price_x96=price,
            tick=get_tick_at_sqrt_price(price),
            liquidity=0,
            fee0=case.fee,
            fee1=case.fee,
            protocol_fee0=case.protocol_fees[0],
            protocol_fee1=case.protocol_fees[1],
            tick_spacing=spacing,
            ticks=(),
            liquidity_net=(),
            variant=variant,
        )

    @property
    def pair(self) -> tuple[Address, Address]:
        return self.token0.address, self.token1.address

    def ticks_of(self, position: Position) -> tuple[int, int]:
        most = MAX_TICK // self.spacing
        lower = max((self.origin + position.lower), -most) * self.spacing
        return lower, min((self.origin + position.upper), most) * self.spacing

    def liquidity_of(self, position: Position) -> int:
        """What the amounts that are offered suffice for. Raises MathError."""
        below, above = map(get_sqrt_price_at_tick, self.ticks_of(position))
        return get_liquidity_for_amounts(
            self.pool.sqrt_price_x96,
            position.offered,
            sqrt_price_a_x96=below,
            sqrt_price_b_x96=above,
        )

    def minted(self, position: Position) -> tuple[int, Amounts] | None:
        """Liquidity and cost of a position, which the pool then has; None where it reverts."""
        lower, upper = self.ticks_of(position)
        gross = {"gross_lower": self.gross[lower], "gross_upper": self.gross[upper]}
        try:
            liquidity = self.liquidity_of(position)
            cost = mint(self.pool, liquidity, tick_lower=lower, tick_upper=upper, **gross)
        except MathError:
            return None
        self.gross.update({lower: liquidity, upper: liquidity})
        self.net.update({lower: liquidity, upper: -liquidity})
        ticks = tuple(sorted(tick for tick in self.gross if self.gross[tick]))
        in_range = liquidity if lower <= self.pool.tick < upper else 0
        self.pool = replace(
            self.pool,
            liquidity=self.pool.liquidity + in_range,
            ticks=ticks,
            liquidity_net=tuple(self.net[tick] for tick in ticks),
            reserve0=self.pool.reserve0 + cost.amount0,
            reserve1=self.pool.reserve1 + cost.amount1,
        )
        return liquidity, cost

    def amount(self, order: Order) -> int:
        if order.share is None:
            return order.units
        try:
            most = swap(self.pool, self.everything, zero_for_one=order.zero_for_one)
        except MathError:  # the price is at its end already, or the amounts are too large
            return order.units
        whole = most.amount_in if order.exact_in else most.amount_out
        return whole * order.share >> 16

    @property
    def everything(self) -> int:
        """More than the pool takes, as far as an amount can be."""
        return 1 << min(254, self.pool.variant.amount_bits - 2)

    def limit(self, order: Order) -> int | None:
        if order.limit is None:
            return None
        moved = -order.limit if order.zero_for_one else order.limit
        wanted = self.pool.sqrt_price_x96 * (10_000 + moved) // 10_000
        return max(MIN_SQRT_PRICE, min(wanted, MAX_SQRT_PRICE))

    def swapped(self, order: Order, amount: int, limit: int | None) -> Swap | None:
        """Our answer; None where the pool reverts."""
        try:
            return swap(
                self.pool,
                amount if order.exact_in else -amount,
                zero_for_one=order.zero_for_one,
                sqrt_price_limit_x96=limit,
            )
        except MathError:
            return None

    def moved(self, found: Swap, *, zero_for_one: bool) -> None:
        amounts = (found.amount_in, -found.amount_out)
        amount0, amount1 = amounts if zero_for_one else amounts[::-1]
        self.pool = replace(
            self.pool,
            reserve0=self.pool.reserve0 + amount0,
            reserve1=self.pool.reserve1 + amount1,
            sqrt_price_x96=found.sqrt_price_x96,
            tick=found.tick,
            liquidity=found.liquidity,
        )


class Model(PoolModel):
    """A pool of Uniswap V3, beside the steps that make it so in truth."""

    def __init__(self, protocol: Uniswap, case: Case) -> None:
        first, second = case.tokens
        tokens = protocol.tokens[first], protocol.tokens[second]
        super().__init__(case, tokens, spacing=SPACINGS[case.fee])
        self.protocol = protocol
        self.address = protocol.pool_address(self.token0, self.token1, case.fee)

    def creation(self) -> list[Step]:
        create = "createAndInitializePoolIfNecessary"
        types = ["address", "address", "uint24", "uint160"]
        arguments = (*self.pair, self.case.fee, self.pool.sqrt_price_x96)
        run = self.protocol
        return [
            run.step(run.positions, create, types, *arguments, returns=["address"]),
            run.step(
                self.address,
                "setFeeProtocol",
                ["uint8", "uint8"],
                *self.case.protocol_fees,
                sender=run.owner,
            ),
        ]

    def minting(self, position: Position) -> Step:
        run, ticks = self.protocol, self.ticks_of(position)
        offer = (*position.offered, 0, 0, run.trader, FAR_FUTURE)
        asked = (*self.pair, self.case.fee, *ticks, *offer)
        answer = ["uint256", "uint128", "uint256", "uint256"]
        return run.step(run.positions, "mint", [MINT], asked, returns=answer)

    def reading(self) -> list[Step]:
        read, pool = self.protocol.step, self.address
        return [
            read(pool, "slot0", returns=["uint160", "int24"]),
            read(pool, "liquidity", returns=["uint128"]),
            *(read(pool, "ticks", ["int24"], tick, returns=TICK) for tick in self.pool.ticks),
        ]

    def swapping(self, order: Order, amount: int, limit: int | None) -> list[Step]:
        """What QuoterV2 and the router are asked."""
        run = self.protocol
        pair = self.pair if order.zero_for_one else self.pair[::-1]
        way = "ExactInputSingle" if order.exact_in else "ExactOutputSingle"
        bound = 0 if order.exact_in else UINT128_MAX << 64
        asked = (*pair, amount, self.case.fee, limit or 0)
        answer = ["uint256", "uint160", "uint32", "uint256"]
        traded = (*pair, self.case.fee, run.trader, FAR_FUTURE, amount, bound, limit or 0)
        executed = "e" + way[1:]
        return [
            run.step(run.quoter, f"quote{way}", [QUOTE_SINGLE], asked, returns=answer),
            run.step(run.router, executed, [EXACT_SINGLE], traded, returns=["uint256"]),
        ]

    def swapped(self, order: Order, amount: int, limit: int | None) -> Swap | None:
        """Our answer; None where the router reverts, which refuses what pays and takes nothing and,
        without a price limit, what pays less than was wanted."""
        found = super().swapped(order, amount, limit)
        if found is None:
            return None
        is_short = not (order.exact_in or found.complete or limit)
        return None if is_short or found.amount_in == 0 else found
