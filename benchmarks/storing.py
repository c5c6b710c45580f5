"""scripts/bench store: one tick's rows written by us and by the usual means, and history read back.

The same rows go into three databases of one schema: by `Store.commit_tick`, which works out what
there is to write and checks what it follows; as rows that are made already, through SQLAlchemy
Core's executemany; and as objects through an SQLModel session. The second is a bound, no service.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from statistics import median
from typing import Any, TypeAlias

from sqlalchemy import Select, insert, select
from sqlmodel import Session, SQLModel

import models
from benchmarks.shown import table
from tests.support.many_pairs import CHAIN_ID, Pair, made_up, with_share
from tests.support.postgres import running_server
from watcher.math.settings import PriceSource, Settings
from watcher.service.tick import Branch, advance, watchlist
from watcher.state import Block, Observation, Status
from watcher.store import Store, tables

WARM_UP = 1
QUERIES = 100
"""Of each kind, each of another target."""

OURS, CORE, SESSION = "commit_tick", "executemany", "SQLModel session"
SQLITE, POSTGRESQL = "SQLite", "PostgreSQL"

Rows: TypeAlias = list[tuple[type[SQLModel], list[dict[str, Any]]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Milliseconds of one thing; `rows` where it wrote some."""

    database: str
    what: str
    who: str
    times: tuple[float, ...]
    rows: int = 0

    @property
    def median_ms(self) -> float:
        return median(self.times)


def measure(
    *, pairs: int, blocks: int, rounds: int, databases: Sequence[str] = (SQLITE, POSTGRESQL)
) -> list[Timing]:
    """`rounds` blocks in which all pairs change are timed, after `blocks` others that make a
    history for the queries to look through."""
    found: list[Timing] = []
    for database in databases:
        with ExitStack() as stack:
            new = stack.enter_context(_databases(database))
            store, core, session = (
                stack.enter_context(Store.create(new())) for _ in (OURS, CORE, SESSION)
            )
            ticks = _Ticks(store, made_up(pairs))
            for other in (core, session):
                other.register(ticks.targets)
                other.save_settings(ticks.settings)
            for _ in range(blocks):
                _, rows = ticks.commit()
                for other in (core, session):
                    _by_core(other, rows)
            found += _writing(database, ticks, core, session, rounds=rounds)
            found += _reading(database, store, rounds=rounds)
    return found


@contextmanager
def _databases(kind: str) -> Iterator[Callable[[], str]]:
    """URLs of new, empty databases."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-store-")))
        server = stack.enter_context(running_server()) if kind == POSTGRESQL else None
        count = iter(range(10))

        def new() -> str:
            name = f"bench{next(count)}"
            if server is None:
                return f"sqlite:///{folder / name}.db"
            server.execute(f"CREATE DATABASE {name}")
            return server.url(name)

        yield new


class _Ticks:
    """Block after block in which every pair changes."""

    def __init__(self, store: Store, pairs: Sequence[Pair]) -> None:
        self.store = store
        self._pairs = [replace(one, target=with_share(one.target)) for one in pairs]
        self.targets = tuple(one.target for one in self._pairs)
        coins = dict.fromkeys(coin.address for one in self.targets for coin in one.tokens)
        fixed = (PriceSource(CHAIN_ID, coin, "fixed", value=1.0) for coin in coins)
        self.settings = Settings("USD", (1_000.0, 100_000.0), tuple(fixed))
        store.register(self.targets)
        store.save_settings(self.settings)
        self._watched = watchlist(self.targets, self.settings)
        self._branch = Branch(cursor=None, in_force={}, keys={})
        self._number = 0
        self.head = self._block()

    def commit(self) -> tuple[float, Rows]:
        """Seconds that the commit took, and the rows that it added to `head`."""
        self._pairs = [
            replace(one, reserve0=one.reserve0 + 1_000, reserve1=one.reserve1 - 777)
            for one in self._pairs
        ]
        observed = {
            one.target.id: Observation(one.target.id, Status.OK, one.state) for one in self._pairs
        }
        step = advance(self._branch, self._block(), observed, self._watched)
        start = time.perf_counter()
        self.store.commit_tick(step.tick)
        taken = time.perf_counter() - start
        self._branch, self.head = step.branch, step.tick.block
        return taken, added(self.store, self.head)

    def _block(self) -> Block:
        self._number += 1
        own, parent = (f"0x{number:064x}" for number in (self._number, self._number - 1))
        return Block(CHAIN_ID, self._number, own, parent, 1_700_000_000 + 12 * self._number)


def added(store: Store, block: Block) -> Rows:
    """What a tick wrote, in the order of its references."""
    with store.database.reading() as connection:
        [block_id] = connection.execute(
            select(tables.block.c.id).where(tables.block.c.hash == block.hash)
        ).scalars()
        observations = select(tables.observation).where(tables.observation.c.block_id == block_id)
        computations = select(tables.computation).where(tables.computation.c.block_id == block_id)
        states = observations.with_only_columns(tables.observation.c.state_hash)
        observed = observations.with_only_columns(tables.observation.c.id)
        computed = computations.with_only_columns(tables.computation.c.id)
        inputs, measures = tables.computation_input, tables.measure
        asked: list[tuple[type[SQLModel], Select[Any]]] = [
            (models.BlockRow, select(tables.block).where(tables.block.c.id == block_id)),
            (models.StateRow, select(tables.state).where(tables.state.c.hash.in_(states))),
            (models.ObservationRow, observations),
            (
                models.AmountRow,
                select(tables.amount).where(tables.amount.c.observation_id.in_(observed)),
            ),
            (models.ComputationRow, computations),
            (
                models.ComputationInputRow,
                select(inputs).where(inputs.c.computation_id.in_(computed)),
            ),
            (models.MeasureRow, select(measures).where(measures.c.computation_id.in_(computed))),
        ]
        return [
            (row, [dict(one) for one in connection.execute(query).mappings()])
            for row, query in asked
        ]


def _writing(
    database: str, ticks: _Ticks, core: Store, session: Store, *, rounds: int
) -> list[Timing]:
    times: Mapping[str, list[float]] = {OURS: [], CORE: [], SESSION: []}
    written = 0
    for number in range(-WARM_UP, rounds):
        seconds, rows = ticks.commit()
        taken = {OURS: seconds, CORE: _by_core(core, rows), SESSION: _by_session(session, rows)}
        written = sum(len(some) for _, some in rows)
        if number >= 0:
            for who, each in taken.items():
                times[who].append(1e3 * each)
        for other in (core, session):
            if not _alike(added(other, ticks.head), rows):
                raise RuntimeError("another database holds other rows of the same block")
    return [
        Timing(database=database, what="one block", who=who, times=tuple(found), rows=written)
        for who, found in times.items()
    ]


def _alike(some: Rows, others: Rows) -> bool:
    """The same rows of each table, in whichever order a database gives them."""
    return all(
        sorted(map(repr, one)) == sorted(map(repr, other))
        for (_, one), (_, other) in zip(some, others, strict=True)
    )


def _by_core(store: Store, rows: Rows) -> float:
    start = time.perf_counter()
    with store.database.writing() as connection:
        for row, some in rows:
            connection.execute(insert(models.table_of(row)), some)
    return time.perf_counter() - start


def _by_session(store: Store, rows: Rows) -> float:
    start = time.perf_counter()
    with store.database.writing() as connection, Session(connection) as session:
        for row, some in rows:
            session.add_all([row(**one) for one in some])
            session.flush()
    return time.perf_counter() - start


def _reading(database: str, store: Store, *, rounds: int) -> list[Timing]:
    """What a person asks for, one target at a time."""
    targets = [one.id for one in store.targets()]
    cursor = store.resume(CHAIN_ID).cursor
    last = cursor.number if cursor else 0
    random = Random(1)  # noqa: S311 — the same targets in each run

    def timed(what: str, query: Callable[[str], object]) -> Timing:
        times = []
        for _ in range(rounds):
            asked = random.sample(targets, min(QUERIES, len(targets)))
            start = time.perf_counter()
            for target_id in asked:
                if not query(target_id):
                    raise RuntimeError(f"{what}: nothing is stored of {target_id}")
            times.append(1e3 * (time.perf_counter() - start) / len(asked))
        return Timing(database=database, what=what, who="ours", times=tuple(times))

    return [
        timed("its newest figures", store.latest),
        timed("its figures of a block", lambda one: store.figures_as_of(one, last // 2)),
        timed("its state of a block", lambda one: store.observation_as_of(one, last // 2)),
        timed(
            f"one measure's history, {last} blocks",
            lambda one: store.measure_history(one, ["spot_price"]),
        ),
    ]


def tables_of(found: Sequence[Timing]) -> str:
    ours = {one.database: one.median_ms for one in found if one.who == OURS}
    writing = [
        (
            one.database,
            one.who,
            f"{one.rows:,}",
            f"{one.median_ms:,.0f}",
            f"{min(one.times):,.0f}",
            f"{1e3 * one.rows / one.median_ms:,.0f}",
            f"{one.median_ms / ours[one.database]:.2f}",
        )
        for one in found
        if one.rows
    ]
    reading = [
        (one.database, one.what, f"{one.median_ms:.2f}", f"{min(one.times):.2f}")
        for one in found
        if not one.rows
    ]
    head = ("database", "who", "rows", "ms", "least ms", "rows/s", "times ours")
    asked = ("database", "of one target", "ms", "least ms")
    return f"{table(head, writing)}\n\n{table(asked, reading)}"


def run(*, pairs: int, blocks: int, rounds: int) -> None:
    print(tables_of(measure(pairs=pairs, blocks=blocks, rounds=rounds)))
