"""Ticks, reorgs, crashes and restarts in any order: the history says what a dictionary says."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, text

from tests.support.effort import examples
from tests.support.stored import (
    CHAIN,
    FEED,
    POOL,
    SETTINGS,
    START,
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
from watcher.state import Block, Observation, Status
from watcher.store import Store, TickResult, branch, recompute, tables

READINGS = {
    POOL.id: [
        *(ok(POOL, pool_state(weth)) for weth in (1_000, 900, 1_100)),
        *(failed(POOL, status) for status in (Status.UNAVAILABLE, Status.REVERTED)),
    ],
    VAULT.id: [ok(VAULT, vault_state(assets)) for assets in (500, 501)] + [failed(VAULT)],
    # The second becomes stale while nothing changes, which alone makes a new computation.
    FEED.id: [
        ok(FEED, feed_state(updated_at=START + 10_000)),
        ok(FEED, feed_state(updated_at=START - 3_550)),
    ],
}

reading = st.tuples(*(st.sampled_from([None, *choices]) for choices in READINGS.values()))


@dataclass(frozen=True, slots=True)
class Read:
    """A block is read: normally, or with a crash inside the commit, or just after it."""

    observations: tuple[Observation | None, ...]
    crash: str
    skipped: int


@dataclass(frozen=True, slots=True)
class Reorg:
    """The last blocks give way; their first replacement is another block or one seen before."""

    depth: int
    fork: str


@dataclass(frozen=True, slots=True)
class Restart:
    """A new process begins with what is stored."""


@dataclass(frozen=True, slots=True)
class Finalize:
    behind: int


steps = st.lists(
    st.one_of(
        st.builds(
            Read,
            reading,
            st.sampled_from(["", "", "", "inside", "after"]),
            st.sampled_from([0, 0, 0, 2]),
        ),
        st.builds(Reorg, st.integers(1, 4), st.sampled_from("abc")),
        st.builds(Restart),
        st.builds(Finalize, st.integers(1, 5)),
    ),
    min_size=1,
    max_size=25,
)


@dataclass(slots=True)
class Model:
    """What must be stored: the branch, and by height what was in force and how final it is."""

    blocks: list[Block] = field(default_factory=list)
    in_force: list[dict[str, Observation]] = field(default_factory=list)
    finalized: int = -1
    fork: str = ""

    def next_block(self, skipped: int) -> Block:
        if not self.blocks:
            return block(1, fork=self.fork)
        last = self.blocks[-1]
        number = last.number + 1 + skipped
        return block(number, fork=self.fork, parent=None if skipped else last)

    def append(self, added: Block, observations: list[Observation]) -> None:
        before = self.in_force[-1] if self.in_force else {}
        self.blocks.append(added)
        self.in_force.append(before | {each.target_id: each for each in observations})


class Crash(Exception):
    pass


@pytest.fixture
def shared_url(store_url: str) -> str:
    """One database for all examples: creating one takes longer than an example."""
    with Store.create(store_url):
        pass
    return store_url


@settings(
    max_examples=examples(60, deep=400),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(steps=steps)
def test_whatever_happens_the_branch_is_whole(
    shared_url: str, monkeypatch: pytest.MonkeyPatch, steps: list[object]
) -> None:
    with Store.open(shared_url) as store:
        empty(store)
        watch, model = Watch(store), Model()
        for step in steps:
            match step:
                case Read():
                    watch = read(watch, model, step, monkeypatch)
                case Reorg():
                    reorg(watch, model, step)
                case Restart():
                    watch = restart(watch, model)
                case Finalize():
                    finalize(watch, model, step)
        check_whole(store, model)
        check_facts(store, model)
        assert recompute(store).differences == ()


def read(watch: Watch, model: Model, step: Read, monkeypatch: pytest.MonkeyPatch) -> Watch:
    added = model.next_block(step.skipped if model.blocks else 0)
    observations = [each for each in step.observations if each is not None]
    tick = watch.tick(added, *observations)
    if step.crash == "inside":
        with monkeypatch.context() as patched:
            patched.setattr(branch, "settle", crash)
            with pytest.raises(Crash):
                watch.store.commit_tick(tick)
        return Watch(watch.store)
    watch.store.commit_tick(tick)
    model.append(added, observations)
    if step.crash == "after":
        # The process dies before it knows; the next one may be handed the block once more.
        watch.store.commit_tick(tick)
        return Watch(watch.store)
    watch.follow(tick)
    return watch


def restart(watch: Watch, model: Model) -> Watch:
    """A new process knows what the old one knew, and which blocks are final."""
    restarted = Watch(watch.store)
    final = [each.number for each in model.blocks if each.number <= model.finalized]
    known = replace(watch.resumption, finalized=max(final, default=None))
    assert restarted.resumption == known
    return restarted


def crash(*arguments: object, **named: object) -> None:
    raise Crash


def reorg(watch: Watch, model: Model, step: Reorg) -> None:
    keep = len(model.blocks) - step.depth
    if keep < 1:
        return
    ancestor = model.blocks[keep - 1]
    if model.blocks[keep].number <= model.finalized:
        with pytest.raises(StoreError, match="is finalized here"):
            watch.store.rewind(CHAIN, ancestor.hash)
        return
    assert watch.rewind(ancestor) == step.depth
    del model.blocks[keep:], model.in_force[keep:]
    model.fork = step.fork


def finalize(watch: Watch, model: Model, step: Finalize) -> None:
    if not model.blocks:
        return
    number = model.blocks[-1].number - step.behind
    settled = TickResult(model.blocks[-1], SETTINGS.hash, (), (), safe=number, finalized=number)
    watch.store.commit_tick(settled)
    model.finalized = max(model.finalized, number)


def check_whole(store: Store, model: Model) -> None:
    """The branch has the model's blocks, once each and as final, and the cursor is at its end."""
    assert list(reversed(store.recent_blocks(CHAIN, 1_000))) == model.blocks
    assert store.resume(CHAIN).cursor == (model.blocks[-1] if model.blocks else None)
    with store.database.reading() as connection:
        rows = connection.execute(select(tables.block).where(tables.canonical)).all()
        found = {row.number: row.status == "finalized" for row in rows}
        assert found == {each.number: each.number <= model.finalized for each in model.blocks}
        for facts in (tables.observation, tables.computation):
            twice = (
                select(func.count())
                .select_from(facts)
                .group_by(facts.c.target_id, facts.c.block_id)
                .having(func.count() > 1)
            )
            assert connection.execute(twice).all() == []


def check_facts(store: Store, model: Model) -> None:
    """At each block of the branch what is in force is what the model says, and the view agrees."""
    for at, expected in zip(model.blocks, model.in_force, strict=True):
        for target in TARGETS:
            standing = store.observation_as_of(target.id, at.number)
            assert (standing and standing.observation) == expected.get(target.id)
            with store.database.reading() as connection:
                rows = connection.execute(
                    text(
                        "SELECT status FROM observation_history WHERE target_uid = :uid"
                        " AND from_number <= :at AND (to_number IS NULL OR to_number >= :at)"
                    ),
                    {"uid": target.id, "at": at.number},
                ).all()
            statuses = [expected[target.id].status] if target.id in expected else []
            assert [row.status for row in rows] == statuses
        figures = store.figures_as_of(POOL.id, at.number)
        assert figures is not None
        assert figures.block.number <= at.number


def empty(store: Store) -> None:
    with store.database.writing() as connection:
        for table in (
            tables.cursor,
            tables.measure,
            tables.computation_input,
            tables.computation,
            tables.amount,
            tables.observation,
            tables.gap,
            tables.block,
        ):
            connection.execute(table.delete())


def test_two_databases_hold_the_same_history(tmp_path: Path, postgres_url: str) -> None:
    """The same ticks give the same rows on both, the hashes of states and settings included."""
    told = []
    for url in (f"sqlite:///{tmp_path / 'watcher.db'}", postgres_url):
        with Store.create(url) as store:
            watch = Watch(store)
            watch.read(block(1), *(choices[0] for choices in READINGS.values()))
            watch.read(block(2, fork="b", parent=block(1)), READINGS[POOL.id][1])
            watch.rewind(block(1))
            watch.read(block(2), READINGS[POOL.id][2], READINGS[VAULT.id][1], finalized=1)
            with store.database.reading() as connection:
                told.append(
                    [
                        connection.execute(text(f"SELECT * FROM {view} ORDER BY {order}")).all()
                        for view, order in (
                            ("latest_measure", "target_uid, name, dims"),
                            ("measure_history", "target_uid, block_number, name, dims"),
                            ("observation_history", "target_uid, from_number"),
                        )
                    ]
                )
    assert told[0] == told[1]
    assert [len(rows) for rows in told[0]] == [63, 125, 5]
