"""Computing everything again from what was stored, and naming each row that differs.

Orphaned blocks' rows are history too and are checked like all others, but for the figures of flows,
which are between two states of one branch. Rows are read as the database
holds them: what cannot be decoded any more is a difference, not an end.
"""

from __future__ import annotations

from collections.abc import Callable

from watcher.store.check import Check, Memory
from watcher.store.check_amounts import AmountCheck
from watcher.store.check_flows import FlowCheck
from watcher.store.check_measures import MeasureCheck
from watcher.store.check_states import StateCheck, check_target
from watcher.store.difference import Recomputation, Tally
from watcher.store.register import registered
from watcher.store.store import Store

Progress = Callable[[int, int], None]


def recompute(
    store: Store, progress: Progress | None = None, since: int | None = None
) -> Recomputation:
    """Check what was stored at block `since` and later, by default everything.

    `progress` gets the rows done and the rows in all. What is appended meanwhile is left out.
    """
    tally = Tally()
    with store.database.reading() as connection:
        entries = {entry.id: entry for entry in registered(connection)}
        memory = Memory(entries, since)
        checks: list[Check] = [
            StateCheck(connection, tally, since),
            AmountCheck(connection, tally, memory),
            MeasureCheck(connection, tally, memory),
            FlowCheck(connection, tally, memory),
        ]
    for entry in entries.values():
        check_target(entry, tally)
    done, total = 0, sum(check.total for check in checks)
    for check in checks:
        # A view of the data for each batch: a long one would keep the database from tidying up.
        while True:
            with store.database.reading() as connection:
                step = check.step(connection)
            if step == 0:
                break
            done += step
            if progress is not None:
                progress(done, total)
    return tally.result()
