"""The figures of shares, each beside its formula written plainly."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.numbers import usually
from watcher.math import disparity

EVEN = np.array([[0.25, 0.25, 0.25, 0.25]])
PARTS = st.lists(st.integers(0, 1_000), min_size=2, max_size=5).filter(lambda parts: sum(parts) > 0)


def shares(parts: list[int]) -> tuple[np.ndarray, list[Fraction]]:
    exact = [Fraction(part, sum(parts)) for part in parts]
    return np.array([[float(part) for part in exact]]), exact


@usually
@given(parts=PARTS, weights=st.lists(st.integers(1, 100), min_size=5, max_size=5))
def test_each_is_its_formula(parts: list[int], weights: list[int]) -> None:
    s, exact_s = shares(parts)
    w, exact_w = shares(weights[: len(parts)])
    pairs = list(zip(exact_s, exact_w, strict=True))
    least = min(exact_w)
    assert disparity.total_variation(s, w)[0] == pytest.approx(
        float(sum(abs(a - b) for a, b in pairs) / 2 / (1 - least)), rel=1e-12, abs=1e-14
    )
    divergence = sum(float(a) * math.log(a / b) for a, b in pairs if a)
    assert disparity.relative_entropy(s, w)[0] == pytest.approx(divergence, rel=1e-12, abs=1e-14)
    assert 0 <= disparity.relative_entropy(s, w)[0] <= math.log(1 / least) + 1e-12
    entropy = -sum(float(a) * math.log(a) for a in exact_s if a)
    assert disparity.entropy(s, w)[0] == pytest.approx(entropy, rel=1e-12, abs=1e-14)
    gini = sum(abs(a * d - c * b) for (a, b), (c, d) in product(pairs, pairs)) / 2
    assert disparity.gini(s, w)[0] == pytest.approx(float(gini), rel=1e-12, abs=1e-14)
    assert disparity.concentration(s, w)[0] == pytest.approx(
        float(sum(a * a for a in exact_s)), rel=1e-12, abs=1e-14
    )
    assert disparity.largest(s, w)[0] == float(max(exact_s))
    filled = [a / b for a, b in pairs]
    ratio = float(max(filled) / min(filled)) if min(filled) else math.inf
    assert disparity.ratio_of_sides(s, w)[0] == pytest.approx(ratio, rel=1e-12, abs=1e-14)


def test_one_coin_alone_and_all_alike() -> None:
    alone = np.array([[0.0, 1.0, 0.0, 0.0]])
    expected = {
        "share_divergence": (0.0, math.log(4)),
        "share_entropy": (math.log(4), 0.0),
        "share_gini": (0.0, 0.75),
        "share_concentration": (0.25, 1.0),
        "largest_share": (0.25, 1.0),
        "share_ratio": (1.0, math.inf),
    }
    assert disparity.SHAPES.keys() == expected.keys()
    for name, (even, drained) in expected.items():
        assert disparity.SHAPES[name](EVEN, EVEN)[0] == pytest.approx(even), name
        assert disparity.SHAPES[name](alone, EVEN)[0] == pytest.approx(drained), name


@pytest.mark.parametrize("off", [2.0**-40, 2.0**-26, 2.0**-13, 2.0**-10, 2.0**-9])
def test_near_the_target_the_divergence_keeps_its_digits(off: float) -> None:
    """Of two coins (1 ± x)/2 it is x²/2 + x⁴/12 + x⁶/30 and on, which a plain sum loses."""
    s = np.array([[(1 + off) / 2, (1 - off) / 2]])
    exact = off**2 / 2 + off**4 / 12 + off**6 / 30
    found = float(disparity.relative_entropy(s, np.array([[0.5, 0.5]]))[0])
    assert found == pytest.approx(exact, rel=1e-11)


def test_what_is_unknown_stays_so() -> None:
    unknown = np.full((1, 2), np.nan)
    for name, figure in disparity.SHAPES.items():
        assert np.isnan(figure(unknown, np.full((1, 2), 0.5))[0]), name
