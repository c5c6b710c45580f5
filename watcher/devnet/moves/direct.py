"""Swaps in pools of Aerodrome and Kyber DMM: the input is sent, the output asked for."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from random import Random
from typing import TypeAlias

from watcher.devnet.draft import Draft
from watcher.devnet.moves.feeds import unit_price
from watcher.devnet.text import amount_text
from watcher.devnet.world import KyberPool, SolidlyPool
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
    """Up to `most` of them, a pool each."""
    actors = draft.world.actors
    pools: list[DirectPool] = [*draft.world.solidly_pools, *draft.world.kyber_pools]
    found = []
    for pool in random.sample(pools, min(random.randint(0, most), len(pools))):
        taker = random.choice((actors.trader, actors.other_trader))
        held = dict(zip((pool.token0, pool.token1), _reserves(draft, pool), strict=True))
        least = min(held, key=lambda token: held[token] * unit_price(draft, token))
        token_in = random.choice((pool.token0, pool.token1))
        if not random.randrange(_MENDING_ONE_IN):
            token_in = least
        amount = held[token_in] * random.randint(*_SMALL_BPS) // 10_000
        found.append(swap(draft, taker, pool, token_in, max(amount, 1)))
    return found


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
