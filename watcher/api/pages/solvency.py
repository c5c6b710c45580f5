"""Baskets, claims and markets: what is held, what is owed, and what can be taken out now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from watcher.api.context import Context, Ctx
from watcher.api.pages import shown
from watcher.api.pages.moment import BlockQuery
from watcher.api.pages.shown import Figure
from watcher.config.watched import watched
from watcher.math.catalogue import HOLDINGS, LENDING, LOCKBOX, MORPHO, PEG, SET, VAULT, YEARN
from watcher.protocols import ADAPTERS
from watcher.report.verdicts import Verdict, verdicts, verdicts_as_of
from watcher.store import Store

router = APIRouter()

UNDER = {"solvency_reference": "short", "weakest_health": "liquidatable"}
ROUNDED = 5e-5
"""Half of what the last digit shown is worth."""


@dataclass(frozen=True, slots=True)
class Part:
    """One table: targets of some kinds by the same columns (measure, heading)."""

    id: str
    title: str
    note: str
    kinds: tuple[str, ...]
    columns: tuple[tuple[str, str], ...]


PARTS = (
    Part(
        "claims",
        "Claims",
        "Solvency is what is held over what is owed, at reference prices: under 100% not everybody "
        "can be paid. What selling it all would cost is not taken off.",
        (PEG, SET, LOCKBOX),
        (
            ("solvency_reference", "Solvency"),
            ("shortfall_money", "Shortfall"),
            ("withdrawable", "Redeemable now"),
            ("disparity_value", "Disparity"),
            ("cap_used", "Cap used"),
        ),
    ),
    Part(
        "baskets",
        "Baskets",
        "What named holders have, at reference prices. A value is n/a while one asset has no "
        "independent reference; the value of what is priced stands beside it.",
        (HOLDINGS,),
        (
            ("holdings_value", "Value"),
            ("holdings_value_partial", "Of what is priced"),
            ("holdings_value_redeemable", "Redeemable"),
            ("asset_largest_share", "Largest asset"),
            ("asset_concentration", "Concentration"),
        ),
    ),
    Part(
        "markets",
        "Lending markets",
        "Utilization is what is borrowed of what is supplied. Withdrawable is the most that all "
        "suppliers together can take out now. Accounts are those that the configuration names.",
        (*LENDING, MORPHO),
        (
            ("utilization", "Utilization"),
            ("withdrawable", "Withdrawable"),
            ("borrow_rate", "Borrow rate"),
            ("weakest_health", "Weakest account"),
            ("known_debt_share", "Debt known"),
        ),
    ),
    Part(
        "vaults",
        "Vaults",
        "A vault's own share price is no solvency: what it lent out may be worth less.",
        (VAULT, YEARN),
        (
            ("price_per_share", "Price per share"),
            ("price_per_share_change", "Change in a block"),
            ("withdrawable", "Withdrawable"),
            ("vault_utilization", "Placed"),
            ("donation_1pct_money", "Gift that moves 1%"),
        ),
    ),
)


@router.get("/solvency")
async def page(context: Ctx, block: BlockQuery = None, chain: int | None = None) -> HTMLResponse:
    def build(store: Store) -> str:
        return context.html.render("solvency.html", **view(context, store, block, chain))

    return HTMLResponse(await context.reading.do(build))


@dataclass(frozen=True, slots=True)
class Row:
    state: str
    name: str
    path: str
    kind: str
    figures: tuple[Figure | None, ...]
    tags: tuple[str, ...]


def view(context: Context, store: Store, number: int | None, chain: int | None) -> dict[str, Any]:
    config, judged = context.config, watched(context.config)
    chains = sorted({entry.chain_id for entry in config.entries})
    as_of = None
    if number is not None and chains:
        chosen = chain if chain is not None else chains[0]
        as_of = store.block_as_of(chosen, number)
        found = verdicts_as_of(judged, store, shown.WORDS, chain_id=chosen, number=as_of.number)
    else:
        found = verdicts(judged, store, shown.WORDS, now=context.now(), memory=context.memory)
    unit = config.settings.unit
    tables = [(part, _rows(part, found, unit)) for part in PARTS]
    return {
        "page": "solvency",
        "as_of": as_of,
        "tables": [(part, rows) for part, rows in tables if rows],
    }


def _rows(part: Part, found: Sequence[Verdict], unit: str) -> list[Row]:
    return [
        Row(
            state=one.grade.word,
            name=one.label,
            path=f"/targets/{one.id}" if one.standing else "",
            kind=ADAPTERS[one.entry.protocol].title,
            figures=(figures := tuple(_figure(one, name, unit) for name, _ in part.columns)),
            tags=tuple(
                _tag(name, figure) for (name, _), figure in zip(part.columns, figures, strict=True)
            ),
        )
        for one in found
        if ADAPTERS[one.entry.protocol].kind in part.kinds
        or (one.standing is not None and one.standing.target.kind in part.kinds)
    ]


def _tag(name: str, figure: Figure | None) -> str:
    """What is under 1 in words: that no limit is set on it makes it no less."""
    least = UNDER.get(name)
    under = figure is not None and figure.value is not None and figure.value < 1 - ROUNDED
    return least if least is not None and under else ""


def _figure(verdict: Verdict, name: str, unit: str) -> Figure | None:
    standing = verdict.standing
    if standing is None or standing.figures is None:
        return None
    measure = shown.worst(standing.figures.measures, name)
    return None if measure is None else shown.figure(measure, standing.target, unit)
