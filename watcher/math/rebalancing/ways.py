"""How one asset of a basket becomes another: through one watched pool, or where no pool has both
through two and a token that is no asset of the basket. Sizes are whole tokens as floats; every
figure is an exact quote of the rounded size.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations

from watcher.errors import MathError
from watcher.math.bridge import whole
from watcher.math.exploitability.trading import Market
from watcher.math.rebalancing.basket import Basket
from watcher.state.token import Address

WIDTH = 1e-3
"""Of a size: what its slope and bend are measured over. An error of 1e-6 in a slope moves the best
size so little that J differs by its square."""
FIRST = 1e-4
"""Of the basket's value: the least size at which a slope is measured."""
LEAST_UNITS = 10_000
"""Below so many smallest units the rounding of the contract would be seen in a slope."""


@dataclass(frozen=True, slots=True)
class Hop:
    """An exchange of the market at place `market`; coins are places among its target's tokens."""

    market: int
    coin_in: int
    coin_out: int


@dataclass(frozen=True, slots=True)
class Way:
    """From the asset at place `sold` to the one at `bought`; `scale` is what of the first the whole
    basket is worth."""

    sold: int
    bought: int
    hops: tuple[Hop, ...]
    scale: float
    decimals_in: int
    decimals_out: int

    def out(self, markets: Sequence[Market], given: float) -> float:
        """What comes of `given`; NaN where a pool refuses."""
        amount = round(given * 10**self.decimals_in)
        if amount <= 0:
            return 0.0
        try:
            for hop in self.hops:
                amount = markets[hop.market].quote(hop.coin_in, hop.coin_out, amount)
        except MathError:
            return math.nan
        return whole(amount, self.decimals_out)

    def local(self, markets: Sequence[Market], given: float) -> Local:
        """NaN where a pool refuses."""
        least = max(FIRST * self.scale, LEAST_UNITS / 10**self.decimals_in)
        width = max(WIDTH * given, least)
        if given < 2.0 * width:
            # from one side: the curve does not go below zero
            one, two = (self.out(markets, given + k * width) for k in (1, 2))
            here = self.out(markets, given)
            slope = (4.0 * (one - here) - (two - here)) / (2.0 * width)
            bend = (two - 2.0 * one + here) / width**2
        else:
            below, here, above = (self.out(markets, given + k * width) for k in (-1, 0, 1))
            slope = (above - below) / (2.0 * width)
            bend = (above - 2.0 * here + below) / width**2
        # a fee that falls as the pool is mended may bend the curve upwards, which is not followed
        return Local(here, slope, min(bend, 0.0))


@dataclass(frozen=True, slots=True)
class Local:
    """A way's output at a size, with its first and second derivative."""

    out: float
    slope: float
    bend: float


def find_ways(basket: Basket, markets: Sequence[Market]) -> list[Way]:
    """Every exchange between two assets."""
    tokens = [asset.token for asset in basket.assets]
    between = _hops(markets)
    scales = basket.value / basket.prices
    inside = {token.address for token in tokens}
    return [
        Way(
            sold,
            bought,
            hops,
            float(scales[sold]),
            tokens[sold].decimals,
            tokens[bought].decimals,
        )
        for sold, bought in permutations(range(len(tokens)), 2)
        for hops in _paths(between, tokens[sold].address, tokens[bought].address, inside)
    ]


_Between = Mapping[Address, Mapping[Address, list[Hop]]]


def _hops(markets: Sequence[Market]) -> _Between:
    found: dict[Address, dict[Address, list[Hop]]] = {}
    for place, market in enumerate(markets):
        for coin_in, coin_out in permutations(market.coins, 2):
            from_token = found.setdefault(market.token(coin_in), {})
            hops = from_token.setdefault(market.token(coin_out), [])
            hops.append(Hop(place, coin_in, coin_out))
    return found


def _paths(
    between: _Between, token_in: Address, token_out: Address, inside: Collection[Address]
) -> Iterator[tuple[Hop, ...]]:
    """Direct ones; only where there is none, those through one token that is not `inside`."""
    direct = between.get(token_in, {}).get(token_out, [])
    if direct:
        yield from ((hop,) for hop in direct)
        return
    for through, firsts in between.get(token_in, {}).items():
        if through in inside:
            continue
        for second in between[through].get(token_out, []):
            yield from ((first, second) for first in firsts if first.market != second.market)
