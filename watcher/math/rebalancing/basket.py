"""A basket, what it is to be, and what being off costs.

J = cost + λ·V·dᵀΣd, in money: V is the basket's value before anything is traded, d the part of V
that each asset is beyond its target weight, Σ the yearly covariance of the assets' returns, and λ
how much of V a year of variance is worth. Cost is what is given less what is received, both at the
reference prices, so that the fee, the impact and a pool's distance from the reference are in it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from watcher.errors import InputError
from watcher.math.bridge import Floats, whole
from watcher.state.token import Token

SUM_IS_ONE = 1e-9
"""How near the target weights sum to 1; three thirds are written with so many digits."""


@dataclass(frozen=True, slots=True)
class Asset:
    """`amount` in the token's smallest unit, `price` of a whole token in money, `weight` the part
    of the basket's value that it is to be."""

    token: Token
    amount: int
    price: float
    weight: float


@dataclass(frozen=True, slots=True)
class Basket:
    """`covariance` (asset, asset) of a year's returns, `aversion` is λ, `value` V, which stays what
    it was before the first trade."""

    assets: tuple[Asset, ...]
    covariance: Floats
    aversion: float
    value: float

    def after(self, changed: Sequence[int]) -> Basket:
        """With these smallest units more of each asset."""
        assets = tuple(
            replace(asset, amount=asset.amount + more)
            for asset, more in zip(self.assets, changed, strict=True)
        )
        return replace(self, assets=assets)

    @property
    def held(self) -> tuple[int, ...]:
        return tuple(asset.amount for asset in self.assets)

    @property
    def prices(self) -> Floats:
        return np.array([asset.price for asset in self.assets])

    def amounts(self, raw: Sequence[int]) -> Floats:
        """Whole tokens."""
        pairs = zip(raw, self.assets, strict=True)
        return np.array([whole(each, asset.token.decimals) for each, asset in pairs])

    def deviation(self, changed: Floats) -> Floats:
        """How far each asset is above its weight, as parts of the value before; `changed` (asset,)
        is what came in or went out, in whole tokens."""
        worth = (self.amounts(self.held) + changed) * self.prices
        off: Floats = worth / self.value - np.array([asset.weight for asset in self.assets])
        return off

    def cost(self, changed: Floats) -> float:
        """In money; below zero where the pools pay for being brought to the reference."""
        return float(-(changed @ self.prices))

    def risk(self, changed: Floats) -> float:
        """What being off costs in a year, in money: λ·V·dᵀΣd."""
        off = self.deviation(changed)
        return float(self.aversion * self.value * (off @ self.covariance @ off))

    def objective(self, changed: Floats) -> float:
        """J."""
        return self.cost(changed) + self.risk(changed)

    def tracking_error(self, changed: Floats) -> float:
        """The standard deviation of a year's return beside the one of the target weights."""
        off = self.deviation(changed)
        return math.sqrt(max(float(off @ self.covariance @ off), 0.0))

    def shadow_prices(self, changed: Floats) -> Floats:
        """What one more whole token lessens J by: its price, less what it adds to the risk."""
        pull = 2.0 * self.aversion * (self.covariance @ self.deviation(changed))
        shadow: Floats = self.prices * (1.0 - pull)
        return shadow


def basket_of(assets: Sequence[Asset], covariance: Floats, *, aversion: float) -> Basket:
    """Raises InputError where a price is not known, the weights do not sum to 1, or all of it is
    worth nothing."""
    total = sum(asset.weight for asset in assets)
    if abs(total - 1.0) > SUM_IS_ONE or any(asset.weight < 0 for asset in assets):
        raise InputError(f"the target weights sum to {total:.9g}: give parts that sum to 1")
    for asset in assets:
        if not (asset.price > 0 and np.isfinite(asset.price)):
            raise InputError(f"{asset.token.symbol} has no price: configure one in [[prices]]")
    basket = Basket(tuple(assets), covariance, aversion, value=1.0)
    value = float(basket.amounts(basket.held) @ basket.prices)
    if not value > 0:
        raise InputError("the basket is worth nothing: there is nothing to rebalance")
    return replace(basket, value=value)
