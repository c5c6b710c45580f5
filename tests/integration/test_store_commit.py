"""A tick is stored whole or not at all, once, and only where it belongs."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from tests.support.rows import statuses
from tests.support.stored import (
    CALM,
    CHAIN,
    FEED,
    POOL,
    SETTINGS,
    TARGETS,
    VAULT,
    Watch,
    block,
    failed,
    feed_state,
    ok,
    pool_state,
    vault_state,
)
from watcher.errors import StoreError
from watcher.state import Computation, Input, Measure, Observation, Status, Token
from watcher.store import Store, TickResult, branch, tables

TABLES = (
    tables.block,
    tables.state,
    tables.observation,
    tables.amount,
    tables.computation,
    tables.computation_input,
    tables.measure,
)


def counts(store: Store) -> dict[str, int]:
    with store.database.reading() as connection:
        return {
            table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in TABLES
        }


def test_a_tick_is_there_after_reopening(store: Store, store_url: str) -> None:
    watch = Watch(store)
    watch.read(block(1), *CALM)
    watch.read(block(2), ok(POOL, pool_state(900)), failed(VAULT, detail="pruned"))
    with Store.open(store_url) as again:
        resumption = again.resume(CHAIN)
        assert resumption == watch.resumption
        assert resumption.cursor == block(2)
        assert resumption.in_force[VAULT.id].observation.status is Status.UNAVAILABLE
        assert again.targets() == TARGETS


def test_nothing_is_in_force_on_a_chain_that_was_never_read(store: Store) -> None:
    store.register(TARGETS)
    resumption = store.resume(CHAIN)
    assert resumption.cursor is None
    assert resumption.in_force == {}
    assert resumption.computation_keys == {}


def test_every_amount_of_a_state_is_beside_it_to_the_wei(store: Store) -> None:
    huge = replace(pool_state(), balance0=2**256 - 1, reserve0=2**112 - 1)
    Watch(store).read(block(1), ok(POOL, huge))
    with store.database.reading() as connection:
        query = select(tables.amount).order_by(tables.amount.c.position)
        rows = connection.execute(query).all()
    assert [(row.field, row.raw) for row in rows] == [
        ("reserve0", 2**112 - 1),
        ("reserve1", 2_000_000 * 10**6),
        ("balance0", 2**256 - 1),
        ("balance1", 2_000_000 * 10**6),
        ("total_supply", 44_721 * 10**12),
    ]
    assert rows[2].units == (2**256 - 1) / 10**18
    assert rows[1].units == 2_000_000.0


def test_equal_states_are_stored_once(store: Store) -> None:
    watch = Watch(store)
    for number, weth in enumerate([1_000, 900, 1_000, 900], start=1):
        watch.read(block(number), ok(POOL, pool_state(weth)))
    found = counts(store)
    assert found["observation"] == 4
    assert found["state"] == 2


def test_the_same_block_again_adds_nothing(store: Store) -> None:
    watch = Watch(store)
    watch.read(block(1), *CALM)
    tick = watch.read(block(2), ok(POOL, pool_state(900)))
    before = counts(store)
    store.commit_tick(tick)
    assert counts(store) == before
    assert store.resume(CHAIN) == watch.resumption


def test_an_older_block_again_adds_nothing_and_leaves_the_cursor(store: Store) -> None:
    watch = Watch(store)
    first = watch.read(block(1), *CALM)
    watch.read(block(2), ok(POOL, pool_state(900)))
    before = counts(store)
    store.commit_tick(first)
    assert counts(store) == before
    assert store.resume(CHAIN) == watch.resumption


def test_the_last_block_takes_a_target_that_came_later(store: Store) -> None:
    watch = Watch(store)
    watch.read(block(1), ok(FEED, feed_state()), ok(POOL, pool_state()))
    late = TickResult(block(1), SETTINGS.hash, (ok(VAULT, vault_state()),), ())
    store.commit_tick(late)
    assert store.resume(CHAIN).in_force[VAULT.id].observation == ok(VAULT, vault_state())


def test_a_block_that_is_left_behind_takes_nothing_more(store: Store) -> None:
    watch = Watch(store)
    watch.read(block(1), ok(FEED, feed_state()), ok(POOL, pool_state()))
    watch.read(block(2))
    late = TickResult(block(1), SETTINGS.hash, (ok(VAULT, vault_state()),), ())
    with pytest.raises(StoreError, match="block 1 of eip155:31337 is complete and no longer"):
        store.commit_tick(late)


@pytest.mark.parametrize("observation", [ok(POOL, pool_state(7)), failed(POOL)])
def test_another_reading_of_a_stored_block_is_refused(
    store: Store, observation: Observation
) -> None:
    watch = Watch(store)
    tick = watch.read(block(1), *CALM)
    before = counts(store)
    other = replace(tick, observations=(observation,), computations=())
    with pytest.raises(StoreError, match="another observation of WETH/USDC: go on from what is"):
        store.commit_tick(other)
    assert counts(store) == before


def test_other_measures_of_a_stored_block_are_refused(store: Store) -> None:
    watch = Watch(store)
    tick = watch.read(block(1), *CALM)
    other = replace(tick.computations[0], key="0" * 64)
    with pytest.raises(StoreError, match="another computation of ETH / USD"):
        store.commit_tick(replace(tick, computations=(other,)))


def test_a_block_must_be_the_child_of_the_last(store: Store) -> None:
    watch = Watch(store)
    watch.read(block(1), *CALM)
    before = counts(store)
    with pytest.raises(StoreError, match="block 2 of eip155:31337 has the parent 0x"):
        store.commit_tick(watch.tick(block(2, fork="b")))
    with pytest.raises(StoreError, match="is not on the stored branch, which is at block 1 "):
        store.commit_tick(watch.tick(block(1, fork="b")))
    with pytest.raises(StoreError, match="is not on the stored branch"):
        store.commit_tick(watch.tick(block(0)))
    assert counts(store) == before


def test_blocks_may_be_left_out(store: Store) -> None:
    watch = Watch(store)
    watch.read(block(1), *CALM)
    watch.read(block(5), ok(POOL, pool_state(900)))
    assert [each.number for each in store.recent_blocks(CHAIN, 10)] == [5, 1]
    assert store.recent_blocks(CHAIN, 1) == (block(5),)


def test_two_writers_of_one_chain_take_turns(store: Store) -> None:
    """The second finds the block stored, or its own no longer the next: never a torn branch."""
    watch = Watch(store)
    watch.read(block(1), *CALM)
    with ThreadPoolExecutor(2) as writers:
        for number in range(2, 12):
            ours = watch.tick(block(number), ok(POOL, pool_state(number)))
            theirs = watch.tick(block(number, fork="b", parent=block(number - 1)))
            for rival in (ours, theirs):
                first, second = (writers.submit(store.commit_tick, each) for each in (ours, rival))
                outcomes = [first.exception(), second.exception()]
                if rival is ours:
                    assert outcomes == [None, None]
                else:
                    assert outcomes[0] is None
                    assert "is not on the stored branch" in str(outcomes[1])
            watch.follow(ours)
    assert store.resume(CHAIN) == watch.resumption
    assert len(store.recent_blocks(CHAIN, 100)) == 11


def test_a_target_must_be_registered(store: Store) -> None:
    store.save_settings(SETTINGS)
    tick = TickResult(block(1), SETTINGS.hash, CALM, ())
    with pytest.raises(StoreError, match="is not registered: register it first"):
        store.commit_tick(tick)
    assert store.resume(CHAIN).cursor is None


def test_the_settings_must_be_saved(store: Store) -> None:
    store.register(TARGETS)
    tick = Watch(store).tick(block(1), *CALM)
    with pytest.raises(StoreError):
        store.commit_tick(replace(tick, settings_hash="0" * 64))
    assert counts(store)["block"] == 0


def test_an_input_must_be_stored(store: Store) -> None:
    tick = Watch(store).tick(block(1), *CALM)
    missing = Input("previous", POOL.id, block(0).hash)
    broken = replace(tick.computations[1], inputs=(missing,))
    with pytest.raises(StoreError, match=r"observation of WETH/USDC at block 0x.* not on the"):
        store.commit_tick(replace(tick, computations=(broken,)))


def test_an_input_of_an_orphaned_block_is_not_taken(store: Store) -> None:
    watch = Watch(store)
    watch.read(block(1), *CALM)
    computations = watch.read(block(2), ok(POOL, pool_state(900))).computations
    [stale] = [each for each in computations if each.target_id == POOL.id]
    watch.rewind(block(1))
    tick = watch.tick(block(2, fork="b", parent=block(1)))
    with pytest.raises(StoreError, match="not on the stored branch"):
        store.commit_tick(replace(tick, computations=(stale,)))


@pytest.mark.parametrize(
    ("value", "reason"), [(math.nan, ""), (math.inf, ""), (-math.inf, "why"), (1.0, "why")]
)
def test_a_measure_that_sql_cannot_hold_stores_nothing(
    store: Store, value: float, reason: str
) -> None:
    tick = Watch(store).tick(block(1), *CALM)
    wrong = Measure("spot_price", value, 1, reason=reason)
    computation = Computation(POOL.id, "0" * 64, (), (wrong,))
    with pytest.raises(ValueError, match="spot_price is"):
        store.commit_tick(replace(tick, computations=(computation,)))
    assert set(counts(store).values()) == {0}


def test_an_unknown_measure_is_null_with_its_reason(store: Store) -> None:
    Watch(store).read(block(1), *CALM[1:])
    with store.database.reading() as connection:
        query = select(tables.measure).where(tables.measure.c.name == "reference_price")
        row = connection.execute(query).one()
    assert row.value is None
    assert row.reason.endswith("the feed was not read yet")
    latest = store.latest(POOL.id)
    assert latest is not None
    [reference] = [each for each in latest.measures if each.name == "reference_price"]
    assert math.isnan(reference.value)
    assert reference.reason == row.reason


def test_hostile_text_is_cut_and_cleaned(store: Store) -> None:
    hostile = "\0\ud800 <img onerror>" + "x" * 1_000
    Watch(store).read(block(1), failed(POOL, Status.REVERTED, hostile))
    detail = store.resume(CHAIN).in_force[POOL.id].observation.detail
    assert len(detail) == 500
    assert detail.startswith("\ufffd? <img onerror>xxx")


@pytest.mark.parametrize("step", ["add_block", "move_cursor", "settle"])
def test_a_crash_inside_a_commit_leaves_nothing(
    store: Store, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    watch = Watch(store)
    watch.read(block(1), *CALM)
    before = counts(store)

    def crash(*arguments: object, **named: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(branch, step, crash)
        with pytest.raises(KeyboardInterrupt):
            store.commit_tick(watch.tick(block(2), ok(POOL, pool_state(900))))
    assert counts(store) == before
    assert store.resume(CHAIN) == watch.resumption
    watch.read(block(2), ok(POOL, pool_state(900)))


def test_blocks_rise_to_safe_and_finalized_and_never_fall(store: Store) -> None:
    watch = Watch(store)
    for number in range(1, 7):
        watch.read(block(number), safe=number - 1, finalized=number - 3)
    assert list(statuses(store).values()) == [*["finalized"] * 3, "safe", "safe", "latest"]
    watch.read(block(7), safe=1, finalized=1)
    watch.read(block(8))
    assert list(statuses(store).values()) == [*["finalized"] * 3, "safe", "safe", *["latest"] * 3]


def test_a_rewind_orphans_what_is_above_and_goes_on_from_there(store: Store) -> None:
    watch = Watch(store)
    watch.read(block(1), *CALM)
    at_one = watch.resumption
    watch.read(block(2), ok(POOL, pool_state(900)))
    watch.read(block(3), ok(POOL, pool_state(800)))
    assert watch.rewind(block(1)) == 2
    assert watch.resumption == at_one
    assert statuses(store) == {1: "latest", 2: "orphaned", 3: "orphaned"}
    assert watch.rewind(block(1)) == 0


def test_a_block_that_comes_back_is_read_anew(store: Store) -> None:
    """The second reading holds: the first may have failed where this one did not."""
    watch = Watch(store)
    watch.read(block(1), *CALM)
    watch.read(block(2), failed(POOL))
    watch.rewind(block(1))
    watch.read(block(2), ok(POOL, pool_state(900)))
    assert store.resume(CHAIN) == watch.resumption
    standing = store.observation_as_of(POOL.id, 2)
    assert standing is not None
    assert standing.observation == ok(POOL, pool_state(900))
    assert counts(store)["block"] == 3


def test_a_rewind_below_a_finalized_block_changes_nothing(store: Store) -> None:
    watch = Watch(store)
    for number in range(1, 6):
        watch.read(block(number), finalized=2)
    before = statuses(store)
    with pytest.raises(StoreError, match="block 2 of eip155:31337 is finalized here and not on"):
        store.rewind(CHAIN, block(1).hash)
    with pytest.raises(StoreError, match="block 1 of eip155:31337 is finalized here"):
        store.rewind(CHAIN, None)
    assert statuses(store) == before
    assert store.resume(CHAIN).cursor == block(5)
    assert store.rewind(CHAIN, block(2).hash) == 3


def test_a_rewind_to_an_unknown_block_changes_nothing(store: Store) -> None:
    watch = Watch(store)
    watch.read(block(1), *CALM)
    with pytest.raises(StoreError, match="is not on the stored branch: there is nothing to go"):
        store.rewind(CHAIN, block(1, fork="b").hash)
    assert store.resume(CHAIN) == watch.resumption


def test_a_rewind_of_everything_begins_anew(store: Store) -> None:
    watch = Watch(store)
    watch.read(block(5), *CALM)
    assert store.rewind(CHAIN, None) == 1
    resumption = store.resume(CHAIN)
    assert resumption.cursor is None
    assert resumption.in_force == {}
    watch.resumption = resumption
    watch.read(block(4, fork="b"), *CALM)


def spans(store: Store) -> list[tuple[int, int, bool]]:
    """Each gap's first and last block, and whether it is filled."""
    return [(gap.first, gap.last, gap.filled_at is not None) for gap in store.gaps(CHAIN)]


def test_a_gap_is_noted_once_and_shrinks_as_its_blocks_are_there(store: Store) -> None:
    watch = Watch(store)
    watch.read(block(1), *CALM)
    store.record_gap(CHAIN, 2, 3, "the node had pruned them")
    store.record_gap(CHAIN, 2, 3, "the node had pruned them")
    watch.read(block(4))
    [gap] = store.gaps(CHAIN)
    assert (gap.first, gap.last, gap.reason) == (2, 3, "the node had pruned them")
    assert gap.filled_at is None
    watch.rewind(block(1))
    watch.read(block(2))
    assert spans(store) == [(2, 2, True), (3, 3, False)]
    watch.read(block(3))
    assert spans(store) == [(2, 3, True)]
    assert store.gaps(CHAIN + 1) == ()


def test_gaps_that_overlap_are_one(store: Store) -> None:
    for first, last in ((5, 9), (20, 30), (8, 12), (6, 7), (13, 13)):
        store.record_gap(CHAIN, first, last, "away")
    assert spans(store) == [(5, 12, False), (13, 13, False), (20, 30, False)]
    store.record_gap(CHAIN, 1, 40, "away longer")
    assert spans(store) == [(1, 40, False)]
    store.close_gap(CHAIN, 10, 12)
    assert spans(store) == [(1, 9, False), (10, 12, True), (13, 40, False)]


def test_a_gap_has_a_first_and_a_last_block(store: Store) -> None:
    with pytest.raises(StoreError, match="ck_gap_range"):
        store.record_gap(CHAIN, 3, 2, "backwards")


def test_registering_again_follows_names_and_symbols_only(store: Store) -> None:
    store.register(TARGETS)
    renamed = replace(POOL, name="main pool", params={"fee": "1/500"})
    coin = renamed.tokens[0]
    renamed = replace(renamed, tokens=(replace(coin, symbol="wETH"), renamed.tokens[1]))
    store.register([renamed])
    store.register([renamed])
    assert store.find_target("main pool") == renamed
    assert len(store.targets()) == 3
    # Another target shares the token, and its new symbol.
    assert store.find_target("vault").tokens[0].symbol == "wETH"


def test_a_token_that_changes_its_decimals_is_refused(store: Store) -> None:
    store.register(TARGETS)
    coin = POOL.tokens[1]
    changed = replace(POOL, tokens=(POOL.tokens[0], replace(coin, decimals=18)))
    with pytest.raises(StoreError, match="stored with 6 decimals and now says 18"):
        store.register([replace(VAULT, name="not taken over"), changed])
    assert store.targets() == TARGETS


def test_a_target_that_changes_its_tokens_is_refused(store: Store) -> None:
    store.register(TARGETS)
    other = replace(POOL, tokens=(POOL.tokens[0], Token(FEED.address, 6, "USDT")))
    with pytest.raises(StoreError, match=r"WETH/USDC at eip155:31337:0x.* with other tokens"):
        store.register([other])
    treasury = replace(POOL, key="treasury")
    store.register([treasury])
    with pytest.raises(StoreError, match=r"with other tokens .*: give it another name"):
        store.register([replace(treasury, tokens=other.tokens)])


def test_the_lease_has_one_holder_until_it_expires(store_url: str) -> None:
    clock = [datetime(2026, 1, 1, tzinfo=UTC)]
    with Store.create(store_url, now=lambda: clock[0]) as store:
        assert store.acquire("run", holder="a", seconds=30)
        assert not store.acquire("run", holder="b", seconds=30)
        assert store.acquire("other", holder="b", seconds=30)
        clock[0] += timedelta(seconds=20)
        assert store.renew("run", holder="a", seconds=30)
        assert not store.renew("run", holder="b", seconds=30)
        clock[0] += timedelta(seconds=20)
        assert not store.acquire("run", holder="b", seconds=30)
        clock[0] += timedelta(seconds=10)
        assert store.acquire("run", holder="b", seconds=30)
        assert not store.renew("run", holder="a", seconds=30)
        store.release("run", holder="a")
        assert not store.acquire("run", holder="a", seconds=30)
        store.release("run", holder="b")
        assert store.acquire("run", holder="a", seconds=30)
