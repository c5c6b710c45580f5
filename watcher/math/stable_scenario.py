"""Where a StableSwap pool would stand: moved along its own fee-free invariant, its D kept, the
other coins equally full at the pool's rates.

Exact Newton loops at every step; the search ends at one part in 2**60 of the share.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from watcher.errors import MathError
from watcher.math.exact.stableswap import get_D, scaled
from watcher.math.families.stableswap import pool_of, slope
from watcher.state.stableswap import StableSwap

BITS = 60
RATE_UNIT = 10**18


def invariant(state: StableSwap) -> float:
    """D in whole units of account of the pool: tokens at their rates."""
    pool = pool_of(state)
    return get_D(pool, scaled(pool.balances, pool.rates)) / RATE_UNIT


def at_share(state: StableSwap, coin: int, share: Fraction) -> StableSwap:
    """Moved to where `coin` is `share` of the balances at the pool's rates, 0 < share < 1."""
    pool = pool_of(state)
    xp = scaled(pool.balances, pool.rates)
    total, n = sum(xp), len(xp)
    wanted = [
        int(total * (share if place == coin else (1 - share) / (n - 1))) for place in range(n)
    ]
    if 0 in wanted:
        raise MathError("a side of the pool would be empty")
    scale = Fraction(get_D(pool, xp), get_D(pool, wanted))
    balances = (
        int(each * scale * RATE_UNIT / rate) for each, rate in zip(wanted, state.rates, strict=True)
    )
    return replace(state, balances=tuple(balances))


def at_price(state: StableSwap, coin: int, price: float) -> StableSwap:
    """Moved to where `coin` costs `price` of any other, both at the pool's rates."""
    low, high = 1, (1 << BITS) - 1
    while high - low > 1:
        middle = (low + high) // 2
        if price_of(at_share(state, coin, Fraction(middle, 1 << BITS)), coin) > price:
            low = middle
        else:
            high = middle
    return at_share(state, coin, Fraction(low, 1 << BITS))


def price_of(state: StableSwap, coin: int) -> float:
    """Of `coin` in the first of the others, at the pool's rates and without the fee."""
    pool = pool_of(state)
    xp = scaled(pool.balances, pool.rates)
    other = 0 if coin else 1
    return float(slope(pool, xp, coin) / slope(pool, xp, other))


def amounts(state: StableSwap) -> list[float]:
    """The balances in whole tokens at the pool's rates."""
    pool = pool_of(state)
    return [each / RATE_UNIT for each in scaled(pool.balances, pool.rates)]
