"""How far a basket may be off before the first trade pays: the no-trade band.

With asset i a part t of the value above its weight and j as much below it, all else as it is to be,
selling i for j begins to pay where J's slope is zero: with κ the part of the value that the first
unit loses, and Σ and λ as in `basket`,
t = κ / (2λ((Σ_ii - Σ_ij) + (1 - κ)(Σ_jj - Σ_ij))).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from watcher.math.exploitability.trading import Market
from watcher.math.rebalancing.basket import Basket
from watcher.math.rebalancing.ways import find_ways


@dataclass(frozen=True, slots=True)
class Band:
    """Of the asset at place `sold` above and the one at `bought` below: `loss` is what the first
    unit loses in the cheapest way, a fraction; `width` the part of the basket's value that they
    may be off, 0 where trading pays at once, NaN where being off costs nothing."""

    sold: int
    bought: int
    loss: float
    width: float


def bands(basket: Basket, markets: Sequence[Market]) -> list[Band]:
    """One for each two assets between which there is a way, in the order of the assets."""
    losses: dict[tuple[int, int], float] = {}
    for way in find_ways(basket, markets):
        slope = way.local(markets, 0.0).slope
        if math.isnan(slope):
            continue
        price_in, price_out = (basket.assets[place].price for place in (way.sold, way.bought))
        loss = 1.0 - slope * price_out / price_in
        pair = (way.sold, way.bought)
        losses[pair] = min(losses.get(pair, math.inf), loss)
    return [
        Band(sold, bought, loss, _width(basket, sold, bought, loss))
        for (sold, bought), loss in sorted(losses.items())
    ]


def _width(basket: Basket, i: int, j: int, loss: float) -> float:
    if loss <= 0:
        return 0.0
    sigma = basket.covariance
    pull = (sigma[i, i] - sigma[i, j]) + (1.0 - loss) * (sigma[j, j] - sigma[i, j])
    slope = 2.0 * basket.aversion * float(pull)
    return loss / slope if slope > 0 else math.nan
