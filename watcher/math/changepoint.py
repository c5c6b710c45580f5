"""Changes of a series' behaviour, as they happen: Bayesian online change-point detection.

The values since the last change are taken for independent draws of one normal distribution, whose
mean and variance are not known; how long that run is, is what is asked. Source: Adams and MacKay,
Bayesian Online Changepoint Detection (arXiv 0710.3742), with the normal-inverse-gamma prior, whose
predictive distribution is Student's t.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from watcher.math.bridge import Floats

Lengths = NDArray[np.intp]
NEGLIGIBLE = 1e-12
"""Runs of less probability are forgotten; what is left is made to sum to 1."""


@dataclass(frozen=True, slots=True)
class Prior:
    """Of a run's mean and variance: the mean is taken to be `mean` as if seen `kappa` times, the
    variance to be about `beta`/`alpha`, as if from 2·`alpha` values."""

    mean: float
    kappa: float
    alpha: float
    beta: float


ENTROPY = Prior(mean=0.0, kappa=1.0, alpha=0.1, beta=0.03)
"""For hourly logarithmic changes of the entropy of a pool's shares: a new run may be of any size
about 0.5, so that only what is far out of the ordinary is told apart from the run so far. On the
one event that is known of FRAX/USDC (March 2023), beta from 0.03 to 0.04 tells it 8 hours ahead and
nothing else in half a year; a half of that tells one thing more, twice as much nothing: that is no
proof of skill."""
HAZARD = 1 / 100
"""Of a run's end at any hour: Cintra and Holloway (arXiv 2306.10612)."""
SURE = 0.9
WARM_UP = 7 * 24
"""So many values are seen before anything is told: of a run that has hardly begun all is new."""


def change_probabilities(values: Floats, prior: Prior, *, hazard: float, recent: int = 1) -> Floats:
    """For each value how likely it is, by then, that a run began at most `recent` values before it.

    `hazard` is the chance that a run ends at any value. A value that is NaN tells nothing: it has
    NaN, and the runs stand. Only what has just begun counts: that a run which had been doubted is
    believed in again is no change."""
    found = np.full(len(values), np.nan)
    runs = _Runs(prior, len(values))
    for place, value in enumerate(values):
        if math.isnan(value):
            continue
        runs.see(float(value), hazard)
        found[place] = runs.began_within(recent)
    return found


class _Runs:
    """The lengths that the current run may have, each with its chance and its sums."""

    def __init__(self, prior: Prior, longest: int) -> None:
        self._prior = prior
        self._constants = _constants(prior.alpha, longest + 1)
        self._length = np.zeros(1, dtype=np.intp)
        self._chance = np.ones(1)
        self._mean = np.array([prior.mean])
        self._beta = np.array([prior.beta])

    def see(self, value: float, hazard: float) -> None:
        """The value belongs to the run so far, or is the first of a new one."""
        length = np.concatenate([[0], self._length])
        mean = np.concatenate([[self._prior.mean], self._mean])
        beta = np.concatenate([[self._prior.beta], self._beta])
        before = np.concatenate([[hazard], (1.0 - hazard) * self._chance])
        logs = np.log(before) + self._log_density(value, length, mean, beta)
        chance = np.exp(logs - logs.max())
        chance /= chance.sum()
        kappa, off = self._prior.kappa + length, value - mean
        kept = chance > NEGLIGIBLE
        self._length = (length + 1)[kept]
        self._mean = (mean + off / (kappa + 1.0))[kept]
        self._beta = (beta + 0.5 * kappa * off**2 / (kappa + 1.0))[kept]
        self._chance = chance[kept] / chance[kept].sum()

    def began_within(self, recent: int) -> float:
        return float(self._chance[self._length <= recent].sum())

    def _log_density(self, value: float, length: Lengths, mean: Floats, beta: Floats) -> Floats:
        """Student's t with 2·alpha degrees of freedom."""
        kappa, alpha = self._prior.kappa + length, self._prior.alpha + 0.5 * length
        spread = beta * (kappa + 1.0) / kappa
        ratio = (value - mean) ** 2 / (2.0 * spread)
        logs: Floats = self._constants[length] - 0.5 * np.log(spread)
        logs -= (alpha + 0.5) * np.log1p(ratio)
        return logs


def _constants(alpha: float, count: int) -> Floats:
    """What of the logarithm of Student's density depends on alpha alone, for runs of every length
    below `count`."""
    alphas = [alpha + 0.5 * length for length in range(count)]
    return np.array(
        [math.lgamma(a + 0.5) - math.lgamma(a) - 0.5 * math.log(2.0 * math.pi) for a in alphas]
    )


@dataclass(frozen=True, slots=True)
class Episode:
    """Alerts that repeated, by their times in seconds."""

    alerts: tuple[int, ...]

    @property
    def first(self) -> int:
        return self.alerts[0]

    @property
    def last(self) -> int:
        return self.alerts[-1]

    def lead(self, label: int, horizon: int) -> int | None:
        """By how many seconds the first alert of the `horizon` before a label precedes it."""
        ahead = [label - alert for alert in self.alerts if 0 <= label - alert <= horizon]
        return max(ahead, default=None)


def episodes(times: Sequence[int], alerts: Sequence[bool], *, apart: int) -> list[Episode]:
    """Alerts that follow each other within `apart` seconds are one episode."""
    found: list[list[int]] = []
    for time, alert in zip(times, alerts, strict=True):
        if not alert:
            continue
        if found and time - found[-1][-1] <= apart:
            found[-1].append(time)
        else:
            found.append([time])
    return [Episode(tuple(one)) for one in found]


@dataclass(frozen=True, slots=True)
class Score:
    """Of episodes against labels: how many were true, how many false, and of each label by how many
    seconds it was foretold, None where it was not."""

    true: int
    false: int
    leads: tuple[int | None, ...]


def score(found: Sequence[Episode], labels: Sequence[int], *, horizon: int) -> Score:
    """An episode is true when a label follows one of its alerts within `horizon` seconds."""
    leads = [[one.lead(label, horizon) for one in found] for label in labels]
    true = sum(any(row[k] is not None for row in leads) for k in range(len(found)))
    known = [[lead for lead in row if lead is not None] for row in leads]
    return Score(true, len(found) - true, tuple(max(row, default=None) for row in known))
