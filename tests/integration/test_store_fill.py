"""Blocks inserted below the cursor: a pool and a vault priced by a feed, and the rows around them.

Vaults compare with the block before, and prices go stale as time passes, so that a filled gap also
changes what is computed after it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.effort import examples
from tests.support.rows import assert_same_history, history_rows, statuses
from tests.support.stored import (
    CHAIN,
    FEED,
    POOL,
    SETTINGS,
    TARGETS,
    VAULT,
    block,
    failed,
    feed_state,
    ok,
    pool_state,
    vault_state,
)
from watcher.errors import StoreError
from watcher.math.settings import Settings
from watcher.service.tick import Branch, advance, watchlist
from watcher.state import Observation
from watcher.store import Store, TickResult, recompute

STALE_SOON = replace(
    SETTINGS, prices=tuple(replace(p, heartbeat=60 if p.heartbeat else 0) for p in SETTINGS.prices)
)

Reading = tuple[int, int, int]


def observations(reading: Reading) -> dict[str, Observation]:
    feed, pool, vault = reading
    found = (
        ok(FEED, feed_state(2_000 + feed)),
        ok(POOL, pool_state(1_000 + pool)) if pool else failed(POOL, detail="pruned"),
        ok(VAULT, vault_state(assets=(500 + vault) * 10**18)),
    )
    return {one.target_id: one for one in found}


def tick_at(store: Store, number: int, reading: Reading, *, below: int | None) -> TickResult:
    stored = store.resume(CHAIN, below=below)
    branch = Branch(stored.cursor, stored.in_force, stored.computation_keys)
    watched = watchlist(TARGETS, STALE_SOON)
    return advance(branch, block(number), observations(reading), watched).tick


def made(path: Path, *, settings: Settings = STALE_SOON) -> Store:
    store = Store.create(f"sqlite:///{path}")
    store.register(TARGETS)
    store.save_settings(settings)
    return store


def watch(store: Store, readings: Sequence[Reading], numbers: Sequence[int]) -> None:
    for number in numbers:
        store.commit_tick(tick_at(store, number, readings[number], below=None))


def fill(store: Store, readings: Sequence[Reading], number: int) -> None:
    store.fill(tick_at(store, number, readings[number], below=number))


readings_drawn = st.lists(
    st.tuples(st.integers(0, 1), st.integers(0, 1), st.integers(0, 1)), min_size=3, max_size=10
)


@settings(max_examples=examples(10, deep=400))
@given(readings_drawn, st.data())
def test_whatever_is_filled_the_history_is_that_of_all_blocks_so_far(
    tmp_path_factory: pytest.TempPathFactory, readings: list[Reading], data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("fill")
    inner = list(range(len(readings) - 1))
    gaps = data.draw(st.lists(st.sampled_from(inner), unique=True, min_size=1))
    there = [number for number in range(len(readings)) if number not in gaps]
    with made(folder / "gaps.db") as store:
        watch(store, readings, there)
        for number in data.draw(st.permutations(gaps)):
            fill(store, readings, number)
            there = sorted([*there, number])
            # At every step: as if only the blocks that are there had ever been read.
            with made(folder / f"only-{len(there)}.db") as only:
                watch(only, readings, there)
                assert_same_history(store, only)
        assert recompute(store).found == 0


def test_a_filled_gap_changes_what_the_vault_is_compared_with(store: Store) -> None:
    store.register(TARGETS)
    store.save_settings(STALE_SOON)
    readings = [(0, 1, 0), (0, 1, 1), (0, 1, 0), (0, 1, 0)]
    watch(store, readings, [0, 2, 3])
    before = history_rows(store)["computation"]
    fill(store, readings, 1)
    fill(store, readings, 1)  # a block that is there is left alone
    after = history_rows(store)["computation"]
    vaults = [row for row in after if row[0] == VAULT.id and row not in before]
    assert sorted(row[2] for row in vaults) == [1, 2, 3]
    assert recompute(store).found == 0


def test_only_a_block_between_its_parent_and_its_child_is_inserted(store: Store) -> None:
    store.register(TARGETS)
    store.save_settings(STALE_SOON)
    readings = [(0, 1, 0)] * 6
    watch(store, readings, [0, 2])
    rows = history_rows(store)
    tick = tick_at(store, 1, readings[1], below=1)
    for other, why in (
        (block(1, fork="other"), "is not on the stored branch"),
        (replace(tick.block, parent_hash=block(7).hash), "is not on the stored branch"),
        (replace(tick.block, number=5), "is not below what is stored"),
        (block(2, fork="other"), "is not below what is stored"),
    ):
        with pytest.raises(StoreError, match=why):
            store.fill(replace(tick, block=other))
    assert history_rows(store) == rows


@pytest.mark.parametrize(
    ("safe", "finalized", "status"),
    [(None, None, "latest"), (1, None, "safe"), (1, 0, "safe"), (9, 1, "finalized")],
)
def test_only_the_inserted_block_is_settled(
    store: Store, safe: int | None, finalized: int | None, status: str
) -> None:
    """Those around the gap may have left the chain since, and what is final is not given up."""
    store.register(TARGETS)
    store.save_settings(STALE_SOON)
    readings = [(0, 1, 0)] * 3
    watch(store, readings, [0, 2])
    tick = tick_at(store, 1, readings[1], below=1)
    store.fill(replace(tick, safe=safe, finalized=finalized))
    assert statuses(store) == {0: "latest", 1: status, 2: "latest"}
    assert store.rewind(CHAIN, block(1).hash) == 1
