"""Alerts: which are open, the worst first; and of each what it means, its rule with the figures
then and now, its life, who did what, and how to check it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Path
from fastapi.responses import HTMLResponse

from watcher.alerts.phrases import duration
from watcher.alerts.telling import figure, limit_of, told_again
from watcher.api.context import Context, Ctx
from watcher.api.failures import Refusal
from watcher.api.pages.moment import BlockQuery
from watcher.report.alert_told import Teller, Told, known_at
from watcher.report.naming import symbols, with_names
from watcher.report.text import visible
from watcher.state.alert import EventKind, Gauge, Past
from watcher.state.block import Block
from watcher.store import Store
from watcher.store.alert_paging import alerts_begun_by

router = APIRouter()

MOST = 200
"""Alerts on the page, of those that are over too."""

AlertId = Annotated[str, Path(pattern="^[0-9a-f]{8,64}$")]

BEFELL: Mapping[EventKind, str] = {
    EventKind.PENDING: "the condition holds",
    EventKind.FIRED: "it has held for long enough: people are told",
    EventKind.CONFIRMED: "holds after a reorg too: nobody is told again",
    EventKind.CONTINUED: "people know of it by an alert whose blocks have left the chain",
    EventKind.REOPENED: "holds again: people are told",
    EventKind.WORSENED: "worse than when it was told last: people are told again",
    EventKind.ESCALATED: "nobody acknowledged it: people are told again",
    EventKind.EASED: "what ends it has begun to hold",
    EventKind.RELAPSED: "what ends it no longer holds",
    EventKind.LAPSED: "holds no longer after a reorg",
    EventKind.PASSED: "over before it had held for long enough: nobody was told",
    EventKind.SPIKE: "held at a single block: nobody was told",
    EventKind.RESOLVED: "over",
    EventKind.RETRACTED: "taken back: the blocks that said so have left the chain",
}


@dataclass(frozen=True, slots=True)
class Input:
    """One figure of the condition as it stood; `now` is empty where it is not known any more."""

    name: str
    then: str
    last: str
    now: str
    limit: str


@dataclass(frozen=True, slots=True)
class Event:
    at: int | None
    number: int | None
    word: str
    said: str
    orphaned: bool


@dataclass(frozen=True, slots=True)
class Act:
    """What a person did."""

    at: int
    who: str
    did: str
    until: int | None
    why: str


@router.get("/alerts")
async def page(context: Ctx, block: BlockQuery = None, chain: int | None = None) -> HTMLResponse:
    def build(store: Store) -> str:
        return context.html.render("alerts.html", **view(context, store, block, chain))

    return HTMLResponse(await context.reading.do(build))


@router.get("/alerts/{alert_id}")
async def one(context: Ctx, alert_id: AlertId, block: BlockQuery = None) -> HTMLResponse:
    def build(store: Store) -> str:
        return context.html.render("alert.html", **view_of(context, store, alert_id, block))

    return HTMLResponse(await context.reading.do(build))


def view(context: Context, store: Store, number: int | None, chain: int | None) -> dict[str, Any]:
    as_of = None
    if number is not None:
        chains = sorted({entry.chain_id for entry in context.config.entries})
        if chain is None and not chains:
            raise Refusal(404, "no chain is configured: name a target in the configuration")
        as_of = store.block_as_of(chains[0] if chain is None else chain, number)
    found = told_alerts(context, store, as_of, every=True)
    return {
        "page": "alerts",
        "as_of": as_of,
        "chain": chain,
        "open": [one for one in found if one.is_open],
        "over": [one for one in found if not one.is_open],
        "most": MOST if len(found) >= MOST else None,
    }


def told_alerts(context: Context, store: Store, as_of: Block | None, *, every: bool) -> list[Told]:
    """Open ones first, the worst first; at a block, of its chain alone and as it knew them."""
    now = context.now() if as_of is None else as_of.timestamp
    teller = Teller(store, context.config.rules, unit=context.config.settings.unit, now=now)
    if as_of is not None:
        begun = alerts_begun_by(store, as_of.chain_id, as_of.number, limit=MOST)
        known = [cut for kept in begun if (cut := known_at(kept, as_of)) is not None]
        return [one for one in teller.tell_all(known) if every or one.is_open]
    # What is open is never left out for what is over.
    kept = {one.uid: one for one in store.alerts()}
    if every:
        kept |= {one.uid: one for one in store.alerts(every=True, limit=MOST)}
    return teller.tell_all(kept.values())


def view_of(context: Context, store: Store, alert_id: str, number: int | None) -> dict[str, Any]:
    kept, unit = store.find_alert(alert_id), context.config.settings.unit
    as_of = None if number is None else store.block_as_of(kept.chain_id, number)
    if as_of is not None:
        cut = known_at(kept, as_of)
        if cut is None:
            raise Refusal(404, f"at block {as_of.number} this alert had not begun: ask for a later")
        kept = cut
    now = context.now() if as_of is None else as_of.timestamp
    rules = context.config.rules
    teller = Teller(store, rules, unit=unit, now=now)
    told = teller.tell(kept)
    current = teller.gauges_now(told, as_of.number if as_of else None) if told.is_open else ()
    names = symbols(told.target)
    terms = told.terms
    return {
        "page": "alert",
        "as_of": as_of,
        "told": told,
        "title": f"{told.target.label}: {told.fact}",
        "inputs": _inputs(told, current, unit),
        "lasting": duration(terms.duration) if terms.duration else "",
        "ends": terms.clear or f"not ({terms.when})",
        "ends_lasting": duration(terms.clear_duration) if terms.clear_duration else "",
        "again": _again(told, unit),
        "escalates": None if terms.escalate is None else duration(terms.escalate),
        "events": [_event(one, names) for one in kept.events if not one.kind.by_people],
        "acts": [act for one in kept.events if (act := _act(one)) is not None],
        "is_configured": any(rule.name == kept.rule for rule in rules),
    }


def _inputs(told: Told, now: Sequence[Gauge], unit: str) -> list[Input]:
    on_branch = [one.gauges for one in told.kept.events if one.canonical and one.gauges]
    if not on_branch:
        return []
    names = symbols(told.target)
    first = {_key(one): one for one in on_branch[0]}
    current = {_key(one): one for one in now}
    return [
        Input(
            name=visible(with_names(_named(one), names)),
            then=_value(first.get(_key(one)), unit),
            last=_value(one, unit),
            now=_value(current.get(_key(one)), unit),
            limit=limit_of(one, unit),
        )
        for one in on_branch[-1]
    ]


def _key(gauge: Gauge) -> tuple[str, str]:
    return gauge.figure, gauge.sign


def _named(gauge: Gauge) -> str:
    of = ", ".join(value for _, value in gauge.dims)
    return f"{gauge.figure} of {of}" if of else gauge.figure


def _value(gauge: Gauge | None, unit: str) -> str:
    if gauge is None:
        return ""
    said = figure(gauge, gauge.value, unit)
    return visible(f"{said}: {gauge.reason}") if gauge.reason else said


def _again(told: Told, unit: str) -> str:
    """From which figures on people are told once more; "" where nothing is to be said."""
    known = told.open.known if told.open else None
    if known is None:
        return ""
    return visible(" or ".join(told_again(known.gauges, told.terms.repeat, unit)))


def _event(event: Past, names: Mapping[str, str]) -> Event:
    said = BEFELL.get(event.kind, "")
    if event.detail:
        said = f"{said} ({event.detail})" if said else event.detail
    block = event.block
    return Event(
        at=None if block is None else block.timestamp,
        number=None if block is None else block.number,
        word=event.kind.value,
        said=visible(with_names(said, names)),
        orphaned=not event.canonical,
    )


def _act(event: Past) -> Act | None:
    if not event.kind.by_people or event.found_at is None:
        return None
    return Act(
        at=int(event.found_at.timestamp()),
        who=visible(event.actor),
        did=event.kind.value,
        until=event.until,
        why=visible(event.detail),
    )
