"""A small convex quadratic programme: least ½xᵀHx + gᵀx with x >= low and Ax <= b.

By a primal active set: the least on the constraints that hold with equality, up to the first other
one, or without the one whose multiplier has the wrong sign. Source: Nocedal and Wright, Numerical
Optimization (2006), algorithm 16.3.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from watcher.math.bridge import Floats

MOST_ROUNDS = 10
"""For each variable and constraint; an active set that goes round in a circle ends there, at a
place that is no worse than where it began."""
ZERO = 1e-13

Marks = NDArray[np.bool_]


def least(H: Floats, g: Floats, low: Floats, A: Floats, b: Floats) -> Floats:
    """From x = 0, which the constraints must allow; H positive semidefinite."""
    x = np.zeros(len(g))
    at_low: Marks = low >= 0.0
    at_row: Marks = b <= 0.0
    for _ in range(MOST_ROUNDS * (len(g) + len(b))):
        gradient = H @ x + g
        step, held = _on_equalities(H, gradient, ~at_low, A[at_row])
        if float(np.abs(step).max(initial=0.0)) > ZERO:
            part, low_hit, row_hit = _room(x, step, low, A, b, at_low, at_row)
            x = x + part * step
            if low_hit is not None:
                at_low[low_hit], x[low_hit] = True, low[low_hit]
            elif row_hit is not None:
                at_row[row_hit] = True
            if part > 0.0 or low_hit is not None or row_hit is not None:
                continue
        # the pull of each constraint: below zero it is better left
        rows = np.zeros(len(b))
        rows[at_row] = held
        pull = np.concatenate(
            [np.where(at_low, gradient + A.T @ rows, np.inf), np.where(at_row, rows, np.inf)]
        )
        weakest = int(pull.argmin())
        if not pull[weakest] < -ZERO * float(np.abs(gradient).max()):
            break
        if weakest < len(g):
            at_low[weakest] = False
        else:
            at_row[weakest - len(g)] = False
    return x


def _on_equalities(H: Floats, gradient: Floats, free: Marks, rows: Floats) -> tuple[Floats, Floats]:
    """The step to the least where the others stand still and the rows keep their sums, and the
    multipliers of the rows."""
    count, sums = int(free.sum()), len(rows)
    matrix = np.zeros((count + sums, count + sums))
    matrix[:count, :count] = H[np.ix_(free, free)]
    matrix[:count, count:] = rows[:, free].T
    matrix[count:, :count] = rows[:, free]
    right = np.concatenate([-gradient[free], np.zeros(sums)])
    found = np.linalg.lstsq(matrix, right, rcond=1e-14)[0] if count + sums else right
    step = np.zeros(len(gradient))
    step[free] = found[:count]
    return step, found[count:]


def _room(
    x: Floats, step: Floats, low: Floats, A: Floats, b: Floats, at_low: Marks, at_row: Marks
) -> tuple[float, int | None, int | None]:
    """The largest part of the step, up to the whole, and the bound or the row that ends it."""
    with np.errstate(divide="ignore", invalid="ignore"):
        to_low = np.where(~at_low & (step < 0), (low - x) / step, np.inf)
        grown = A @ step
        to_row = np.where(~at_row & (grown > ZERO), (b - A @ x) / grown, np.inf)
    nearest_low, nearest_row = float(to_low.min()), float(to_row.min(initial=np.inf))
    if min(nearest_low, nearest_row) >= 1.0:
        return 1.0, None, None
    if nearest_low <= nearest_row:
        return max(nearest_low, 0.0), int(to_low.argmin()), None
    return max(nearest_row, 0.0), None, int(to_row.argmin())
