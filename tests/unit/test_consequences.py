"""What weights mean for risk: on baskets whose answer is known."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest

from tests.support.baskets import covariance
from watcher.math.rebalancing.consequences import (
    consequences,
    equal_weights,
    risk_parity,
    tracking_error,
)


def test_independent_assets_of_one_volatility() -> None:
    found = consequences(np.full(4, 0.25), 0.16 * np.eye(4))
    assert found.volatility == pytest.approx(0.2)
    assert found.diversification_ratio == pytest.approx(2.0)
    assert found.effective_assets == pytest.approx(4.0)
    assert found.risk_contributions == pytest.approx([0.25] * 4)


def test_one_asset_is_not_diversified() -> None:
    found = consequences(np.array([1.0, 0.0]), np.diag([0.09, 0.01]))
    assert (found.volatility, found.diversification_ratio) == pytest.approx((0.3, 1.0))
    assert found.effective_assets == pytest.approx(1.0)
    assert found.risk_contributions == pytest.approx([1.0, 0.0])


@pytest.mark.parametrize("seed", range(5))
def test_with_risk_parity_all_contribute_alike(seed: int) -> None:
    sigma = covariance(Random(seed), 4)
    weights = risk_parity(sigma)
    assert weights.sum() == pytest.approx(1.0)
    assert (weights > 0).all()
    assert consequences(weights, sigma).risk_contributions == pytest.approx([0.25] * 4, abs=1e-9)


def test_what_never_moves_has_no_risk_parity() -> None:
    assert np.isnan(risk_parity(np.diag([0.04, 0.0]))).all()
    assert np.isnan(consequences(np.array([0.0, 1.0]), np.diag([0.04, 0.0])).diversification_ratio)


def test_the_error_of_tracking_is_that_of_the_difference() -> None:
    sigma = np.diag([0.36, 0.01])
    assert equal_weights(sigma) == pytest.approx([0.5, 0.5])
    off = tracking_error(np.array([0.8, 0.2]), equal_weights(sigma), sigma)
    assert off == pytest.approx(0.3 * np.sqrt(0.37))
