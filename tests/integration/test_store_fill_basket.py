"""Blocks inserted below the cursor where a basket is measured: a pool that changes in one of them
changes the exit of holdings that do not change themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.effort import examples
from tests.support.rows import assert_same_history
from tests.support.stored import (
    CHAIN,
    FEED,
    POOL,
    SETTINGS,
    block,
    failed,
    feed_state,
    ok,
    pool_state,
)
from watcher.math.settings import BasketExit, Owed
from watcher.service.tick import Branch, advance, watchlist
from watcher.state import Holdings, Observation, Target, to_address
from watcher.store import Store, TickResult, recompute

CHEST = Target(
    CHAIN,
    "holdings",
    to_address("0x" + "b0" * 20),
    "holdings",
    "chest",
    POOL.tokens,
    params={"assets": 2},
    name="chest",
)
TARGETS = (FEED, POOL, CHEST)
INTO = POOL.tokens[1].address
BASKET = BasketExit((CHEST.id,), (POOL.id,), INTO, (Owed(INTO, 1_000.0),), ())
WITH_BASKET = replace(SETTINGS, exits=(BASKET,))

Reading = tuple[int, int]


def held(amount: int) -> Holdings:
    return Holdings(
        decimals=tuple(token.decimals for token in POOL.tokens),
        balances=((amount * 10**18, 0),),
        native=(),
        wrapped=0,
        pairs=(),
        vaults=(),
        order=(),
        pools=(),
        ranges=(),
        positions=(),
        other_positions=(),
    )


def observations(reading: Reading) -> dict[str, Observation]:
    pool, chest = reading
    found = (
        ok(FEED, feed_state(2_000)),
        ok(POOL, pool_state(1_000 + pool)) if pool else failed(POOL, detail="pruned"),
        ok(CHEST, held(1 + chest)),
    )
    return {one.target_id: one for one in found}


def tick_at(store: Store, number: int, reading: Reading, *, below: int | None) -> TickResult:
    stored = store.resume(CHAIN, below=below)
    branch = Branch(stored.cursor, stored.in_force, stored.computation_keys)
    watched = watchlist(TARGETS, WITH_BASKET)
    return advance(branch, block(number), observations(reading), watched).tick


def made(path: Path) -> Store:
    store = Store.create(f"sqlite:///{path}")
    store.register(TARGETS)
    store.save_settings(WITH_BASKET)
    return store


def watch(store: Store, readings: Sequence[Reading], numbers: Sequence[int]) -> None:
    for number in numbers:
        store.commit_tick(tick_at(store, number, readings[number], below=None))


@settings(max_examples=examples(8, deep=200))
@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 1)), min_size=3, max_size=8), st.data())
def test_a_filled_block_leaves_the_exits_of_all_blocks_as_if_it_had_been_there(
    tmp_path_factory: pytest.TempPathFactory, readings: list[Reading], data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("fill")
    inner = list(range(len(readings) - 1))
    gaps = data.draw(st.lists(st.sampled_from(inner), unique=True, min_size=1))
    there = [number for number in range(len(readings)) if number not in gaps]
    with made(folder / "gaps.db") as store:
        watch(store, readings, there)
        for number in data.draw(st.permutations(gaps)):
            store.fill(tick_at(store, number, readings[number], below=number))
            there = sorted([*there, number])
            with made(folder / f"only-{len(there)}.db") as only:
                watch(only, readings, there)
                assert_same_history(store, only)
        assert recompute(store).found == 0
