"""A series that somebody else recorded: prices or balances over time."""

from __future__ import annotations

import math
from dataclasses import dataclass

from watcher.errors import InputError
from watcher.state.canonical import content_hash


@dataclass(frozen=True, slots=True)
class OutsideSeries:
    """`times` in seconds, rising; `values` in `unit`, each in force until the next. `source` says
    where it is from, for whoever reads a figure made of it. Raises InputError where it is none."""

    name: str
    unit: str
    source: str
    times: tuple[int, ...]
    values: tuple[float, ...]

    def __post_init__(self) -> None:
        if not self.times or len(self.times) != len(self.values):
            raise InputError(f"{self.name} has no points: give a column of times and one of values")
        pairs = zip(self.times, self.times[1:], strict=False)
        if any(later <= earlier for earlier, later in pairs):
            raise InputError(f"{self.name} has a time twice: leave one of its rows out")
        if not all(map(math.isfinite, self.values)):
            raise InputError(f"{self.name} has a value that is no number: leave its row out")

    @property
    def hash(self) -> str:
        """Of the points alone: the same points from two sources are the same content."""
        rows = zip(self.times, self.values, strict=True)
        return content_hash("".join(f"{time} {value!r}\n" for time, value in rows))
