"""What only pools have: the ladder of depth, slippage over size, flow, and a trade to try."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from watcher.api.pages import shown
from watcher.api.pages.drawn import bar
from watcher.api.pages.moment import Moment
from watcher.api.pages.shown import Figure, any_price, number
from watcher.errors import InputError, MathError
from watcher.math.depth_definitions import MOVES
from watcher.math.quotes import FAMILIES
from watcher.math.slippage_curve import slippage_curve
from watcher.report import formats
from watcher.report.charts import Axis, Chart, Row, Series
from watcher.report.naming import symbols
from watcher.report.trade import Trade, coins, find_coin, parse_amount, trade
from watcher.state.measure import Measure
from watcher.state.snapshot import Snapshot
from watcher.state.target import Target
from watcher.store import NetFlow

MOST_COINS = 4
CURVE_POINTS = 25
BUCKETS = 48
LONGEST_AMOUNT = 80


@dataclass(frozen=True, slots=True)
class Step:
    """One row of the ladder: for each coin a bar, as SVG, and its figure."""

    move: str
    cells: tuple[tuple[str, Figure], ...]


@dataclass(frozen=True, slots=True)
class Ladder:
    """`heads` are the coins; `note` says what the bars end at."""

    heads: tuple[str, ...]
    steps: tuple[Step, ...]
    note: str


def ladder_of(
    target: Target, measures: Sequence[Measure], prices: Mapping[str, float], unit: str
) -> Ladder | None:
    """In the unit of account where every coin has a price, else in whole tokens of each coin."""
    tokens = target.tokens[:MOST_COINS]
    amounts = {
        (float(dict(one.dims)["move"]), dict(one.dims)["token_in"]): one
        for one in shown.all_of(measures, "depth_ladder")
    }
    if not amounts:
        return None
    priced = not any(math.isnan(prices.get(token.address, math.nan)) for token in tokens)
    scale: dict[str, float] = {
        token.address: prices[token.address] if priced else 1.0 for token in tokens
    }
    sizes = {key: one.value * scale.get(key[1], 1.0) for key, one in amounts.items()}
    known = {key: value for key, value in sizes.items() if not math.isnan(value)}
    most = {token.address: _most(known, None if priced else token.address) for token in tokens}
    names = symbols(target)
    steps = tuple(
        Step(
            formats.percent(move, 1),
            tuple(
                _cell(
                    amounts.get((move, token.address)),
                    sizes.get((move, token.address)),
                    most[token.address],
                    f"s{place + 1}",
                    unit if priced else names[token.address],
                    target,
                )
                for place, token in enumerate(tokens)
            ),
        )
        for move in MOVES
    )
    note = (
        f"Bars end at {formats.money(_most(known, None), unit)}."
        if priced
        else "Each coin in its own whole tokens: not all of them have a reference price."
    )
    return Ladder(tuple(names[token.address] for token in tokens), steps, note)


def _most(known: Mapping[tuple[float, str], float], coin: str | None) -> float:
    return max((v for (_, of), v in known.items() if coin in (None, of)), default=0.0)


def _cell(
    measure: Measure | None, size: float | None, most: float, series: str, unit: str, target: Target
) -> tuple[str, Figure]:
    if measure is None or size is None or math.isnan(size):
        why = shown.figure(measure, target, unit).why if measure else "not measured"
        return bar(0.0, series=series), shown.unknown(why)
    part = size / most if most else 0.0
    return bar(part, series=series), Figure(formats.money(size, unit), size)


def slippage_chart(snapshot: Snapshot, unit: str) -> Chart | None:
    """Both ways between the two coins of which the pool holds most and least; sizes in the unit of
    account where both have a price. None where the pool exchanges nothing."""
    target, names = snapshot.target, symbols(snapshot.target)
    prices = {price.token: price.value for price in snapshot.prices or ()}
    tokens = target.tokens
    if len(tokens) < 2:
        return None
    values = [prices.get(token.address, math.nan) for token in tokens[:2]]
    priced = not any(map(math.isnan, values))
    rows: dict[float, list[float | None]] = {}
    for way, (i, j) in enumerate(((0, 1), (1, 0))):
        try:
            points = slippage_curve(snapshot.state, i, j, points=CURVE_POINTS)
        except MathError:
            continue
        whole = 10.0 ** tokens[i].decimals
        for point in points:
            size = (
                point.amount_in / whole * values[i]
                if priced
                else (point.amount_in / points[-1].amount_in)
            )
            if size > 0:
                rows.setdefault(size, [None, None])[way] = point.slippage
    first, second = names[tokens[0].address], names[tokens[1].address]
    dollars = priced and unit == "USD"
    where = unit if priced else "as a part of the one that loses half"
    return Chart(
        id="slippage",
        kind="lines",
        title="Slippage by size of one sale",
        say="What a sale gets less than the spot price, fee included; exact quotes at this block."
        + ("" if dollars else f" Size {where}."),
        series=(Series("first", f"sell {first}"), Series("second", f"sell {second}")),
        rows=_joined(rows),
        x=Axis(
            scale="log",
            name="Size",
            format="money" if dollars else "amount",
            ticks="axis_money" if dollars else "axis_amount",
        ),
        y=Axis(scale="log", format="percent"),
        empty="the pool exchanges nothing at this block",
    )


def _joined(rows: Mapping[float, Sequence[float | None]]) -> tuple[Row, ...]:
    """Two curves over sizes of their own in one table: each is drawn through the other's rows by a
    straight line, on the logarithm of the size, between its own ends."""
    sizes = sorted(rows)
    filled = [list(rows[size]) for size in sizes]
    for way in (0, 1):
        own = [place for place, values in enumerate(filled) if values[way] is not None]
        for left, right in pairwise(own):
            low, high = filled[left][way], filled[right][way]
            for place in range(left + 1, right):
                part = math.log(sizes[place] / sizes[left]) / math.log(sizes[right] / sizes[left])
                if low is not None and high is not None:
                    filled[place][way] = low + part * (high - low)
    return tuple((size, tuple(values)) for size, values in zip(sizes, filled, strict=True))


def flow_chart(
    target: Target,
    flows: Sequence[NetFlow],
    prices: Mapping[str, float],
    moment: Moment,
    unit: str,
) -> Chart:
    """In the unit of account, so that one scale serves all coins."""
    tokens, names = target.tokens[:MOST_COINS], symbols(target)
    missing = [t for t in tokens if math.isnan(prices.get(t.address, math.nan))]
    scale: dict[str, float] = {t.address: prices.get(t.address, math.nan) for t in tokens}
    rows: dict[float, list[float | None]] = {}
    for one in flows:
        if one.token in scale:
            place = list(scale).index(one.token)
            row = rows.setdefault(one.timestamp, [0.0] * len(tokens))
            row[place] = one.units * scale[one.token]
    dollars = unit == "USD"
    why = (
        f"no reference price of {', '.join(names[t.address] for t in missing)}"
        if missing
        else "nothing flowed, or no logs were read"
    )
    return Chart(
        id="flow",
        kind="bars",
        title="Net flow of each coin",
        say="What came in less what left, swaps and liquidity together; up means the pool took it "
        "in. One scale." + ("" if dollars else f" In {unit}."),
        series=tuple(Series(t.address, names[t.address]) for t in tokens),
        rows=() if missing else tuple((x, tuple(rows[x])) for x in sorted(rows)),
        x=Axis(
            scale="time",
            name="UTC",
            low=float(moment.first.timestamp),
            high=float(moment.block.timestamp),
        )
        if len(rows) > 1
        else Axis("time", "UTC"),
        y=Axis(
            format="money" if dollars else "amount",
            ticks="axis_money" if dollars else "axis_amount",
        ),
        empty=why,
    )


@dataclass(frozen=True, slots=True)
class WhatIf:
    """A trade to try: what was asked, and its outcome in rows or a sentence that says why not."""

    coins: tuple[str, ...]
    coin_in: int
    coin_out: int
    amount: str
    rows: tuple[tuple[str, str, str], ...] = ()
    problem: str = ""
    asked: bool = False


def what_if(
    snapshot: Snapshot, *, coin_in: str | None, coin_out: str | None, amount: str | None
) -> WhatIf | None:
    """None where the target exchanges nothing. Coins are named by index."""
    target = snapshot.target
    if target.kind not in FAMILIES:
        return None
    found = coins(target)
    names = symbols(target)
    called = tuple(names[coin.address] for coin in found)
    if amount is None or not amount.strip():
        return WhatIf(called, 0, 1, "")
    sold, bought = 0, 1
    try:
        sold, bought = find_coin(target, coin_in or "0"), find_coin(target, coin_out or "1")
        raw = parse_amount(amount[:LONGEST_AMOUNT], found[sold], raw=False)
        done = trade(snapshot, sold, bought, raw, exact_out=False)
    except (InputError, MathError) as error:
        return WhatIf(called, sold, bought, amount[:LONGEST_AMOUNT], problem=str(error), asked=True)
    rows = tuple(_outcome(done, called[sold], called[bought]))
    return WhatIf(called, sold, bought, amount[:LONGEST_AMOUNT], rows, asked=True)


def _outcome(done: Trade, sold: str, bought: str) -> list[tuple[str, str, str]]:
    paid = done.quote.amount_out / 10**done.token_out.decimals
    per = f"{bought} per {sold}"
    return [
        (
            "You get",
            f"{number(paid)} {bought}",
            f"{formats.whole(done.quote.amount_out)} smallest units, to the wei",
        ),
        ("Average price", _known(done.average_price, any_price), per),
        ("Marginal price", any_price(done.marginal_price), f"{per}, before the trade"),
        (
            "Slippage",
            _known(done.slippage, formats.percent),
            f"with the fee of {formats.percent(done.fee)}",
        ),
        ("Price impact", _known(done.price_impact, formats.percent), "without the fee"),
    ]


def _known(value: float | None, write: Callable[[float], str]) -> str:
    return formats.UNKNOWN if value is None else write(value)
