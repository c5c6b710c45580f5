"""A report of any target that one can be made of."""

from __future__ import annotations

from watcher.errors import InputError
from watcher.math.definition import HOLDINGS, POOLS, SET, VAULT, YEARN
from watcher.report import pool_pages, pool_sections
from watcher.report.basket_report import basket_report
from watcher.report.common import WORDS
from watcher.report.document import Report
from watcher.report.leaving import enter_supply
from watcher.report.material import Material, stamp_of
from watcher.report.pool_facts import pool_facts
from watcher.report.stable_facts import enter_stable
from watcher.report.vault_report import vault_report
from watcher.state.snapshot import snapshot_to_json

REPORTED = (*POOLS, VAULT, YEARN, HOLDINGS, SET)


def make_report(material: Material) -> Report:
    """Raises InputError for a kind of target of which there is no report."""
    kind = material.snapshot.target.kind
    if kind in POOLS:
        return _pool_report(material)
    if kind in (VAULT, YEARN):
        return vault_report(material)
    if kind in (HOLDINGS, SET):
        return basket_report(material)
    raise InputError(f"no report is made of a {kind}: of pools, vaults and baskets one is")


def _pool_report(material: Material) -> Report:
    found = pool_facts(material)
    enter_stable(found)
    enter_supply(found.ledger, material, "liquidity that left within a day")
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
