"""What was stored is found again as of any block, with the prices of that block."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from tests.support.stored import (
    CALM,
    CHAIN,
    FEED,
    POOL,
    SETTINGS,
    START,
    TARGETS,
    USDC,
    VAULT,
    WETH,
    Watch,
    block,
    failed,
    feed_state,
    ok,
    pool_state,
    vault_state,
)
from watcher.errors import InputError
from watcher.state import Measure, Status
from watcher.store import Store


@pytest.fixture
def watch(store: Store) -> Watch:
    """Ten blocks: the pool moves at 3, fails at 5 and 6, is well again at 7 and moves at 9; a
    reorg replaced the blocks 8 and 9 once."""
    watch = Watch(store)
    watch.read(block(1), *CALM)
    watch.read(block(2))
    watch.read(block(3), ok(POOL, pool_state(900)))
    watch.read(block(4))
    watch.read(block(5), failed(POOL, Status.UNAVAILABLE, "pruned"))
    watch.read(block(6), failed(POOL, Status.REVERTED, "locked"))
    watch.read(block(7), ok(POOL, pool_state(900)), ok(FEED, feed_state(2_500)))
    watch.read(block(8, fork="b", parent=block(7)), ok(POOL, pool_state(1)))
    watch.read(block(9, fork="b"), ok(VAULT, vault_state(1)))
    watch.rewind(block(7))
    watch.read(block(8))
    watch.read(block(9), ok(POOL, pool_state(800)))
    watch.read(block(10))
    return watch


def value(measures: tuple[Measure, ...], name: str) -> float:
    [found] = [each.value for each in measures if each.name == name]
    return found


@pytest.mark.parametrize(
    ("number", "status", "weth", "since"),
    [
        (1, Status.OK, 1_000, 1),
        (2, Status.OK, 1_000, 1),
        (3, Status.OK, 900, 3),
        (4, Status.OK, 900, 3),
        (5, Status.UNAVAILABLE, None, 5),
        (6, Status.REVERTED, None, 6),
        (8, Status.OK, 900, 7),
        (9, Status.OK, 800, 9),
        (10, Status.OK, 800, 9),
        (None, Status.OK, 800, 9),
    ],
)
def test_the_observation_in_force_at_a_block(
    watch: Watch, number: int | None, status: Status, weth: int | None, since: int
) -> None:
    standing = watch.store.observation_as_of(POOL.id, number)
    assert standing is not None
    assert standing.as_of == block(number or 10)
    assert standing.since == block(since)
    assert standing.observation.status is status
    assert standing.observation.state == (None if weth is None else pool_state(weth))


def test_outside_of_what_is_stored_the_edge_is_named(watch: Watch) -> None:
    with pytest.raises(InputError, match="block 11 of eip155:31337 is not stored: the newest is"):
        watch.store.observation_as_of(POOL.id, 11)
    with pytest.raises(InputError, match=r"block 0 of eip155:31337 .* the history begins at 1"):
        watch.store.observation_as_of(POOL.id, 0)
    with pytest.raises(InputError, match="no stored target has the id abcd"):
        watch.store.observation_as_of("abcd" * 16, None)


def test_before_the_first_block_there_is_nothing(store: Store) -> None:
    store.register(TARGETS)
    assert store.latest(POOL.id) is None
    assert store.settings_as_of(POOL.id, None) is None
    assert store.measure_history(POOL.id) == ()
    with pytest.raises(InputError, match="no block of eip155:31337 is stored yet"):
        store.snapshot(POOL.id)
    [feed, _, _] = store.statuses()
    assert (feed.newest, feed.observation, feed.since, feed.figures) == (None, None, None, None)
    assert store.extent().chains == ()


def test_a_target_that_came_later_has_no_past(store: Store) -> None:
    watch = Watch(store)
    watch.read(block(1), *CALM[:2])
    watch.read(block(2), *CALM)
    assert store.observation_as_of(VAULT.id, 1) is None
    with pytest.raises(InputError, match="vault at block 1 had not been read yet"):
        store.snapshot(VAULT.id, 1)


def test_the_latest_measures_are_those_of_the_branch(watch: Watch) -> None:
    latest = watch.store.latest(POOL.id)
    assert latest is not None
    assert latest.block == block(9)  # nothing that they depend on changed at block 10
    assert latest.settings_hash == SETTINGS.hash
    assert value(latest.measures, "spot_price") == 2_500.0
    assert list(latest.measures) == sorted(latest.measures, key=lambda m: (m.name, str(m.dims)))
    impact = [each for each in latest.measures if each.name == "price_impact"]
    assert {dict(each.dims)["token_in"] for each in impact} == {WETH.address, USDC.address}


def test_measures_as_of_a_block_are_those_in_force_there(watch: Watch) -> None:
    at_eight = watch.store.figures_as_of(POOL.id, 8)
    assert at_eight is not None
    assert at_eight.block == block(7)
    assert math.isclose(value(at_eight.measures, "spot_price"), 2_000_000 / 900)
    at_five = watch.store.figures_as_of(FEED.id, 5)
    assert at_five is not None
    assert at_five.block == block(1)


def test_the_history_of_a_measure_runs_over_the_branch(watch: Watch) -> None:
    found = watch.store.measure_history(POOL.id, ["spot_price"])
    seen = [(each.block.number, each.measure.value) for each in found]
    assert [number for number, _ in seen] == [1, 3, 5, 6, 7, 9]
    assert [number for number, price in seen if math.isnan(price)] == [5, 6]
    assert found[2].measure.reason == "target is unavailable"
    assert all(each.block == block(each.block.number) for each in found)


def test_a_history_is_cut_at_its_ends_and_to_the_newest_rows(watch: Watch) -> None:
    def numbers(**window: int) -> list[int]:
        found = watch.store.measure_history(POOL.id, ["spot_price"], **window)
        return [each.block.number for each in found]

    assert numbers(first=7) == [7, 9]
    assert numbers(last=3) == [1, 3]
    assert numbers(first=3, last=5) == [3, 5]
    assert numbers(limit=2) == [7, 9]
    assert numbers(last=6, limit=1) == [6]
    both = watch.store.measure_history(POOL.id, ["spot_price", "reference_price"], first=9)
    assert [each.measure.name for each in both] == ["reference_price", "spot_price"]
    assert {each.measure.name for each in watch.store.measure_history(VAULT.id)} > {
        "price_per_share"
    }


def test_a_snapshot_has_the_prices_of_its_block(watch: Watch) -> None:
    early, late = watch.store.snapshot(POOL.id, 4), watch.store.snapshot(POOL.id)
    assert early.block == block(4)
    assert early.target == POOL
    assert early.state == pool_state(900)
    assert early.prices is not None
    assert late.prices is not None
    assert [(price.token, price.value) for price in early.prices] == [
        (WETH.address, 2_000.0),
        (USDC.address, 1.0),
    ]
    assert late.prices[0].value == 2_500.0
    assert late.prices[0].ancestry == (FEED.id,)


def test_a_snapshots_price_is_stale_by_the_blocks_time(store: Store) -> None:
    watch = Watch(store)
    watch.read(block(1), ok(FEED, feed_state(updated_at=START - 3_600)), *CALM[1:])
    prices = store.snapshot(POOL.id).prices
    assert prices is not None
    assert math.isnan(prices[0].value)
    assert prices[0].reason == "the feed is stale (heartbeat 3600 s)"


def test_a_snapshot_without_any_computation_has_no_prices(store: Store) -> None:
    watch = Watch(store)
    store.commit_tick(replace(watch.tick(block(1), *CALM), computations=()))
    assert store.snapshot(POOL.id).prices is None


def test_there_is_no_snapshot_of_a_target_that_failed(watch: Watch) -> None:
    with pytest.raises(
        InputError, match=r"WETH/USDC at block 5 has no state: it is unavailable .* 5: pruned"
    ):
        watch.store.snapshot(POOL.id, 5)


def test_the_settings_are_those_of_the_last_computation(watch: Watch) -> None:
    changed = replace(SETTINGS, sizes=(5.0,))
    again = Watch(watch.store, settings=changed)
    again.read(block(11))
    assert watch.store.settings_as_of(POOL.id, 10) == SETTINGS
    assert watch.store.settings_as_of(POOL.id, None) == changed


def test_status_rows_say_since_when(watch: Watch) -> None:
    feed, pool, vault = watch.store.statuses()
    assert [row.target for row in (feed, pool, vault)] == list(TARGETS)
    assert {row.newest for row in (feed, pool, vault)} == {block(10)}
    assert feed.since == vault.since == block(1)
    assert pool.since == block(7)
    assert pool.observation == ok(POOL, pool_state(800))
    assert pool.figures == watch.store.latest(POOL.id)


def test_a_failing_target_is_blind_since_its_status_changed(store: Store) -> None:
    watch = Watch(store)
    watch.read(block(1), failed(POOL, Status.UNAVAILABLE, "a"))
    watch.read(block(2), failed(POOL, Status.UNAVAILABLE, "b"))
    [_, pool, vault] = store.statuses()
    assert pool.since == block(1)
    assert pool.observation == failed(POOL, Status.UNAVAILABLE, "b")
    assert vault.observation is None
    watch.read(block(3), ok(POOL, pool_state()))
    watch.read(block(4), failed(POOL, Status.UNAVAILABLE, "c"))
    assert store.statuses()[1].since == block(4)
    watch.rewind(block(2))
    assert store.statuses()[1].since == block(1)


def test_the_extent_counts_the_canonical_blocks(watch: Watch) -> None:
    extent = watch.store.extent()
    assert extent.targets == 3
    assert extent.size > 10_000
    [chain] = extent.chains
    assert (chain.chain_id, chain.blocks) == (CHAIN, 10)
    assert (chain.first, chain.newest) == (block(1), block(10))
    assert chain.days == 9 * 12 / 86_400


def test_a_target_is_found_by_its_name(watch: Watch) -> None:
    assert watch.store.find_target("weth/usdc") == POOL
    assert dict(watch.store.find_target("weth/usdc").params) == dict(POOL.params)
