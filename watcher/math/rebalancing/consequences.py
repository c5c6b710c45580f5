"""What a basket's weights mean for its risk, as they are beside as they are to be, and benchmarks.

Weights are parts of the value that sum to 1, `covariance` (asset, asset) of a year's returns.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from watcher.math.bridge import Floats

ROUNDS = 500
CLOSE = 1e-12


@dataclass(frozen=True, slots=True)
class Consequences:
    """`volatility` of a year; `diversification_ratio` what the assets' volatilities sum to by
    weight, over it, NaN where nothing moves; `effective_assets` 1/Σw²; `risk_contributions`
    (asset,) parts of the variance that sum to 1."""

    volatility: float
    diversification_ratio: float
    effective_assets: float
    risk_contributions: Floats


def consequences(weights: Floats, covariance: Floats) -> Consequences:
    """Sources: Choueifaty and Coignard, Toward maximum diversification (2008); Maillard, Roncalli
    and Teïletche, The properties of equally weighted risk contribution portfolios (2010)."""
    pull = covariance @ weights
    variance = float(weights @ pull)
    volatility = math.sqrt(max(variance, 0.0))
    apart = float(weights @ np.sqrt(np.diag(covariance)))
    return Consequences(
        volatility=volatility,
        diversification_ratio=apart / volatility if volatility > 0 else math.nan,
        effective_assets=1.0 / float((weights**2).sum()),
        risk_contributions=weights * pull / variance
        if variance > 0
        else np.full(len(pull), np.nan),
    )


def equal_weights(covariance: Floats) -> Floats:
    """1/n of each."""
    return np.full(len(covariance), 1.0 / len(covariance))


def risk_parity(covariance: Floats) -> Floats:
    """The weights with which each asset contributes as much to the variance; NaN where one never
    moves, since no weight makes it contribute.

    By going round the assets, each time solving w_i (Σw)_i = 1 for one. Source: Griveau-Billion,
    Richard and Roncalli (arXiv 1311.4057)."""
    count = len(covariance)
    own = np.diag(covariance)
    if not np.all(own > 0):
        return np.full(count, np.nan)
    weights = 1.0 / np.sqrt(own)
    for _ in range(ROUNDS):
        before = weights.copy()
        for place in range(count):
            others = float(covariance[place] @ weights - own[place] * weights[place])
            root = math.sqrt(others**2 + 4.0 * own[place])
            weights[place] = (root - others) / (2.0 * own[place])
        if float(np.abs(weights / before - 1.0).max()) < CLOSE:
            break
    found: Floats = weights / weights.sum()
    return found


def tracking_error(weights: Floats, benchmark: Floats, covariance: Floats) -> float:
    """The standard deviation of a year's return beside the benchmark's."""
    off = weights - benchmark
    return math.sqrt(max(float(off @ covariance @ off), 0.0))
