"""Swaps in pools of Aerodrome and Kyber DMM: the input is sent, the output asked for."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from random import Random
from typing import TypeAlias

from watcher.devnet.draft import Draft
from watcher.devnet.moves.feeds import unit_price
from watcher.devnet.places import KyberPool, SolidlyPool
from watcher.devnet.text import amount_text
from watcher.math.exact.constant_product import arbitrage_amount_in
from watcher.math.exact.kyber_dmm import Pool, get_amount_out
from watcher.state.token import Address, Token

DirectPool: TypeAlias = SolidlyPool | KyberPool

TRADE_INFO = "getTradeInfo()(uint112,uint112,uint112,uint112,uint256)"
SWAP = "swap(uint256,uint256,address,bytes)"
SWAP_GAS = 600_000
# Of what the pool holds of the token that comes in, in basis points.
_SMALL_BPS = (5, 60)
# A trade brings in what the pool has least of as often as not, so that it stays in shape.
_MENDING_ONE_IN = 2
# A pool is brought back to the feeds where that takes more than this part of it, by a trade of that
# part of its lesser side at most.
_WIDE_PART = 200
_MOST_PART = 4
# Of what Kyber's pool would pay at the head: its fee in the next block may be another.
_ASKED = Fraction(995, 1000)


@dataclass(frozen=True, slots=True)
class DirectTrade:
    """A planned swap; it fails unless the pool pays what is asked."""

    pool: DirectPool
    token_in: Token
    amount_in: int
    amount_out: int

    def __str__(self) -> str:
        sold = amount_text(self.amount_in, self.token_in)
        return f"{sold} for {amount_text(self.amount_out, _other(self.pool, self.token_in))}"


def swap(
    draft: Draft, taker: Address, pool: DirectPool, token_in: Token, amount_in: int
) -> DirectTrade:
    """Sell `amount_in` for what the pool pays at the head."""
    amount_out = _quote(draft, pool, token_in, amount_in)
    label = f"a swap in {pool.name}"
    draft.fund(taker, token_in, amount_in)
    transfer = "transfer(address,uint256)"
    draft.send(taker, token_in.address, transfer, pool.address, amount_in, label=label)
    amounts = (0, amount_out) if token_in == pool.token0 else (amount_out, 0)
    draft.send(taker, pool.address, SWAP, *amounts, taker, b"", label=label, gas=SWAP_GAS)
    return DirectTrade(pool, token_in, amount_in, amount_out)


def small_direct_trades(draft: Draft, random: Random, *, most: int) -> list[DirectTrade]:
    """Up to `most` of them, a pool each; one that is far from the feeds is brought back to them."""
    actors = draft.world.actors
    pools: list[DirectPool] = [*draft.world.solidly_pools, *draft.world.kyber_pools]
    found = []
    for pool in random.sample(pools, min(random.randint(0, most), len(pools))):
        if (back := back_to_the_feeds(draft, pool)) is not None:
            found.append(swap(draft, actors.arbitrageur, pool, *back))
            continue
        taker = random.choice((actors.trader, actors.other_trader))
        held = dict(zip((pool.token0, pool.token1), _reserves(draft, pool), strict=True))
        least = min(held, key=lambda token: held[token] * unit_price(draft, token))
        token_in = random.choice((pool.token0, pool.token1))
        if not random.randrange(_MENDING_ONE_IN):
            token_in = least
        amount = held[token_in] * random.randint(*_SMALL_BPS) // 10_000
        found.append(swap(draft, taker, pool, token_in, max(amount, 1)))
    return found


def back_to_the_feeds(draft: Draft, pool: DirectPool) -> tuple[Token, int] | None:
    """What is sold to bring a pool on x y = k to the feeds' price, None where it is that near."""
    if isinstance(pool, SolidlyPool) and pool.stable:
        return None
    sides = tuple(zip((pool.token0, pool.token1), _reserves(draft, pool), strict=True))
    least = min(held * unit_price(draft, token) for token, held in sides)
    curve = _on_the_curve(draft, pool)
    for token_in, (reserve_in, reserve_out) in (
        (pool.token0, curve),
        (pool.token1, curve[::-1]),
    ):
        price_in = unit_price(draft, token_in)
        amount = arbitrage_amount_in(
            reserve_in,
            reserve_out,
            fee_numerator=997,
            fee_denominator=1000,
            price_in=price_in,
            price_out=unit_price(draft, _other(pool, token_in)),
        )
        if amount * _WIDE_PART > reserve_in:
            return token_in, min(amount, least // price_in // _MOST_PART)
    return None


def _on_the_curve(draft: Draft, pool: DirectPool) -> tuple[int, int]:
    """Kyber's reserves as its amplification makes them."""
    if isinstance(pool, SolidlyPool):
        return _reserves(draft, pool)
    _, _, virtual0, virtual1, _ = draft.read(pool.address, TRADE_INFO)
    return virtual0, virtual1


def _other(pool: DirectPool, token: Token) -> Token:
    return pool.token1 if token == pool.token0 else pool.token0


def _reserves(draft: Draft, pool: DirectPool) -> tuple[int, int]:
    if isinstance(pool, KyberPool):
        reserve0, reserve1, *_ = draft.read(pool.address, TRADE_INFO)
    else:
        reserve0, reserve1 = draft.read(pool.address, "getReserves()(uint256,uint256)")
    return reserve0, reserve1


def _quote(draft: Draft, pool: DirectPool, token_in: Token, amount_in: int) -> int:
    if isinstance(pool, SolidlyPool):
        ask = "getAmountOut(uint256,address)(uint256)"
        (amount_out,) = draft.read(pool.address, ask, amount_in, token_in.address)
        return int(amount_out)
    reserve0, reserve1, virtual0, virtual1, fee = draft.read(pool.address, TRADE_INFO)
    (amp_bps,) = draft.read(pool.address, "ampBps()(uint32)")
    known = Pool(
        reserves=(reserve0, reserve1),
        virtual_reserves=(virtual0, virtual1),
        balances=(reserve0, reserve1),
        amp_bps=amp_bps,
        fee=fee,
        total_supply=0,
    )
    coin_in = 0 if token_in == pool.token0 else 1
    return int(get_amount_out(known, coin_in, amount_in) * _ASKED)
