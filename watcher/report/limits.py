"""Where the grades end by default, and where each limit comes from.

Three ends each: of grades 1, 2 and 3. Those called placeholders were not back-tested; a notes file
replaces any of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from watcher.report.document import grade
from watcher.report.notes import Notes

FROM_NOTES = "the notes file"


@dataclass(frozen=True, slots=True)
class Limits:
    ends: tuple[float, float, float]
    source: str
    falling: bool = False

    def grade(self, value: float) -> int:
        return grade(value, self.ends, falling=self.falling)


DEFAULTS: Mapping[str, Limits] = {
    "share": Limits((0.70, 0.74, 0.83), "thresholds in use: share 70–74% alarm, 83–91% crisis"),
    "price": Limits(
        (0.995, 0.990, 0.980),
        "thresholds in use: steps of 0.5% below 0.995, alarm at 0.98",
        falling=True,
    ),
    "lost": Limits((0.25, 0.50, 0.90), "placeholder, not back-tested"),
    "exit": Limits(
        (0.005, 0.010, 0.030),
        "liquidity scale: 10 M within 0.5% of the reference, 5 M within 1%, 1 M within 3%",
    ),
    "outflow": Limits(
        (0.05, 0.15, 0.30),
        "thresholds in use: TVL change 15%, liquidity −30% in 24 h; 5% is a placeholder",
    ),
    "utilization": Limits(
        (0.80, 0.90, 0.99), "thresholds in use: utilization 90% and 99%; 80% is a placeholder"
    ),
    "fall": Limits(
        (1e-6, 0.001, 0.01), "a price per share that falls is a loss; sizes are placeholders"
    ),
    "market": Limits(
        (0.995, 0.990, 0.975),
        "thresholds in use: LST dislocation 2.5%; 0.5% and 1% are placeholders",
        falling=True,
    ),
    "concentration": Limits((0.40, 0.60, 0.80), "placeholder, not back-tested"),
    "disparity": Limits((0.10, 0.25, 0.50), "placeholder, not back-tested"),
    "band": Limits((0.50, 0.80, 1.00), "placeholder, not back-tested; at 1 a band is left"),
    "solvency": Limits(
        (1.0, 0.995, 0.98), "below 1 something is missing; sizes are placeholders", falling=True
    ),
}

EXIT_SIZES = (1e7, 5e6, 1e6)
"""Money that must come out within each of the ends of `exit`."""


def limits_of(key: str, notes: Notes) -> Limits:
    own = DEFAULTS[key]
    if key not in notes.limits:
        return own
    return Limits(notes.limits[key], FROM_NOTES, own.falling)
