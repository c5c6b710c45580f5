"""Constant product and weighted product in float64: prod x^w stays.

Source: Uniswap V2's and Balancer's whitepapers. With u a gross input as a part of the balance,
gamma the part of it that counts and alpha the part that stays, the price falls by
(1 + alpha u) (1 + gamma u)^(w_in / w_out): of equal weights and a fee that stays, the closed form
of `math.slippage`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from watcher.math.bridge import Floats
from watcher.math.curves.curve import ordered

ROUNDS = 100
CLOSE = 2.0**-50


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductCurve:
    """`x` (row, coin) what the price is made of, in whole tokens: virtual reserves where there are
    any; `weights` (row, coin) add up to 1.

    gamma, alpha: what of an input counts, and stays. real: (row, coin) what can be paid out.
    largest, largest_gross: the largest input as a part of the balance, after the fee and before.
    """

    x: Floats
    weights: Floats
    real: Floats
    gamma: Floats
    alpha: Floats
    largest: Floats
    largest_gross: Floats

    @property
    def held(self) -> Floats:
        return self.x[:, 0]

    @property
    def ratio(self) -> Floats:
        return self.weights[:, 0] / self.weights[:, 1]

    def facing(self, coin_in: int, coin_out: int) -> ProductCurve:
        x, weights, real = (
            ordered(values, coin_in, coin_out) for values in (self.x, self.weights, self.real)
        )
        return replace(self, x=x, weights=weights, real=real)

    def without_fee(self) -> ProductCurve:
        one = np.ones_like(self.gamma)
        return replace(self, gamma=one, alpha=one)

    def balanced(self, prices: Floats) -> ProductCurve:
        """Holdings in value as the weights, at the market's prices."""
        aim = self.weights / prices
        grown = (self.weights * np.log(self.x / aim)).sum(axis=1, keepdims=True)
        x = aim * np.exp(grown)
        # What is virtual stays; taken first, it is exactly nothing where there is none.
        return replace(self, x=x, real=x - (self.x - self.real))

    def reference(self, prices: Floats) -> Floats:
        return prices[:, 0] / prices[:, 1]

    def spot(self) -> Floats:
        return self.x[:, 1] / self.x[:, 0] * self.ratio

    def most(self) -> Floats:
        """Until what can be paid is paid."""
        left = 1 - self.real[:, 1] / self.x[:, 1]
        until = np.where(left > 0, np.expm1(-np.log(np.maximum(left, 0.0)) / self.ratio), np.inf)
        counted = np.minimum(until, self.largest)
        most: Floats = self.held * np.minimum(counted / self.gamma, self.largest_gross)
        return np.where(self.real[:, 1] > 0, most, 0.0)

    def out(self, given: Floats) -> Floats:
        u = self.gamma * given / self.held
        out: Floats = -self.x[:, 1] * np.expm1(-self.ratio * np.log1p(u))
        return out

    def depth_to(self, price: Floats) -> Floats:
        """In logarithms it bends down: Newton's steps from 0 never pass the root."""
        fall = np.log(self.spot() / price)
        alpha, gamma, ratio = self.alpha, self.gamma, self.ratio
        u = np.zeros_like(fall)
        open_ = np.ones(u.shape, dtype=np.bool_)
        for _ in range(ROUNDS):
            reached = np.log1p(alpha * u) + ratio * np.log1p(gamma * u)
            step = (fall - reached) / (alpha / (1 + alpha * u) + ratio * gamma / (1 + gamma * u))
            u = np.where(open_, np.maximum(u + step, 0.0), u)
            open_ &= np.abs(step) > CLOSE * u
            if not open_.any():
                break
        deep = np.minimum(self.held * u, self.most())
        return np.where(fall < 0, 0.0, deep)
