"""What was in force some time ago: from memory, and from the tables, which must agree."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.stored import CHAIN, FEED, POOL, START, Watch, block, feed_state, ok, pool_state
from watcher.state import Observation
from watcher.store import InForce, Store
from watcher.store.trail import Step, Trail, in_force_ago

WINDOW = 48


def step(timestamp: int, answer: int) -> Step:
    return Step(timestamp, {FEED.id: InForce(ok(FEED, feed_state(answer)), f"0x{timestamp}")})


def answer(found: InForce | None) -> Observation | None:
    return None if found is None else found.observation


def test_what_was_in_force_is_that_of_the_last_block_at_or_before() -> None:
    trail = Trail((step(100, 1), step(112, 2), step(112, 3), step(124, 4)))
    for moment, dollars in ((100, 1), (111, 1), (112, 3), (123, 3), (124, 4), (130, 4)):
        found = trail.at(FEED.id, moment, window=WINDOW)
        assert answer(found) == ok(FEED, feed_state(dollars)), moment
    assert trail.at(FEED.id, 99, window=WINDOW) is None
    assert trail.at(POOL.id, 124, window=WINDOW) is None


def test_a_hole_before_the_moment_leaves_it_unknown() -> None:
    trail = Trail((step(100, 1), step(200, 2)))
    assert trail.at(FEED.id, 112, window=WINDOW) is not None
    assert trail.at(FEED.id, 113, window=WINDOW) is None


def test_a_trail_keeps_what_the_longest_window_needs_and_no_more() -> None:
    trail = Trail()
    for number in range(100):
        trail = trail.grown(step(12 * number, number + 1), longest=WINDOW)
        began = 12 * number - WINDOW
        assert (trail.at(FEED.id, began, window=WINDOW) is None) == (began < 0)
    assert len(trail.steps) == WINDOW // 12 + 1


@pytest.mark.parametrize("below", [None, 20])
def test_the_tables_give_the_trail_that_memory_had(tmp_path: Path, below: int | None) -> None:
    with Store.create(f"sqlite:///{tmp_path / 'watcher.db'}") as store:
        watch, trail = Watch(store), Trail()
        for number in (*range(1, 12), *range(16, 31)):
            dollars = 2_000 + number // 3
            watch.read(block(number), ok(FEED, feed_state(dollars)), ok(POOL, pool_state()))
            if below is None or number < below:
                kept = {FEED.id: watch.resumption.in_force[FEED.id]}
                now = Step(block(number).timestamp, kept)
                trail = trail.grown(now, longest=WINDOW)
        found = store.trail(CHAIN, [FEED.id], longest=WINDOW, below=below)
        assert found == trail
        with store.database.reading() as connection:
            for moment in range(START + 12 * 26, START + 12 * 30) if below is None else ():
                asked = in_force_ago(connection, CHAIN, FEED.id, moment, window=WINDOW)
                assert asked == trail.at(FEED.id, moment, window=WINDOW)
            hole = START + 12 * 15
            assert in_force_ago(connection, CHAIN, FEED.id, hole, window=WINDOW) is None
