"""Solidly's stable curve in float64: x^3 y + y^3 x = k. The fee is taken off the input and kept
outside.

With X = x + dx the output solves dy (X^3 + 3 X y^2) - 3 X y dy^2 + X dy^3 = dx y (y^2 + X^2 + X x +
x^2), in which nothing is lost by subtraction; its left side bends down until dy = y, so that
Newton's steps from 0 never pass the root.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from watcher.math.bridge import Floats
from watcher.math.curves.curve import depth_by_search, ordered

ROUNDS = 100
CLOSE = 2.0**-50


@dataclass(frozen=True, slots=True, kw_only=True)
class CubicCurve:
    """`x` (row, coin) in whole coins, `fee` (row,) a part of the input."""

    x: Floats
    fee: Floats

    @property
    def held(self) -> Floats:
        return self.x[:, 0]

    def facing(self, coin_in: int, coin_out: int) -> CubicCurve:
        return replace(self, x=ordered(self.x, coin_in, coin_out))

    def without_fee(self) -> CubicCurve:
        return replace(self, fee=np.zeros_like(self.fee))

    def balanced(self, prices: Floats) -> CubicCurve:
        """Whatever the market says: the pool takes whole coins one for one."""
        x, y = self.x.T
        root = (x * y) ** 0.25 * ((x * x + y * y) / 2) ** 0.25
        return replace(self, x=np.stack([root, root], axis=1))

    def reference(self, prices: Floats) -> Floats:
        return np.ones(prices.shape[0])

    def spot(self) -> Floats:
        x, y = self.x.T
        price: Floats = y / x * (3 * x * x + y * y) / (x * x + 3 * y * y)
        return price

    def most(self) -> Floats:
        return np.full_like(self.fee, np.inf)

    def out(self, given: Floats) -> Floats:
        x, y = self.x.T
        dx = given * (1 - self.fee)
        X = x + dx
        wanted = dx * y * (y * y + X * X + X * x + x * x)
        paid = np.zeros_like(wanted)
        open_ = np.ones(paid.shape, dtype=np.bool_)
        for _ in range(ROUNDS):
            reached = paid * (X**3 + X * (3 * y * y - 3 * y * paid + paid * paid))
            step = (wanted - reached) / (X**3 + 3 * X * (y - paid) ** 2)
            paid = np.where(open_, np.minimum(paid + step, y), paid)
            open_ &= np.abs(step) > CLOSE * paid
            if not open_.any():
                break
        found: Floats = paid
        return found

    def depth_to(self, price: Floats) -> Floats:
        return depth_by_search(self, price, CubicCurve.price_after)

    def price_after(self, given: Floats) -> Floats:
        x = self.x.copy()
        x[:, 0] += given * (1 - self.fee)
        x[:, 1] -= self.out(given)
        return replace(self, x=x).spot()
