"""status, history and state: what is stored."""

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
    chosen,
)

if TYPE_CHECKING:
    from watcher.cli.output import Row
    from watcher.store import Figure

CHECK_FAILED = 3
DEFAULT_ROWS = 60

TargetArgument = Annotated[
    str, typer.Argument(help="Its name, address, CAIP-10 id, or the first digits of its id.")
]


def register(app: typer.Typer) -> None:
    app.command("status", short_help="Every target's state in a word, the worst first.")(status)
    app.command("history", short_help="A target's figures, block by block.")(history)
    app.command("state", short_help="A target's state as JSON, for --state of others.")(state)


def status(
    config: ConfigOption = None,
    every: Annotated[
        bool, typer.Option("--all", help="List one by one what is folded into a line.")
    ] = False,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="Exit 3 when any target is breached or blind.")
    ] = False,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Every watched target's state in a word and the figure that says why, the worst first."""
    import time

    from watcher.alerts.health import Grade
    from watcher.cli.output import note
    from watcher.cli.session import open_store, read_config
    from watcher.cli.standings import missing, print_standings
    from watcher.cli.verdicts import verdicts

    settings = read_config(config)
    now = time.time()
    with open_store(settings) as store:
        found = verdicts(settings, store, now=now)
        gaps = [gap for chain in settings.chains for gap in store.gaps(chain.chain_id)]
    print_standings(found, now=now, every=every, format_=chosen(format_, as_json))
    if missed := missing(gaps):
        note(missed)
    if exit_code and any(verdict.grade <= Grade.BLIND for verdict in found):
        raise typer.Exit(CHECK_FAILED)


def history(
    target: TargetArgument,
    config: ConfigOption = None,
    measure: Annotated[
        list[str] | None,
        typer.Option(
            "--measure", "-m", metavar="NAME", help="A measure [default: the key ones of its kind]."
        ),
    ] = None,
    first: Annotated[
        int | None, typer.Option("--from", metavar="N", min=0, help="The first block.")
    ] = None,
    last: Annotated[
        int | None, typer.Option("--to", metavar="N", min=0, help="The last block.")
    ] = None,
    limit: Annotated[
        int,
        typer.Option("--limit", metavar="N", min=1, help="At most so many rows, the newest ones."),
    ] = DEFAULT_ROWS,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """A target's figures block by block, oldest first; a row where something changed."""
    from watcher.cli.figures import figure_row, history_columns, in_order, requested
    from watcher.cli.output import note, print_rows
    from watcher.cli.session import open_store, read_config
    from watcher.errors import InputError

    if first is not None and last is not None and first > last:
        raise InputError(f"--from {first} is after --to {last}: exchange them")
    settings = read_config(config)
    with open_store(settings) as store:
        watched = store.find_target(target)
        names = requested(measure or [], watched.kind)
        found = store.measure_history(watched.id, names, first=first, last=last, limit=limit + 1)
    kept, wanted = in_order(found[-limit:], watched), chosen(format_, as_json)
    rows = [
        {**_block_row(each), **figure_row(each.measure, watched, settings.settings.unit, wanted)}
        for each in kept
    ]
    print_rows(rows, history_columns(rows, wanted), format_=wanted, elastic="reason")
    if not found:
        note("nothing is stored for these blocks")
    elif len(found) > limit:
        note(f"only the newest {limit:,} are shown: --limit shows more, --to older ones")


def state(
    target: TargetArgument,
    config: ConfigOption = None,
    at: AtOption = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Write to this file [default: print].")
    ] = None,
) -> None:
    """A target's state and prices as JSON that `--state` of the analysis commands takes."""
    from watcher.cli.output import note, print_document
    from watcher.cli.session import open_store, read_config
    from watcher.errors import InputError
    from watcher.state.snapshot import snapshot_to_json

    settings = read_config(config)
    with open_store(settings) as store:
        snapshot = store.snapshot(store.find_target(target).id, at)
    text = snapshot_to_json(snapshot)
    if out is None:
        print_document(text)
        return
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"{out} cannot be written: {error.strerror}") from None
    note(f"wrote {out}: {snapshot.target.label} at block {snapshot.block.number}")


def _block_row(figure: Figure) -> Row:
    from watcher.cli.phrases import utc

    return {"block": figure.block.number, "time": utc(figure.block.timestamp)}
