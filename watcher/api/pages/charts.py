"""The charts of a target's page: which figures of its kind over time, and how to read each."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from watcher.api.pages import shown
from watcher.api.pages.moment import Moment
from watcher.api.pages.specs import SIMPLE, Simple
from watcher.math.catalogue import HOLDINGS, POOLS, RATE, RATED_POOLS
from watcher.report.charts import Axis, Chart, Missing, Reference, Row, Series
from watcher.report.naming import source_of, symbols
from watcher.state.measure import Measure
from watcher.state.target import Target
from watcher.store import Figures

MOST = 4
"""Series of a chart; of a stack the last is what is left."""
CLOSE = 0.2
"""Of a price: where it moved by less, five decimals show it."""

Pick = Callable[[Sequence[Measure]], float | None]


@dataclass(frozen=True, slots=True)
class Course:
    """A target's figures along a stretch of blocks; `missing` is when it was not read."""

    target: Target
    samples: Sequence[Figures]
    missing: Sequence[Missing]
    moment: Moment
    unit: str


def names_for(kind: str) -> frozenset[str]:
    """The measures that the charts of a kind are made of."""
    if kind in POOLS:
        return frozenset(
            {
                "invariant_share",
                "value_share",
                "spot_price",
                "reference_price",
                "ln_spot_over_reference",
                "depth_money",
            }
        )
    extra = {HOLDINGS: {"asset_share"}, RATE: {"ln_source_over_redemption"}}.get(kind, set())
    return frozenset({name for each in SIMPLE.get(kind, ()) for name, _ in each.lines} | extra)


def charts_of(course: Course, labels: dict[str, str]) -> list[Chart]:
    kind = course.target.kind
    if kind in POOLS:
        return [_composition(course), *_price(course), _depth(course)]
    found = [chart for each in SIMPLE.get(kind, ()) if (chart := _simple(course, each)) is not None]
    if kind == HOLDINGS:
        found.insert(0, _assets(course))
    if kind == RATE:
        found += _sources(course, labels)
    return found


def _simple(course: Course, spec: Simple) -> Chart | None:
    lines = [
        (name, label)
        for name, label in spec.lines
        if any(shown.find(sample.measures, name) for sample in course.samples)
    ]
    if not lines:
        return None
    rows = rows_of(course, [_value(name) for name, _ in lines])
    references = () if spec.reference is None else (Reference(*spec.reference),)
    value = spec.format
    if value == "money" and course.unit != "USD":
        value = "amount"
    return Chart(
        id=spec.id,
        kind="lines",
        title=spec.title,
        say=spec.say if value == spec.format else f"{spec.say} In {course.unit}.",
        series=tuple(Series(name, label, name == spec.yardstick) for name, label in lines),
        rows=rows,
        y=_price_axis(rows) if value == "price" else Axis(format=value, ticks=spec.ticks),
        references=references,
        missing=tuple(course.missing),
        empty=_why_nothing(course, lines[0][0]),
    )


def _composition(course: Course) -> Chart:
    """Of pools with rates of their own at these; of others in value, where prices are known."""
    rated = course.target.kind in RATED_POOLS
    name = "invariant_share" if rated else "value_share"
    how = "at the pool's own rates" if rated else "in value, at reference prices"
    return _stack(course, "composition", name, "Composition", f"Share of each coin, {how}.")


def _assets(course: Course) -> Chart:
    say = "Share of each asset in the value, at reference prices."
    return _stack(course, "assets", "asset_share", "What it is made of", say)


def _stack(course: Course, id_: str, name: str, title: str, say: str) -> Chart:
    names = symbols(course.target)
    last: dict[str, float] = {}
    for sample in course.samples:
        for measure in shown.all_of(sample.measures, name):
            if not math.isnan(measure.value):
                last[dict(measure.dims)["token"]] = measure.value
    coins = sorted(last, key=lambda coin: -last[coin]) or [
        token.address for token in course.target.tokens
    ]
    kept, rest = (coins, []) if len(coins) <= MOST else (coins[: MOST - 1], coins[MOST - 1 :])
    picks = [_value(name, token=coin) for coin in kept]
    series = [Series(coin, names.get(coin, coin)) for coin in kept]
    if rest:
        picks.append(_sum(name, rest))
        series.append(Series("others", f"{len(rest)} others"))
    even = 1 / len(coins) if coins else 0
    weighted = course.target.kind not in RATED_POOLS
    return Chart(
        id=id_,
        kind="stack",
        title=title,
        say=say,
        series=tuple(series),
        rows=rows_of(course, picks),
        y=Axis(format="percent1", ticks="percent0"),
        references=()
        if weighted or rest
        else tuple(Reference(even * place, "") for place in range(1, len(coins))),
        missing=tuple(course.missing),
        empty=_why_nothing(course, name),
    )


def _price(course: Course) -> list[Chart]:
    """Of the coin that is furthest off."""
    found = [m for s in course.samples for m in s.measures if m.name == "ln_spot_over_reference"]
    off = shown.worst(found, "ln_spot_over_reference")
    tokens = course.target.tokens
    if len(tokens) < 2:
        return []
    names = symbols(course.target)
    coin = dict(off.dims).get("token") if off is not None else None
    dims = {} if coin is None else {"token": coin}
    first, other = names[tokens[0].address], names[coin or tokens[1].address]
    rows = rows_of(course, [_value("spot_price", **dims), _value("reference_price", **dims)])
    return [
        Chart(
            id="price",
            kind="lines",
            title=f"Price of {first} in {other}, and its reference",
            say="Marginal, without the fee. The grey line is what the pool is judged by.",
            series=(Series("spot", "pool"), Series("reference", "reference", yardstick=True)),
            rows=rows,
            y=_price_axis(rows),
            missing=tuple(course.missing),
            empty=_why_nothing(course, "spot_price"),
        )
    ]


def _depth(course: Course) -> Chart:
    names, tokens = symbols(course.target), course.target.tokens[:MOST]
    dollars = course.unit == "USD"
    return Chart(
        id="depth",
        kind="lines",
        title="Depth to 1%",
        say="The most that can be sold of each coin before the price has moved by 1%"
        + ("." if dollars else f", in {course.unit}."),
        series=tuple(Series(t.address, f"sell {names[t.address]}") for t in tokens),
        rows=rows_of(course, [_value("depth_money", token_in=t.address) for t in tokens]),
        y=Axis(
            format="money" if dollars else "amount",
            ticks="axis_money" if dollars else "axis_amount",
            low=0.0,
        ),
        missing=tuple(course.missing),
        empty=_why_nothing(course, "depth_money"),
    )


def _sources(course: Course, labels: dict[str, str]) -> list[Chart]:
    name = "ln_source_over_redemption"
    found = {m.dims: dict(m.dims) for s in course.samples for m in s.measures if m.name == name}
    if not found:
        return []
    kept = sorted(found)[:MOST]
    return [
        Chart(
            id="sources",
            kind="lines",
            title="Sources against the redemption rate",
            say="How far each source of the token's price is from what the contract pays.",
            series=tuple(
                Series(str(place), source_of(found[dims], labels))
                for place, dims in enumerate(kept)
            ),
            rows=rows_of(course, [_off(name, found[dims]) for dims in kept]),
            y=Axis(format="percent"),
            references=(Reference(0.0, ""),),
            missing=tuple(course.missing),
            empty=_why_nothing(course, name),
        )
    ]


def rows_of(course: Course, picks: Sequence[Pick]) -> tuple[Row, ...]:
    """A row a sample, what held at both ends, and a break where the target was not read."""
    begin, end = course.moment.first.timestamp, course.moment.block.timestamp
    found: dict[float, tuple[float | None, ...]] = {}
    for sample in course.samples:
        values = tuple(pick(sample.measures) for pick in picks)
        found[max(sample.block.timestamp, begin)] = values
    if not found:
        return ()
    last = max(found)
    if last < end and not any(each.end >= end for each in course.missing):
        found[end] = found[last]
    nothing = (None,) * len(picks)
    for each in course.missing:
        for x in [x for x in found if each.start <= x < each.end]:
            del found[x]
        found[max(each.start, begin)] = nothing
    return tuple(sorted(found.items()))


def _price_axis(rows: Iterable[Row]) -> Axis:
    known = [abs(v) for _, values in rows for v in values if v is not None]
    largest = max(known, default=1.0)
    if largest >= 10:
        return Axis(format="price2", ticks="price2")
    spread = largest - min(known, default=1.0)
    if largest < 0.5:
        return Axis(format="number6", ticks="number6")
    return Axis(format="price", ticks="price3" if spread > 0.002 else "price")


def _why_nothing(course: Course, name: str) -> str:
    for sample in reversed(course.samples):
        for measure in sample.measures:
            if measure.name == name and measure.reason:
                return shown.figure(measure, course.target, course.unit).why
    return "nothing is measured yet"


def _value(name: str, **dims: str) -> Pick:
    def pick(measures: Sequence[Measure]) -> float | None:
        measure = shown.find(measures, name, **dims)
        return None if measure is None or math.isnan(measure.value) else measure.value

    return pick


def _sum(name: str, coins: Sequence[str]) -> Pick:
    picks = [_value(name, token=coin) for coin in coins]

    def pick(measures: Sequence[Measure]) -> float | None:
        known = [value for one in picks if (value := one(measures)) is not None]
        return math.fsum(known) if known else None

    return pick


def _off(name: str, dims: dict[str, str]) -> Pick:
    value = _value(name, **dims)

    def pick(measures: Sequence[Measure]) -> float | None:
        found = value(measures)
        return None if found is None else math.expm1(found)

    return pick
