"""A plan over several steps, between which arbitrage brings the pools back.

Each trade of going all the way is a leg of the schedule, its curve the parabola through what its
first unit and the whole of it lose. How much is traded in all is part of the answer: what is left
after the last step is borne for the rest of a year. Sizes and figures are estimates: they rest on
the recovery that is assumed, and each step is planned anew when its time has come.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from watcher.errors import InputError
from watcher.math.bridge import Floats
from watcher.math.rebalancing.basket import Basket
from watcher.math.rebalancing.plan import Rebalancing, Trade
from watcher.math.rebalancing.schedule import Impact, Risk, schedule

YEAR_SECONDS = 365 * 86_400
STRAIGHT = 1e-9
"""The least bend of a cost, of the basket's value: a leg without one has no best split."""


@dataclass(frozen=True, slots=True)
class Step:
    """`sizes` (leg,), `cost` and `risk` in money; `left` (asset,) is the deviation after it."""

    sizes: Floats
    cost: float
    risk: float
    left: Floats


@dataclass(frozen=True, slots=True)
class Stepwise:
    """`legs` are those of going all the way."""

    legs: tuple[Trade, ...]
    steps: tuple[Step, ...]

    @property
    def objective(self) -> float:
        return sum(step.cost + step.risk for step in self.steps)


def stepwise(found: Rebalancing, *, steps: int, seconds: int, half_life: float) -> Stepwise:
    """`steps` steps of `seconds`; after `half_life` seconds half of an impact is left.

    Raises InputError where they are longer than the year whose risk is counted."""
    if steps * seconds > YEAR_SECONDS:
        raise InputError(f"{steps:,} steps of {seconds:,} s are over a year: give fewer or shorter")
    legs = found.all_the_way.trades
    if not legs:
        return Stepwise((), ())
    basket = found.basket
    whole = np.array([leg.given for leg in legs]) / basket.value
    risk = _risk(basket, legs, found.all_the_way.deviation, seconds)
    last = YEAR_SECONDS / seconds - (steps - 1)
    kept = 0.5 ** (seconds / half_life)
    planned = schedule(whole, _impact(basket, legs, kept), risk, steps=steps, last=last)
    rows = zip(planned.trades, planned.left, planned.costs, planned.risks, strict=True)
    return Stepwise(
        legs,
        tuple(
            Step(
                sizes=trades * basket.value,
                cost=float(cost) * basket.value,
                risk=float(borne) * basket.value,
                left=risk.rest + risk.turn @ left,
            )
            for trades, left, cost, borne in rows
        ),
    )


def _impact(basket: Basket, legs: Sequence[Trade], kept: float) -> Impact:
    """Sizes and costs as parts of the basket's value."""
    given = np.array([leg.given for leg in legs]) / basket.value
    cost = np.array([leg.cost for leg in legs]) / basket.value
    first = np.array([leg.loss for leg in legs])
    bend = np.maximum((cost - first * given) / given**2, STRAIGHT)
    return Impact(first, bend, 2.0 * bend, np.full(len(legs), kept))


def _risk(basket: Basket, legs: Sequence[Trade], rest: Floats, seconds: int) -> Risk:
    turn = np.zeros((len(basket.assets), len(legs)))
    for place, leg in enumerate(legs):
        turn[leg.sold, place] += 1.0
        turn[leg.bought, place] -= (leg.given - leg.cost) / leg.given
    year = basket.aversion * basket.covariance
    return Risk(turn, rest, year * (seconds / YEAR_SECONDS))
