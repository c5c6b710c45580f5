"""quote, measure and recompute: figures from what is stored, or from a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from watcher.cli.options import (
    AtOption,
    ConfigOption,
    Format,
    FormatOption,
    JsonOption,
    OnlyJsonOption,
    chosen,
)

if TYPE_CHECKING:
    from watcher.cli.subjects import Found
    from watcher.report.trade import Trade

CHECK_FAILED = 3

TargetArgument = Annotated[
    str | None,
    typer.Argument(help="Its name, address, CAIP-10 id, or the first digits of its id."),
]
StateOption = Annotated[
    Path | None,
    typer.Option("--state", help="Instead of a target: a file that `watcher state` wrote."),
]


def register(app: typer.Typer) -> None:
    app.command("quote", short_help="What a trade pays, to the smallest unit.")(quote)
    app.command("measure", short_help="Every measure of a target, computed now.")(measure)
    app.command("slippage", short_help="What trades of every size lose, as a table and a plot.")(
        slippage
    )
    app.command("recompute", short_help="Compute every stored figure again, and compare.")(
        recompute
    )


def quote(
    coin_in: Annotated[
        str, typer.Option("--in", metavar="TOKEN", help="Sold: symbol, address or index.")
    ],
    coin_out: Annotated[
        str, typer.Option("--out", metavar="TOKEN", help="Bought: symbol, address or index.")
    ],
    target: TargetArgument = None,
    state: StateOption = None,
    amount: Annotated[
        str | None, typer.Option("--amount", metavar="X", help="How much is sold, whole tokens.")
    ] = None,
    amount_out: Annotated[
        str | None,
        typer.Option("--amount-out", metavar="X", help="Or how much is bought, whole tokens."),
    ] = None,
    raw: Annotated[
        bool, typer.Option("--raw", help="The amount is in the token's smallest unit.")
    ] = False,
    at: AtOption = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Show the arithmetic line by line (not in CSV).")
    ] = False,
    config: ConfigOption = None,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """What a trade pays, to the smallest unit, as the contract computes it.

    Of a vault the asset is coin 0 and the share coin 1: selling 0 deposits, selling 1 redeems.
    Exit 3 when the contract would revert.
    """
    from watcher.cli.output import note
    from watcher.cli.quoted import print_trade
    from watcher.cli.subjects import find_subject
    from watcher.errors import InputError, MathError

    if (amount is None) == (amount_out is None):
        raise InputError("give --amount to sell or --amount-out to buy, and not both")
    found = find_subject(target, file=state, at=at, config=config)
    try:
        trade = _trade(found, coin_in, coin_out, amount, amount_out, raw=raw)
    except MathError as error:
        snapshot = found.snapshot
        note(
            f"watcher: {snapshot.target.label} would revert at block {snapshot.block.number}: "
            f"{error}; try another amount"
        )
        raise typer.Exit(CHECK_FAILED) from None
    print_trade(trade, explained=explain, format_=chosen(format_, as_json))


def measure(
    target: TargetArgument = None,
    state: StateOption = None,
    at: AtOption = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Show each formula and what it cannot say.")
    ] = False,
    exact: Annotated[
        bool,
        typer.Option("--exact", help="Pools of several coins by exact quotes, which takes longer."),
    ] = False,
    config: ConfigOption = None,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Every measure of a target, computed now from its stored state or from a file."""
    from watcher.cli.measured import print_measures
    from watcher.cli.subjects import find_subject
    from watcher.math.measures import measure as measure_all

    found = find_subject(target, file=state, at=at, config=config)
    (figures,) = measure_all([found.subject], found.settings, exact=exact)
    print_measures(found, figures, explained=explain, format_=chosen(format_, as_json))


def slippage(
    target: TargetArgument = None,
    state: StateOption = None,
    coin_in: Annotated[
        str, typer.Option("--in", metavar="TOKEN", help="Sold: symbol, address or index.")
    ] = "0",
    coin_out: Annotated[
        str, typer.Option("--out", metavar="TOKEN", help="Bought: symbol, address or index.")
    ] = "1",
    at: AtOption = None,
    plot: Annotated[
        Path | None, typer.Option("--plot", metavar="FILE.svg", help="Write the plot there too.")
    ] = None,
    config: ConfigOption = None,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """What trades of every size lose, with the fee and without it, both ways, by exact quotes.

    Up to the size that loses half of what it would pay at the spot price. Exit 3 when the contract
    would revert.
    """
    from watcher.cli.output import note
    from watcher.cli.slipped import print_slippage
    from watcher.cli.subjects import find_subject
    from watcher.errors import MathError
    from watcher.report.trade import find_coin

    snapshot = find_subject(target, file=state, at=at, config=config).snapshot
    sold, bought = find_coin(snapshot.target, coin_in), find_coin(snapshot.target, coin_out)
    try:
        print_slippage(snapshot, sold, bought, format_=chosen(format_, as_json), file=plot)
    except MathError as error:
        note(f"watcher: {snapshot.target.label} exchanges nothing there: {error}")
        raise typer.Exit(CHECK_FAILED) from None


def recompute(
    config: ConfigOption = None,
    as_json: OnlyJsonOption = False,
) -> None:
    """Compute every stored figure again from what was stored, and name each row that differs.

    Exit 3 when one does.
    """
    from watcher.cli.progress import bar
    from watcher.cli.recomputed import print_recomputation
    from watcher.cli.session import open_store, read_config
    from watcher.store import recompute as recompute_all

    with open_store(read_config(config)) as store, bar("recomputing") as advance:
        result = recompute_all(store, advance)
    print_recomputation(result, as_json=as_json)
    if result.found:
        raise typer.Exit(CHECK_FAILED)


def _trade(
    found: Found,
    coin_in: str,
    coin_out: str,
    amount: str | None,
    amount_out: str | None,
    *,
    raw: bool,
) -> Trade:
    from watcher.report.trade import coins, find_coin, parse_amount, trade

    target = found.snapshot.target
    sold, bought = find_coin(target, coin_in), find_coin(target, coin_out)
    exact_out = amount is None
    asked = coins(target)[bought if exact_out else sold]
    size = parse_amount(amount_out or amount or "", asked, raw=raw)
    return trade(found.snapshot, sold, bought, size, exact_out=exact_out)
