"""The pictures of a pool's report: its history, what sales cost, what a share means."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction

from watcher.errors import MathError
from watcher.math import stable_scenario
from watcher.report.charts import Axis, Chart, Missing, Reference, Row, Series
from watcher.report.document import Picture
from watcher.report.history import joined
from watcher.report.material import NO_HISTORY, Course
from watcher.report.pool_facts import PoolFacts, over
from watcher.report.pool_view import stable_state

SHORT = "the stored history has one figure only"
MOST_SERIES = 4
_POINTS = 24
_MOST_OFF = 0.2


def history_pictures(found: PoolFacts) -> tuple[Picture, ...]:
    """Composition, price against the reference, depth in money: one time axis each."""
    F, Q, unit = found.F, found.Q, found.material.settings.unit
    composition = [
        _course(found, f"{found.basis}_share", token=found.view.address(coin))
        for coin in range(found.view.count)
    ]
    names = [found.view.name(coin) for coin in range(found.view.count)]
    if len(composition) > MOST_SERIES:
        composition, names = [composition[found.focus]], [F]
    deep = _course(found, "depth_money", move="0.01", token_in=found.view.address(found.focus))
    many = len(composition) > 1
    share = Axis(format="percent1", ticks="percent0", low=0.0, high=None if many else 1.0)
    charts = (
        _chart(
            found,
            "composition",
            "stack" if many else "lines",
            "Composition, % of the pool",
            tuple(Series(str(place), name) for place, name in enumerate(names)),
            joined(composition),
            share,
        ),
        _chart(
            found,
            "price",
            "lines",
            f"{F} in {Q} at the margin, against its reference",
            (Series("pool", "pool"),),
            joined([ratio_course(found)]),
            Axis(format="price", ticks="price3"),
            references=(Reference(1.0, "reference"),),
        ),
        _chart(
            found,
            "depth",
            "lines",
            f"Depth selling {F} to 1% below the price, {unit}",
            (Series("depth", "depth"),),
            joined([deep]),
            Axis(format="amount", ticks="axis_amount", low=0.0),
        ),
    )
    captions = (
        "What the pool held; even shares are the target unless the text says others.",
        "The pool's fee-less price over the reference; 1 is at the reference.",
        "What a sale that moves the price by 1% is worth.",
    )
    source = "m one figure at each stored block at which it changed; nothing later is used."
    return tuple(
        Picture(chart, caption, source, wide=True, height=104.0)
        for chart, caption in zip(charts, captions, strict=True)
    )


def _chart(
    found: PoolFacts,
    name: str,
    kind: str,
    title: str,
    series: tuple[Series, ...],
    rows: tuple[Row, ...],
    y: Axis,
    references: tuple[Reference, ...] = (),
) -> Chart:
    history = found.material.history
    unread = history.unread if history is not None else ()
    enough = len(rows) > 1
    return Chart(
        id=name,
        kind="stack" if kind == "stack" else "lines",
        title=title,
        say=title,
        series=series,
        rows=rows if enough else (),
        y=y,
        references=references,
        missing=tuple(Missing(start, end, "not read") for start, end in unread) if enough else (),
        empty=f"not measured: {SHORT if history is not None else NO_HISTORY}",
    )


def _course(found: PoolFacts, name: str, **dims: str) -> Course:
    history = found.material.history
    return () if history is None else history.course(name, **dims)


def ratio_course(found: PoolFacts) -> Course:
    """The focus coin's price over its reference: exp(L_quote − L_focus), L the stored logarithms of
    each coin's price for one of the first."""
    logs = [_log_course(found, coin) for coin in (found.focus, found.quote)]
    if not any(logs):
        return ()
    times = sorted({at for course in logs for at, _ in course})
    focus, quote = (dict(course) for course in logs)
    held = [0.0 if found.focus == 0 else math.nan, 0.0 if found.quote == 0 else math.nan]
    rows = []
    for at in times:
        held = [focus.get(at, held[0]), quote.get(at, held[1])]
        rows.append((at, math.exp(held[1] - held[0])))
    return tuple(rows)


def _log_course(found: PoolFacts, coin: int) -> Course:
    if coin == 0:
        return ()
    plain = _course(found, "ln_spot_over_reference")
    return plain or _course(found, "ln_spot_over_reference", token=found.view.address(coin))


def slippage_picture(found: PoolFacts) -> Picture:
    """Cost against the reference by size, both ways; exact quotes."""
    view, f, q = found.view, found.focus, found.quote
    largest = found.sizes[-1]
    rows: list[Row] = []
    for step in range(1, _POINTS + 1):
        size = largest * step / _POINTS
        ways = ((f, q), (q, f))
        rows.append((size, tuple(_known(_cost_of(found, i, j, size)) for i, j in ways)))
    scaled = tuple((x / found.paper.scale, values) for x, values in rows)
    letter = f"{found.paper.letter} " if found.paper.letter else ""
    sell, buy = f"sell {view.name(f)}", f"sell {view.name(q)}"
    chart = Chart(
        id="cost",
        kind="lines",
        title="Cost against the reference, part of the size, fee taken",
        say="By the size of one sale.",
        series=(Series("sell", sell), Series("buy", buy)),
        rows=scaled,
        x=Axis(name=f"size, {letter}tokens", format="number", ticks="amount"),
        y=Axis(format="percent", ticks="percent1"),
        references=(Reference(0.0, "reference"),),
        empty=f"not measured: {found.ledger['exit_cost'].reason or 'nothing can be sold'}",
    )
    source = f"mc exact quotes on the state; sizes in {letter}tokens of the coin sold."
    return Picture(chart, "What a seller loses against the reference, by size.", source)


def _cost_of(found: PoolFacts, i: int, j: int, size: float) -> Callable[[], float]:
    return lambda: 1 - over(found.view.average(i, j, size), found.view.reference(i, j))


def _known(find: Callable[[], float]) -> float | None:
    try:
        return find()
    except MathError:
        return None


def share_picture(found: PoolFacts, amplifications: Sequence[int]) -> Picture | None:
    """What a share means at several amplifications, the other coins equally full."""
    state = stable_state(found.view)
    if state is None:
        return None
    from dataclasses import replace

    now = max(1, state.amplification // state.amplification_precision)
    drawn = [*[a for a in sorted(amplifications) if a != now][-3:], now]
    n, rows = found.view.count, list[Row]()
    for step in range(1, 61):
        share = Fraction(1, n) + Fraction(step, 61) * (Fraction(98, 100) - Fraction(1, n))
        prices = []
        for a in sorted(drawn):
            twin = replace(state, amplification=a * state.amplification_precision)
            moved = stable_scenario.at_share(twin, found.focus, share)
            price = stable_scenario.price_of(moved, found.focus)
            prices.append(price if price > 1 - _MOST_OFF else None)
        rows.append((float(share), tuple(prices)))
    chart = Chart(
        id="share",
        kind="lines",
        title=f"{found.F} at the margin against its share; the other coins equal",
        say="Only A differs between the lines.",
        series=tuple(Series(str(a), f"A {a:,}{' now' if a == now else ''}") for a in sorted(drawn)),
        rows=tuple(rows),
        x=Axis(name="share", format="percent1", ticks="percent0"),
        y=Axis(format="price", ticks="price2"),
        references=(Reference(found.shares[found.focus], "now", along="x"),),
    )
    source = "mc the invariant of the state, its D kept; shares at the pool's rates."
    caption = "Price against share. Only A differs between the lines."
    return Picture(chart, caption, source, valued=False)
