"""Swaps in pools with ticks that are not Uniswap V3's, through what stands beside them for that."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import isqrt
from random import Random

from watcher.devnet.deploy.tick_families import POOL_KEY
from watcher.devnet.draft import Draft
from watcher.devnet.moves.feeds import unit_price
from watcher.devnet.places import ConcentratedPool
from watcher.devnet.text import amount_text
from watcher.math.exact.concentrated import furthest
from watcher.protocols.uniswap_v4 import pool_id
from watcher.state.token import NATIVE_COINS, ZERO_ADDRESS, Address, Token

DIRECT = "swap(address,bool,int256,uint160)"
BY_KEY = f"swap({POOL_KEY},(bool,int256,uint160),(bool,bool),bytes)"
SWAP_GAS = 1_000_000
# How a pool tells the square root of its price, times 2**96.
_PRICES = {
    "pancake_v3": "slot0()(uint160)",
    "algebra_integral": "globalState()(uint160)",
}
# Of the virtual reserve, in basis points; a pool further from the market is brought back to it.
_SMALL_BPS = (5, 30)
_WIDE_GAP_BPS = 100
# More than the fee of any pool, for which whoever brings it back has something to spare.
_WITH_FEE = Fraction(102, 100)


@dataclass(frozen=True, slots=True)
class TickSwap:
    """A planned swap; what it pays, its transaction decides."""

    pool: ConcentratedPool
    token_in: Token
    amount_in: int

    def __str__(self) -> str:
        other = self.pool.token1 if self.token_in == self.pool.token0 else self.pool.token0
        return f"{amount_text(self.amount_in, self.token_in)} for {other.symbol}"


def swap(
    draft: Draft,
    taker: Address,
    pool: ConcentratedPool,
    token_in: Token,
    amount_in: int,
    *,
    limit: int | None = None,
) -> TickSwap:
    """Sell `amount_in` in `pool`, or less of it where the price is at its `limit` before: the
    square root of it, times 2**96."""
    zero_for_one = token_in == pool.token0
    end = furthest(zero_for_one=zero_for_one) if limit is None else limit
    label, value = f"a swap in {pool.name}", 0
    if token_in.address in NATIVE_COINS:
        value = amount_in
    else:
        draft.fund(taker, token_in, amount_in)
    if pool.protocol == "uniswap_v4":
        key, way = key_of(pool), (zero_for_one, -amount_in, end)
        order = (key, way, (False, False), b"")
        draft.send(taker, pool.trader, BY_KEY, *order, label=label, value=value, gas=SWAP_GAS)
    else:
        asked = (pool.address, zero_for_one, amount_in, end)
        draft.send(taker, pool.trader, DIRECT, *asked, label=label, gas=SWAP_GAS)
    return TickSwap(pool, token_in, amount_in)


def small_tick_swaps(draft: Draft, random: Random, *, most: int) -> list[TickSwap]:
    """Up to `most` of them, a pool each, to and fro; a pool that is far from the feeds is brought
    back to them."""
    pools = list(draft.world.concentrated_pools)
    chosen = random.sample(pools, min(random.randint(0, most), len(pools)))
    return [_small(draft, random, pool) for pool in chosen]


def key_of(pool: ConcentratedPool) -> tuple[object, ...]:
    """The PoolKey of a pool of Uniswap V4."""
    names = ("currency0", "currency1", "fee", "tick_spacing")
    return (*(pool.options[name] for name in names), ZERO_ADDRESS)


def spot(draft: Draft, pool: ConcentratedPool) -> tuple[int, int]:
    """The square root of its price, times 2**96, and its liquidity, as of the head."""
    if pool.protocol != "uniswap_v4":
        (price,) = draft.read(pool.address, _PRICES[pool.protocol])
        (liquidity,) = draft.read(pool.address, "liquidity()(uint128)")
        return price, liquidity
    key = {name: each for name, each in pool.options.items() if isinstance(each, str | int)}
    views, own = pool.beside[0], bytes.fromhex(pool_id(key)[2:])
    (price,) = draft.read(views, "getSlot0(bytes32)(uint160)", own)
    (liquidity,) = draft.read(views, "getLiquidity(bytes32)(uint128)", own)
    return price, liquidity


def market(draft: Draft, pool: ConcentratedPool) -> int:
    """The square root of the feeds' price, times 2**96; the native coin is worth the wrapped."""
    price0, price1 = (
        unit_price(draft, draft.world.weth if token.address in NATIVE_COINS else token)
        for token in (pool.token0, pool.token1)
    )
    return isqrt((price0 << 192) // price1)


def _small(draft: Draft, random: Random, pool: ConcentratedPool) -> TickSwap:
    actors = draft.world.actors
    price, liquidity = spot(draft, pool)
    fair = market(draft, pool)
    gap = Fraction(max(price, fair), min(price, fair))
    wide = (gap**2 - 1) * 10_000 > _WIDE_GAP_BPS
    zero_for_one = price > fair if wide else random.choice((True, False))
    # what the liquidity in range would hold if it were spread over all prices
    virtual = (liquidity << 96) // price if zero_for_one else liquidity * price >> 96
    token_in = pool.token0 if zero_for_one else pool.token1
    if wide:
        amount = int(virtual * (gap - 1) * _WITH_FEE) + 1
        return swap(draft, actors.arbitrageur, pool, token_in, amount, limit=fair)
    taker = random.choice((actors.trader, actors.other_trader))
    amount = max(virtual * random.randint(*_SMALL_BPS) // 10_000, 1)
    return swap(draft, taker, pool, token_in, amount)
