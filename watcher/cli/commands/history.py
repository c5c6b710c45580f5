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
    from watcher.cli.verdicts import Verdict
    from watcher.store import Figure

CHECK_FAILED = 3
DEFAULT_ROWS = 60

TargetArgument = Annotated[
    str, typer.Argument(help="Its name, address, CAIP-10 id, or the first digits of its id.")
]


def register(app: typer.Typer) -> None:
    app.command("status")(status)
    app.command("history")(history)
    app.command("state")(state)


def status(
    config: ConfigOption = None,
    every: Annotated[
        bool, typer.Option("--all", help="List the healthy ones one by one too.")
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
    from watcher.cli.session import open_store, read_config
    from watcher.cli.verdicts import verdicts

    settings = read_config(config)
    now = time.time()
    with open_store(settings) as store:
        found = verdicts(settings, store, now=now)
    if chosen(format_, as_json) is Format.TABLE:
        _print_status(found, now=now, every=every)
    else:
        _print_status_rows(found, now=now, format_=chosen(format_, as_json))
    if exit_code and any(verdict.grade <= Grade.BLIND for verdict in found):
        raise typer.Exit(CHECK_FAILED)


def history(
    target: TargetArgument,
    config: ConfigOption = None,
    measure: Annotated[
        list[str] | None,
        typer.Option("--measure", "-m", help="A measure [default: the key ones of its kind]."),
    ] = None,
    first: Annotated[int | None, typer.Option("--from", min=0, help="The first block.")] = None,
    last: Annotated[int | None, typer.Option("--to", min=0, help="The last block.")] = None,
    limit: Annotated[
        int, typer.Option("--limit", min=1, help="At most so many rows, the newest ones.")
    ] = DEFAULT_ROWS,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """A target's figures block by block, oldest first; a row where something changed."""
    from watcher.cli.figures import figure_row, history_columns, requested
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
    kept, wanted = found[-limit:], chosen(format_, as_json)
    rows = [
        {**_block_row(each), **figure_row(each.measure, watched, settings.settings.unit, wanted)}
        for each in kept
    ]
    print_rows(rows, history_columns(rows, wanted), format_=wanted, elastic="reason")
    if not found:
        note("nothing is stored for these blocks")
    elif len(found) > limit:
        note(f"these are the newest {limit:,} rows; --limit or --to shows others")


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


def _print_status(found: list[Verdict], *, now: float, every: bool) -> None:
    from watcher.alerts.health import Grade
    from watcher.cli.output import print_table
    from watcher.cli.phrases import duration
    from watcher.cli.verdicts import healthy_counts

    def age(verdict: Verdict) -> str:
        return duration(now - verdict.newest.timestamp) if verdict.newest else ""

    listed = [verdict for verdict in found if every or verdict.grade is not Grade.HEALTHY]
    folded = found[len(listed) :]
    several = len({verdict.entry.chain_id for verdict in found}) > 1
    rows = [
        [
            verdict.grade.word,
            verdict.label,
            *([f"eip155:{verdict.entry.chain_id}"] if several else []),
            verdict.why,
            duration(now - verdict.since) if verdict.since is not None else "",
            age(verdict),
        ]
        for verdict in listed
    ]
    if folded:
        oldest = min(folded, key=lambda each: each.newest.timestamp if each.newest else 0)
        rows.append(
            [
                Grade.HEALTHY.word,
                healthy_counts(folded),
                *([""] if several else []),
                "",
                "",
                age(oldest),
            ]
        )
    columns = ["state", "target", *(["chain"] if several else []), "why", "since", "data"]
    print_table(rows, columns, elastic="why")


def _print_status_rows(found: list[Verdict], *, now: float, format_: Format) -> None:
    from watcher.cli.output import print_rows

    rows = [_status_row(verdict, now=now) for verdict in found]
    print_rows(rows, list(rows[0]), format_=format_)


def _status_row(verdict: Verdict, *, now: float) -> Row:
    from watcher.cli.phrases import utc

    entry, standing, newest = verdict.entry, verdict.standing, verdict.newest
    observation = standing.observation if standing else None
    measure = verdict.measure
    return {
        "state": verdict.grade.word,
        "target": verdict.label,
        "target_id": verdict.id,
        "chain": f"eip155:{entry.chain_id}",
        "protocol": entry.protocol,
        "address": entry.address,
        "why": verdict.why,
        "measure": measure.name if measure else None,
        "value": measure.value if measure else None,
        "status": str(observation.status) if observation else None,
        "detail": observation.detail if observation else None,
        "since": utc(verdict.since) if verdict.since is not None else None,
        "since_seconds": int(now - verdict.since) if verdict.since is not None else None,
        "block": newest.number if newest else None,
        "block_hash": newest.hash if newest else None,
        "block_time": utc(newest.timestamp) if newest else None,
        "data_age_seconds": int(now - newest.timestamp) if newest else None,
    }
