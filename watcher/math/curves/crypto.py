"""CryptoSwap in float64.

    K N^N (S - D) / D + K0 - 1 = 0, K0 = prod x N^N / D^N, K N^N = a K0 / (gamma + 1 - K0)^2

Source: "Automatic market-making with dynamic peg", Egorov (2021). Written in k = 1 - K0 and
s = S / D - 1, both of which vanish in balance, it is G = k (gamma + k)^2 - a (1 - k) s = 0. Both
are taken from whole numbers, moves of them are computed as moves, and G of a move is a difference
in closed form: so nothing is lost near balance, where k is a part of a gamma of 10^-5 to 10^-8.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from watcher.math.bridge import Floats
from watcher.math.curves.curve import depth_by_search, ordered

ROUNDS = 60
CLOSE = 2.0**-48
NOTHING = 2.0**-60
"""A growth of D that no float of D shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CryptoCurve:
    """`x` (row, coin) balances at the price scale, D, k and s as above, `a` = A N^N gamma^2. The
    fee is mid_fee in balance, towards out_fee away from it, and stays in the pool; the price scale
    stays where it is."""

    x: Floats
    D: Floats
    k: Floats
    s: Floats
    a: Floats
    gamma: Floats
    mid_fee: Floats
    out_fee: Floats
    fee_gamma: Floats

    @property
    def held(self) -> Floats:
        return self.x[:, 0]

    def facing(self, coin_in: int, coin_out: int) -> CryptoCurve:
        return replace(self, x=ordered(self.x, coin_in, coin_out))

    def without_fee(self) -> CryptoCurve:
        none = np.zeros_like(self.mid_fee)
        return replace(self, mid_fee=none, out_fee=none)

    def balanced(self, prices: Floats) -> CryptoCurve:
        """Whatever the market says: the price scale is the reference."""
        n = self.x.shape[1]
        none = np.zeros_like(self.D)
        return replace(self, x=np.repeat(self.D[:, None] / n, n, axis=1), k=none, s=none)

    def reference(self, prices: Floats) -> Floats:
        return np.ones(prices.shape[0])

    def spot(self) -> Floats:
        g = self.gamma + self.k
        flat = self.a * (1 - self.k) / (g * g) / self.D
        curved = (1 - self.k) * (1 + self.s * self.a * (g + 2 * (1 - self.k)) / g**3)
        price: Floats = (flat + curved / self.x[:, 0]) / (flat + curved / self.x[:, 1])
        return price

    def most(self) -> Floats:
        return np.full_like(self.D, np.inf)

    def out(self, given: Floats) -> Floats:
        paid = self._paid(given)
        return paid * (1 - self._fee(given, paid))

    def depth_to(self, price: Floats) -> Floats:
        return depth_by_search(self, price, CryptoCurve.price_after)

    def price_after(self, given: Floats) -> Floats:
        paid = self._paid(given)
        return self._grown(given, paid, paid * self._fee(given, paid)).spot()

    def _paid(self, given: Floats) -> Floats:
        """Without a fee: where G of the move is 0, between what leaves k and s above 0."""
        x, y = self.x[:, 0], self.x[:, 1]
        more = given / x
        least = np.maximum(0.0, -y * np.expm1(-np.log1p(-self.k) - np.log1p(more)))
        most = np.minimum(y, given + self.s * self.D)

        def moved(paid: Floats) -> tuple[Floats, Floats]:
            dk = -(1 - self.k) * (more - paid / y - more * paid / y)
            ds = (given - paid) / self.D
            k, s = self.k + dk, self.s + ds
            change = dk * self._steps(k, s) - self.a * (1 - self.k) * ds
            slope = self._slope(k, s) * (1 - self.k) * (1 + more) / y + self.a * (1 - k) / self.D
            return change, slope

        return _rising(moved, least, most, start=given * self.spot(), floor=0.0)

    def _steps(self, k: Floats, s: Floats) -> Floats:
        """G(k, s) - G(self.k, self.s) is this times the change of k, less a (1 - self.k) times that
        of s."""
        gamma, before = self.gamma, self.k
        squares = gamma * gamma + 2 * gamma * (k + before) + k * k + k * before + before * before
        steps: Floats = squares + self.a * s
        return steps

    def _slope(self, k: Floats, s: Floats) -> Floats:
        """dG/dk."""
        g = self.gamma + k
        slope: Floats = g * g + 2 * k * g + self.a * s
        return slope

    def _fee(self, given: Floats, paid: Floats) -> Floats:
        """Of the balances before it is taken."""
        x = self.x.copy()
        x[:, 0] += given
        x[:, 1] -= paid
        n = x.shape[1]
        K = np.prod(n * x / x.sum(axis=1, keepdims=True), axis=1)
        f = np.where(self.fee_gamma > 0, self.fee_gamma / (self.fee_gamma + 1 - K), K)
        fee: Floats = self.mid_fee * f + self.out_fee * (1 - f)
        return fee

    def _grown(self, given: Floats, paid: Floats, kept: Floats) -> CryptoCurve:
        """After the move and what the fee leaves: a D larger by exp(d)."""
        x, n = self.x.copy(), self.x.shape[1]
        y = x[:, 1]
        k = self.k - (1 - self.k) * (given / x[:, 0] - paid / y - given / x[:, 0] * paid / y)
        s = self.s + (given - paid) / self.D
        product = np.log1p(-np.maximum(k, 0.0)) + np.log1p(kept / (y - paid))
        total = np.log1p(s + kept / self.D)

        def moved(d: Floats) -> tuple[Floats, Floats]:
            now_k, now_s = -np.expm1(product - n * d), np.expm1(total - d)
            g = self.gamma + now_k
            value = now_k * g * g - self.a * (1 - now_k) * now_s
            slope = self._slope(now_k, now_s) * n * (1 - now_k)
            return value, slope + self.a * (1 - now_k) * (1 + now_s)

        least = np.maximum(0.0, product / n)
        d = _rising(moved, least, np.maximum(total, least), start=least, floor=NOTHING)
        x[:, 0] += given
        x[:, 1] = y - paid + kept
        return replace(
            self,
            x=x,
            D=self.D * np.exp(d),
            k=np.maximum(-np.expm1(product - n * d), 0.0),
            s=np.maximum(np.expm1(total - d), 0.0),
        )


def _rising(
    function: Callable[[Floats], tuple[Floats, Floats]],
    low: Floats,
    high: Floats,
    *,
    start: Floats,
    floor: float,
) -> Floats:
    """Where a rising function, given with its slope, is 0: Newton's steps, by halves where one
    leads out of what is known."""
    at = np.where((start > low) & (start < high), start, (low + high) / 2)
    open_ = np.ones(at.shape, dtype=np.bool_)
    for _ in range(ROUNDS):
        value, slope = function(at)
        low, high = np.where(value < 0, at, low), np.where(value < 0, high, at)
        step = at - value / slope
        after = np.where((step >= low) & (step <= high), step, (low + high) / 2)
        moved = np.abs(after - at)
        at = np.where(open_, after, at)
        open_ &= moved > CLOSE * np.abs(at) + floor
        if not open_.any():
            break
    return at
