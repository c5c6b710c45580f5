"""StableSwap in float64, of Curve, its forks and Balancer.

    A n^n S + D = A n^n D + D^(n+1) / (n^n prod x)

The output is solved for itself: the balance afterwards, subtracted from the one before, would lose
six digits. With h = P / Ann and P = D^(n+1) / (n^n prod x) it is the smaller root of
dy^2 - (y + h + dx) dy + dx y (1 + h / (x + dx)) = 0.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from watcher.math.bridge import Floats
from watcher.math.curves.curve import depth_by_search, ordered

ROUNDS = 255
CLOSE = 2.0**-50


@dataclass(frozen=True, slots=True, kw_only=True)
class StableCurve:
    """`x` (row, coin) balances at the pool's rates, `D` (row,) their invariant, `ann` A n^n.

    fee_out, fee_in: parts of the output and of the input; admin_out, leaving: what of each leaves
    the pool. offpeg: the multiplier of a fee_out that grows as two sides differ, 1 where flat.
    surge_from, surge_most: the imbalance from which on Balancer's hook lets fee_in grow, and to
    what; an imbalance of 1 where there is none. most_ratio: what the largest balance may be of the
    smallest; beyond it every answer is NaN.
    """

    x: Floats
    D: Floats
    ann: Floats
    fee_out: Floats
    admin_out: Floats
    offpeg: Floats
    fee_in: Floats
    leaving: Floats
    surge_from: Floats
    surge_most: Floats
    most_ratio: Floats

    @property
    def held(self) -> Floats:
        return self.x[:, 0]

    def facing(self, coin_in: int, coin_out: int) -> StableCurve:
        return replace(self, x=ordered(self.x, coin_in, coin_out))

    def without_fee(self) -> StableCurve:
        none = np.zeros_like(self.fee_in)
        return replace(self, fee_out=none, fee_in=none, surge_most=none)

    def balanced(self, prices: Floats) -> StableCurve:
        """Whatever the market says: the pool's rates are the reference."""
        n = self.x.shape[1]
        return replace(self, x=np.repeat(self.D[:, None] / n, n, axis=1))

    def reference(self, prices: Floats) -> Floats:
        return np.ones(prices.shape[0])

    def spot(self) -> Floats:
        h = self._h()
        price: Floats = (1 + h / self.x[:, 0]) / (1 + h / self.x[:, 1])
        return price

    def most(self) -> Floats:
        return np.full_like(self.D, np.inf)

    def out(self, given: Floats) -> Floats:
        kept = given * (1 - self._input_fee(given))
        paid = self._paid(kept)
        return paid * (1 - self._output_fee(kept, paid))

    def depth_to(self, price: Floats) -> Floats:
        return depth_by_search(self, price, StableCurve.price_after)

    def price_after(self, given: Floats) -> Floats:
        """The spot at the pool's own D after an input."""
        fee_in = self._input_fee(given)
        kept = given * (1 - fee_in)
        paid = self._paid(kept)
        fee_out = self._output_fee(kept, paid)
        x = self.x.copy()
        x[:, 0] += given * (1 - fee_in * self.leaving)
        x[:, 1] -= paid * (1 - fee_out * (1 - self.admin_out))
        return replace(self, x=x, D=invariant(x, self.ann, start=self.D)).spot()

    def _h(self) -> Floats:
        n = self.x.shape[1]
        h: Floats = self.D / self.ann * np.prod(self.D[:, None] / (n * self.x), axis=1)
        return h

    def _paid(self, kept: Floats) -> Floats:
        """Without a fee."""
        x, y, h = self.x[:, 0], self.x[:, 1], self._h()
        b, c = y + h + kept, kept * y * (1 + h / (x + kept))
        root = np.sqrt(np.maximum(b * b - 4 * c, 0.0))
        paid: Floats = np.minimum(2 * c / (b + root), y)
        if not np.isfinite(self.most_ratio).any():
            return paid
        largest = np.maximum(self.x.max(axis=1), x + kept)
        least = np.minimum(self.x.min(axis=1), y - paid)
        return np.where(largest < self.most_ratio * least, paid, np.nan)

    def _output_fee(self, kept: Floats, paid: Floats) -> Floats:
        """Of the averages of the balances before and after."""
        if not (self.offpeg > 1).any():
            return self.fee_out
        x, y = self.x[:, 0] + kept / 2, self.x[:, 1] - paid / 2
        even = (self.offpeg - 1) * 4 * (x / (x + y)) * (y / (x + y))
        grown: Floats = self.offpeg * self.fee_out / (even + 1)
        return np.where(self.offpeg > 1, grown, self.fee_out)

    def _input_fee(self, given: Floats) -> Floats:
        """Of the imbalance that the swap would leave without a fee."""
        if not (self.surge_most > self.fee_in).any():
            return self.fee_in
        after = self.x.copy()
        after[:, 0] += given
        after[:, 1] -= self._paid(given)
        off = imbalance(after)
        surging = (off > self.surge_from) & (off > imbalance(self.x))
        surging &= self.surge_most > self.fee_in
        share = (off - self.surge_from) / (1 - self.surge_from)
        return np.where(surging, self.fee_in + (self.surge_most - self.fee_in) * share, self.fee_in)


def invariant(x: Floats, ann: Floats, *, start: Floats | None = None) -> Floats:
    """D of balances (row, coin), by the contracts' Newton's method, each row until it
    stands: what a pool's is does not hang on its neighbours."""
    n = x.shape[1]
    total = x.sum(axis=1)
    D = total if start is None else start
    open_ = np.ones(D.shape, dtype=np.bool_)
    for _ in range(ROUNDS):
        product = D * np.prod(D[:, None] / (n * x), axis=1)
        after = (ann * total + n * product) * D / ((ann - 1) * D + (n + 1) * product)
        moved = np.abs(after - D)
        D = np.where(open_, after, D)
        open_ &= moved > CLOSE * D
        if not open_.any():
            break
    return D


def imbalance(x: Floats) -> Floats:
    """Balancer's: sum |x - median| / sum x."""
    off: Floats = np.abs(x - np.median(x, axis=1, keepdims=True)).sum(axis=1) / x.sum(axis=1)
    return off
