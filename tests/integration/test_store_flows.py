"""Flows in the database: what goes in comes out, is mended by filled gaps, and is recomputed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from tests.support.effort import examples
from tests.support.rows import assert_same_history, history_rows
from tests.support.stored import (
    CHAIN,
    POOL,
    SETTINGS,
    TARGETS,
    VAULT,
    address,
    block,
    failed,
    ok,
    pool_state,
    vault_state,
)
from watcher.errors import StoreError
from watcher.service.tick import Branch, advance, watchlist
from watcher.state import Observation
from watcher.state.flow import Decoded, Flow, FlowAmount, FlowKind, FlowReading, Side
from watcher.store import Store, TickResult, recompute

WETH, USDC = POOL.tokens
SCOPE = tuple(sorted((POOL.id, VAULT.id)))
E18, E6 = 10**18, 10**6
TAKER = address(0x7A)

Reading = tuple[int, int, bool]
"""Whole WETH and the vault's assets above the usual ones, and whether the logs tell of it."""


def swap(weth: int, usdc: int, *, index: int = 3) -> Flow:
    return Flow(
        index,
        FlowKind.SWAP,
        TAKER,
        (
            FlowAmount(Side.IN, WETH.address, weth),
            FlowAmount(Side.OUT, USDC.address, usdc),
            FlowAmount(Side.RESERVE, USDC.address, 2**256 - 1),
        ),
    )


def added(weth: int, *, index: int) -> Flow:
    return Flow(index, FlowKind.ADD, None, (FlowAmount(Side.IN, WETH.address, weth),))


def tick(
    store: Store,
    number: int,
    observed: Sequence[Observation],
    reading: FlowReading | None,
    *,
    below: int | None = None,
) -> TickResult:
    """As the service makes it, from what is stored."""
    stored = store.resume(CHAIN, below=below)
    branch = Branch(stored.cursor, stored.in_force, stored.computation_keys)
    by_id = {one.target_id: one for one in observed}
    watched = watchlist(TARGETS, SETTINGS)
    return advance(branch, block(number), by_id, watched, flows=reading).tick


def prepared(store: Store) -> Store:
    store.register(TARGETS)
    store.save_settings(SETTINGS)
    return store


def state(weth: int = 0, vault: int = 0) -> tuple[Observation, Observation]:
    pool = ok(POOL, pool_state(1_000 + weth))
    return pool, ok(VAULT, vault_state(assets=(500 + vault) * E18))


def reading(*decoded: Decoded, failure: str = "") -> FlowReading:
    return FlowReading(SCOPE, decoded, failure)


def test_what_goes_in_comes_out(store: Store) -> None:
    prepared(store)
    store.commit_tick(tick(store, 1, state(), reading()))
    flows = (swap(2**255, 2**256 - 1), added(3 * E18, index=9))
    said = reading(Decoded(POOL.id, flows), Decoded(VAULT.id, (added(E18, index=5),)))
    second = tick(store, 2, state(weth=3, vault=2), said)
    store.commit_tick(second)
    store.commit_tick(second)  # once more, as after a crash
    [pool] = store.flows(POOL.id)
    assert (pool.block, pool.window.decoded) == (block(2), said.decoded[0])
    [vault] = store.flows(VAULT.id, first=2, last=2)
    figures = {(one.name, dict(one.dims)["token"]): one.value for one in vault.window.measures}
    assert figures["unexplained_flow", WETH.address] == 1.0
    assert figures["lp_flow", WETH.address] == 1.0
    assert store.flows(POOL.id, first=3) == store.flows(POOL.id, last=1) == ()
    assert recompute(store).found == 0


def test_reserves_that_move_without_an_event_are_told(store: Store) -> None:
    prepared(store)
    store.commit_tick(tick(store, 1, state(), reading()))
    store.commit_tick(tick(store, 2, state(weth=1), reading()))
    store.commit_tick(tick(store, 3, state(weth=1), reading()))
    [pool] = store.flows(POOL.id)
    assert pool.window.decoded == Decoded(POOL.id, ())
    left = [one.value for one in pool.window.measures if one.name == "unexplained_flow"]
    assert sorted(left) == [0.0, 1.0]


def test_logs_that_could_not_be_read_are_no_quiet_block(store: Store) -> None:
    prepared(store)
    store.commit_tick(tick(store, 1, state(), None))
    store.commit_tick(tick(store, 2, state(), reading(failure="the node has no logs")))
    store.commit_tick(tick(store, 3, state(), reading()))
    covered = store.flow_coverage(POOL.id)
    assert (covered.first, covered.last, covered.blocks, covered.read) == (1, 3, 3, 1)
    assert covered.failed == (2,)
    assert store.flow_coverage(POOL.id, first=3).read == 1
    [feed] = [target for target in TARGETS if target.id not in SCOPE]
    assert store.flow_coverage(feed.id).read == 0


def test_strange_logs_are_a_row_with_the_reason(store: Store) -> None:
    prepared(store)
    store.commit_tick(tick(store, 1, state(), reading()))
    said = reading(Decoded(POOL.id, (), "log 7 is no Swap event"))
    store.commit_tick(tick(store, 2, state(weth=1), said))
    [pool] = store.flows(POOL.id)
    assert pool.window.decoded.problem == "log 7 is no Swap event"
    assert {one.reason for one in pool.window.measures} == {"log 7 is no Swap event"}
    assert recompute(store).found == 0


def test_a_reorg_takes_the_flows_with_its_blocks(store: Store) -> None:
    prepared(store)
    store.commit_tick(tick(store, 1, state(), reading()))
    said = reading(Decoded(POOL.id, (added(E18, index=1),)))
    store.commit_tick(tick(store, 2, state(weth=1), said))
    store.rewind(CHAIN, block(1).hash)
    assert store.flows(POOL.id) == ()
    assert store.flow_coverage(POOL.id).blocks == 1
    assert recompute(store).found == 0


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ("UPDATE flow_measure SET value = 8 WHERE name = 'lp_flow'", "flow_measure"),
        ("UPDATE flow_measure SET value = 0.5 WHERE name = 'unexplained_flow'", "flow_measure"),
        ("DELETE FROM flow_measure WHERE name = 'corrected_flow'", "flow_measure"),
        ("UPDATE flow_amount SET units = 7", "flow_amount"),
        ("UPDATE flow SET kind = 'remove'", "flow_measure"),
    ],
)
def test_a_changed_row_is_found(store: Store, change: str, what: str) -> None:
    prepared(store)
    store.commit_tick(tick(store, 1, state(), reading()))
    said = reading(Decoded(POOL.id, (added(E18, index=1),)))
    store.commit_tick(tick(store, 2, state(weth=1), said))
    assert recompute(store).found == 0
    with store.database.writing() as connection:
        connection.execute(text(change))
    found = recompute(store)
    assert found.found
    assert {one.table for one in found.differences} == {what}


def test_a_filled_block_says_what_its_child_is_compared_with(store: Store) -> None:
    prepared(store)
    said = reading(Decoded(POOL.id, (added(E18, index=1),)))
    store.commit_tick(tick(store, 1, state(), reading()))
    store.commit_tick(tick(store, 3, state(weth=3, vault=1), said))
    [before] = store.flows(POOL.id)
    reasons = {one.reason for one in before.window.measures if one.name == "unexplained_flow"}
    assert reasons == {"the block before was not read"}
    assert store.flows(VAULT.id) == ()
    store.fill(tick(store, 2, state(weth=2), reading(), below=2))
    second, third = store.flows(POOL.id)
    assert (second.block.number, third.block.number) == (2, 3)
    left = {one.value for one in third.window.measures if one.name == "unexplained_flow"}
    assert left == {0.0}
    [vault] = store.flows(VAULT.id)
    assert (vault.block.number, vault.window.decoded.flows) == (3, ())
    assert recompute(store).found == 0


def test_logs_that_are_read_later_are_as_if_read_in_time(store: Store, tmp_path: Path) -> None:
    said = [
        reading(),
        reading(Decoded(POOL.id, (added(E18, index=1),))),
        reading(Decoded(POOL.id, (swap(E18, 7, index=4),)), Decoded(VAULT.id, (), "log 3 is none")),
        reading(),
    ]
    states = [state(), state(weth=1), state(weth=2, vault=1), state(weth=2, vault=3)]
    with prepared(Store.create(f"sqlite:///{tmp_path / 'in-time.db'}")) as in_time:
        prepared(store)
        for number, (observed, one) in enumerate(zip(states, said, strict=True)):
            in_time.commit_tick(tick(in_time, number, observed, one))
            failing = reading(failure="no logs") if number else one
            store.commit_tick(tick(store, number, observed, failing))
        assert [one.number for one in store.logless(CHAIN)] == [1, 2, 3]
        for number in (2, 1, 3):
            store.fill_flows(block(number), said[number])
        store.fill_flows(block(2), said[2])  # what is there is left alone
        assert store.logless(CHAIN) == ()
        for target in (POOL, VAULT):
            assert store.flows(target.id) == in_time.flows(target.id) != ()
            assert store.flow_coverage(target.id) == in_time.flow_coverage(target.id)
    assert recompute(store).found == 0
    with pytest.raises(StoreError, match="is not on the stored branch"):
        store.fill_flows(block(2, fork="other"), said[2])


def test_a_damaged_amount_is_a_difference_and_the_other_windows_are_checked(
    tmp_path: Path,
) -> None:
    with prepared(Store.create(f"sqlite:///{tmp_path / 'damaged.db'}")) as store:
        store.commit_tick(tick(store, 1, state(), reading()))
        said = reading(
            Decoded(POOL.id, (added(E18, index=1),)), Decoded(VAULT.id, (added(E18, index=2),))
        )
        store.commit_tick(tick(store, 2, state(weth=1, vault=1), said))
        with store.database.writing() as connection:
            connection.exec_driver_sql("PRAGMA ignore_check_constraints = ON")
            connection.execute(text("UPDATE flow_amount SET raw = x'07' WHERE log_index = 1"))
            connection.execute(text("UPDATE flow_measure SET value = 9 WHERE name = 'lp_flow'"))
        found = {(one.table, one.target, one.field) for one in recompute(store).differences}
    assert found == {
        ("flow_amount", "WETH/USDC", "raw"),
        ("flow_window", "WETH/USDC", "flows"),
        ("flow_measure", "vault", "value"),
    }


drawn = st.lists(
    st.tuples(st.integers(0, 1), st.integers(0, 1), st.booleans()), min_size=3, max_size=8
)


@settings(max_examples=examples(10, deep=300))
@given(drawn, st.data())
def test_whatever_is_filled_the_flows_are_those_of_all_blocks_so_far(
    tmp_path_factory: pytest.TempPathFactory, readings: list[Reading], data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("fill")
    inner = list(range(len(readings) - 1))
    gaps = data.draw(st.lists(st.sampled_from(inner), unique=True, min_size=1))
    there = [number for number in range(len(readings)) if number not in gaps]

    def made(name: str, numbers: Sequence[int]) -> Store:
        one = prepared(Store.create(f"sqlite:///{folder / name}.db"))
        for number in numbers:
            one.commit_tick(tick(one, number, *told(readings[number])))
        return one

    with made("gaps", there) as store:
        for number in data.draw(st.permutations(gaps)):
            store.fill(tick(store, number, *told(readings[number]), below=number))
            there = sorted([*there, number])
            # At every step: as if only the blocks that are there had ever been read.
            with made(f"only-{len(there)}", there) as only:
                assert_same_history(store, only)
        assert recompute(store).found == 0
        assert history_rows(store)["flow_reading"]


def told(one: Reading) -> tuple[tuple[Observation, ...], FlowReading]:
    weth, vault, logs = one
    decoded = [Decoded(POOL.id, (added(E18, index=1),))] if logs else []
    observed = state(weth, vault)
    if vault and logs:
        observed = observed[0], failed(VAULT, detail="pruned")
    return observed, reading(*decoded)
