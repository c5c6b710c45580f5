"""report: the committee report of a target, as a page, a PDF, Markdown or data."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from watcher.cli.commands.analysis import StateOption, TargetArgument
from watcher.cli.options import ConfigOption


class ReportFormat(StrEnum):
    """What `--format` may be."""

    HTML = "html"
    PDF = "pdf"
    MD = "md"
    JSON = "json"


def register(app: typer.Typer) -> None:
    app.command("report", short_help="The committee report of a target.")(report)


def report(
    target: TargetArgument = None,
    state: StateOption = None,
    list_: Annotated[
        Path | None,
        typer.Option("--list", metavar="FILE", help="Of every target named in it, one a line."),
    ] = None,
    first: Annotated[
        int | None,
        typer.Option("--from", metavar="N", min=0, help="The history begins at this block."),
    ] = None,
    last: Annotated[
        int | None,
        typer.Option("--to", metavar="N", min=0, help="As of this block [default: the newest]."),
    ] = None,
    format_: Annotated[
        ReportFormat, typer.Option("--format", help="How to write it.")
    ] = ReportFormat.HTML,
    notes: Annotated[
        Path | None,
        typer.Option("--notes", metavar="FILE", help="What a person fills in: TOML or Markdown."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", help="Write here, of --list a folder [default: print; a PDF: its name]."
        ),
    ] = None,
    config: ConfigOption = None,
) -> None:
    """The committee report of a pool, a vault or a basket: page 1 decides, the rest proves.

    Every figure is measured at a block, configured, or for a person to fill in. Nothing later than
    that block enters. Beside a file, FILE.state.json and FILE.figures.csv hold what it was made of;
    the same history gives the same bytes.
    """
    from watcher.cli.reported import Wanted, write_reports
    from watcher.errors import InputError

    if sum(given is not None for given in (target, state, list_)) != 1:
        raise InputError("name a target, a file with --state, or several with --list FILE")
    if state is not None and (first is not None or last is not None):
        raise InputError("a file has one block: leave out --from and --to, or --state")
    if first is not None and last is not None and first > last:
        raise InputError(f"--from {first} is after --to {last}: exchange them")
    write_reports(
        Wanted(
            target=target,
            state=state,
            names=list_,
            first=first,
            last=last,
            format=format_.value,
            notes=notes,
            out=out,
            config=config,
        )
    )
