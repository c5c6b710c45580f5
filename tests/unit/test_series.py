"""Figures of series in time, against figures that others published or computed."""

from __future__ import annotations

import math

import numpy as np
import pytest

from watcher.math.series import (
    beta,
    closes,
    drawdowns,
    ewma_volatility,
    joint_tail,
    log_returns,
    shrunk_correlation,
)

NAN = math.nan
ROWS = np.array(
    [
        [8, 26, 3], [8, 25, 5], [6, 13, -8], [-4, -16, 7], [8, 15, 0], [6, 11, 6], [-7, -22, 6],
        [-4, -15, -4], [4, 7, 9], [-1, -3, 0], [2, 7, 0], [9, 33, 6], [4, 14, -3], [9, 26, -5],
        [7, 15, 7], [2, -1, -9],
    ],
    dtype=np.float64,
)  # fmt: skip


def test_a_close_is_the_value_in_force() -> None:
    times, values = np.array([10.0, 20.0, 40.0]), np.array([1.0, 2.0, NAN])
    held = closes(times, values, np.array([9.0, 10.0, 19.0, 20.0, 39.0, 40.0, 99.0]))
    np.testing.assert_array_equal(held, [NAN, 1, 1, 2, 2, NAN, NAN])


def test_returns_beside_what_is_unknown_or_not_positive_are_unknown() -> None:
    found = log_returns(np.array([1.0, math.e, NAN, 1.0, 0.0, 1.0, 1.0]))
    np.testing.assert_allclose(found, [1, NAN, NAN, NAN, NAN, 0])


def test_the_newest_return_weighs_most() -> None:
    """Weights 1, 1/2, 1/4: (4·0.01² + 2·0.02² + 1·0.04²) / 7."""
    found = ewma_volatility(np.array([0.04, -0.02, 0.01]), 1.0)
    assert found == pytest.approx(math.sqrt(0.0028 / 7))


def test_an_unknown_return_has_no_weight() -> None:
    assert ewma_volatility(np.array([0.04, NAN, 0.01]), 1.0) == pytest.approx(
        math.sqrt((0.04**2 + 4 * 0.01**2) / 5)
    )
    assert math.isnan(ewma_volatility(np.array([NAN, 0.01]), 1.0))


def test_a_drawdown_is_from_the_highest_until_then() -> None:
    found = drawdowns(np.array([NAN, 2.0, 1.0, NAN, 4.0, 3.0]))
    np.testing.assert_array_equal(found, [NAN, 0, 0.5, NAN, 0, 0.25])


def test_correlations_are_shrunk_as_scikit_learn_shrinks_them() -> None:
    """scikit-learn 1.9.1: ledoit_wolf_shrinkage of the standardised rows, assume_centered."""
    found = shrunk_correlation(ROWS)
    assert found.shrinkage == pytest.approx(0.3071181529402772, rel=1e-12)
    assert found.returns == len(ROWS)
    whole = np.corrcoef(ROWS, rowvar=False)
    expected = (1 - found.shrinkage) * whole + found.shrinkage * np.eye(3)
    np.testing.assert_allclose(found.matrix, expected)


def test_a_row_that_is_not_known_whole_is_left_out() -> None:
    holed = np.vstack([ROWS, [1.0, NAN, 2.0]])
    np.testing.assert_array_equal(shrunk_correlation(holed).matrix, shrunk_correlation(ROWS).matrix)


def test_what_never_moved_is_correlated_with_nothing_that_is_known() -> None:
    still = np.column_stack([ROWS, np.zeros(len(ROWS))])
    found = shrunk_correlation(still).matrix
    np.testing.assert_array_equal(found[3], [NAN, NAN, NAN, 1])
    np.testing.assert_array_equal(found[:3, :3], shrunk_correlation(ROWS).matrix)
    few = shrunk_correlation(ROWS[:1])
    assert few.returns == 1
    assert math.isnan(few.shrinkage)


def test_joint_tails_from_always_to_never() -> None:
    a = np.arange(100.0)
    assert joint_tail(a, a**3, 0.1) == 1
    assert joint_tail(a, -a, 0.1) == 0
    mixed = np.where(a < 5, a + 50, a)
    assert joint_tail(a, mixed, 0.1) == 0.5
    assert math.isnan(joint_tail(a, a, 0.001))
    assert math.isnan(joint_tail(a, np.zeros(100), 0.1))


def test_beta_is_the_slope_of_the_regression() -> None:
    slope = np.polyfit(ROWS[:, 0], ROWS[:, 1], 1)[0]
    assert beta(ROWS[:, 1], ROWS[:, 0]) == pytest.approx(slope)
    assert math.isnan(beta(ROWS[:, 0], np.zeros(len(ROWS))))
    assert math.isnan(beta(np.array([NAN, 1.0]), np.array([1.0, 2.0])))
