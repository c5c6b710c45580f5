"""Which observations the block after an inserted one has: those that are changes."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, delete, insert, literal, select, update

from watcher.store import tables
from watcher.store.register import Registered
from watcher.store.seam import Seam

block, computation, used = tables.block, tables.computation, tables.computation_input
observation, amount = tables.observation, tables.amount


def mend_observations(seam: Seam) -> None:
    """Add the rows that have become changes and take away those that no longer are any.

    What was read at the block is not touched: a row that is added says what was in force there
    before, one that is taken away says what the inserted block now says. Computations point at the
    rows that are in force afterwards.
    """
    for entry in seam.entries.values():
        new = seam.row_at(observation, entry, seam.filled)
        if new is None:
            continue
        here = seam.row_at(observation, entry, seam.after)
        held = here or seam.row_below(observation, entry, seam.filled.number)
        if held is None:
            continue
        same = (held.status, held.state_hash) == (new.status, new.state_hash)
        if here is not None and same:
            _point_elsewhere(seam.connection, here.id, new.id)
            _remove(seam.connection, here.id)
        elif here is None and not same:
            added = _repeat(seam, entry, held)
            _point_elsewhere(seam.connection, held.id, added, since=seam.after.number)


def _repeat(seam: Seam, entry: Registered, held: Any) -> int:
    """The observation that was in force at the block after, as a row of its own there."""
    row = {
        "target_id": entry.id,
        "block_id": seam.block_id(seam.after),
        "block_number": seam.after.number,
        "status": held.status,
        "state_hash": held.state_hash,
        "detail": held.detail,
    }
    statement = insert(observation).values(row).returning(observation.c.id)
    added = int(seam.connection.execute(statement).scalar_one())
    columns = [amount.c.position, amount.c.field, amount.c.token_id, amount.c.raw, amount.c.units]
    amounts = select(literal(added), *columns).where(amount.c.observation_id == held.id)
    names = ["observation_id", *(column.name for column in columns)]
    seam.connection.execute(insert(amount).from_select(names, amounts))
    return added


def _remove(connection: Connection, observation_id: int) -> None:
    connection.execute(delete(amount).where(amount.c.observation_id == observation_id))
    connection.execute(delete(observation).where(observation.c.id == observation_id))


def _point_elsewhere(
    connection: Connection, old: int, new: int, *, since: int | None = None
) -> None:
    """Computations that used one observation use another; with `since` only those for which it was
    in force at that block of the branch or later."""
    using = select(computation.c.id, computation.c.block_number).join(
        block, block.c.id == computation.c.block_id
    )
    about = select(observation.c.block_number).where(observation.c.id == old).scalar_subquery()
    of_chain = select(tables.target.c.chain_id).join(
        observation, observation.c.target_id == tables.target.c.id
    )
    chain_id = of_chain.where(observation.c.id == old).scalar_subquery()
    targets = select(tables.target.c.id).where(tables.target.c.chain_id == chain_id)
    # By target and block, which is how computations are indexed.
    using = using.where(computation.c.target_id.in_(targets), computation.c.block_number >= about)
    statement = update(used).where(used.c.observation_id == old).values(observation_id=new)
    if since is None:
        ids = using.with_only_columns(computation.c.id)
        connection.execute(statement.where(used.c.computation_id.in_(ids)))
        return
    # What the seam's own computation is compared with is settled when it is made anew.
    later = using.where(tables.canonical, computation.c.block_number >= since)
    ids = later.with_only_columns(computation.c.id)
    connection.execute(statement.where(used.c.computation_id.in_(ids)))
