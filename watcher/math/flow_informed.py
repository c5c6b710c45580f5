"""Who trades, and whether they know something: flows against the reference price.

Amounts are in whole tokens of coin 0, prices of it in coin 1; what is bought is what traders took
out of the pool. All prices are the reference's, never the pool's own, which the trades move.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from watcher.math.bridge import Floats
from watcher.math.series import closes, log_returns
from watcher.state.token import Address

WASH = 0.01
"""A taker whose net position returns to within this part of what it traded has traded for show, or
has come back: nobody can tell."""
LEAST_WINDOWS = 30
"""A slope of fewer windows is not told."""


@dataclass(frozen=True, slots=True)
class Swap:
    """`bought` of coin 0, below zero where it was sold, and `paid` of coin 1 for it, below zero
    where it was received; `taker` None where the event does not say."""

    time: int
    taker: Address | None
    bought: float
    paid: float


@dataclass(frozen=True, slots=True)
class Informed:
    """`wash_like` the part of the volume whose takers ended where they began; `markout` what takers
    gained in all by the reference a horizon later, as a part of their volume; `kyle_lambda` the
    reference's return for a whole token bought net in a window, and `kyle_error` its standard
    error; `skill` out of sample of what imbalance says of the next window's return, 1 - the squared
    error over that of the mean so far; `windows` how many had trades and a return. NaN is unknown.
    """

    wash_like: float
    markout: float
    kyle_lambda: float
    kyle_error: float
    skill: float
    windows: int


def informed(
    swaps: Sequence[Swap], times: Floats, prices: Floats, *, step: int, horizon: int
) -> Informed:
    """`times` and `prices` are the reference's as it changed; `step` and `horizon` in seconds."""
    net, imbalance, returns = _windows(swaps, times, prices, step)
    known = ~np.isnan(returns) & ~np.isnan(imbalance)
    slope, error = _slope(net[known], returns[known])
    return Informed(
        wash_like=wash_like(swaps),
        markout=markout(swaps, times, prices, horizon=horizon),
        kyle_lambda=slope,
        kyle_error=error,
        skill=skill(imbalance[:-1], returns[1:]),
        windows=int(known.sum()),
    )


def wash_like(swaps: Sequence[Swap]) -> float:
    """Of the volume whose taker is known; NaN where there is none."""
    net, volume = dict[Address, float](), dict[Address, float]()
    for swap in swaps:
        if swap.taker is not None:
            net[swap.taker] = net.get(swap.taker, 0.0) + swap.bought
            volume[swap.taker] = volume.get(swap.taker, 0.0) + abs(swap.bought)
    whole = math.fsum(volume.values())
    back = math.fsum(traded for taker, traded in volume.items() if abs(net[taker]) <= WASH * traded)
    return back / whole if whole else math.nan


def markout(swaps: Sequence[Swap], times: Floats, prices: Floats, *, horizon: int) -> float:
    """Above zero where takers knew better; below by about the fee where they did not. Of swaps
    whose horizon has come; NaN where there is none."""
    later = np.array([swap.time + horizon for swap in swaps], dtype=np.float64)
    if not len(times) or not swaps:
        return math.nan
    worth = np.where(later <= times[-1], closes(times, prices, later), np.nan)
    bought = np.array([swap.bought for swap in swaps])
    paid = np.array([swap.paid for swap in swaps])
    known = ~np.isnan(worth)
    volume = float((np.abs(bought) * worth)[known].sum())
    gained = float((bought * worth - paid)[known].sum())
    return gained / volume if volume > 0 else math.nan


def skill(said: Floats, came: Floats) -> float:
    """Of the second half, each foretold by the line through all before it; NaN where too few are
    known."""
    known = ~np.isnan(said) & ~np.isnan(came)
    x, y = said[known], came[known]
    if len(x) < LEAST_WINDOWS:
        return math.nan
    error = naive = 0.0
    for place in range(len(x) // 2, len(x)):
        before, mean = x[:place], float(y[:place].mean())
        slope, _ = _slope(before, y[:place])
        foretold = mean if math.isnan(slope) else mean + slope * (x[place] - before.mean())
        error += float(y[place] - foretold) ** 2
        naive += float(y[place] - mean) ** 2
    return 1.0 - error / naive if naive > 0 else math.nan


def _windows(
    swaps: Sequence[Swap], times: Floats, prices: Floats, step: int
) -> tuple[Floats, Floats, Floats]:
    """By window: what was bought net, how one-sidedly, and the reference's return."""
    count = int((times[-1] - times[0]) // step) if len(times) else 0
    net, volume = np.zeros(count), np.zeros(count)
    for swap in swaps:
        place = int((swap.time - times[0] - 1) // step) if count else -1
        if 0 <= place < count:
            net[place] += swap.bought
            volume[place] += abs(swap.bought)
    with np.errstate(divide="ignore", invalid="ignore"):
        imbalance = np.where(volume > 0, net / volume, np.nan)
    if count == 0:
        return net, imbalance, np.zeros(0)
    return (
        net,
        imbalance,
        log_returns(closes(times, prices, times[0] + step * np.arange(count + 1))),
    )


def _slope(x: Floats, y: Floats) -> tuple[float, float]:
    """Of y on x by least squares, with its standard error; NaN where x hardly varies."""
    if len(x) < 3 or float(np.ptp(x)) == 0.0:
        return math.nan, math.nan
    across = x - x.mean()
    spread = float((across**2).sum())
    slope = float((across * (y - y.mean())).sum()) / spread
    left = y - y.mean() - slope * across
    return slope, math.sqrt(float((left**2).sum()) / (len(x) - 2) / spread)
