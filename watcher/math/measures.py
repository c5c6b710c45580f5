"""The catalogue at work: every measure of every target of a block."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from watcher.math.catalogue import (
    CATALOGUE,
    COIN_POOLS,
    FEED,
    HOLDINGS,
    LENDING,
    LOCKBOX,
    MORPHO,
    PAIR_ORACLE,
    PEG,
    POOL,
    PYTH,
    RATE,
    SET,
    TICK_ORACLE,
    TICK_POOL,
    VAULT,
    YEARN,
)
from watcher.math.coin_measures import coin_measures
from watcher.math.columns import Column
from watcher.math.holdings_measures import holdings_measures
from watcher.math.lending_measures import lending_measures
from watcher.math.lockbox_measures import lockbox_measures
from watcher.math.morpho_measures import morpho_measures
from watcher.math.oracle_measures import oracle_measures
from watcher.math.peg_measures import peg_measures
from watcher.math.pool_measures import pool_measures
from watcher.math.rate_measures import rate_measures
from watcher.math.set_measures import set_measures
from watcher.math.settings import Settings
from watcher.math.subject import Subject
from watcher.math.tick_measures import tick_measures
from watcher.math.vault_measures import feed_measures, vault_measures, yearn_measures
from watcher.state.canonical import canonical_json, content_hash
from watcher.state.measure import Measure

METHOD_VERSIONS = {name: definition.version for name, definition in CATALOGUE.items()}
METHOD_HASH = content_hash(canonical_json(METHOD_VERSIONS))

_FAMILIES: dict[str, Callable[[Sequence[Subject], Settings], list[Column]]] = {
    POOL: pool_measures,
    TICK_POOL: tick_measures,
    VAULT: vault_measures,
    YEARN: yearn_measures,
    HOLDINGS: holdings_measures,
    FEED: feed_measures,
    PYTH: feed_measures,
    RATE: rate_measures,
    TICK_ORACLE: oracle_measures,
    PAIR_ORACLE: oracle_measures,
    MORPHO: morpho_measures,
    PEG: peg_measures,
    SET: set_measures,
    LOCKBOX: lockbox_measures,
    **dict.fromkeys(COIN_POOLS, coin_measures),
    **dict.fromkeys(LENDING, lending_measures),
}

_ONE_BY_ONE = frozenset({HOLDINGS, RATE, MORPHO, SET, *COIN_POOLS})
"""The kinds whose targets have rows of their own: of the tokens that they hold, of the sources
compared, of the accounts named."""


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
        for group in [[row] for row in rows] if kind in _ONE_BY_ONE else [rows]:
            members = [subjects[row] for row in group]
            columns = family(members, settings)
            for index, (row, member) in enumerate(zip(group, members, strict=True)):
                found[row] = tuple(column.at(index, member) for column in columns)
    return found
