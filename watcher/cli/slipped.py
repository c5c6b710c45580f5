"""What `watcher slippage` says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from watcher.cli.measured import heading
from watcher.cli.options import Format
from watcher.cli.output import Row, note, print_drawing, print_rows, print_text
from watcher.cli.phrases import grouped, percent, symbols, whole_amount
from watcher.cli.plots import Line, Plot, svg, text
from watcher.errors import InputError
from watcher.math.slippage_curve import SizePoint, slippage_curve
from watcher.report.trade import coins
from watcher.state.snapshot import Snapshot
from watcher.state.token import Token

DRAWN = 61
TOLD_EVERY = 5
COLUMNS = ("in", "amount_in", "out", "amount_out", "slippage", "price_impact")


def print_slippage(
    snapshot: Snapshot, sold: int, bought: int, *, format_: Format, file: Path | None
) -> None:
    """Both ways. Raises MathError where the pool exchanges nothing."""
    names, tokens = symbols(snapshot.target), coins(snapshot.target)
    ways = [
        (tokens[i], tokens[j], slippage_curve(snapshot.state, i, j, points=DRAWN))
        for i, j in ((sold, bought), (bought, sold))
    ]
    rows = [
        row
        for coin_in, coin_out, points in ways
        for row in _rows(coin_in, coin_out, points[::TOLD_EVERY], names, format_)
    ]
    plot = _plot(snapshot, [(names[coin_in.address], points) for coin_in, _, points in ways])
    if format_ is Format.TABLE:
        print_text(heading(snapshot))
        print_rows(rows, COLUMNS, format_=format_)
        print_text()
        # in characters price impact would lie upon slippage
        print_drawing(text(replace(plot, lines=plot.lines[::2])))
    else:
        print_rows(rows, COLUMNS, format_=format_)
    if file is not None:
        write_plot(plot, file)


def write_plot(plot: Plot, file: Path) -> None:
    try:
        file.write_text(svg(plot), encoding="utf-8")
    except OSError as error:
        raise InputError(f"cannot write {file}: {error.strerror}; name another file") from None
    note(f"watcher: the plot is in {file}")


def _rows(
    coin_in: Token,
    coin_out: Token,
    points: Sequence[SizePoint],
    names: dict[str, str],
    format_: Format,
) -> list[Row]:
    """With symbols and rounded for people, with addresses and smallest units otherwise."""
    if format_ is not Format.TABLE:
        return [
            {
                "in": coin_in.address,
                "amount_in": str(point.amount_in),
                "out": coin_out.address,
                "amount_out": str(point.amount_out),
                "slippage": point.slippage,
                "price_impact": point.price_impact,
            }
            for point in points
        ]
    return [
        {
            "in": names[coin_in.address],
            "amount_in": grouped(whole_amount(point.amount_in, coin_in.decimals)),
            "out": names[coin_out.address],
            "amount_out": grouped(whole_amount(point.amount_out, coin_out.decimals)),
            "slippage": percent(point.slippage),
            "price_impact": percent(point.price_impact),
        }
        for point in points
    ]


def _plot(snapshot: Snapshot, ways: Sequence[tuple[str, Sequence[SizePoint]]]) -> Plot:
    """Each way over its size as a part of the largest, since the coins' amounts do not compare."""
    lines = []
    for coin_in, points in ways:
        largest = points[-1].amount_in
        sizes = [point.amount_in / largest for point in points]
        for name, losses in (
            (f"slippage, {coin_in} in", [point.slippage for point in points]),
            (f"price impact, {coin_in} in", [point.price_impact for point in points]),
        ):
            lines.append(Line(name, list(zip(sizes, losses, strict=True))))
    return Plot(
        title=f"{snapshot.target.label} at block {snapshot.block.number:,}",
        x_axis="size as a part of the one that loses half",
        y_axis="lost of what the spot price would pay",
        lines=lines,
    )
