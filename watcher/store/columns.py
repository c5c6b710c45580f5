"""A target's history as columns over blocks, for numpy and pandas."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from watcher.errors import SetupError
from watcher.state.target import Target

Column: TypeAlias = NDArray[Any]
Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Columns:
    """One row for each stored block of the target's chain, the oldest first.

    `number` is int64, `hash` text, `time` the block's own (datetime64 in seconds, UTC). `figures`
    are by name; float64 with NaN where unknown, or Python's integers with None.
    """

    target: Target
    number: Column
    hash: Column
    time: Column
    figures: Mapping[str, Column]

    def __getitem__(self, name: str) -> Column:
        return self.figures[name]

    def __len__(self) -> int:
        return len(self.number)

    def frame(self) -> Any:
        """The same as a pandas DataFrame with the block's number as its index. Raises SetupError
        where pandas is not installed."""
        pandas = _pandas()
        index = pandas.Index(self.number, name="block_number")
        time = pandas.DatetimeIndex(self.time, tz="UTC")
        return pandas.DataFrame({"block_hash": self.hash, "time": time, **self.figures}, index)


def held(
    steps: Sequence[int],
    cells: Iterable[tuple[int, Key, Any]],
    numbers: Column,
    *,
    exact: bool = False,
) -> dict[Key, Column]:
    """What holds at the blocks `numbers` of what is said at some of the `steps` (blocks, ascending)
    and holds until the next: of a key that a step says nothing of, nothing is known from there on.
    """
    place = {number: at for at, number in enumerate(steps)}
    said: dict[Key, Column] = {}
    for number, key, value in cells:
        if key not in said:
            said[key] = _unknown(len(steps) + 1, exact=exact)
        if value is not None:
            said[key][place[number]] = value
    # Before the first step the place is -1: the last one, which stays unknown.
    at = np.searchsorted(np.array(steps, np.int64), numbers, side="right") - 1
    return {key: column[at] for key, column in said.items()}


def _unknown(length: int, *, exact: bool) -> Column:
    if exact:
        return np.full(length, None, object)
    return np.full(length, np.nan)


def _pandas() -> Any:
    """Lazily: it takes half a second, and few have need of it."""
    try:
        return import_module("pandas")
    except ImportError:
        raise SetupError(
            "a data frame needs pandas: install it with `pip install "
            "'imbalance-watcher[frames]'`, or take the columns as numpy arrays."
        ) from None
