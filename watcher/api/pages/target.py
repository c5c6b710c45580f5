"""The page of one target: how it stands, its key figures, its course, what it is made of, and what
is not known and why; now, or as it was known at any block."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, TypeAlias

from fastapi import APIRouter, Path, Query
from fastapi.responses import HTMLResponse

from watcher.api.context import Context, Ctx
from watcher.api.pages import shown
from watcher.api.pages.charts import Course, charts_of, names_for
from watcher.api.pages.drawn import figure
from watcher.api.pages.keys import Key, Seen, keys_of
from watcher.api.pages.moment import (
    SECONDS,
    SPANS,
    BlockQuery,
    Moment,
    Span,
    SpanQuery,
    moment_of,
)
from watcher.api.pages.parameters import hash_of, parameters_of
from watcher.api.pages.pools import (
    BUCKETS,
    WhatIf,
    flow_chart,
    ladder_of,
    slippage_chart,
    what_if,
)
from watcher.config.watched import watched
from watcher.errors import InputError
from watcher.math.catalogue import CATALOGUE, POOLS
from watcher.protocols import ADAPTERS
from watcher.report import formats
from watcher.report.charts import Missing
from watcher.report.naming import labels_of, short, symbols, with_names
from watcher.report.verdicts import Verdict, id_of, verdict_of
from watcher.state.measure import Measure
from watcher.state.observation import Status
from watcher.state.price import Price
from watcher.state.snapshot import Snapshot
from watcher.state.target import Target
from watcher.store import Store

router = APIRouter()

POINTS = 400
"""Rows of a chart."""
NEARLY = 0.9
PHRASES: Mapping[Span, str] = {
    "hour": "an hour before",
    "day": "a day before",
    "week": "a week before",
    "month": "30 days before",
}

Asked: TypeAlias = tuple[str | None, str | None, str | None]
"""What is sold, what for, and how much of it."""

TargetId = Annotated[str, Path(pattern="^[0-9a-f]{64}$")]
Coin = Annotated[str | None, Query(alias="in", max_length=80)]
CoinOut = Annotated[str | None, Query(alias="out", max_length=80)]
Amount = Annotated[str | None, Query(max_length=80)]


@router.get("/targets/{target_id}")
async def page(
    context: Ctx,
    target_id: TargetId,
    block: BlockQuery = None,
    span: SpanQuery = "day",
    coin_in: Coin = None,
    coin_out: CoinOut = None,
    amount: Amount = None,
) -> HTMLResponse:
    def build(store: Store) -> str:
        asked = (coin_in, coin_out, amount)
        return context.html.render(
            "target.html", **view(context, store, target_id, block, span, asked)
        )

    return HTMLResponse(await context.reading.do(build))


def found(store: Store, target_id: str) -> Target:
    """Raises InputError where there is no such target."""
    return store.find_target(target_id)


@dataclass(frozen=True, slots=True)
class Unknown:
    """Figures that are not known for one and the same reason."""

    why: str
    names: tuple[str, ...]


def view(
    context: Context,
    store: Store,
    target_id: str,
    number: int | None,
    span: Span,
    asked: Asked,
) -> dict[str, Any]:
    target, config = found(store, target_id), context.config
    unit = config.settings.unit
    moment = moment_of(store, target.chain_id, number, span)
    judged = watched(config)
    verdict = verdict_of(
        judged, store, shown.WORDS, target, number=moment.number, now=context.now()
    )
    standing = verdict.standing
    observation = standing.observation if standing else None
    figures = standing.figures if standing else None
    measures = figures.measures if figures else ()
    snapshot = _snapshot(store, target, moment)
    priced = snapshot.prices or () if snapshot else ()
    prices: dict[str, float] = {price.token: price.value for price in priced}
    missing = _missing(store, target, moment)
    course = Course(
        target=target,
        samples=store.figures_along(
            target.id,
            names_for(target.kind),
            first=moment.first.number,
            last=moment.block.number,
            points=POINTS,
        ),
        missing=missing,
        moment=moment,
        unit=unit,
    )
    labels = labels_of(store.targets(), target.chain_id)
    charts = charts_of(course, labels)
    pool: dict[str, Any] = {"ladder": None}
    if target.kind in POOLS:
        flows = store.net_flows(
            target.id, first=moment.first.number, last=moment.block.number, buckets=BUCKETS
        )
        charts.append(flow_chart(target, flows, prices, moment, unit))
        pool["ladder"] = ladder_of(target, measures, prices, unit)
        if snapshot and (curve := slippage_chart(snapshot, unit)) is not None:
            charts.append(curve)
    seen = Seen(
        target=target,
        measures=measures,
        earlier=_earlier(store, target, moment),
        ago=_ago(moment),
        state=observation.state if observation else None,
        prices=prices,
        limits=config.limits,
        unit=unit,
    )
    found_keys = keys_of(seen)
    rows, left_out = parameters_of(target, snapshot.state) if snapshot else ([], 0)
    return {
        "page": "target",
        "target": target,
        "title": verdict.label,
        "protocol": ADAPTERS[target.protocol].title,
        "coins": [(symbols(target)[c.address], c.address) for c in target.tokens],
        "verdict": verdict,
        "state": verdict.grade.word,
        "stale": verdict.only_late
        or (observation is not None and observation.status is not Status.OK),
        "lead": _lead(verdict, found_keys),
        "since": verdict.finding.since,
        "moment": moment,
        "age": None if moment.asked else context.now() - moment.block.timestamp,
        "spans": [(key, label) for key, label in SPANS],
        "known_as": target.id,
        "is_watched": any(id_of(entry) == target.id for entry in judged.entries),
        "observation": observation,
        "keys": found_keys,
        "charts": [figure(chart) for chart in charts],
        "what_if": _trial(snapshot, asked) if snapshot else None,
        "figures": _table(measures, target, unit, labels),
        "unknowns": _unknowns(measures, target, unit, labels),
        "not_covered": ADAPTERS[target.protocol].not_covered,
        "references": _references(snapshot, target, labels),
        "parameters": rows,
        "left_out": left_out,
        "state_hash": hash_of(snapshot.state) if snapshot else None,
        "changes": [
            change
            for change in store.code_changes(target.id)
            if change.block.number <= moment.block.number
        ],
        "sampled": len(course.samples) >= POINTS,
        **pool,
    }


def sentence(verdict: Verdict) -> str:
    """The one figure that says why, as a sentence."""
    why = verdict.finding.why
    if not why:
        return "No limit is set for this kind of target."
    text = why[:1].upper() + why[1:]
    return text if text.endswith(".") else f"{text}."


def _lead(verdict: Verdict, keys: Sequence[Key]) -> str:
    """Where no figure has a limit, the first two say how the target is."""
    known = [f"{key.label.lower()} {key.figure.text}" for key in keys if key.figure.known][:2]
    if verdict.finding.why or not known:
        return sentence(verdict)
    said = ", ".join(known)
    return f"{said[:1].upper()}{said[1:]}. {sentence(verdict)}"


def _snapshot(store: Store, target: Target, moment: Moment) -> Snapshot | None:
    try:
        return store.snapshot(target.id, moment.block.number)
    except InputError:
        return None  # not read, or not read well: the page says so by the observation


def _trial(snapshot: Snapshot, asked: Asked) -> WhatIf | None:
    coin_in, coin_out, amount = asked
    return what_if(snapshot, coin_in=coin_in, coin_out=coin_out, amount=amount)


def _earlier(store: Store, target: Target, moment: Moment) -> Sequence[Measure]:
    if moment.first.number == moment.block.number:
        return ()
    before = store.figures_as_of(target.id, moment.first.number)
    return before.measures if before else ()


def _ago(moment: Moment) -> str:
    if moment.first.number == moment.block.number:
        return ""
    phrase = PHRASES.get(moment.span, "")
    if phrase and moment.seconds >= NEARLY * SECONDS[moment.span]:
        return phrase
    return f"{formats.age(moment.seconds)} before"


def _missing(store: Store, target: Target, moment: Moment) -> tuple[Missing, ...]:
    end = moment.block.timestamp
    found = store.readings(target.id, first=moment.first.number, last=moment.block.number)
    stretches, since = [], None
    for reading in found:
        if not reading.well:
            since = max(reading.timestamp, moment.first.timestamp)
        elif since is not None:
            stretches.append(Missing(since, reading.timestamp, "not read"))
            since = None
    if since is not None:
        stretches.append(Missing(since, end, "not read"))
    return tuple(stretches)


def _table(
    measures: Sequence[Measure], target: Target, unit: str, labels: Mapping[str, str]
) -> list[tuple[str, str, shown.Figure, str]]:
    """Every figure in the catalogue's order: name, of what, value, unit."""
    order = {name: place for place, name in enumerate(CATALOGUE)}
    listed = sorted(measures, key=lambda one: order.get(one.name, len(order)))
    return [
        (
            one.name,
            shown.dims_of(one.dims, target, unit, labels),
            shown.figure(one, target, unit),
            shown.unit_of(one, target, unit),
        )
        for one in listed
    ]


def _unknowns(
    measures: Sequence[Measure], target: Target, unit: str, labels: Mapping[str, str]
) -> list[Unknown]:
    """By reason, the reason of most figures first."""
    found: dict[str, list[str]] = defaultdict(list)
    for one in measures:
        if math.isnan(one.value) and one.name not in found[_why(one, target, unit)]:
            found[_why(one, target, unit)].append(one.name)
    return [
        Unknown(why, tuple(names))
        for why, names in sorted(found.items(), key=lambda each: (-len(each[1]), each[0]))
        if names
    ]


def _why(measure: Measure, target: Target, unit: str) -> str:
    return shown.figure(measure, target, unit).why


def _references(
    snapshot: Snapshot | None,
    target: Target,
    labels: Mapping[str, str],
) -> list[tuple[str, str, str]]:
    """What each coin is judged by: symbol, price, and its source with its age, or why none."""
    if snapshot is None:
        return []
    names = symbols(target)
    return [
        (
            names.get(price.token, short(price.token)),
            shown.any_price(price.value) if price.known else formats.UNKNOWN,
            _source(price, snapshot, labels, names),
        )
        for price in snapshot.prices or ()
    ]


def _source(
    price: Price, snapshot: Snapshot, labels: Mapping[str, str], names: Mapping[str, str]
) -> str:
    if not price.known:
        return with_names(price.reason, names)
    read = [labels[each] for each in price.ancestry if each in labels]
    said = price.source + (f" of {read[0]}" if read else "")
    if price.updated_at is not None:
        said += f", {formats.age(price.age(snapshot.block.timestamp))} old"
    if price.dead_band:
        said += f", does not move within {formats.percent(price.dead_band)}"
    return f"{said}; doubtful: {price.reason}" if price.reason else said
