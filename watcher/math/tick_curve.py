"""What a pool with ticks exchanges without its fee, in float64: one side of it as a row of ranges.

Source: Uniswap V3 whitepaper, section 6.2: between two ticks amount1 changes by L * d(sqrt P) and
amount0 by L * d(1 / sqrt P). Each range's amounts are divided from whole integers, so that nothing
is lost by subtraction; what is left out are the contract's roundings, a few smallest units a range.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from math import sqrt

import numpy as np

from watcher.errors import MathError
from watcher.math.bridge import Floats
from watcher.math.exact.sqrt_price_math import Q96
from watcher.math.exact.tick_math import MAX_TICK, MIN_TICK, get_sqrt_price_at_tick
from watcher.state.concentrated import Concentrated

NOT_INITIALISED = "the pool is not initialised"
BEYOND_KNOWN = "the ticks that were read end before that"
NO_LIQUIDITY = "the pool's liquidity ends before that"


@dataclass(frozen=True, slots=True)
class Side:
    """One direction from the present price, over ranges of constant liquidity (range,).

    `sqrt_prices` (range + 1,) are in 2**-96, `liquidity` in each range, `total_in` and `total_out`
    (range + 1,) what was exchanged in smallest units when each price is reached; `is_whole` where
    the ranges go to the end of all prices.
    """

    zero_for_one: bool
    sqrt_prices: tuple[int, ...]
    liquidity: Floats
    total_in: Floats
    total_out: Floats
    is_whole: bool

    def amount_out(self, amount_in: float) -> float:
        """Smallest units for `amount_in` of them. Raises MathError where the ranges end before."""
        if amount_in > self.total_in[-1]:
            raise MathError(NO_LIQUIDITY if self.is_whole else BEYOND_KNOWN)
        at = int(np.searchsorted(self.total_in, amount_in, side="left")) - 1
        if at < 0:
            return 0.0
        rest = amount_in - float(self.total_in[at])
        return float(self.total_out[at]) + self._within(at, rest)

    def amount_to(self, ratio: float) -> float:
        """What must be sold until sqrt(price) has moved by the factor `ratio`, below 1 when token0
        is sold. Raises MathError where the ranges end before."""
        at, end = self._reached(ratio)
        start, liquidity = self.sqrt_prices[at] / Q96, float(self.liquidity[at])
        rest = (start - end) / (start * end) if self.zero_for_one else end - start
        return float(self.total_in[at]) + liquidity * rest

    def paid_to(self, ratio: float) -> float:
        """What is paid out until then."""
        at, end = self._reached(ratio)
        start, liquidity = self.sqrt_prices[at] / Q96, float(self.liquidity[at])
        rest = start - end if self.zero_for_one else (end - start) / (start * end)
        return float(self.total_out[at]) + liquidity * rest

    def largest_within(self, lost: float, gamma: float) -> float:
        """The largest gross input q, of which `gamma` counts, that pays at least (1 - lost) of what
        it would at the present price; 0 where none does. Raises MathError where the ranges end
        before.

        In the last range, entered when `behind` more than asked for has been paid, that is the root
        of a quadratic.
        """
        if 1 - lost >= gamma:
            return 0.0
        start = self.sqrt_prices[0] / Q96
        wanted = (1 - lost) / gamma * (start * start if self.zero_for_one else 1 / (start * start))
        over = self.total_out - wanted * self.total_in
        below = np.flatnonzero(over < 0)
        if not below.size:
            raise MathError(NO_LIQUIDITY if self.is_whole else BEYOND_KNOWN)
        at = int(below[0]) - 1
        behind, liquidity = float(over[at]), float(self.liquidity[at])
        root = self.sqrt_prices[at] / Q96
        root = root if self.zero_for_one else 1 / root
        b = wanted * liquidity - behind * root - liquidity * root * root
        c = behind * liquidity
        spread = sqrt(b * b + 4 * wanted * root * c)
        rest = 2 * c / (b + spread) if b > 0 else (spread - b) / (2 * wanted * root)
        return (float(self.total_in[at]) + rest) / gamma

    def _reached(self, ratio: float) -> tuple[int, float]:
        """The range in which sqrt(price) has moved by the factor, and where."""
        target = self.sqrt_prices[0] * ratio
        passed = [
            price > target if self.zero_for_one else price < target for price in self.sqrt_prices
        ]
        at = passed.index(False) - 1 if False in passed else -1
        if at < 0:
            raise MathError(NO_LIQUIDITY if self.is_whole else BEYOND_KNOWN)
        return at, target / Q96

    def _within(self, at: int, amount_in: float) -> float:
        """Solved for the output itself, without a difference of prices."""
        start, liquidity = self.sqrt_prices[at] / Q96, float(self.liquidity[at])
        if liquidity == 0.0:
            return 0.0
        if self.zero_for_one:
            end = start * liquidity / (liquidity + amount_in * start)
            return amount_in * start * end
        return float(amount_in / (start * (start + amount_in / liquidity)))


def spot_price(state: Concentrated) -> float:
    """Whole tokens 1 for a whole token 0."""
    scale = 10**state.decimals0 * state.sqrt_price_x96**2
    return float(scale / (Q96**2 * 10**state.decimals1))


def problem(state: Concentrated) -> str:
    """Why there is no curve; "" where there is one."""
    if not state.sqrt_price_x96:
        return NOT_INITIALISED
    if not state.known_from <= state.tick <= state.known_to:
        return "the current tick is not among those that were read"
    return ""


def side(state: Concentrated, *, zero_for_one: bool) -> Side:
    """Raises MathError where the ticks do not fit the liquidity."""
    prices, liquidity = [state.sqrt_price_x96], []
    for price, below in _ranges(state, zero_for_one=zero_for_one):
        prices.append(price)
        liquidity.append(below)
    amounts = [
        _exchanged(start, end, now, zero_for_one=zero_for_one)
        for start, end, now in zip(prices, prices[1:], liquidity, strict=False)
    ]
    total_in, total_out = (
        np.concatenate([[0.0], np.cumsum([amount[i] for amount in amounts])]) for i in (0, 1)
    )
    end = state.known_from == MIN_TICK if zero_for_one else state.known_to == MAX_TICK
    return Side(
        zero_for_one=zero_for_one,
        sqrt_prices=tuple(prices),
        liquidity=np.array(liquidity, dtype=np.float64),
        total_in=total_in,
        total_out=total_out,
        is_whole=end,
    )


def root_of_move(move: float, *, zero_for_one: bool) -> float:
    """The factor of sqrt(price) when what is sold loses `move` of its price."""
    return sqrt(1 - move) if zero_for_one else 1 / sqrt(1 - move)


def _ranges(state: Concentrated, *, zero_for_one: bool) -> Iterator[tuple[int, int]]:
    """Where each range ends, and its liquidity, away from the present price."""
    passed = bisect_right(state.ticks, state.tick)
    liquidity = state.liquidity
    steps = range(passed - 1, -1, -1) if zero_for_one else range(passed, len(state.ticks))
    for i in steps:
        yield get_sqrt_price_at_tick(state.ticks[i]), liquidity
        liquidity += -state.liquidity_net[i] if zero_for_one else state.liquidity_net[i]
        if liquidity < 0:
            raise MathError("the ticks take away more liquidity than there is")
    end = state.known_from if zero_for_one else state.known_to
    yield get_sqrt_price_at_tick(end), liquidity


def _exchanged(start: int, end: int, liquidity: int, *, zero_for_one: bool) -> tuple[float, float]:
    """What goes in and out when sqrt(price) moves so, in smallest units."""
    amount1 = liquidity * abs(start - end) / Q96
    amount0 = liquidity * abs(start - end) * Q96 / (start * end)
    return (amount0, amount1) if zero_for_one else (amount1, amount0)
