"""Pools with concentrated liquidity."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from watcher.errors import MathError
from watcher.math.exact import concentrated as exact
from watcher.math.exact.concentrated_variants import VARIANTS
from watcher.math.exact.sqrt_price_math import Q96
from watcher.math.exact.swap_math import FEE_DENOMINATOR
from watcher.math.families.family import Family
from watcher.state.concentrated import Concentrated

HOOKED = "a hook or plugin of the pool may change what a swap pays"


def exact_in(state: Concentrated, coin_in: int, _coin_out: int, amount_in: int) -> int:
    """What the pool pays, less than `amount_in` being taken where the liquidity ends before. The
    routers and quoters refuse where nothing at all can be sold."""
    found = exact.swap(pool_of(state), _positive(amount_in), zero_for_one=coin_in == 0)
    if found.amount_in == 0:
        raise MathError("there is no liquidity in this direction")
    return found.amount_out


def exact_out(state: Concentrated, coin_in: int, _coin_out: int, amount_out: int) -> int:
    """What the pool asks. It pays less where the liquidity ends before; the routers and quoters
    refuse that."""
    found = exact.swap(pool_of(state), -_positive(amount_out), zero_for_one=coin_in == 0)
    if not found.complete:
        raise MathError("the liquidity ends before this output")
    return found.amount_in


def spot_price(state: Concentrated, coin_in: int, _coin_out: int) -> Fraction:
    if state.sqrt_price_x96 <= 0:
        raise MathError("the pool is not initialised")
    price = Fraction(state.sqrt_price_x96**2, Q96**2)
    return price if coin_in == 0 else 1 / price


def without_fee(state: Concentrated) -> Concentrated:
    return replace(state, fee0=0, fee1=0, protocol_fee0=0, protocol_fee1=0)


def fee(state: Concentrated, coin_in: int) -> Fraction:
    """The part of the input that is taken in all."""
    pips = exact.swap_fee_pips(pool_of(state), zero_for_one=coin_in == 0)
    return Fraction(pips, FEE_DENOMINATOR)


def pool_of(state: Concentrated) -> exact.Pool:
    """What the exact arithmetic reads of a state. Raises MathError where it does not decide alone
    what a swap pays."""
    if state.hooked:
        raise MathError(HOOKED)
    if not len(state.ticks) == len(state.liquidity_net) == len(state.liquidity_gross):
        raise MathError("each tick needs its net and its gross liquidity")
    reserve0, reserve1 = state.balances or (0, 0)
    return exact.Pool(
        sqrt_price_x96=state.sqrt_price_x96,
        tick=state.tick,
        liquidity=state.liquidity,
        fee0=state.fee0,
        fee1=state.fee1,
        tick_spacing=state.tick_spacing,
        ticks=state.ticks,
        liquidity_net=state.liquidity_net,
        protocol_fee0=state.protocol_fee0,
        protocol_fee1=state.protocol_fee1,
        known_from=state.known_from,
        known_to=state.known_to,
        reserve0=reserve0,
        reserve1=reserve1,
        variant=VARIANTS[state.variant],
    )


def _positive(amount: int) -> int:
    if amount < 0:
        raise MathError("the amount is negative")
    return amount


FAMILY: Family[Concentrated] = Family(
    coins=lambda _: 2,
    exact_in=exact_in,
    exact_out=exact_out,
    spot_price=spot_price,
    without_fee=without_fee,
)
