"""What was in force some time ago, of the few targets whose price is a mean over time."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, select

from watcher.store import tables
from watcher.store.branch import BLOCK_COLUMNS
from watcher.store.history import observations_as_of
from watcher.store.rows import block_of
from watcher.store.tables import canonical
from watcher.store.tick import InForce

HOLE = 4
"""A window of which more than one part in so many was not watched has no beginning."""


@dataclass(frozen=True, slots=True)
class Step:
    """What was in force after the block of `timestamp`, by target id."""

    timestamp: int
    in_force: Mapping[str, InForce]


@dataclass(frozen=True, slots=True)
class Trail:
    """Watched blocks, oldest first, as far back as the longest window reaches."""

    steps: tuple[Step, ...] = ()

    def at(self, target_id: str, moment: int, *, window: int) -> InForce | None:
        """What was in force at `moment`, in seconds; None before the trail begins, and where the
        last block that was watched before is too old to know."""
        row = bisect_right(self.steps, moment, key=_timestamp) - 1
        if row < 0 or moment - self.steps[row].timestamp > window // HOLE:
            return None
        return self.steps[row].in_force.get(target_id)

    def grown(self, step: Step, *, longest: int) -> Trail:
        """With a block more, and without those that no window of `longest` seconds needs."""
        steps = (*self.steps, step)
        oldest = step.timestamp - longest
        first = 0
        while first + 1 < len(steps) and steps[first + 1].timestamp <= oldest:
            first += 1
        return Trail(steps[first:])


def _timestamp(step: Step) -> int:
    return step.timestamp


def trail_of(
    connection: Connection,
    chain_id: int,
    target_ids: Collection[str],
    *,
    longest: int,
    below: int | None = None,
) -> Trail:
    """The trail up to the newest stored block, or the last one below number `below`."""
    table = tables.block
    stored = select(*BLOCK_COLUMNS).where(table.c.chain_id == chain_id, canonical)
    if below is not None:
        stored = stored.where(table.c.number < below)
    stored = stored.order_by(table.c.number.desc())
    newest = connection.execute(stored.limit(1)).mappings().first()
    if newest is None:
        return Trail()
    oldest = newest["timestamp"] - longest
    before = connection.execute(stored.where(table.c.timestamp <= oldest).limit(1)).mappings()
    since = connection.execute(stored.where(table.c.timestamp > oldest)).mappings()
    blocks = [block_of(row) for row in (*before.all(), *reversed(since.all()))]
    return Trail(
        tuple(
            Step(one.timestamp, in_force_at(connection, target_ids, one.number)) for one in blocks
        )
    )


def in_force_at(
    connection: Connection, target_ids: Collection[str], number: int
) -> dict[str, InForce]:
    found = observations_as_of(connection, number, tables.target.c.uid.in_(sorted(target_ids)))
    return {uid: InForce(seen, since.hash) for uid, (seen, since) in found.items()}


def in_force_ago(
    connection: Connection, chain_id: int, target_id: str, moment: int, *, window: int
) -> InForce | None:
    """As `Trail.at`, from the tables."""
    query = (
        select(*BLOCK_COLUMNS)
        .where(
            tables.block.c.chain_id == chain_id,
            tables.block.c.timestamp <= moment,
            tables.block.c.timestamp >= moment - window // HOLE,
            canonical,
        )
        .order_by(tables.block.c.number.desc())
        .limit(1)
    )
    row = connection.execute(query).mappings().first()
    if row is None:
        return None
    return in_force_at(connection, [target_id], block_of(row).number).get(target_id)
