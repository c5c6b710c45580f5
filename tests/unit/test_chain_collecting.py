"""The garbage collector stays out of short work, and forgets nothing."""

from __future__ import annotations

import gc
import weakref

import pytest

from watcher.chain.collecting import uncollected


class Knot:
    """Refers to itself: only the collector can free it."""

    def __init__(self) -> None:
        self.me = self


def test_nothing_is_collected_meanwhile_nor_walked_through_afterwards() -> None:
    collected: list[str] = []

    def note(phase: str, _info: dict[str, int]) -> None:
        collected.append(phase)

    gc.collect()
    gc.callbacks.append(note)
    try:
        with uncollected():
            made = [[number] for number in range(5_000)]
            assert not gc.isenabled()
        made.append([5_000])
    finally:
        gc.callbacks.remove(note)
    assert collected == []
    assert gc.isenabled()


def test_a_cycle_of_that_time_is_found_by_the_next_full_collection() -> None:
    with uncollected():
        gone = weakref.ref(Knot())
    assert gone() is not None
    gc.collect()
    assert gone() is None


def test_the_collector_is_on_again_after_an_error() -> None:
    with pytest.raises(ValueError, match="work"), uncollected():
        raise ValueError("work")
    assert gc.isenabled()
