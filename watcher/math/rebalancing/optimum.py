"""The trades at which J is least, all at once: sizes of ways that share no pool.

J is convex while every asset's shadow price is above zero, since each way's output is concave: it
is brought down by Newton's steps, each the least of J's own quadratic at the sizes before, with
slopes and bends from exact quotes. What one way has bought another may sell, and of no asset less
than nothing is left.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from watcher.math.bridge import Floats
from watcher.math.exploitability.trading import Market
from watcher.math.rebalancing.basket import Basket
from watcher.math.rebalancing.quadratic import least
from watcher.math.rebalancing.ways import Local, Way

ROUNDS = 60
CLOSE = 1e-12
"""Of the basket's value: a step that promises less is the last."""
HALVINGS = 40
SHORT = 1e-9
"""Of the basket's value: so much less than nothing may an asset seem to be left, by a tangent."""
FLAT = 1e-12
"""Added to the bend of J, in parts of its largest, so that ways of one price have one answer."""


def changes(basket: Basket, ways: Sequence[Way], sizes: Floats, outs: Floats) -> Floats:
    """What each asset gains or loses, in whole tokens."""
    changed = np.zeros(len(basket.assets))
    for way, size, out in zip(ways, sizes, outs, strict=True):
        changed[way.sold] -= size
        changed[way.bought] += out
    return changed


def best_sizes(
    basket: Basket, markets: Sequence[Market], ways: Sequence[Way], start: Floats | None = None
) -> Floats:
    """The size of each way, in whole tokens of what it sells, 0 where it is better left alone.

    `start` is where to begin, within what is held."""
    sizes = np.zeros(len(ways)) if start is None else start.copy()
    if not ways:
        return sizes
    # in parts of the basket's value: sizes of tokens of every price are of one scale then
    value, unit = basket.value, basket.value / basket.prices[[way.sold for way in ways]]
    held = basket.amounts(basket.held)
    short = -SHORT * value / basket.prices
    idle: dict[int, Local] = {}

    def objective(at: Floats) -> float:
        outs = np.array([way.out(markets, size) for way, size in zip(ways, at, strict=True)])
        changed = changes(basket, ways, at, outs)
        return basket.objective(changed) if np.all(held + changed >= short) else np.inf

    standing = objective(sizes)
    for _ in range(ROUNDS):
        near = _near(basket, markets, ways, sizes, idle)
        H = near.bend * np.outer(unit, unit) / value
        H += FLAT * max(float(np.abs(H).max()), 1.0) * np.eye(len(ways))
        rows = -near.turns * basket.prices[:, None] / value * unit
        room = np.maximum(held + near.changed, 0.0) * basket.prices / value
        step = least(H, near.gradient * unit / value, -sizes / unit, rows, room) * unit
        promised = -float(near.gradient @ step) - 0.5 * float(step @ near.bend @ step)
        if not promised > CLOSE * value:
            break
        moved = _searched(objective, sizes, step, standing)
        if moved is None:
            break
        gained, (sizes, standing) = standing - moved[1], moved
        if gained < CLOSE * value:
            break
    return sizes


@dataclass(frozen=True, slots=True)
class _Near:
    """J around some sizes: `gradient` and `bend` in them, `changed` (asset,) at them and `turns`
    (asset, way) how that changes with each."""

    gradient: Floats
    bend: Floats
    changed: Floats
    turns: Floats


def _near(
    basket: Basket,
    markets: Sequence[Market],
    ways: Sequence[Way],
    sizes: Floats,
    idle: dict[int, Local],
) -> _Near:
    """`idle` remembers the ways at size 0."""
    local = []
    for place, (way, size) in enumerate(zip(ways, sizes, strict=True)):
        if size == 0.0:
            if place not in idle:
                idle[place] = way.local(markets, 0.0)
            local.append(idle[place])
        else:
            local.append(way.local(markets, float(size)))
    # a way that takes no more is as one whose output grows no more
    slopes = np.nan_to_num([each.slope for each in local], nan=0.0)
    bends = np.nan_to_num([each.bend for each in local], nan=0.0)
    outs = np.array([each.out for each in local])
    changed = changes(basket, ways, sizes, outs)
    shadow = basket.shadow_prices(changed)
    turns = np.zeros((len(basket.assets), len(ways)))
    for place, way in enumerate(ways):
        turns[way.sold, place] -= 1.0
        turns[way.bought, place] += slopes[place]
    bought = shadow[[way.bought for way in ways]]
    worth = turns * basket.prices[:, None]
    pull = 2.0 * basket.aversion / basket.value * (worth.T @ basket.covariance @ worth)
    bend = pull + np.diag(np.maximum(bought, 0.0) * -bends)
    return _Near(-(shadow @ turns), bend, changed, turns)


def _searched(
    objective: Callable[[Floats], float],
    sizes: Floats,
    step: Floats,
    standing: float,
) -> tuple[Floats, float] | None:
    """The first of the halved steps that lessens J; None where none does."""
    for halving in range(HALVINGS):
        tried = np.maximum(sizes + 0.5**halving * step, 0.0)
        found = objective(tried)
        if found < standing:
            return tried, found
    return None
