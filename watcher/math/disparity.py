"""How far holdings are from their target."""

from __future__ import annotations

import numpy as np

from watcher.math.bridge import Floats


def value_shares(amounts: Floats, prices: Floats) -> Floats:
    """Each coin's part of the whole at `prices`; amounts, prices, result: (target, coin).

    NaN where a price is unknown or nothing is held."""
    values = amounts * prices
    total = values.sum(axis=1, keepdims=True)
    shares: Floats = np.divide(values, total, out=np.full_like(values, np.nan), where=total > 0)
    return shares


def total_variation(shares: Floats, weights: Floats) -> Floats:
    """½Σ|s-w| / (1 - min w): 0 at the target, 1 when all is in the coin of least weight.

    shares and weights: (target, coin); result: (target,)."""
    distance = 0.5 * np.abs(shares - weights).sum(axis=1)
    normalised: Floats = distance / (1.0 - weights.min(axis=1))
    return normalised
