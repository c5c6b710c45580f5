"""The overview: what needs a person first; now, or as a chain was known at a block."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Path
from fastapi.responses import HTMLResponse

from watcher.alerts.health import Grade
from watcher.api.context import Context, Ctx
from watcher.api.pages import shown
from watcher.api.pages.alerts import told_alerts
from watcher.api.pages.drawn import spark
from watcher.api.pages.moment import BlockQuery
from watcher.api.pages.shown import Figure
from watcher.api.pages.target import sentence
from watcher.config.watched import watched
from watcher.math.catalogue import POOLS, RATED_POOLS
from watcher.protocols import ADAPTERS
from watcher.report import formats
from watcher.report.alert_told import Told
from watcher.report.naming import symbols
from watcher.report.verdicts import Verdict, verdicts, verdicts_as_of
from watcher.state.block import Block
from watcher.state.canonical import canonical_json
from watcher.state.measure import Measure
from watcher.state.observation import Status
from watcher.state.target import Target
from watcher.store import Store

router = APIRouter()

MOST_TOLD = 8
"""Sentences: the rest stands in the table below, in the same order."""
MOST_ROWS = 200
"""More of them are no overview: those that need a person are always among them."""
SPARK_POINTS, SPARK_SECONDS = 29, 14 * 86_400
LOSSES = ("arbitrage_value", "shortfall_money", "bad_debt_money")
RANKED = {
    "ln_spot_over_reference": "off reference",
    "utilization": "utilization",
    "price_per_share": "per share",
    "solvency_reference": "solvency",
    "holdings_value": "value",
    "redemption_rate": "rate",
    "ln_time_weighted_over_reference": "mean off ref.",
    "feed_price": "answer",
}
"""The measure of a kind that its line on the overview is of."""


@router.get("/")
async def page(
    context: Ctx, block: BlockQuery = None, chain: int | None = None, every: bool = False
) -> HTMLResponse:
    def build(store: Store) -> str:
        return context.html.render("overview.html", **view(context, store, block, chain, every))

    return HTMLResponse(await context.reading.do(build))


@router.get("/chains/{chain_id}/extent")
async def extent(context: Ctx, chain_id: Annotated[int, Path(ge=1)]) -> dict[str, int]:
    """From which block to which the slider reaches: no page says it, since a page at a block is as
    it was known there."""

    def read(store: Store) -> dict[str, int]:
        newest = store.block_as_of(chain_id, None)
        return {"first": store.block_at(newest, 0).number, "last": newest.number}

    return await context.reading.do(read)


@dataclass(frozen=True, slots=True)
class Cell:
    """One figure of a row; None does not apply. `note` stands small below it, `hot` is the one that
    tripped a limit."""

    figure: Figure | None = None
    note: str = ""
    hot: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One target on the overview; `spark` is SVG, `path` empty where there is no page of it."""

    state: str
    why: str
    name: str
    path: str
    kind: str
    cells: tuple[Cell, ...]
    spark: str
    spark_of: str
    since: int | None
    read: int | None


@dataclass(frozen=True, slots=True)
class Head:
    """One chain: how far its history is, and how many of its targets were read well."""

    chain_id: int
    name: str
    block: Block
    age: float | None
    read: int
    targets: int
    gaps: int
    missing: int


def view(
    context: Context, store: Store, number: int | None, chain: int | None, every: bool
) -> dict[str, Any]:
    config, judged = context.config, watched(context.config)
    chains = sorted({entry.chain_id for entry in config.entries})
    chosen = chain if chain is not None else (chains[0] if chains else None)
    as_of = None
    if number is not None and chosen is not None:
        as_of = store.block_as_of(chosen, number)
        found = verdicts_as_of(judged, store, shown.WORDS, chain_id=chosen, number=as_of.number)
        chains = [chosen]
    else:
        found = verdicts(judged, store, shown.WORDS, now=context.now(), memory=context.memory)
    found = sorted(found, key=_rank)
    kept = found if every else found[: max(MOST_ROWS, _need_somebody(found))]
    # What is blind only because its chain has no new block is told of once, by its chain.
    alone = [one for one in found if one.grade is not Grade.HEALTHY and not one.only_late]
    needs = _needs(alone, told_alerts(context, store, as_of, every=False))
    now = None if as_of else context.now()
    sparks = _sparks(store, kept, as_of)
    return {
        "page": "overview",
        "headline": headline(found),
        "counted": counted(found),
        "as_of": as_of,
        "chain": chosen,
        "open": needs[:MOST_TOLD],
        "more_open": max(0, len(needs) - MOST_TOLD),
        "late": {one.entry.chain_id for one in found if one.only_late},
        "sentence": sentence,
        "lines": [line(one, config.settings.unit, sparks, now) for one in kept],
        "left_out": len(found) - len(kept),
        "heads": [
            head for one in chains if (head := _head(context, store, found, one, as_of)) is not None
        ],
        "empty": not any(one.standing for one in found),
        "watched": len(found),
        "unit": config.settings.unit,
    }


def _needs(
    verdicts: Iterable[Verdict], alerts: Iterable[Told]
) -> list[tuple[Told | None, Verdict | None]]:
    """Open alerts, and targets of which none says it as badly; the worst first."""
    told = [one for one in alerts if one.grade is not Grade.HEALTHY]
    worst: dict[str, Grade] = {}
    for one in told:
        worst[one.target.id] = min(one.grade, worst.get(one.target.id, one.grade))
    rest = [one for one in verdicts if one.grade < worst.get(one.id, Grade.HEALTHY)]
    found: list[tuple[Told | None, Verdict | None]] = [(one, None) for one in told]
    found += [(None, one) for one in rest]
    return sorted(found, key=_grade)


def _grade(one: tuple[Told | None, Verdict | None]) -> Grade:
    told, verdict = one
    return min(each.grade for each in (told, verdict) if each is not None)


def _rank(verdict: Verdict) -> tuple[Grade, float]:
    """Within a grade what could be lost, in money, the most first."""
    figures = verdict.standing.figures if verdict.standing else None
    sizes = [
        one.value
        for one in (figures.measures if figures else ())
        if one.name in LOSSES and not math.isnan(one.value)
    ]
    return verdict.grade, -max(sizes, default=0.0)


def headline(found: Iterable[Verdict]) -> str:
    """2 breached, 1 blind, 11 healthy."""
    counts = Counter(one.grade for one in found)
    return ", ".join(f"{counts[grade]} {grade.word}" for grade in Grade if counts[grade])


def counted(found: Sequence[Verdict]) -> str:
    feeds = sum(one.is_feed for one in found)
    chains = len({one.entry.chain_id for one in found})
    parts = [_many(len(found) - feeds, "target"), _many(feeds, "feed")]
    return f"{' and '.join(filter(None, parts))} on {_many(chains, 'chain')}"


def _many(count: int, what: str) -> str:
    return f"{count} {what}{'s' if count != 1 else ''}" if count else ""


def _need_somebody(found: Sequence[Verdict]) -> int:
    return sum(one.grade is not Grade.HEALTHY for one in found)


def line(verdict: Verdict, unit: str, sparks: dict[str, str], now: float | None) -> Line:
    standing, newest = verdict.standing, verdict.newest
    adapter = ADAPTERS[verdict.entry.protocol]
    coins = (
        "/".join(symbols(standing.target)[c.address] for c in standing.target.tokens)
        if (standing)
        else ""
    )
    ranked = _ranked(verdict)
    return Line(
        state=verdict.grade.word,
        why=_short(verdict),
        name=verdict.label,
        path=f"/targets/{verdict.id}" if standing else "",
        kind=" · ".join(filter(None, [coins, adapter.title])),
        cells=_cells(verdict, unit),
        spark=sparks.get(verdict.id, ""),
        spark_of=RANKED[ranked.name] if ranked else "",
        since=verdict.finding.since,
        read=None if newest is None or now is None else max(0, int(now - newest.timestamp)),
    )


def _short(verdict: Verdict) -> str:
    """What tripped, in two words."""
    if verdict.grade is Grade.HEALTHY:
        return ""
    measure, standing = verdict.finding.measure, verdict.standing
    if verdict.only_late:
        return "no new block"
    if measure is not None and math.isnan(measure.value):
        return (
            "no reference" if "price" in measure.reason or "feed" in measure.reason else "unknown"
        )
    if measure is not None:
        return RANKED.get(measure.name, measure.name.replace("_", " "))
    if verdict.finding.rule:
        return verdict.finding.rule.replace("-", " ")
    if standing is None or standing.observation is None:
        return "not read yet"
    failed = standing.observation.status is not Status.OK
    return str(standing.observation.status).replace("_", " ") if failed else "feed stale"


def _cells(verdict: Verdict, unit: str) -> tuple[Cell, ...]:
    """Off reference, depth, depth lost, disparity, arbitrage, solvency or utilization."""
    standing = verdict.standing
    if standing is None or standing.figures is None:
        return (Cell(),) * 6
    target, measures = standing.target, standing.figures.measures
    names = symbols(target)
    hot = verdict.finding.measure.name if verdict.finding.measure else ""
    hot = hot if verdict.seen.grade in (Grade.BREACHED, Grade.STRAINED) else ""

    def cell(measure: Measure | None, note: str = "") -> Cell:
        if measure is None:
            return Cell()
        return Cell(shown.figure(measure, target, unit), note, measure.name == hot)

    if target.kind not in POOLS:
        return (
            *_beside_reference(measures, cell),
            Cell(),
            Cell(),
            Cell(),
            Cell(),
            cell(_solvency(measures), _solvency_of(measures)),
        )
    off = shown.worst(measures, "ln_spot_over_reference")
    depth = shown.least(measures, "depth_money")
    coin = names[dict(depth.dims)["token_in"]] if depth else ""
    shape = cell(shown.find(measures, "disparity_value"))
    if target.kind in RATED_POOLS and shape.figure is not None:
        rates = cell(shown.find(measures, "disparity_invariant")).figure
        text = f"{rates.text if rates else formats.UNKNOWN} / {shape.figure.text}"
        shape = Cell(
            Figure(text, shape.figure.value or (rates.value if rates else None), shape.figure.why)
        )
    return (
        _off(off, target, hot),
        cell(depth, f"sell {coin}" if coin else ""),
        cell(shown.find(measures, "lost_depth")),
        shape,
        cell(shown.find(measures, "arbitrage_value")),
        Cell(),
    )


def _off(measure: Measure | None, target: Target, hot: str) -> Cell:
    if measure is None:
        return Cell()
    figure, coin = shown.off_reference(measure, target)
    return Cell(figure, coin, measure.name == hot)


def _beside_reference(measures: Sequence[Measure], cell: Any) -> tuple[Cell]:
    for name in (
        "ln_time_weighted_over_reference",
        "three_way_deviation",
        "ln_market_over_redemption",
    ):
        measure = shown.find(measures, name)
        if measure is not None:
            return (cell(measure),)
    return (Cell(),)


def _solvency(measures: Sequence[Measure]) -> Measure | None:
    for name in (
        "solvency_reference",
        "utilization",
        "price_per_share",
        "holdings_value",
        "redemption_rate",
        "feed_price",
        "time_weighted_price",
    ):
        measure = shown.find(measures, name)
        if measure is not None:
            return measure
    return None


def _solvency_of(measures: Sequence[Measure]) -> str:
    measure = _solvency(measures)
    return "" if measure is None else RANKED.get(measure.name, measure.name.replace("_", " "))


def _ranked(verdict: Verdict) -> Measure | None:
    figures = verdict.standing.figures if verdict.standing else None
    for name in RANKED if figures else ():
        measure = shown.worst(figures.measures, name) if figures else None
        if measure is not None:
            return measure
    return None


def _sparks(store: Store, found: Sequence[Verdict], as_of: Block | None) -> dict[str, str]:
    """By target id, the line of the last 14 days of the measure that the target is ranked by."""
    drawn: dict[str, str] = {}
    by_chain: dict[int, list[tuple[str, Measure]]] = {}
    for one in found:
        measure = _ranked(one)
        if measure is not None:
            by_chain.setdefault(one.entry.chain_id, []).append((one.id, measure))
    for chain_id, ranked in by_chain.items():
        last = as_of or store.block_as_of(chain_id, None)
        first = store.block_at(last, last.timestamp - SPARK_SECONDS)
        wanted = [(uid, m.name, canonical_json(dict(m.dims))) for uid, m in ranked]
        values = store.values_along(
            chain_id, wanted, first=first.number, last=last.number, points=SPARK_POINTS
        )
        span = formats.age(last.timestamp - first.timestamp)
        for uid, measure in ranked:
            said = f"{RANKED[measure.name]} over {span}"
            drawn[uid] = spark(_sized(measure.name, values.get(uid, ())), said)
    return drawn


def _sized(name: str, values: Sequence[float | None]) -> list[float | None]:
    """What is off in either direction goes up."""
    away = name.startswith("ln_")
    return [abs(value) if away and value is not None else value for value in values]


def _head(
    context: Context, store: Store, found: Sequence[Verdict], chain_id: int, as_of: Block | None
) -> Head | None:
    mine = [one for one in found if one.entry.chain_id == chain_id]
    newest = next((one.newest for one in mine if one.newest is not None), None)
    if newest is None:
        return None
    well = [
        one
        for one in mine
        if one.standing
        and one.standing.observation
        and one.standing.observation.status is Status.OK
    ]
    gaps = [
        gap
        for gap in store.gaps(chain_id)
        if gap.filled_at is None and (as_of is None or gap.last <= as_of.number)
    ]
    return Head(
        chain_id=chain_id,
        name=context.config.chain(chain_id).name,
        block=newest,
        age=None if as_of else max(0.0, context.now() - newest.timestamp),
        read=len(well),
        targets=len(mine),
        gaps=len(gaps),
        missing=sum(gap.last - gap.first + 1 for gap in gaps),
    )
