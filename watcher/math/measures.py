"""The catalogue at work: every measure of every target of a block."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

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
from watcher.math.coin_pools import coins_of
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

_ONE_BY_ONE = frozenset({HOLDINGS, RATE, MORPHO, SET})
"""The kinds whose targets have rows of their own: of the tokens that they hold, of the sources
compared, of the accounts named."""


def measure(
    subjects: Sequence[Subject], settings: Settings, *, exact: bool = False
) -> list[tuple[Measure, ...]]:
    """All measures of each subject, in the order of the subjects. `exact` takes those of pools of
    several coins from exact quotes, one after the other.

    Which rows there are depends on the target and the settings alone; a figure that is unknown is
    NaN with its reason.
    """
    with _no_cycles():
        return _measured(subjects, settings, exact=exact)


@contextmanager
def _no_cycles() -> Iterator[None]:
    """Tens of thousands of figures are made at once and none is in a cycle: to look for cycles all
    the while takes a third of the time."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _measured(
    subjects: Sequence[Subject], settings: Settings, *, exact: bool
) -> list[tuple[Measure, ...]]:
    found: list[tuple[Measure, ...]] = [()] * len(subjects)
    for kind, family in _FAMILIES.items():
        for group in _alike(kind, subjects):
            members = [subjects[row] for row in group]
            if exact and kind in COIN_POOLS:
                columns = coin_measures(members, settings, exact=True)
            else:
                columns = family(members, settings)
            made = zip(*(column.measures(members) for column in columns), strict=True)
            for row, figures in zip(group, made, strict=True):
                found[row] = figures
    return found


def _alike(kind: str, subjects: Sequence[Subject]) -> list[list[int]]:
    """The subjects of a kind that have the same rows: pools of several coins with as many."""
    groups: dict[int, list[int]] = {}
    for row, subject in enumerate(subjects):
        if subject.target.kind == kind:
            alone = row if kind in _ONE_BY_ONE else 0
            key = len(coins_of(subject.target)) if kind in COIN_POOLS else alone
            groups.setdefault(key, []).append(row)
    return list(groups.values())
