"""When a chain's data are late."""

from __future__ import annotations

import pytest

from watcher.alerts.lateness import is_late
from watcher.state import Block

NEWEST = 1_700_000_000


def recent(count: int, seconds: int) -> list[Block]:
    """Newest first."""
    return [
        Block(1, 100 - row, f"0x{100 - row:064x}", f"0x{99 - row:064x}", NEWEST - seconds * row)
        for row in range(count)
    ]


@pytest.mark.parametrize(
    ("count", "seconds", "poll", "patience"),
    [(20, 12, 1.0, 10 + 60), (20, 1, 0.5, 5 + 5), (2, 300, 1.0, 10 + 1_500), (1, 12, 2.0, 20)],
)
def test_it_is_late_after_polls_and_usual_distances(
    count: int, seconds: int, poll: float, patience: int
) -> None:
    blocks = recent(count, seconds)
    assert not is_late(blocks, poll_seconds=poll, now=NEWEST + patience)
    assert is_late(blocks, poll_seconds=poll, now=NEWEST + patience + 0.1)


def test_one_long_wait_is_not_the_usual_one() -> None:
    blocks = [*recent(10, 1), Block(1, 90, "0x", "0x", NEWEST - 100_000)]
    assert is_late(blocks, poll_seconds=1, now=NEWEST + 16)


def test_what_was_not_begun_is_not_late() -> None:
    assert not is_late([], poll_seconds=1, now=NEWEST)
