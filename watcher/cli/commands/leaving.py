"""exit: what everything that is held really pays, sold in the pools that are watched."""

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
)


def register(app: typer.Typer) -> None:
    app.command("exit", short_help="What all that is held pays when it must be sold.")(leave)


def leave(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[TARGET|BASKET]...",
            help="Holdings, vaults, index tokens, lockboxes or baskets; several leave together.",
        ),
    ] = None,
    into: Annotated[
        str | None,
        typer.Option(
            "--into",
            metavar="TOKEN",
            help="Sold for this one, symbol or address [default: the basket's, else the token of "
            "most pools].",
        ),
    ] = None,
    state: Annotated[
        list[Path] | None,
        typer.Option("--state", help="Instead of targets: files that `watcher state` wrote."),
    ] = None,
    through: Annotated[
        list[Path] | None,
        typer.Option("--through", help="With --state: files of the pools to sell in."),
    ] = None,
    at: AtOption = None,
    config: ConfigOption = None,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """What all that is held pays when it must be sold now, step by step (docs/exit.md).

    Positions are closed and LP tokens burned first, vault shares redeemed as far as their vaults
    pay, and all is sold by the best watched pools for one token. Several targets leave together,
    each other's sales in the way. Exit 3 when something is left that nobody pays for.
    """
    from watcher.cli.exit_plan import print_exit
    from watcher.cli.leaving import NOBODY, from_files, stored
    from watcher.cli.leaving import leave as leave_all
    from watcher.cli.subjects import UNNAMED_UNIT
    from watcher.errors import InputError

    if bool(names) == bool(state):
        raise InputError(NOBODY)
    if state:
        if at is not None:
            raise InputError("a file has one block: leave out --at or --state")
        leaving = from_files(state, through or [], unit=UNNAMED_UNIT)
    elif through:
        raise InputError("--through goes with --state: stored targets leave by all that is watched")
    else:
        leaving = stored(names or [], at=at, config=config)
    left = leave_all(leaving, into)
    print_exit(left, format_=chosen(format_, as_json))
    if left.plan.left:
        raise typer.Exit(CHECK_FAILED)


CHECK_FAILED = 3
