"""Which computations the two blocks after an inserted one have."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, delete, select

from watcher.math.measures import measure
from watcher.math.settings import Settings
from watcher.math.subject import roles, windows
from watcher.state.block import Block
from watcher.state.measure import Computation
from watcher.state.target import Target
from watcher.store import tables
from watcher.store.commit import add_computations, tick_of
from watcher.store.history import observations_as_of, settings_of
from watcher.store.register import Registered, registered
from watcher.store.seam import Seam
from watcher.store.tick import InForce, TickResult
from watcher.store.trail import in_force_ago
from watcher.store.work import Work, work

computation, used, measured = tables.computation, tables.computation_input, tables.measure

Due = tuple[Block, str, Work]
"""Where a computation is missing, the hash of its settings, and itself."""


class Scope:
    """What was in force around the seam, read once for each block."""

    def __init__(self, seam: Seam) -> None:
        self._seam = seam
        self._settings: dict[str, Settings] = {}
        self._in_force: dict[tuple[str, int], InForce | None] = {}

    def settings(self, settings_hash: str) -> Settings:
        if settings_hash not in self._settings:
            query = select(tables.settings.c.body).where(tables.settings.c.hash == settings_hash)
            body: Any = self._seam.connection.execute(query).scalar_one()
            self._settings[settings_hash] = settings_of(body)
        return self._settings[settings_hash]

    def work(self, entry: Registered, settings_hash: str, before: Block, at: Block) -> Work:
        settings = self.settings(settings_hash)
        used_as = roles(entry.target, settings)
        wanted = set(used_as.values())
        ago = {
            uid: in_force_ago(
                self._seam.connection, at.chain_id, uid, at.timestamp - window, window=window
            )
            for uid, window in windows(entry.target, settings).items()
        }
        return work(
            entry.target,
            used_as,
            before=self._at(wanted, before),
            now=self._at(wanted, at),
            block=at,
            settings=settings,
            settings_hash=settings_hash,
            earlier={uid: one for uid, one in ago.items() if one is not None},
            others=self._others(entry, settings, wanted),
        )

    def _others(self, entry: Registered, settings: Settings, wanted: set[str]) -> dict[str, Target]:
        """Only a basket depends on other targets than as sources of prices."""
        if settings.exit_of(entry.target.id) is None:
            return {}
        found = registered(self._seam.connection, uids=wanted)
        return {one.target.id: one.target for one in found}

    def _at(self, wanted: set[str], block: Block) -> dict[str, InForce]:
        unknown = {uid for uid in wanted if (uid, block.number) not in self._in_force}
        if unknown:
            found = observations_as_of(
                self._seam.connection, block.number, tables.target.c.uid.in_(unknown)
            )
            for uid in unknown:
                seen = found.get(uid)
                self._in_force[uid, block.number] = (
                    None if seen is None else InForce(seen[0], seen[1].hash)
                )
        known = {uid: self._in_force[uid, block.number] for uid in wanted}
        return {uid: one for uid, one in known.items() if one is not None}


def mend_computations(seam: Seam) -> None:
    """The block after has another `previous` now, so its computation is made anew; the one after
    that is a change, or no longer one, compared with it. Settings stay what they were there."""
    scope = Scope(seam)
    add_due(
        seam, scope, [one for entry in seam.entries.values() for one in _mended(seam, scope, entry)]
    )


def add_due(seam: Seam, scope: Scope, due: Iterable[Due]) -> None:
    """Measure what is due, all of one block and settings together, and store it."""
    for (at, settings_hash), group in groupby(
        sorted(due, key=lambda one: (one[0].number, one[1])), key=lambda one: one[:2]
    ):
        works = [one for _, _, one in group]
        figures = measure([one.subject for one in works], scope.settings(settings_hash))
        computations = tuple(
            Computation(one.target.id, one.key, one.inputs, measures)
            for one, measures in zip(works, figures, strict=True)
        )
        result = TickResult(at, settings_hash, (), computations)
        add_computations(tick_of(seam.connection, result, seam.block_id(at)), computations, {})


def _mended(seam: Seam, scope: Scope, entry: Registered) -> Iterable[Due]:
    """Take away what is wrong at the seam for one target, and give what is due there instead."""
    filled = seam.row_below(computation, entry, seam.after.number)
    here = seam.row_at(computation, entry, seam.after)
    held = here or seam.row_below(computation, entry, seam.filled.number)
    if filled is None or held is None:
        return
    settings_hash = held.settings_hash
    now = scope.work(entry, settings_hash, seam.filled, seam.after)
    if here is not None:
        remove(seam.connection, here.id)
    if now.key != filled.key:
        yield seam.after, settings_hash, now
    if seam.later is None:
        return
    later = seam.row_at(computation, entry, seam.later)
    if later is not None and later.key == now.key:
        remove(seam.connection, later.id)
    elif later is None and held.key != now.key:
        then = scope.work(entry, settings_hash, seam.after, seam.later)
        if then.key != now.key:
            yield seam.later, settings_hash, then


def remove(connection: Connection, computation_id: int) -> None:
    """Take away a computation with its inputs and measures."""
    for table in (measured, used):
        connection.execute(delete(table).where(table.c.computation_id == computation_id))
    connection.execute(delete(computation).where(computation.c.id == computation_id))
