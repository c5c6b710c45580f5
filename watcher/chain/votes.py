"""Counting what several endpoints said of one thing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

V = TypeVar("V", bound=Hashable)
K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Won(Generic[V]):
    """The value that most gave, by how many."""

    value: V
    votes: int


def most(votes: Mapping[K, V]) -> Won[V] | None:
    """None where nobody voted or two values have equally many votes."""
    ranked = Counter(votes.values()).most_common(2)
    if not ranked or (len(ranked) == 2 and ranked[0][1] == ranked[1][1]):
        return None
    return Won(*ranked[0])
