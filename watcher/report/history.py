"""The history that a report is of, read from the store: nothing later than its last block."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np

from watcher.math.bridge import Floats
from watcher.math.series import closes, log_returns
from watcher.report.charts import Row
from watcher.report.material import DAY, Course, Dims, History
from watcher.state.block import Block
from watcher.state.kinds import State
from watcher.state.snapshot import Snapshot
from watcher.store import Store

MOST_ROWS = 400
"""Of a chart: no more can be told apart on paper."""

LEAST_RETURNS = 3


def history_of(
    store: Store, snapshot: Snapshot, names: Sequence[str], first: int | None
) -> History:
    """From block `first`, by default all that is stored, to the snapshot's block."""
    target, last = snapshot.target, snapshot.block
    figures = store.measure_history(target.id, names, first=first, last=last.number)
    courses: dict[tuple[str, Dims], list[tuple[int, float]]] = defaultdict(list)
    for each in figures:
        key = (each.measure.name, each.measure.dims)
        courses[key].append((each.block.timestamp, each.measure.value))
    began = figures[0].block if figures else last
    return History(
        first=began,
        blocks=len({each.block.number for each in figures}) or 1,
        courses={key: tuple(rows) for key, rows in courses.items()},
        earlier=_a_day_before(store, snapshot),
        unread=_unread(store, began, last),
        code_changes=tuple(
            change for change in store.code_changes(target.id) if change.block.number <= last.number
        ),
    )


def _a_day_before(store: Store, snapshot: Snapshot) -> tuple[Block, State] | None:
    """What was in force at the newest block that is a day older, found by halves."""
    wanted, target = snapshot.block.timestamp - DAY, snapshot.target
    low, high = 0, snapshot.block.number
    found: Block | None = None
    while low <= high:
        middle = (low + high) // 2
        at, _ = store.neighbours(target.chain_id, middle + 1)
        if at is None or at.timestamp <= wanted:
            found, low = at, middle + 1
        else:
            high = at.number - 1
    if found is None:
        return None
    standing = store.observation_as_of(target.id, found.number)
    state = standing.observation.state if standing is not None else None
    return None if state is None else (found, state)


def _unread(store: Store, first: Block, last: Block) -> tuple[tuple[int, int], ...]:
    """Stretches of time in which blocks that were wanted could not be read."""
    spans = []
    for gap in store.gaps(last.chain_id):
        if gap.filled_at is not None or gap.last < first.number or gap.first > last.number:
            continue
        below, above = store.neighbours(last.chain_id, gap.first)
        if below is not None and above is not None:
            spans.append((below.timestamp, min(above.timestamp, last.timestamp)))
    return tuple(spans)


def joined(courses: Sequence[Course]) -> tuple[Row, ...]:
    """Rows of a chart: each figure as it stood at each time at which one changed; of more than
    MOST_ROWS times those of an even grid, the last always among them."""
    times = sorted({at for course in courses for at, _ in course})
    if not times:
        return ()
    grid = np.array(times, dtype=np.float64)
    if len(times) > MOST_ROWS:
        grid = np.unique(np.rint(np.linspace(times[0], times[-1], MOST_ROWS)))
    columns = [_held(course, grid) for course in courses]
    return tuple(
        (int(at), tuple(None if math.isnan(value) else float(value) for value in values))
        for at, *values in zip(grid, *columns, strict=True)
    )


def _held(course: Course, grid: Floats) -> Floats:
    if not course:
        return np.full(len(grid), np.nan)
    times, values = (np.array(each, dtype=np.float64) for each in zip(*course, strict=True))
    return closes(times, values, grid)


def daily_returns(course: Course, until: int) -> Floats:
    """Natural logarithms of a close over the close a day before; the last close is of `until`."""
    if not course:
        return np.array([])
    days = int((until - course[0][0]) // DAY)
    grid = np.array([until - DAY * back for back in range(days, -1, -1)], dtype=np.float64)
    return log_returns(_held(course, grid))


def figures_by_day(course: Course, until: int) -> Mapping[str, float]:
    """Daily volatility, the last 30 days' annualised, and the worst day; empty where the history
    has too few days."""
    moves = daily_returns(course, until)[-180:]
    known = moves[~np.isnan(moves)]
    if known.size < LEAST_RETURNS:
        return {}
    month = known[-30:]
    return {
        "volatility_day": float(np.sqrt(np.mean(known**2))),
        "volatility_month": float(np.sqrt(np.mean(month**2) * 365)),
        "worst_day": float(np.expm1(known.min())),
        "days": float(known.size),
    }
