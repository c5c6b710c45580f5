"""Swaps: small ones, large ones, and those that bring a pool back to the market's price."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from fractions import Fraction
from math import isqrt
from random import Random

from watcher.devnet.deploy.pools import FAR_FUTURE
from watcher.devnet.draft import Draft
from watcher.devnet.moves.feeds import unit_price
from watcher.devnet.places import Pair, TickPool
from watcher.devnet.text import amount_text
from watcher.math.exact.concentrated import Swap, swap
from watcher.math.exact.constant_product import arbitrage_amount_in, get_amount_out
from watcher.state.token import Address, Token

_SWAP_OVER_TICKS = (
    "exactInputSingle((address,address,uint24,address,uint256,uint256,uint256,uint160))"
)
# More than any pool takes: the limit of its price ends the swap.
_ANY_AMOUNT = 2**127
_SWAP = "swapExactTokensForTokens(uint256,uint256,address[],address,uint256)"
# Small trades, in basis points of the pool, go against a gap that is wider than this.
_SMALL_BPS = (5, 30)
_LEANING_GAP_BPS = 60


@dataclass(frozen=True, slots=True)
class Trade:
    """A planned swap."""

    pair: Pair | TickPool
    token_in: Token
    amount_in: int
    amount_out: int

    def __str__(self) -> str:
        sold = amount_text(self.amount_in, self.token_in)
        return f"{sold} for {amount_text(self.amount_out, self.pair.other(self.token_in))}"


def sell(draft: Draft, taker: Address, pair: Pair, token_in: Token, amount_in: int) -> Trade:
    """Swap exactly `amount_in`; the transaction fails unless it brings what is planned."""
    reserve_in, reserve_out = _reserves(draft, pair, token_in)
    kept = 1 - pair.fee
    amount_out = get_amount_out(
        amount_in,
        reserve_in,
        reserve_out,
        fee_numerator=kept.numerator,
        fee_denominator=kept.denominator,
    )
    _plan(draft, pair, token_in, reserve_in + amount_in, reserve_out - amount_out)
    draft.fund(taker, token_in, amount_in)
    label = f"a swap in {pair.name}"
    if pair.router is None:
        first = token_in == pair.token0
        amounts_out = (0, amount_out) if first else (amount_out, 0)
        transfer = "transfer(address,uint256)"
        draft.send(taker, token_in.address, transfer, pair.address, amount_in, label=label)
        swap = "swap(uint256,uint256,address,bytes)"
        draft.send(taker, pair.address, swap, *amounts_out, taker, b"", label=label)
    else:
        path = [token_in.address, pair.other(token_in).address]
        order = amount_in, amount_out, path, taker, FAR_FUTURE
        draft.send(taker, pair.router, _SWAP, *order, label=label)
    return Trade(pair, token_in, amount_in, amount_out)


def arbitrage(draft: Draft, pair: Pair, *, part: Fraction = Fraction(1)) -> Trade | None:
    """The trade that earns most at the feeds' prices, or a part of it; None where none earns."""
    kept = 1 - pair.fee
    for token_in in (pair.token0, pair.token1):
        reserve_in, reserve_out = _reserves(draft, pair, token_in)
        most = arbitrage_amount_in(
            reserve_in,
            reserve_out,
            fee_numerator=kept.numerator,
            fee_denominator=kept.denominator,
            price_in=unit_price(draft, token_in),
            price_out=unit_price(draft, pair.other(token_in)),
        )
        amount_in = int(most * part)
        if amount_in > 0:
            return sell(draft, draft.world.actors.arbitrageur, pair, token_in, amount_in)
    return None


def small_trades(
    draft: Draft,
    random: Random,
    *,
    most: int,
    least: int = 0,
    avoid: Collection[Pair | TickPool] = (),
) -> list[Trade]:
    """From `least` to `most` swaps, a pool each, to and fro, that keep near the feeds' prices."""
    actors = draft.world.actors
    pools = [pool for pool in draft.world.pools if pool not in avoid]
    trades = []
    for pair in random.sample(pools, min(random.randint(least, most), len(pools))):
        taker = random.choice((actors.trader, actors.other_trader))
        if isinstance(pair, TickPool):
            trades.append(_small_tick_trade(draft, random, taker, pair))
            continue
        token_in = _leaning(draft, pair) or random.choice((pair.token0, pair.token1))
        reserve_in, _ = _reserves(draft, pair, token_in)
        amount_in = reserve_in * random.randint(*_SMALL_BPS) // 10_000
        trades.append(sell(draft, taker, pair, token_in, amount_in))
    return trades


def sell_over_ticks(
    draft: Draft, taker: Address, pool: TickPool, token_in: Token, found: Swap
) -> Trade:
    """The swap that was found for the pool as it is planned; the transaction fails unless it brings
    as much."""
    state = draft.pool_state(pool)
    after = replace(
        state, sqrt_price_x96=found.sqrt_price_x96, tick=found.tick, liquidity=found.liquidity
    )
    draft.plan_pool_state(pool, after)
    draft.fund(taker, token_in, found.amount_in)
    order = (
        token_in.address,
        pool.other(token_in).address,
        pool.fee,
        taker,
        FAR_FUTURE,
        found.amount_in,
        found.amount_out,
        0,
    )
    draft.send(taker, pool.router, _SWAP_OVER_TICKS, order, label=f"a swap in {pool.name}")
    return Trade(pool, token_in, found.amount_in, found.amount_out)


def bring_back(draft: Draft, pool: Pair | TickPool) -> Trade | None:
    """Arbitrage to the feeds' price, but for the pool's fee; None where it is that near."""
    if isinstance(pool, Pair):
        return arbitrage(draft, pool)
    state, market = draft.pool_state(pool), _market_sqrt_price_x96(draft, pool)
    for token_in, zero_for_one in ((pool.token0, True), (pool.token1, False)):
        kept = Fraction(1_000_000 - pool.fee, 1_000_000)
        price = market**2 / kept if zero_for_one else market**2 * kept
        limit = isqrt(int(price))
        if state.sqrt_price_x96 > limit if zero_for_one else state.sqrt_price_x96 < limit:
            most = swap(state, _ANY_AMOUNT, zero_for_one=zero_for_one, sqrt_price_limit_x96=limit)
            if most.amount_in == 0:
                return None
            # The transaction has no limit: in a coarse token's units it may end beside it.
            found = swap(state, most.amount_in, zero_for_one=zero_for_one)
            return sell_over_ticks(draft, draft.world.actors.arbitrageur, pool, token_in, found)
    return None


def trades_text(trades: Collection[object]) -> str:
    """How many small trades there were, in words."""
    if not trades:
        return "nothing happens"
    return "1 small trade" if len(trades) == 1 else f"{len(trades)} small trades"


def value_share(draft: Draft, pair: Pair, token: Token) -> Fraction:
    """The part of the pool's value at the feeds' prices that is `token`."""
    reserve, other_reserve = _reserves(draft, pair, token)
    value = reserve * unit_price(draft, token)
    other_value = other_reserve * unit_price(draft, pair.other(token))
    return Fraction(value, value + other_value)


def amount_to_share(draft: Draft, pair: Pair, token_in: Token, share: Fraction) -> int:
    """How much of `token_in` must be sold until it is `share` of the pool's value.

    Without the fee: reserve_in**2 = k * price_out / price_in * share / (1 - share). 0 when it is
    that much already.
    """
    reserve_in, reserve_out = _reserves(draft, pair, token_in)
    weight = share / (1 - share)
    price_in, price_out = unit_price(draft, token_in), unit_price(draft, pair.other(token_in))
    square = reserve_in * reserve_out * price_out * weight.numerator
    return max(isqrt(square // (price_in * weight.denominator)) - reserve_in, 0)


def gap_bps(draft: Draft, pool: Pair | TickPool) -> int:
    """How far the pool's price is from the feeds', in basis points, either way."""
    if isinstance(pool, TickPool):
        sqrt_price = draft.pool_state(pool).sqrt_price_x96
        ratio = Fraction(sqrt_price, _market_sqrt_price_x96(draft, pool)) ** 2
        return int(abs(ratio - 1) * 10_000)
    share = value_share(draft, pool, pool.token0)
    return int(abs(share / (1 - share) - 1) * 10_000)


def _small_tick_trade(draft: Draft, random: Random, taker: Address, pool: TickPool) -> Trade:
    """A part of what is in range, as if it were spread over all prices."""
    state = draft.pool_state(pool)
    below = state.sqrt_price_x96 < _market_sqrt_price_x96(draft, pool)
    leans = gap_bps(draft, pool) > _LEANING_GAP_BPS
    zero_for_one = not below if leans else random.choice((True, False))
    virtual = (
        (state.liquidity << 96) // state.sqrt_price_x96
        if zero_for_one
        else state.liquidity * state.sqrt_price_x96 >> 96
    )
    found = swap(
        state, max(virtual * random.randint(*_SMALL_BPS) // 10_000, 1), zero_for_one=zero_for_one
    )
    return sell_over_ticks(draft, taker, pool, pool.token0 if zero_for_one else pool.token1, found)


def _market_sqrt_price_x96(draft: Draft, pool: TickPool) -> int:
    price = Fraction(unit_price(draft, pool.token0), unit_price(draft, pool.token1))
    return isqrt(int(price * 2**192))


def _leaning(draft: Draft, pair: Pair) -> Token | None:
    if gap_bps(draft, pair) <= _LEANING_GAP_BPS:
        return None
    half = Fraction(1, 2)
    return pair.token0 if value_share(draft, pair, pair.token0) < half else pair.token1


def _reserves(draft: Draft, pair: Pair, token_in: Token) -> tuple[int, int]:
    reserve0, reserve1 = draft.reserves(pair)
    return (reserve0, reserve1) if token_in == pair.token0 else (reserve1, reserve0)


def _plan(draft: Draft, pair: Pair, token_in: Token, reserve_in: int, reserve_out: int) -> None:
    if token_in == pair.token0:
        draft.plan_reserves(pair, reserve_in, reserve_out)
    else:
        draft.plan_reserves(pair, reserve_out, reserve_in)
