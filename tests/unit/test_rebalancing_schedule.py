"""Trades over time: the published figures, and what no other schedule beats."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize

from watcher.math.bridge import Floats
from watcher.math.rebalancing.schedule import Impact, Risk, schedule


def one(value: float) -> Floats:
    return np.array([value])


def almgren_chriss() -> tuple[Impact, Risk]:
    """lambda 2e-6, tau 1, sigma .95, gamma 2.5e-7, eta 2.5e-6, epsilon .0625."""
    impact = Impact(one(0.0625), one(2.5e-6), one(2.5e-7), one(1.0))
    return impact, Risk(np.eye(1), one(0.0), np.array([[2e-6 * 0.95**2]]))


def test_almgren_and_chriss() -> None:
    """Optimal execution of portfolio transactions (2000), figures as others reproduced them."""
    impact, risk = almgren_chriss()
    plan = schedule(one(1e6), impact, risk, steps=5)
    left = [1e6, *plan.left[:, 0]]
    published = [1e6, 428598.85, 182932.81, 76295.72, 27643.38, 0]
    assert left == pytest.approx(published, abs=0.005)
    assert plan.costs.sum() == pytest.approx(1140715.167, abs=5e-4)
    deviation = 0.95 * np.sqrt((plan.left[:, 0] ** 2).sum())
    assert deviation == pytest.approx(449367.653, abs=5e-4)


def random_problem(rng: np.random.Generator) -> tuple[Floats, Impact, Risk]:
    legs, assets = 2, 3
    whole = rng.uniform(0.05, 0.3, legs)
    bend = rng.uniform(0.01, 0.3, legs)
    impact = Impact(rng.uniform(0.0, 0.004, legs), bend, 2 * bend, rng.uniform(0.1, 0.9, legs))
    mixed = rng.normal(size=(assets, assets))
    turn = np.array([[1.0, 0.0], [-0.99, 1.0], [0.0, -0.98]])
    return whole, impact, Risk(turn, rng.normal(size=assets) * 0.01, 0.02 * mixed @ mixed.T)


def cost_of(trades: Floats, whole: Floats, impact: Impact, risk: Risk, last: float) -> float:
    left, displaced, total = whole.copy(), np.zeros(len(whole)), 0.0
    for step, traded in enumerate(trades):
        total += float((impact.fixed * traded + impact.instant * traded**2).sum())
        total += float((impact.lasting * displaced * traded).sum())
        left = left - traded
        displaced = impact.kept * (displaced + traded)
        off = risk.rest + risk.turn @ left
        total += (last if step + 1 == len(trades) else 1.0) * float(off @ risk.weight @ off)
    return total


@pytest.mark.parametrize("seed", range(6))
def test_no_other_schedule_is_better(seed: int) -> None:
    whole, impact, risk = random_problem(np.random.default_rng(seed))
    plan = schedule(whole, impact, risk, steps=4, last=3.0)
    ours = float(plan.costs.sum() + plan.risks.sum())
    assert ours == pytest.approx(cost_of(plan.trades, whole, impact, risk, 3.0), rel=1e-12)
    shape = plan.trades.shape
    done = minimize(
        lambda flat: cost_of(flat.reshape(shape), whole, impact, risk, 3.0),
        np.full(plan.trades.size, 0.01),
        method="SLSQP",
        options={"ftol": 1e-14, "maxiter": 500},
    )
    if (done.x >= -1e-9).all() and (done.x.reshape(shape).sum(axis=0) <= whole + 1e-9).all():
        assert ours == pytest.approx(done.fun, rel=1e-6)
    assert (plan.trades >= 0).all()
    assert (plan.trades.sum(axis=0) <= whole + 1e-12).all()


def test_on_a_curve_that_stays_where_it_was_moved_splitting_saves_nothing() -> None:
    impact = Impact(one(0.003), one(0.2), one(0.4), one(1.0))
    calm = Risk(np.eye(1), one(0.0), np.zeros((1, 1)))
    for steps in (1, 2, 7):
        plan = schedule(one(0.1), impact, calm, steps=steps)
        assert plan.costs.sum() == pytest.approx(0.003 * 0.1 + 0.2 * 0.1**2)


def test_on_a_curve_that_comes_back_equal_parts_cost_the_least() -> None:
    impact = Impact(one(0.003), one(0.2), one(0.4), one(0.0))
    calm = Risk(np.eye(1), one(0.0), np.zeros((1, 1)))
    plan = schedule(one(0.1), impact, calm, steps=5)
    assert plan.trades[:, 0] == pytest.approx([0.02] * 5)
    assert plan.costs.sum() == pytest.approx(0.003 * 0.1 + 0.2 * 0.1**2 / 5)
