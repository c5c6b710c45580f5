"""Many questions about curves, asked in one search."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from watcher.math.bridge import Floats
from watcher.math.curves.build import AnyCurve
from watcher.math.curves.curve import largest_within, stack


class Questions:
    """Asked together of one curve that has the rows of all of them, and answered one by one."""

    def __init__(self) -> None:
        self._curves: list[AnyCurve] = []
        self._wanted: list[Floats] = []

    def ask(self, curve: AnyCurve, wanted: Floats) -> None:
        self._curves.append(curve)
        self._wanted.append(wanted)

    def depths(self) -> Iterator[Floats]:
        return self._split(stack(self._curves).depth_to(np.concatenate(self._wanted)))

    def sizes(self) -> Iterator[Floats]:
        return self._split(largest_within(stack(self._curves), np.concatenate(self._wanted)))

    def _split(self, answers: Floats) -> Iterator[Floats]:
        return iter(np.split(answers, len(self._wanted)))
