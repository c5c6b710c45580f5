"""Flows against the reference: on trades whose answer is known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from tests.support.strategies import address
from watcher.math.bridge import Floats
from watcher.math.flow_informed import Swap, informed, markout, skill, wash_like

ANN, BOB = address(0xA), address(0xB)
STEP = 60
Made = tuple[list[Swap], Floats, Floats]


def test_whoever_ends_where_they_began_has_traded_for_show() -> None:
    swaps = [
        Swap(1, ANN, 10.0, 20.0),
        Swap(2, ANN, -9.95, -19.8),
        Swap(3, BOB, 5.0, 10.0),
        Swap(4, None, 7.0, 14.0),
    ]
    assert wash_like(swaps) == pytest.approx(19.95 / 24.95)
    assert wash_like([Swap(1, ANN, 1.0, 2.0), Swap(2, ANN, -0.9, -1.8)]) == 0.0
    assert math.isnan(wash_like(swaps[3:]))


def test_a_markout_is_what_the_taker_has_gained_by_then() -> None:
    times, prices = np.array([0.0, 100.0, 200.0]), np.array([2.0, 3.0, 3.0])
    bought = Swap(50, ANN, 10.0, 20.06)
    assert markout([bought], times, prices, horizon=60) == pytest.approx(9.94 / 30)
    assert markout([bought], times, prices, horizon=10) == pytest.approx(-0.06 / 20)
    sold = Swap(50, ANN, -10.0, -19.94)
    assert markout([sold], times, prices, horizon=60) == pytest.approx(-10.06 / 30)
    assert math.isnan(markout([bought], times, prices, horizon=151)), "it has not come yet"


def made(seed: int, *, impact: float, ahead: float) -> Made:
    """A window's return is `impact` of what is bought in it and `ahead` of the one before."""
    rng = np.random.default_rng(seed)
    net = rng.normal(size=400)
    moves = rng.normal(scale=0.01, size=400) + impact * net
    moves[1:] += ahead * np.sign(net[:-1])
    times = STEP * np.arange(401.0)
    prices = np.exp(np.concatenate([[0.0], np.cumsum(moves)]))
    return [Swap(STEP * k + 30, None, float(n), float(n)) for k, n in enumerate(net)], times, prices


def test_kyles_lambda_is_the_slope_of_the_references_returns() -> None:
    swaps, times, prices = made(1, impact=0.02, ahead=0.0)
    found = informed(swaps, times, prices, step=STEP, horizon=STEP)
    theirs = stats.linregress([swap.bought for swap in swaps], np.diff(np.log(prices)))
    assert found.windows == 400
    assert found.kyle_lambda == pytest.approx(theirs.slope)
    assert found.kyle_error == pytest.approx(theirs.stderr)
    assert found.kyle_lambda == pytest.approx(0.02, abs=3 * found.kyle_error)


def test_skill_is_out_of_sample() -> None:
    knowing = informed(*made(2, impact=0.0, ahead=0.01), step=STEP, horizon=STEP)
    assert knowing.skill > 0.3
    for seed in range(3, 8):
        nothing = informed(*made(seed, impact=0.02, ahead=0.0), step=STEP, horizon=STEP)
        assert nothing.skill < 0.02
    assert math.isnan(skill(np.zeros(29), np.ones(29)))


def test_of_no_trades_and_no_reference_nothing_is_known() -> None:
    empty = informed([], np.zeros(0), np.zeros(0), step=STEP, horizon=STEP)
    assert empty.windows == 0
    assert all(map(math.isnan, (empty.wash_like, empty.markout, empty.kyle_lambda, empty.skill)))
