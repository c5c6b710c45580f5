"""Searches over exact exchanges of pools of several coins: depth, and the most that a trade earns.

Prices along a curve are exact; what is searched is found to one part in 10**9 or to one smallest
unit, whichever is more.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from itertools import permutations

from watcher.errors import MathError
from watcher.math.coin_pools import CoinPool, after, at_rest
from watcher.math.quotes import quote_exact_in, spot_price, without_fee

CLOSE = 10**9
GROWTH = 16
LARGEST = 2**200
_FLAT = 10**6
"""A top is flat: so fine a search of the amount finds the profit to twice as many digits."""


def depth(pool: CoinPool, coin_in: int, coin_out: int, keep: float) -> int:
    """The largest input after which the fee-less marginal price is at least `keep` times what it
    was; 0 < keep < 1. Raises MathError where the pool has no price."""
    still = at_rest(pool)
    start = spot_price(still, coin_in, coin_out)

    def margin(amount: int) -> float | None:
        """None where the exchange reverts."""
        try:
            moved = after(still, coin_in, coin_out, amount)
            return float(spot_price(moved, coin_in, coin_out) / start) - keep
        except MathError:
            return None

    return _last_positive(margin, guess=pool.balances[coin_in] // 64 + 1, at_zero=1.0 - keep)


def _last_positive(margin: Callable[[int], float | None], *, guess: int, at_zero: float) -> int:
    """Where a falling function crosses zero: by false position, by halves where it is undefined."""
    low, high, at_low, at_high = 0, guess, at_zero, margin(guess)
    while at_high is not None and at_high > 0:
        low, at_low, high = high, at_high, high * GROWTH
        if high > LARGEST:
            raise MathError("no input moves the price so far")
        at_high = margin(high)
    side = 0
    while high - low > max(1, high // CLOSE):
        middle = low + _step(high - low, at_low, at_high)
        found = margin(middle)
        if found is not None and found > 0:
            low, at_low = middle, found
            # Illinois: an end that stays twice loses half of its weight
            at_high = at_high / 2 if side > 0 and at_high is not None else at_high
            side = 1
        else:
            high, at_high = middle, found
            at_low = at_low / 2 if side < 0 else at_low
            side = -1
    return low


def _step(width: int, at_low: float, at_high: float | None) -> int:
    """From the low end, at least one and less than all."""
    if at_high is None or at_low == at_high:
        return width // 2
    part = int(width * Fraction(at_low / (at_low - at_high)))
    nearest = max(1, width // (4 * CLOSE))
    return min(max(part, nearest), width - nearest)


def arbitrage_profit(pool: CoinPool, worth: tuple[Fraction, ...]) -> float:
    """The most that one exchange earns after the pool's fee, a smallest unit of each coin being
    `worth` so much elsewhere; 0 where none earns. Raises MathError where there is no price."""
    pairs = permutations(range(len(pool.balances)), 2)
    return max(0.0, *(_one_way(pool, i, j, worth) for i, j in pairs))


def _one_way(pool: CoinPool, i: int, j: int, worth: tuple[Fraction, ...]) -> float:
    wanted, start = worth[i] / worth[j], spot_price(pool, i, j)
    if start <= wanted:
        return 0.0
    free = without_fee(pool)
    if not isinstance(free, type(pool)):
        raise TypeError(f"a {pool.KIND} without its fee is none")

    def profit(amount: int) -> Fraction:
        try:
            out = quote_exact_in(pool, i, j, amount).amount_out
        except MathError:
            # the contract refuses it: as if it paid nothing
            out = 0
        return out * worth[j] - amount * worth[i]

    # the fee makes the best trade smaller than it is without
    return float(_highest(profit, depth(free, i, j, float(wanted / start))))


def _highest(profit: Callable[[int], Fraction], most: int) -> Fraction:
    """By golden section over 0 to `most`."""
    low, high = 0, most
    first, second = most - _larger(most), _larger(most)
    at_first, at_second = profit(first), profit(second)
    while high - low > max(2, most // _FLAT):
        if at_first < at_second:
            low, first, at_first = first, second, at_second
            second = low + _larger(high - low)
            at_second = profit(second)
        else:
            high, second, at_second = second, first, at_first
            first = high - _larger(high - low)
            at_first = profit(first)
    return max(at_first, at_second)


def _larger(width: int) -> int:
    """The larger part of the golden section."""
    return width * 618_034 // 1_000_000
