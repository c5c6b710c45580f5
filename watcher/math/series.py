"""Series in time: closes, returns, volatility, drawdown, correlation, joint tails, beta.

Arrays are float64. The first axis is time; a second, where there is one, the asset. NaN is unknown:
a figure is of what is known, and NaN where that is not enough.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from watcher.math.bridge import Floats

LEAST_RETURNS = 2


def closes(times: Floats, values: Floats, grid: Floats) -> Floats:
    """The value in force at each time of `grid`: the last one at or before it, NaN before the
    first. `times` rises; a value is stored when it changes, so it holds until the next."""
    place = np.searchsorted(times, grid, side="right") - 1
    held: Floats = np.where(place >= 0, values[np.maximum(place, 0)], np.nan)
    return held


def log_returns(values: Floats) -> Floats:
    """ln(v_t / v_(t-1)), one row fewer than `values`; NaN beside an unknown value or one that is
    not positive."""
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.where(values > 0, np.log(values), np.nan)
    moved: Floats = np.diff(logs, axis=0)
    return moved


def ewma_volatility(returns: Floats, half_life: float) -> float:
    """The standard deviation of one return, now: exponentially weighted, about a mean of zero.

    A return `half_life` steps old weighs half as much as the newest. Source: RiskMetrics, Technical
    Document (1996), with the weights of the known returns made to sum to 1. NaN where fewer than
    two are known."""
    ages = np.arange(len(returns) - 1, -1, -1)
    known = ~np.isnan(returns)
    if known.sum() < LEAST_RETURNS:
        return float("nan")
    weights = np.exp2(-ages[known] / half_life)
    return float(np.sqrt(np.average(returns[known] ** 2, weights=weights)))


def drawdowns(values: Floats) -> Floats:
    """How far each value is below the highest known up to it: a fraction, 0 at a high."""
    peaks = np.fmax.accumulate(values, axis=0)
    fallen: Floats = 1.0 - values / peaks
    return fallen


@dataclass(frozen=True, slots=True)
class Correlation:
    """`matrix` (asset, asset) after shrinking; `shrinkage` the part, 0 to 1, that the identity has
    in it; `returns` how many rows were known of all assets."""

    matrix: Floats
    shrinkage: float
    returns: int


def shrunk_correlation(returns: Floats) -> Correlation:
    """Correlations of `returns` (time, asset), shrunk towards none at all.

    The part that is shrunk away is the one of least expected squared error for so many rows.
    Source: Ledoit and Wolf, A well-conditioned estimator for large-dimensional covariance matrices
    (2004), on returns of unit variance. An asset that never moved has NaN."""
    known = returns[~np.isnan(returns).any(axis=1)]
    count, assets = known.shape
    unknown = np.full((assets, assets), np.nan)
    np.fill_diagonal(unknown, 1.0)
    if count < LEAST_RETURNS:
        return Correlation(unknown, float("nan"), count)
    centred = known - known.mean(axis=0)
    deviation = centred.std(axis=0)
    moving = deviation > 0
    unit = centred[:, moving] / deviation[moving]
    sample = unit.T @ unit / count
    part = _shrinkage(unit, sample)
    shrunk = (1.0 - part) * sample
    np.fill_diagonal(shrunk, 1.0)
    matrix = unknown
    matrix[np.ix_(moving, moving)] = shrunk
    return Correlation(matrix, part, count)


def _shrinkage(unit: Floats, sample: Floats) -> float:
    """b²/d² of the source: the expected squared error over the distance from the identity."""
    count, assets = unit.shape
    distance = ((sample - np.eye(assets)) ** 2).sum()
    if distance == 0.0:
        return 0.0
    # Σ_k ‖x_k x_kᵀ - S‖² = Σ_k (x_kᵀ x_k)² - n‖S‖²
    fourth = ((unit**2).sum(axis=1) ** 2).sum()
    error = (fourth - count * (sample**2).sum()) / count**2
    return float(min(error / distance, 1.0))


def joint_tail(a: Floats, b: Floats, part: float) -> float:
    """Of the worst `part` of a's times, the share that are among b's worst too.

    1 where they always fall together, about `part` where they have nothing to do with each other.
    Of times at which both are known; NaN where the worst part is not one time, or where one of
    them is always the same and has no worst."""
    known = ~(np.isnan(a) | np.isnan(b))
    worst = int(known.sum() * part)
    if worst == 0 or min(np.ptp(a[known]), np.ptp(b[known])) == 0:
        return float("nan")
    ours = np.argsort(a[known], kind="stable")[:worst]
    theirs = np.argsort(b[known], kind="stable")[:worst]
    return len(np.intersect1d(ours, theirs)) / worst


def beta(returns: Floats, benchmark: Floats) -> float:
    """How much `returns` move for one of the benchmark's: covariance over variance. NaN where the
    benchmark never moved."""
    known = ~(np.isnan(returns) | np.isnan(benchmark))
    if known.sum() < LEAST_RETURNS:
        return float("nan")
    ours = returns[known] - returns[known].mean()
    theirs = benchmark[known] - benchmark[known].mean()
    variance = (theirs**2).sum()
    return float((ours * theirs).sum() / variance) if variance > 0 else float("nan")
