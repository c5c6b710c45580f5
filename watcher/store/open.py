"""The history for analysts: `from watcher.store import open_history`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from sqlalchemy import Connection, Select, Table, func, select

from watcher.errors import InputError
from watcher.math.catalogue import CATALOGUE
from watcher.state.flow import Side
from watcher.state.target import Target
from watcher.store import tables
from watcher.store.branch import BLOCK_COLUMNS
from watcher.store.columns import Column, Columns, held
from watcher.store.flows import OK
from watcher.store.register import Registered, entry_of
from watcher.store.store import Store
from watcher.store.tables import canonical

block, observation, computation = tables.block, tables.observation, tables.computation

FLOW_SIDES = (Side.IN, Side.OUT, Side.FEE)
"""Those whose amounts add up; `owed` leaves later, and `reserve` is a level."""


def open_history(database: str | Path) -> History:
    """A history for reading alone: a file, or a URL as in the configuration. A service may write
    meanwhile. Raises StoreError unless it is there with exactly this program's schema."""
    url = str(database)
    if isinstance(database, Path) or "://" not in url:
        url = f"sqlite:///{database}"
    return History(Store.open(url, read_only=True))


class History(AbstractContextManager["History"]):
    """What a database holds, as columns over the stored blocks of a target's chain.

    Targets are given by name, address, CAIP-10 or the first digits of the id (InputError where none
    or several are meant), blocks from `first` to `last`. Blocks that a reorg undid are not in it.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        self._store.close()

    @property
    def targets(self) -> tuple[Target, ...]:
        """In the order of their registration."""
        return self._store.targets()

    def measures(
        self, target: str, *names: str, first: int | None = None, last: int | None = None
    ) -> Columns:
        """Measures in force at each block, by default all that are stored: `spot_price`, or with
        what tells rows of one name apart `slippage{size=1000,token_in=0x…}`. Ages, which grow with
        each block, are as they were when they were computed."""
        measured = self._store.find_target(target)
        for name in names:
            if name not in CATALOGUE or measured.kind not in CATALOGUE[name].kinds:
                raise InputError(
                    f"{name[:80]!r} is no measure of a {measured.kind}: "
                    "docs/measures.md lists them."
                )
        with self._store.database.reading() as connection:
            entry = entry_of(connection, measured.id)
            over = _Blocks(connection, entry, first=first, last=last)
            figures = _measures(connection, over, names)
        missing = {name: np.full(len(over.number), np.nan) for name in names}
        for name, _ in figures:
            missing.pop(name, None)
        return over.columns(
            {_label(name, dims): column for (name, dims), column in figures.items()} | missing
        )

    def amounts(
        self, target: str, *, exact: bool = False, first: int | None = None, last: int | None = None
    ) -> Columns:
        """What the target's state holds and owes at each block, in whole tokens, by the names of
        the state's fields; `exact` in the token's smallest unit, as Python's integers."""
        read = self._store.find_target(target)
        with self._store.database.reading() as connection:
            over = _Blocks(connection, entry_of(connection, read.id), first=first, last=last)
            return over.columns(_amounts(connection, over, exact=exact))

    def flows(self, target: str, *, first: int | None = None, last: int | None = None) -> Columns:
        """What came in, went out and left as fees in each block, in whole tokens: `in[0]` of the
        target's first token. 0 where its logs were read and tell of none, NaN where they were not.
        """
        through = self._store.find_target(target)
        with self._store.database.reading() as connection:
            over = _Blocks(connection, entry_of(connection, through.id), first=first, last=last)
            return over.columns(_flows(connection, over))


class _Blocks:
    """The stored blocks of a target's chain, from `first` to `last`."""

    def __init__(
        self, connection: Connection, entry: Registered, *, first: int | None, last: int | None
    ) -> None:
        query = select(*BLOCK_COLUMNS).where(block.c.chain_id == entry.target.chain_id, canonical)
        if first is not None:
            query = query.where(block.c.number >= first)
        if last is not None:
            query = query.where(block.c.number <= last)
        rows = connection.execute(query.order_by(block.c.number)).all()
        self.entry = entry
        self.number = np.array([row.number for row in rows], np.int64)
        self.hash = np.array([row.hash for row in rows], str)
        self.time = np.array([row.timestamp for row in rows], "datetime64[s]")

    def columns(self, figures: Mapping[str, Column]) -> Columns:
        return Columns(self.entry.target, self.number, self.hash, self.time, figures)

    def steps(self, connection: Connection, facts: Table) -> list[int]:
        """Where the target has rows of `facts`: from the one in force at the first block on."""
        if not len(self.number):
            return []
        first = int(self.number[0])
        newest = self.among(select(func.max(facts.c.block_number)), facts, since=0)
        in_force = connection.execute(newest.where(facts.c.block_number <= first)).scalar()
        since = first if in_force is None else in_force
        query = self.among(select(facts.c.block_number), facts, since=since)
        return list(connection.execute(query.order_by(facts.c.block_number)).scalars())

    def among(self, query: Select[Any], facts: Table, *, since: int) -> Select[Any]:
        """The rows of `facts` of this target on the branch, from block `since` to the last."""
        return query.join(block, block.c.id == facts.c.block_id).where(
            facts.c.target_id == self.entry.id,
            canonical,
            facts.c.block_number.between(since, int(self.number[-1])),
        )


def _measures(
    connection: Connection, over: _Blocks, names: Sequence[str]
) -> dict[tuple[str, str], Column]:
    """By name and dims."""
    steps = over.steps(connection, computation)
    if not steps:
        return {}
    measure = tables.measure
    query = over.among(
        select(computation.c.block_number, measure.c.name, measure.c.dims, measure.c.value)
        .select_from(computation)
        .join(measure, measure.c.computation_id == computation.c.id),
        computation,
        since=steps[0],
    ).order_by(measure.c.name, measure.c.dims, computation.c.block_number)
    if names:
        query = query.where(measure.c.name.in_(names))
    rows = connection.execute(query)
    cells = ((row.block_number, (row.name, row.dims), row.value) for row in rows)
    return held(steps, cells, over.number)


def _amounts(connection: Connection, over: _Blocks, *, exact: bool) -> dict[str, Column]:
    """By field, in the order of the state."""
    steps = over.steps(connection, observation)
    if not steps:
        return {}
    amount = tables.amount
    query = over.among(
        select(
            observation.c.block_number,
            amount.c.field,
            (amount.c.raw if exact else amount.c.units).label("amount"),
        )
        .select_from(observation)
        .join(amount, amount.c.observation_id == observation.c.id),
        observation,
        since=steps[0],
    ).order_by(observation.c.block_number, amount.c.position)
    rows = connection.execute(query)
    cells = ((row.block_number, row.field, row.amount) for row in rows)
    return held(steps, cells, over.number, exact=exact)


def _flows(connection: Connection, over: _Blocks) -> dict[str, Column]:
    """By side and the token's place among the target's."""
    read = _read(connection, over)
    tokens = {
        over.entry.token_ids[coin.address]: k for k, coin in enumerate(over.entry.target.tokens)
    }
    found = {f"{side}[{k}]": read.copy() for k in tokens.values() for side in FLOW_SIDES}
    if not len(over.number):
        return found
    window, amount = tables.flow_window, tables.flow_amount
    query = over.among(
        select(window.c.block_number, amount.c.side, amount.c.token_id, amount.c.units)
        .select_from(window)
        .join(amount, amount.c.window_id == window.c.id),
        window,
        since=int(over.number[0]),
    ).where(amount.c.side.in_(FLOW_SIDES))
    for row in connection.execute(query):
        at = np.searchsorted(over.number, row.block_number)
        found[f"{row.side}[{tokens[row.token_id]}]"][at] += row.units
    return found


def _read(connection: Connection, over: _Blocks) -> Column:
    """0 at the blocks whose logs of the target were read and are its protocol's, else NaN."""
    found = np.full(len(over.number), np.nan)
    if not len(over.number):
        return found
    rows = connection.execute(_readings(over)).all()
    # Blocks share their scope, which may list thousands.
    scopes = {body: over.entry.target.id in json.loads(body) for body in {row.body for row in rows}}
    for row in rows:
        if scopes[row.body] and row.status == OK and row.window_status in (None, OK):
            found[np.searchsorted(over.number, row.block_number)] = 0.0
    return found


def _readings(over: _Blocks) -> Select[tuple[Any, ...]]:
    reading, scope, window = tables.flow_reading, tables.flow_scope, tables.flow_window
    return (
        select(
            reading.c.block_number,
            reading.c.status,
            scope.c.body,
            window.c.status.label("window_status"),
        )
        .select_from(reading)
        .join(block, block.c.id == reading.c.block_id)
        .join(scope, scope.c.hash == reading.c.scope_hash)
        .outerjoin(
            window,
            (window.c.block_id == reading.c.block_id) & (window.c.target_id == over.entry.id),
        )
        .where(
            block.c.chain_id == over.entry.target.chain_id,
            canonical,
            reading.c.block_number.between(int(over.number[0]), int(over.number[-1])),
        )
    )


def _label(name: str, dims: str) -> str:
    apart = ",".join(f"{key}={value}" for key, value in sorted(json.loads(dims).items()))
    return f"{name}{{{apart}}}" if apart else name
