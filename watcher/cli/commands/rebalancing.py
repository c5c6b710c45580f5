"""rebalance: which trades bring a basket towards its target weights, and what they cost."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from watcher.cli.options import (
    AtOption,
    ConfigOption,
    Format,
    FormatOption,
    JsonOption,
    chosen,
    duration,
)


def register(app: typer.Typer) -> None:
    app.command("rebalance", short_help="The best trades towards a basket's target weights.")(
        rebalance
    )


def rebalance(
    basket: Annotated[
        str | None,
        typer.Argument(help="Holdings or an index token: its name, address, or id."),
    ] = None,
    state: Annotated[
        list[Path] | None,
        typer.Option("--state", help="Instead: files of a basket and of pools; repeat for each."),
    ] = None,
    targets: Annotated[
        str | None,
        typer.Option("--targets", metavar="WETH=0.5,...", help="Weights; the rest is left alone."),
    ] = None,
    aversion: Annotated[
        float,
        typer.Option("--lambda", min=0, help="What a variance of 1 a year costs, in baskets."),
    ] = 5.0,
    volatility: Annotated[
        str | None,
        typer.Option("--volatility", metavar="WETH=0.6,...", help="Of a year; else the history's."),
    ] = None,
    steps: Annotated[
        int, typer.Option("--steps", min=1, max=1_000, help="Also spread over so many steps.")
    ] = 1,
    step: Annotated[str, typer.Option("--step", metavar="TIME", help="Between two steps.")] = "1h",
    recovery: Annotated[
        str,
        typer.Option("--recovery", metavar="TIME", help="After which half an impact is gone."),
    ] = "10m",
    at: AtOption = None,
    plot: Annotated[
        Path | None,
        typer.Option("--plot", metavar="FILE.svg", help="Tracking error over cost, as a plot."),
    ] = None,
    config: ConfigOption = None,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """The trades in the watched pools at which cost + lambda·V·d'Σd is least: the fee and the
    impact, to the smallest unit, and what being off the weights risks in a year.

    Beside it doing nothing and going all the way, and how far off each pair of assets may be
    before trading pays. Only what is at hand is sold; nothing is sent. With --steps the trades
    are spread over time while the pools recover, which is an estimate.
    """
    from watcher.cli.basket import find_basket
    from watcher.cli.rebalanced import Told, print_rebalancing
    from watcher.math.rebalancing.band import bands
    from watcher.math.rebalancing.plan import rebalance as best_of
    from watcher.math.rebalancing.stepwise import stepwise

    seconds = duration(step, option="--step")
    half_life = duration(recovery, option="--recovery")
    asked = find_basket(
        basket,
        files=state or [],
        targets=targets,
        volatility=volatility,
        aversion=aversion,
        at=at,
        config=config,
    )
    found = best_of(asked.basket, asked.markets)
    told = Told(
        asked.found.snapshot,
        asked.found.settings.unit,
        found,
        tuple(bands(asked.basket, asked.markets)),
        stepwise(found, steps=steps, seconds=seconds, half_life=half_life) if steps > 1 else None,
        seconds,
    )
    print_rebalancing(told, format_=chosen(format_, as_json))
    if plot is not None:
        from watcher.cli.rebalanced import frontier
        from watcher.cli.slipped import write_plot

        write_plot(frontier(told, asked.markets), plot)
