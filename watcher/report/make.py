"""A report of any target that one can be made of."""

from __future__ import annotations

from watcher.errors import InputError
from watcher.math.definition import HOLDINGS, POOLS, SET, VAULT, YEARN
from watcher.report import pool_pages, pool_sections
from watcher.report.common import WORDS
from watcher.report.document import Fact, Report
from watcher.report.material import NO_HISTORY, Material, stamp_of
from watcher.report.pool_facts import PoolFacts, pool_facts
from watcher.report.stable_facts import enter_stable
from watcher.state.kinds import State
from watcher.state.snapshot import snapshot_to_json

REPORTED = (*POOLS, VAULT, YEARN, HOLDINGS, SET)


def make_report(material: Material) -> Report:
    """Raises InputError for a kind of target of which there is no report."""
    kind = material.snapshot.target.kind
    if kind in POOLS:
        return _pool_report(material)
    raise InputError(f"no report is made of a {kind}: of pools, vaults and baskets one is")


def _pool_report(material: Material) -> Report:
    found = pool_facts(material)
    enter_stable(found)
    _enter_outflow(found)
    # the sections enter figures of their own, which page 1 cites
    sections = pool_sections.sections(found)
    names = " / ".join(found.view.name(coin) for coin in range(found.view.count))
    return Report(
        kind="liquidity pool",
        stamp=stamp_of(material, subtitle=names),
        about=pool_pages.about(found),
        lead=pool_pages.lead(found),
        parts=pool_pages.parts(found),
        five=pool_pages.five(found),
        better=pool_pages.better(found),
        worse=pool_pages.worse(found),
        sections=sections,
        facts=found.ledger.facts,
        words=WORDS,
        state_file=snapshot_to_json(material.snapshot),
        decision=material.notes.decision,
    )


def _enter_outflow(found: PoolFacts) -> None:
    """How much liquidity left within a day, by what swaps leave alone: LP tokens, or the liquidity
    in range."""
    history = found.material.history
    what, how = "liquidity that left within a day", "1 − LP tokens now / a day before"
    if history is None or history.earlier is None:
        why = NO_HISTORY if history is None else "the stored history is shorter than a day"
        found.ledger.enter(Fact("outflow", float("nan"), "m", what, how, why, from_state=False))
        return
    before, now = (_size(state) for state in (history.earlier[1], found.view.state))
    if not before:
        why = "the state has no LP tokens and no liquidity to compare"
        found.ledger.enter(Fact("outflow", float("nan"), "m", what, how, why, from_state=False))
        return
    found.ledger.enter(Fact("outflow", 1 - now / before, "m", what, how, from_state=False))


def _size(state: State) -> int:
    for name in ("total_supply", "liquidity"):
        size = getattr(state, name, 0)
        if isinstance(size, int) and size:
            return size
    return 0
