"""The catalogue at work: every measure of every target of a block."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from watcher.math.catalogue import CATALOGUE, COIN_POOLS, FEED, POOL, TICK_POOL, VAULT
from watcher.math.coin_measures import coin_measures
from watcher.math.columns import Column
from watcher.math.pool_measures import pool_measures
from watcher.math.settings import Settings
from watcher.math.subject import Subject
from watcher.math.tick_measures import tick_measures
from watcher.math.vault_measures import feed_measures, vault_measures
from watcher.state.canonical import canonical_json, content_hash
from watcher.state.measure import Measure

METHOD_VERSIONS = {name: definition.version for name, definition in CATALOGUE.items()}
METHOD_HASH = content_hash(canonical_json(METHOD_VERSIONS))

_FAMILIES: dict[str, Callable[[Sequence[Subject], Settings], list[Column]]] = {
    POOL: pool_measures,
    TICK_POOL: tick_measures,
    VAULT: vault_measures,
    FEED: feed_measures,
}


def measure(subjects: Sequence[Subject], settings: Settings) -> list[tuple[Measure, ...]]:
    """All measures of each subject, in the order of the subjects.

    Which rows there are depends on the target and the settings alone; a figure that is unknown is
    NaN with its reason.
    """
    found: list[tuple[Measure, ...]] = [()] * len(subjects)
    for kind, family in _FAMILIES.items():
        rows = [row for row, subject in enumerate(subjects) if subject.target.kind == kind]
        if not rows:
            continue
        members = [subjects[row] for row in rows]
        columns = family(members, settings)
        for index, (row, member) in enumerate(zip(rows, members, strict=True)):
            found[row] = tuple(column.at(index, member) for column in columns)
    for row, subject in enumerate(subjects):
        if subject.target.kind in COIN_POOLS:
            # each has its own coins, and so its own rows
            columns = coin_measures(subject, settings)
            found[row] = tuple(column.at(0, subject) for column in columns)
    return found
