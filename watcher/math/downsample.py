"""Fewer points of a long series: what a chart shows of it stays."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from watcher.math.bridge import Floats

Integers: TypeAlias = NDArray[np.int64]

KEPT = 5
"""Of each stretch: its first, last, lowest and highest point, and the first unknown one."""


def kept(places: Integers, values: Floats, points: int) -> Integers:
    """The indices of at most `points` points, rising. All of them where they are no more.

    `places` rises (block numbers); `values` has NaN where it is unknown. The range of places is cut
    into stretches of equal width, and of each KEPT points stay, so that the extremes of the whole
    do, and where it began to be unknown. Source: Jugel and others, M4: A Visualization-Oriented
    Time Series Data Aggregation (2014), with the unknown beside its four. Raises ValueError where
    `points` is less than KEPT.
    """
    if points < KEPT:
        raise ValueError(f"{points} points are fewer than the {KEPT} of one stretch")
    count = len(places)
    if count <= points:
        return np.arange(count)
    stretches = points // KEPT
    # Python's integers: a product of places and stretches may not fit into 64 bits.
    first, width = int(places[0]), int(places[-1]) - int(places[0]) + 1
    edges = np.array([first + width * one // stretches for one in range(stretches)], np.int64)
    starts = np.unique(np.searchsorted(places, edges))
    ends = np.append(starts[1:], count)
    chosen: set[int] = set()
    for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
        chosen |= _of_stretch(values, start, end)
    return np.array(sorted(chosen), np.int64)


def _of_stretch(values: Floats, start: int, end: int) -> set[int]:
    inside = values[start:end]
    found = {start, end - 1}
    unknown = np.isnan(inside)
    if unknown.any():
        found.add(start + int(unknown.argmax()))
    if not unknown.all():
        found.add(start + int(np.nanargmin(inside)))
        found.add(start + int(np.nanargmax(inside)))
    return found
