"""Swaps through concentrated liquidity, to the wei: Uniswap V3, V4, Pancake V3 and Algebra.

Source: Uniswap v3-core UniswapV3Pool.swap and TickBitmap.nextInitializedTickWithinOneWord;
`concentrated_variants` says in what the others differ. Token amounts are in smallest units, prices
as in `tick_math`. Zero for one sells token0, which lowers the price.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from watcher.errors import MathError
from watcher.math.exact.concentrated_variants import (
    UINT128_MAX,
    UNISWAP_V3,
    Variant,
    protocol_part,
)
from watcher.math.exact.swap_math import FEE_DENOMINATOR, calculate_swap_fee, compute_swap_step
from watcher.math.exact.tick_math import (
    MAX_SQRT_PRICE,
    MAX_TICK,
    MIN_SQRT_PRICE,
    MIN_TICK,
    get_sqrt_price_at_tick,
    get_tick_at_sqrt_price,
)

Boundary: TypeAlias = tuple[int, int, bool]
"""Where a step ends at the latest: its tick, by how much the liquidity changes there, whether the
ticks up to it were read."""


@dataclass(frozen=True, slots=True)
class Pool:
    """What a swap reads.

    `fee0` is what the pool takes of token0 when that is sold, `fee1` of token1, in pips; the
    protocol's fees are in the contract's own unit. `ticks` are the initialised ones from
    `known_from` to `known_to`, ascending, each with its `liquidity_net`. The reserves are what the
    pool holds of both tokens.
    """

    sqrt_price_x96: int
    tick: int
    liquidity: int
    fee0: int
    fee1: int
    tick_spacing: int
    ticks: tuple[int, ...]
    liquidity_net: tuple[int, ...]
    protocol_fee0: int = 0
    protocol_fee1: int = 0
    known_from: int = MIN_TICK
    known_to: int = MAX_TICK
    reserve0: int = 0
    reserve1: int = 0
    variant: Variant = UNISWAP_V3


@dataclass(frozen=True, slots=True)
class Swap:
    """What a swap exchanged and where it left the pool.

    `amount_in` includes the fee. `complete` is False where the price limit or the end of the
    liquidity came first: the contract then takes and pays less than was asked. `fee_growth_x128` is
    what the global fee growth of the token sold rises by, `protocol_fee` what the protocol got.
    """

    amount_in: int
    amount_out: int
    sqrt_price_x96: int
    tick: int
    liquidity: int
    ticks_crossed: int
    fee_growth_x128: int
    protocol_fee: int
    complete: bool


def swap(
    pool: Pool,
    amount_specified: int,
    *,
    zero_for_one: bool,
    sqrt_price_limit_x96: int | None = None,
) -> Swap:
    """Sell `amount_specified` where it is positive, buy that much of the other where negative.

    Without a limit the price may go to the end of its range. Raises MathError where the pool
    reverts, and where the swap would leave the ticks that were read. The gas that a real pool
    spends on empty words is not modelled.
    """
    variant = pool.variant
    limit = _checked_limit(pool, zero_for_one, sqrt_price_limit_x96)
    _require_amount(variant, amount_specified)
    protocol_fee = pool.protocol_fee0 if zero_for_one else pool.protocol_fee1
    fee_pips = swap_fee_pips(pool, zero_for_one=zero_for_one)
    if fee_pips >= FEE_DENOMINATOR and amount_specified < 0:
        raise MathError("InvalidFeeForExactOut")
    walk = boundaries(pool, limit, zero_for_one=zero_for_one)

    price, tick, liquidity = pool.sqrt_price_x96, pool.tick, pool.liquidity
    remaining, amount_in, amount_out = amount_specified, 0, 0
    fee_growth_x128 = to_protocol = 0
    while remaining != 0 and price != limit:
        tick_next, liquidity_delta, is_known = next(walk)
        price_next = get_sqrt_price_at_tick(tick_next)
        beyond_limit = price_next < limit if zero_for_one else price_next > limit
        start = price
        step = compute_swap_step(
            price,
            limit if beyond_limit else price_next,
            liquidity=liquidity,
            amount_remaining=remaining,
            fee_pips=fee_pips,
            is_v4=variant.fee_on_top,
        )
        price, step_in, step_out, fee_amount = step
        amount_in += step_in + fee_amount
        amount_out += step_out
        remaining += step_out if remaining < 0 else -(step_in + fee_amount)
        if protocol_fee:
            part = protocol_part(variant, protocol_fee, fee_pips, step)
            fee_amount -= part
            to_protocol += part
        if liquidity:
            fee_growth_x128 += (fee_amount << 128) // liquidity
        if price == price_next and is_known:
            if liquidity_delta:
                liquidity = add_delta(liquidity, liquidity_delta)
            tick = tick_next - 1 if zero_for_one else tick_next
        elif price != start:
            tick = get_tick_at_sqrt_price(price)
        if not is_known and price == price_next != limit:
            raise MathError("beyond the ticks that were read")
    _require_fits(variant, amount_in, amount_out)
    _require_room(variant, (pool.reserve0 if zero_for_one else pool.reserve1) + amount_in)
    return Swap(
        amount_in=amount_in,
        amount_out=amount_out,
        sqrt_price_x96=price,
        tick=tick,
        liquidity=liquidity,
        ticks_crossed=abs(bisect_right(pool.ticks, tick) - bisect_right(pool.ticks, pool.tick)),
        fee_growth_x128=fee_growth_x128,
        protocol_fee=to_protocol,
        complete=remaining == 0,
    )


def swap_fee_pips(pool: Pool, *, zero_for_one: bool) -> int:
    """The whole fee of a swap, the protocol's part included. Only Uniswap V4 allows 100%, and then
    no exact output."""
    fee_pips = pool.fee0 if zero_for_one else pool.fee1
    protocol_fee = pool.protocol_fee0 if zero_for_one else pool.protocol_fee1
    if pool.variant.fee_on_top and protocol_fee:
        return calculate_swap_fee(protocol_fee, fee_pips)
    return fee_pips


def boundaries(pool: Pool, limit: int, *, zero_for_one: bool) -> Iterator[Boundary]:
    """Where the steps of a swap end one after the other, as far as the price `limit`."""
    return _down(pool, limit) if zero_for_one else _up(pool, limit)


def furthest(*, zero_for_one: bool) -> int:
    """How far the price goes where no limit is set."""
    return MIN_SQRT_PRICE + 1 if zero_for_one else MAX_SQRT_PRICE - 1


def _down(pool: Pool, limit: int) -> Iterator[Boundary]:
    """Where steps of a falling price end: at initialised ticks and at the first tick of a word."""
    ticks, spacing, tick, liquidity = pool.ticks, pool.tick_spacing, pool.tick, pool.liquidity
    walks_words = pool.variant.walks_words
    end = None if walks_words else MIN_TICK
    index, word_stop = bisect_right(ticks, tick) - 1, tick + 1
    while True:
        if walks_words and liquidity:
            if tick < word_stop:
                word_stop = max(_first_of_word(tick, spacing), MIN_TICK)
            stop = word_stop
        else:
            # Without liquidity nothing is exchanged or rounded: words need not be counted.
            if end is None:
                end = max(_first_of_word(get_tick_at_sqrt_price(limit), spacing), MIN_TICK)
            stop = end
        delta = 0
        if index >= 0 and ticks[index] >= stop:
            stop, delta = ticks[index], -pool.liquidity_net[index]
            index -= 1
        if stop < pool.known_from:
            yield pool.known_from, 0, False
        yield stop, delta, True
        tick, liquidity = stop - 1, liquidity + delta


def _up(pool: Pool, limit: int) -> Iterator[Boundary]:
    """Where steps of a rising price end: at initialised ticks and at the last tick of a word."""
    ticks, spacing, tick, liquidity = pool.ticks, pool.tick_spacing, pool.tick, pool.liquidity
    walks_words = pool.variant.walks_words
    end = None if walks_words else MAX_TICK
    index, count, word_stop = bisect_right(ticks, tick), len(ticks), tick
    while True:
        if walks_words and liquidity:
            if tick >= word_stop:
                word_stop = min(_last_of_word(tick, spacing), MAX_TICK)
            stop = word_stop
        else:
            if end is None:
                end = min(_last_of_word(get_tick_at_sqrt_price(limit), spacing), MAX_TICK)
            stop = end
        delta = 0
        if index < count and ticks[index] <= stop:
            stop, delta = ticks[index], pool.liquidity_net[index]
            index += 1
        if stop > pool.known_to:
            yield pool.known_to, 0, False
        yield stop, delta, True
        tick, liquidity = stop, liquidity + delta


def _first_of_word(tick: int, spacing: int) -> int:
    """The lowest tick whose bit is in the same word of the bitmap."""
    return (tick // spacing >> 8 << 8) * spacing


def _last_of_word(tick: int, spacing: int) -> int:
    """The highest tick whose bit is in the word of the next tick after this one."""
    return (tick // spacing + 1 | 0xFF) * spacing


def _checked_limit(pool: Pool, zero_for_one: bool, limit: int | None) -> int:
    if not MIN_SQRT_PRICE <= pool.sqrt_price_x96 < MAX_SQRT_PRICE:
        raise MathError("the pool is not initialised")
    if not pool.known_from <= pool.tick <= pool.known_to:
        raise MathError("beyond the ticks that were read")
    if limit is None:
        limit = furthest(zero_for_one=zero_for_one)
    is_passed = limit >= pool.sqrt_price_x96 if zero_for_one else limit <= pool.sqrt_price_x96
    if is_passed:
        raise MathError(pool.variant.limit_passed)
    if not MIN_SQRT_PRICE < limit < MAX_SQRT_PRICE:
        raise MathError(pool.variant.limit_out_of_bounds)
    return limit


def _require_amount(variant: Variant, amount_specified: int) -> None:
    if amount_specified == 0:
        raise MathError(variant.no_amount)
    if abs(amount_specified) >= 1 << 255:
        raise MathError("the amount exceeds 255 bits")


def _require_fits(variant: Variant, amount_in: int, amount_out: int) -> None:
    most = 1 << (variant.amount_bits - 1)
    if amount_in > most or amount_out >= most:
        raise MathError(f"an amount exceeds {variant.amount_bits - 1} bits")


def _require_room(variant: Variant, reserve: int) -> None:
    """Algebra's ReservesManager: no swap may take the pool past its reserves' type."""
    if variant.reserve_bits and reserve >> variant.reserve_bits:
        raise MathError(f"the reserve exceeds {variant.reserve_bits} bits")


def add_delta(liquidity: int, delta: int) -> int:
    """LiquidityMath.addDelta: raises MathError where the sum leaves an unsigned 128 bits."""
    liquidity += delta
    if liquidity < 0:
        raise MathError("LS")
    if liquidity > UINT128_MAX:
        raise MathError("LA")
    return liquidity
