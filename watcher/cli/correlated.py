"""Stored figures as series on one grid of times, and what they say of each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from watcher.cli.figures import dims_of, requested
from watcher.errors import InputError
from watcher.math.series import (
    Correlation,
    beta,
    closes,
    drawdowns,
    ewma_volatility,
    joint_tail,
    log_returns,
    shrunk_correlation,
)

if TYPE_CHECKING:
    from watcher.math.bridge import Floats
    from watcher.state.outside_series import OutsideSeries
    from watcher.state.target import Target
    from watcher.store import Figure, Store

YEAR_SECONDS = 365 * 86_400
MOST_CLOSES = 1_000_000
LEAST_RETURNS = 2
NO_BLOCK = 2**63 - 1
"""Above every number of a block."""


@dataclass(frozen=True, slots=True)
class Series:
    """One figure of one target: `values` from `times` on, in seconds, the last until `end`."""

    label: str
    dims: str
    measure: str
    times: Floats
    values: Floats
    end: int

    @property
    def name(self) -> str:
        return f"{self.label} {self.dims}".rstrip()


@dataclass(frozen=True, slots=True)
class Compared:
    """Series beside each other: `returns` (time, series) between closes of `step` seconds."""

    series: tuple[Series, ...]
    step: int
    prices: Floats
    returns: Floats
    correlation: Correlation


@dataclass(frozen=True, slots=True)
class Risk:
    """Of one series: fractions, the volatility of a year; beta and joint tail are to the first."""

    target: str
    measure: str
    returns: int
    volatility: float
    drawdown: float
    max_drawdown: float
    beta: float
    joint_tail: float


def read_series(
    store: Store, target: Target, measure: str | None, *, first: int | None, last: int | None
) -> list[Series]:
    """The series of a target's measure, one for each of its dims. Without a name it is the first
    of the key ones. Raises InputError where there is none."""
    wanted = requested([measure] if measure else [], target.kind)
    if not wanted:
        raise InputError(f"{target.label} has no key measure: say which with --measure")
    figures = store.measure_history(target.id, wanted[:1], first=first, last=last, limit=None)
    newest, _ = store.neighbours(target.chain_id, NO_BLOCK if last is None else last + 1)
    if newest is None:
        return []
    by_dims: dict[str, list[Figure]] = {}
    for figure in figures:
        by_dims.setdefault(dims_of(figure.measure, target), []).append(figure)
    return [
        Series(
            label=target.label,
            dims=dims,
            measure=wanted[0],
            times=np.array([each.block.timestamp for each in found], dtype=np.float64),
            values=np.array([each.measure.value for each in found], dtype=np.float64),
            end=newest.timestamp,
        )
        for dims, found in by_dims.items()
    ]


def outside_series(found: OutsideSeries) -> Series:
    """An imported series, whose last value is in force at its last time alone."""
    return Series(
        label=found.name,
        dims="",
        measure=found.unit or "series",
        times=np.array(found.times, dtype=np.float64),
        values=np.array(found.values, dtype=np.float64),
        end=found.times[-1],
    )


def compare(series: Sequence[Series], step: int) -> Compared:
    """Closes every `step` seconds of the time that all series have in common.

    Raises InputError where that is too short for two returns."""
    start = max(each.times[0] for each in series)
    end = min(each.end for each in series)
    count = int((end - start) // step)
    if count < LEAST_RETURNS:
        raise InputError(
            f"{int(end - start)} s of history are fewer than two steps of {step} s: give a shorter "
            "--step, or wait"
        )
    if count > MOST_CLOSES:
        raise InputError(f"{count:,} steps of {step} s are too many: give a longer --step")
    grid = start + step * np.arange(count + 1)
    prices = np.column_stack([closes(each.times, each.values, grid) for each in series])
    returns = log_returns(prices)
    return Compared(tuple(series), step, prices, returns, shrunk_correlation(returns))


def risks(found: Compared, *, half_life: float, tail: float) -> list[Risk]:
    """One a series; `half_life` in seconds, `tail` the part of the returns that are the worst."""
    first = found.returns[:, 0]
    yearly = (YEAR_SECONDS / found.step) ** 0.5
    return [
        Risk(
            target=each.name,
            measure=each.measure,
            returns=int((~np.isnan(returns)).sum()),
            volatility=ewma_volatility(returns, half_life / found.step) * yearly,
            drawdown=float(fallen[-1]),
            max_drawdown=float(np.fmax.reduce(fallen)),
            beta=beta(returns, first),
            joint_tail=joint_tail(first, returns, tail),
        )
        for each, returns, fallen in zip(
            found.series, found.returns.T, drawdowns(found.prices).T, strict=True
        )
    ]
