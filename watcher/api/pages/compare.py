"""Targets, or moments of one, side by side."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse

from watcher.api.context import Context, Ctx
from watcher.api.pages import shown
from watcher.api.pages.charts import Course, rows_of
from watcher.api.pages.drawn import figure
from watcher.api.pages.moment import Moment, Span, SpanQuery, moment_of
from watcher.api.pages.shown import Figure
from watcher.errors import InputError
from watcher.report import formats
from watcher.report.charts import Axis, Chart, Row, Series
from watcher.state.block import Block
from watcher.state.measure import Measure
from watcher.state.target import Target
from watcher.store import Figures, Store

router = APIRouter()

MOST = 4
"""Columns, as a chart has series."""
POINTS = 200

Texts = Annotated[Sequence[str], Query(alias="target", max_length=MOST)]


@dataclass(frozen=True, slots=True)
class Line:
    """`worst` picks the column to worry about: the largest size, or the least; None ranks nothing,
    since a share alone cannot be compared between pools."""

    name: str
    label: str
    note: str
    worst: str | None = None


LINES = (
    Line("ln_spot_over_reference", "Against its reference", "furthest coin", "largest"),
    Line("depth_money", "Depth to 1%", "thinner side", "least"),
    Line("lost_depth", "Depth lost against balance", "worst pair", "largest"),
    Line("disparity_invariant", "Disparity by invariant", "0 balanced, 1 one coin", "largest"),
    Line("disparity_value", "Disparity by value", "0 balanced, 1 one coin", "largest"),
    Line("largest_share", "Largest share", "not ranked"),
    Line("arbitrage_value", "Arbitrage value", "gas not counted", "largest"),
    Line("solvency_reference", "Solvency at reference", "", "least"),
    Line("shortfall_money", "Shortfall", "", "largest"),
    Line("utilization", "Utilization", "", "largest"),
    Line("withdrawable", "Withdrawable now", "in its own coin: not ranked"),
    Line("weakest_health", "Weakest account", "named accounts", "least"),
    Line("price_per_share", "Price per share", "not ranked"),
    Line("price_per_share_change", "Change in one block", "", "largest"),
    Line("holdings_value", "Value", "not ranked"),
    Line("asset_largest_share", "Largest asset", "", "largest"),
    Line("feed_price", "Answer", "not ranked"),
    Line("redemption_rate", "Redemption rate", "not ranked"),
)
CHARTS = (
    (
        "ln_spot_over_reference",
        "Off reference",
        "How far the spot is from its reference, either way; the furthest coin of each.",
        "percent",
        "",
    ),
    (
        "lost_depth",
        "Depth lost against balance",
        "Worst pair, to 1%. It ends at 100%: read it with the line above.",
        "percent0",
        "",
    ),
    ("depth_money", "Depth to 1%", "The thinner side of each.", "money", "axis_money"),
    ("utilization", "Utilization", "What is borrowed of what is supplied.", "percent1", "percent0"),
    (
        "solvency_reference",
        "Solvency at reference",
        "What is held over what is owed.",
        "percent",
        "",
    ),
)


@dataclass(frozen=True, slots=True)
class Column:
    """`text` is the target as it was asked for, with the block where one was named."""

    text: str
    target: Target
    block: Block
    figures: Figures | None
    label: str


@router.get("/compare")
async def page(
    context: Ctx, target: Texts = (), add: str = "", span: SpanQuery = "day"
) -> HTMLResponse:
    def build(store: Store) -> str:
        wanted = [*target, *filter(None, [add.strip()])][:MOST]
        return context.html.render("compare.html", **view(context, store, wanted, span))

    return HTMLResponse(await context.reading.do(build))


def view(context: Context, store: Store, wanted: Sequence[str], span: Span) -> dict[str, Any]:
    """A column is named by a target, or by a target and a block: `WETH/USDC@14761204`."""
    unit = context.config.settings.unit
    columns: list[Column] = []
    problems: list[str] = []
    for text in wanted:
        try:
            columns.append(_column(store, text))
        except InputError as error:
            problems.append(str(error))
    rows = [row for each in LINES if (row := _row(each, columns, unit)) is not None]
    return {
        "page": "compare",
        "columns": columns,
        "problems": problems,
        "rows": rows,
        "charts": [figure(chart) for chart in _charts(store, columns, span, unit)],
        "choices": [(one.id, one.label) for one in store.targets()],
        "most": MOST,
        "span": span,
    }


def _column(store: Store, text: str) -> Column:
    name, at, digits = text.rpartition("@")
    if not at or not digits.isascii() or not digits.isdigit():
        name, digits = text, ""
    target = store.find_target(name)
    number = int(digits[:18]) if digits else None
    block = store.block_as_of(target.chain_id, number)
    figures = store.figures_as_of(target.id, block.number)
    label = target.label + (f" at {formats.whole(block.number)}" if digits else "")
    return Column(
        f"{target.id}{at}{digits}" if digits else target.id, target, block, figures, label
    )


@dataclass(frozen=True, slots=True)
class Compared:
    label: str
    note: str
    cells: tuple[Figure | None, ...]
    worst: int | None


def _row(line: Line, columns: Sequence[Column], unit: str) -> Compared | None:
    found = [_measure(line, column) for column in columns]
    if not any(found):
        return None
    cells = tuple(
        None if measure is None else _shown(measure, column.target, unit)
        for measure, column in zip(found, columns, strict=True)
    )
    return Compared(line.label, line.note, cells, _worst(line, found))


def _shown(measure: Measure, target: Target, unit: str) -> Figure:
    """As the other pages say it: off its reference is one of the coins, which is named."""
    if measure.name != "ln_spot_over_reference":
        return shown.figure(measure, target, unit)
    figure, coin = shown.off_reference(measure, target)
    return replace(figure, text=f"{coin} {figure.text}") if figure.known else figure


def _measure(line: Line, column: Column) -> Measure | None:
    measures = column.figures.measures if column.figures else ()
    choose: Callable[..., Measure | None] = shown.least if line.worst == "least" else shown.worst
    return choose(measures, line.name)


def _worst(line: Line, found: Sequence[Measure | None]) -> int | None:
    known = [
        (abs(one.value), place)
        for place, one in enumerate(found)
        if one is not None and not math.isnan(one.value)
    ]
    if line.worst is None or len(known) < 2 or len({size for size, _ in known}) < 2:
        return None
    return (min(known) if line.worst == "least" else max(known))[1]


def _charts(store: Store, columns: Sequence[Column], span: Span, unit: str) -> list[Chart]:
    """Of the targets among the columns, each once, over one stretch of time."""
    targets = list({column.target.id: column.target for column in columns}.values())
    if not targets:
        return []
    names = {name for name, *_ in CHARTS}
    courses = [_course(store, target, names, span, unit) for target in targets]
    charts = []
    for name, title, say, format_, ticks in CHARTS:
        plain = format_ == "money" and unit != "USD"
        having = [one for one in courses if any(shown.find(s.measures, name) for s in one.samples)]
        if not having:
            continue
        series = tuple(Series(str(k), one.target.label) for k, one in enumerate(having))
        rows: dict[float, dict[int, float | None]] = {}
        for place, course in enumerate(having):
            for x, (value,) in rows_of(course, [_size(name)]):
                rows.setdefault(x, {})[place] = value
        charts.append(
            Chart(
                id=f"compare-{name.replace('_', '-')}",
                kind="lines",
                title=title,
                say=f"{say} In {unit}." if plain else say,
                series=series,
                rows=_held(rows, len(having)),
                y=Axis(
                    format="amount" if plain else format_,
                    ticks="axis_amount" if plain else ticks,
                ),
            )
        )
    return charts


def _course(store: Store, target: Target, names: set[str], span: Span, unit: str) -> Course:
    moment: Moment = moment_of(store, target.chain_id, None, span)
    samples = store.figures_along(
        target.id, names, first=moment.first.number, last=moment.block.number, points=POINTS
    )
    return Course(target, samples, (), moment, unit)


def _held(rows: Mapping[float, Mapping[int, float | None]], count: int) -> tuple[Row, ...]:
    """A figure holds until the next one of the same target, an unknown one too."""
    held: list[float | None] = [None] * count
    found: list[Row] = []
    for x in sorted(rows):
        for place, value in rows[x].items():
            held[place] = value
        found.append((x, tuple(held)))
    return tuple(found)


def _size(name: str) -> Callable[[Sequence[Measure]], float | None]:
    choose = shown.least if name in ("depth_money", "solvency_reference") else shown.worst

    def pick(measures: Sequence[Measure]) -> float | None:
        found = choose(measures, name)
        if found is None or math.isnan(found.value):
            return None
        return abs(math.expm1(found.value)) if name.startswith("ln_") else found.value

    return pick
