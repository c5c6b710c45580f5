"""Change points as they happen: against the sums written out, and on the one known event."""

from __future__ import annotations

import csv
import math
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from watcher.math.bridge import Floats
from watcher.math.changepoint import (
    ENTROPY,
    HAZARD,
    SURE,
    WARM_UP,
    Episode,
    Prior,
    change_probabilities,
    episodes,
    score,
)

ENTROPIES = (
    Path(__file__).parents[3] / "shared" / "data" / "detect" / "frax_usdc_entropy_hourly.csv"
)
HOUR = 3_600
PRIOR = Prior(mean=0.0, kappa=1.0, alpha=2.0, beta=0.5)


def by_segments(values: Floats, prior: Prior, hazard: float) -> float:
    """The chance that the last value begins a run, over all ways of cutting the values up, each
    value with Student's t given those before it in its run."""
    count = len(values)
    total = begun = 0.0
    for cuts in range(2 ** (count - 1)):
        starts = [0, *(k for k in range(1, count) if cuts >> (k - 1) & 1)]
        weight = 1.0
        for start, end in zip(starts, [*starts[1:], count], strict=True):
            weight *= hazard if start else 1.0
            weight *= (1 - hazard) ** (end - start - 1)
            for place in range(start, end):
                weight *= predicted(float(values[place]), values[start:place], prior)
        total += weight
        begun += weight if starts[-1] == count - 1 else 0.0
    return begun / total


def predicted(value: float, seen: Floats, prior: Prior) -> float:
    count = len(seen)
    mean = float(seen.mean()) if count else 0.0
    kappa, alpha = prior.kappa + count, prior.alpha + count / 2
    spread = float(((seen - mean) ** 2).sum())
    beta = prior.beta + spread / 2
    beta += prior.kappa * count * (mean - prior.mean) ** 2 / (2 * kappa)
    centre = (prior.kappa * prior.mean + count * mean) / kappa
    scale = math.sqrt(beta * (kappa + 1) / (alpha * kappa))
    return float(stats.t.pdf(value, 2 * alpha, centre, scale))


@pytest.mark.parametrize("seed", range(5))
def test_it_is_the_sum_over_all_ways_of_cutting_up(seed: int) -> None:
    values = np.random.default_rng(seed).normal(size=9)
    values[6:] += 4.0
    found = change_probabilities(values, PRIOR, hazard=0.1)
    # the very first value is the run that was there and a new one alike
    for place in range(1, len(values)):
        prefix = values[: place + 1]
        # before the first value a run may end as well, which changes nothing of what follows
        assert found[place] == pytest.approx(by_segments(prefix, PRIOR, 0.1), rel=1e-9)


def test_a_jump_is_told_at_once_and_calm_is_not() -> None:
    rng = np.random.default_rng(1)
    calm = rng.normal(scale=0.1, size=300)
    assert change_probabilities(calm, PRIOR, hazard=0.01)[50:].max() < 0.5
    jumped = calm.copy()
    jumped[200:] += 5.0
    found = change_probabilities(jumped, PRIOR, hazard=0.01)
    assert found[200] > 0.9
    assert found[201:].max() < 0.5, "what goes on is no change"


def test_that_a_doubted_run_goes_on_is_no_change() -> None:
    values = np.random.default_rng(2).normal(scale=0.1, size=100)
    values[60] = 5.0
    found = change_probabilities(values, PRIOR, hazard=0.01)
    assert [place for place in range(20, 100) if found[place] > 0.5 and place != 61] == [60]


def test_what_is_unknown_tells_nothing() -> None:
    values = np.random.default_rng(3).normal(size=20)
    holes = np.insert(values, [5, 11], np.nan)
    found = change_probabilities(holes, PRIOR, hazard=0.05)
    assert np.isnan(found[[5, 12]]).all()
    kept = found[~np.isnan(found)]
    assert kept == pytest.approx(change_probabilities(values, PRIOR, hazard=0.05))


def test_alerts_merge_while_they_repeat() -> None:
    times = [10, 20, 30, 100, 110]
    found = episodes(times, [True, False, True, True, False], apart=20)
    assert found == [Episode((10, 30)), Episode((100,))]


def test_an_episode_is_true_when_a_label_follows_one_of_its_alerts() -> None:
    found = [Episode((0, 50)), Episode((200,)), Episode((300,))]
    judged = score(found, [60, 210, 900], horizon=24)
    assert (judged.true, judged.false) == (2, 1)
    assert judged.leads == (10, 10, None)
    assert score([Episode((70,))], [60], horizon=24).true == 0, "too late is not foretold"


def test_frax_and_usdc_in_march_2023() -> None:
    """The bar: told at least 8 hours before the first label, and nothing else in half a year.

    Of one event, so no proof of skill; labels: an LP's price over 5% off the virtual price."""
    if not ENTROPIES.is_file():
        pytest.skip("no ../shared/data/detect")
    with ENTROPIES.open() as file:
        rows = [(_time(row["hour_utc"]), float(row["value"])) for row in csv.DictReader(file)]
    rows = [row for row in rows if row[0] < _time("2023-05-01")]
    times, values = [time for time, _ in rows], np.array([value for _, value in rows])
    labels = [_time("2023-03-11 06:00"), _time("2023-03-12 07:00")]
    chance = change_probabilities(values, ENTROPY, hazard=HAZARD)
    chance[:WARM_UP] = 0.0
    alerts = episodes(times, (chance > SURE).tolist(), apart=24 * HOUR)
    judged = score(alerts, labels, horizon=24 * HOUR)
    assert judged.leads[0] is not None
    assert judged.leads[0] >= 8 * HOUR
    assert (judged.true, judged.false) == (1, 0)


def _time(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())
