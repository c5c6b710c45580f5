"""Whether a chain's data are late: silence is never good news."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from statistics import median

from watcher.state.block import Block

POLLS = 10
BLOCKS = 5
"""Data is late once nothing came for so many polls and so many usual distances of two blocks."""

RECENT_BLOCKS = 20


def is_late(recent: Sequence[Block], *, poll_seconds: float, now: float) -> bool:
    """`recent` are the newest blocks, newest first; `now` is in seconds. Without a block nothing is
    late: nothing was begun."""
    if not recent:
        return False
    distances = [after.timestamp - before.timestamp for after, before in pairwise(recent)]
    usual = median(distances) if distances else 0
    return now - recent[0].timestamp > POLLS * poll_seconds + BLOCKS * usual
