"""Searches over exact exchanges of pools of several coins: depth, and the most that a trade earns.

Prices along a curve are exact; a depth is found to one part in CLOSE or to one smallest unit,
whichever is more, a profit to one part in 10**9 of what is traded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from itertools import permutations
from typing import TypeAlias

from watcher.errors import MathError
from watcher.math.coin_pools import CoinPool

CLOSE = 10**9
GROWTH = 16
NEAR = Fraction(17, 16)
LARGEST = 2**200
_ROUGH = 1000
_SAMPLES = 4
_FLAT = 10**5
"""A top is flat: so fine a search of the amount finds the profit to twice as many digits."""
_GOLDEN = 0.381966


def least_depth(pool: CoinPool, coin: int, keep: float, *, near: int = 0) -> int:
    """The least of the depths against each other coin; `near` is where it may be.

    Where it is not the coin that is scarcest at the pool's price, one exchange of what moves that
    one tells which others are moved by less.
    """
    still = pool.at_rest()
    held = still.balances
    others = sorted(pool.others(coin), key=lambda other: held[other] / still.spot(coin, other))
    least = depth(still, coin, others[0], keep, near=near)
    for other in others[1:]:
        margin = _margin(still, coin, other, keep)
        found = margin(least) if least else None
        if found is None or found < 0:
            least = min(least, depth(still, coin, other, keep, near=least))
    return least


def depth(
    pool: CoinPool, coin_in: int, coin_out: int, keep: float, *, near: int = 0, close: int = CLOSE
) -> int:
    """The largest input after which the fee-less marginal price is at least `keep` times what it
    was, to one part in `close`; 0 < keep < 1. Raises MathError where the pool has no price."""
    still = pool.at_rest()
    margin = _margin(still, coin_in, coin_out, keep)
    guess, growth = (near, NEAR) if near else (still.balances[coin_in] // GROWTH + 1, GROWTH)
    bracket = _bracket(margin, guess=guess, growth=Fraction(growth), at_zero=1.0 - keep)
    return _narrowed(margin, *bracket, close=close)


def _margin(
    pool: CoinPool, coin_in: int, coin_out: int, keep: float
) -> Callable[[int], float | None]:
    """How far the price stays above after an input; None where the exchange reverts."""
    start = pool.spot(coin_in, coin_out)

    def margin(amount: int) -> float | None:
        try:
            now = pool.after(coin_in, coin_out, amount).spot(coin_in, coin_out)
        except MathError:
            return None
        return (now.numerator * start.denominator) / (now.denominator * start.numerator) - keep

    return margin


def _bracket(
    margin: Callable[[int], float | None], *, guess: int, growth: Fraction, at_zero: float
) -> tuple[int, float, int, float | None]:
    """Two amounts between which a falling function passes zero, and what it is there."""
    low, at_low = 0, at_zero
    high, at_high = guess, margin(guess)
    while at_high is not None and at_high >= 0:
        low, at_low = high, at_high
        high, growth = int(high * growth) + 1, growth * growth if growth < GROWTH else growth
        if high > LARGEST:
            raise MathError("no input moves the price so far")
        at_high = margin(high)
    while low == 0 and growth < GROWTH:
        nearer = int(high / growth)
        found = margin(nearer) if nearer else at_zero
        if found is not None and found >= 0:
            low, at_low = nearer, found
        else:
            high, at_high, growth = nearer, found, growth * growth
    return low, at_low, high, at_high


def _narrowed(
    margin: Callable[[int], float | None],
    low: int,
    at_low: float,
    high: int,
    at_high: float | None,
    *,
    close: int,
) -> int:
    """The last amount at which the function is not below zero, one that has no value being below.

    Chandrupatla (1997): by an inverse parabola through three points where they bend little enough
    for it, by halves where not and where the function has no value.
    """
    part = 0.5 if at_high is None else at_low / (at_low - at_high)
    while high - low > max(1, high // close):
        width, closest = high - low, max(1, high // (4 * close))
        middle = low + min(max(int(Fraction(part) * width), closest), width - closest)
        found = margin(middle)
        if found is not None and found >= 0:
            behind, at_behind = low, at_low
            low, at_low = middle, found
            part = _part((low, at_low), (high, at_high), (behind, at_behind))
        else:
            beyond, at_beyond = high, at_high
            high, at_high = middle, found
            part = 1 - _part((high, at_high), (low, at_low), (beyond, at_beyond))
    return low


_Point: TypeAlias = tuple[int, float | None]


def _part(newest: _Point, other: _Point, behind: _Point) -> float:
    """Where the root may be between the newest point and the other, as a part of the way; behind
    the newest is what it took the place of."""
    (a, at_a), (b, at_b), (c, at_c) = newest, other, behind
    if at_a is None or at_b is None or at_c is None or at_c in (at_a, at_b):
        return 0.5
    xi, phi = (a - b) / (c - b), (at_a - at_b) / (at_c - at_b)
    if not (phi * phi < xi and (1 - phi) ** 2 < 1 - xi):
        return 0.5
    straight = at_a / (at_b - at_a) * at_c / (at_b - at_c)
    bent = (c - a) / (b - a) * at_a / (at_c - at_a) * at_b / (at_c - at_b)
    return min(max(straight + bent, 0.0), 1.0)


def arbitrage_profit(pool: CoinPool, worth: Mapping[int, Fraction]) -> float:
    """The most that one exchange earns after the pool's fee, a smallest unit of each measured coin
    being `worth` so much elsewhere; 0 where none earns. Raises MathError where there is no
    price."""
    return max(0.0, *(_one_way(pool, i, j, worth) for i, j in permutations(pool.coins, 2)))


def _one_way(pool: CoinPool, i: int, j: int, worth: Mapping[int, Fraction]) -> float:
    wanted, start = worth[i] / worth[j], pool.spot(i, j)
    if start <= wanted:
        return 0.0
    # whole numbers of one unit of money
    unit = worth[i].denominator * worth[j].denominator
    paid, received = int(worth[i] * unit), int(worth[j] * unit)

    def profit(amount: int) -> float:
        try:
            out = pool.quote(i, j, amount)
        except MathError:
            # the contract refuses it: as if it paid nothing
            out = 0
        return (out * received - amount * paid) / unit

    # the fee makes the best trade smaller than it is without
    most = depth(pool.without_fee(), i, j, float(wanted / start), close=_ROUGH)

    def takes(amount: int) -> bool:
        try:
            return pool.quote(i, j, amount) > 0
        except MathError:
            return False

    return _highest(profit, _last_taken(takes, most + most // _ROUGH + 1))


def _last_taken(takes: Callable[[int], bool], most: int) -> int:
    """The largest amount up to `most` that the contract takes: an amplified pool ends while its
    price still moves little, and the best trade may be the last. `most` where it takes none."""
    low, high = most, most + 1
    while low and not takes(low):
        low, high = low // 2, low
    if not low:
        return most
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if takes(middle) else (low, middle)
    return low


def _highest(profit: Callable[[int], float], most: int) -> float:
    """Over 1 to `most`, of a function that is 0 at 0: around the best of a few places, since a fee
    that falls with the imbalance may make several tops."""
    places = [most * place // _SAMPLES for place in range(_SAMPLES + 1)]
    values = [profit(place) if place else 0.0 for place in places]
    top = max(range(1, _SAMPLES + 1), key=lambda place: values[place])
    low, high = places[top - 1], places[min(top + 1, _SAMPLES)]
    return max(values[top], _brent(profit, low, places[top], high, values[top]))


def _brent(profit: Callable[[int], float], low: int, best: int, high: int, at_best: float) -> float:
    """Brent (1973), chapter 5: parabolas through the three best places, golden sections where they
    lead nowhere."""
    second = third = best
    at_second = at_third = at_best
    step = before = float(high - low)
    close = max(1, high // _FLAT)
    while max(high - best, best - low) > 2 * close:
        bend = _parabola((best, at_best), (second, at_second), (third, at_third))
        if bend is not None and abs(bend) < abs(before) / 2 and low < best + bend < high:
            before, step = step, bend
        else:
            before = float(high - best if 2 * best < low + high else low - best)
            step = _GOLDEN * before
        moved = max(abs(int(step)), close)
        place = best + (moved if step > 0 else -moved)
        found = profit(place)
        if found >= at_best:
            low, high = (best, high) if place > best else (low, best)
            third, at_third, second, at_second = second, at_second, best, at_best
            best, at_best = place, found
            continue
        low, high = (low, place) if place > best else (place, high)
        if found >= at_second or second == best:
            third, at_third, second, at_second = second, at_second, place, found
        elif found >= at_third or third in (best, second):
            third, at_third = place, found
    return at_best


def _parabola(
    best: tuple[int, float], second: tuple[int, float], third: tuple[int, float]
) -> float | None:
    """From the best of three places to the top of the parabola through them."""
    to_second, to_third = float(second[0] - best[0]), float(third[0] - best[0])
    if not to_second or not to_third or to_second == to_third:
        return None
    down_second, down_third = second[1] - best[1], third[1] - best[1]
    bottom = 2 * (down_second * to_third - down_third * to_second)
    if not bottom:
        return None
    return (down_second * to_third**2 - down_third * to_second**2) / bottom
