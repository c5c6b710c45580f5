"""status, history, flow and state: what is stored."""

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
    duration,
)

if TYPE_CHECKING:
    from watcher.cli.output import Row
    from watcher.config import Config
    from watcher.store import Figure

CHECK_FAILED = 3
DEFAULT_ROWS = 60
DEFAULT_SINCE = "24h"
ONLY_NEWEST = "only the newest {:,} are shown: --limit shows more, --to older ones"

TARGET_HELP = "Its name, address, CAIP-10 id, or the first digits of its id."
TargetArgument = Annotated[str, typer.Argument(help=TARGET_HELP)]


def register(app: typer.Typer) -> None:
    app.command("status", short_help="Every target's state in a word, the worst first.")(status)
    app.command("history", short_help="A target's figures, block by block.")(history)
    app.command("flow", short_help="What was traded, added and removed, by event and in all.")(flow)
    app.command("state", short_help="A target's state as JSON, for --state of others.")(state)


def status(
    config: ConfigOption = None,
    every: Annotated[
        bool, typer.Option("--all", help="List one by one what is folded into a line.")
    ] = False,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="Exit 3 when any target is breached or blind.")
    ] = False,
    since: Annotated[
        str,
        typer.Option("--since", metavar="TIME", help="How far back nodes' and code events go."),
    ] = DEFAULT_SINCE,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Every watched target's state in a word and the figure that says why, the worst first; below
    it what befell the nodes and what changed at the contracts' addresses of late."""
    import time

    from watcher.alerts.health import Grade
    from watcher.cli.events import event_row, happenings, print_recent, recent
    from watcher.cli.output import note, print_json
    from watcher.cli.session import open_store, read_config
    from watcher.cli.standings import missing, print_standings, standing_row
    from watcher.cli.verdicts import verdicts

    back = duration(since, option="--since")
    settings = read_config(config)
    now, wanted = time.time(), chosen(format_, as_json)
    with open_store(settings) as store:
        found = verdicts(settings, store, now=now)
        chain_ids = [chain.chain_id for chain in settings.chains]
        gaps = [gap for chain_id in chain_ids for gap in store.gaps(chain_id)]
        happened = happenings(store, chain_ids)
    shown = recent(happened, since=now - back, watched=[verdict.id for verdict in found])
    if wanted is Format.JSON:
        targets = [standing_row(verdict, now=now) for verdict in found]
        print_json({"targets": targets, "events": [event_row(one) for one in shown]})
    else:
        print_standings(found, now=now, every=every, format_=wanted)
    if wanted is Format.TABLE:
        print_recent(shown, now=now, since=since)
    if missed := missing(gaps):
        note(missed)
    if exit_code and any(verdict.grade <= Grade.BLIND for verdict in found):
        raise typer.Exit(CHECK_FAILED)


def history(
    target: Annotated[
        str | None, typer.Argument(help=f"{TARGET_HELP} Needed unless --events.")
    ] = None,
    config: ConfigOption = None,
    measure: Annotated[
        list[str] | None,
        typer.Option(
            "--measure", "-m", metavar="NAME", help="A measure [default: the key ones of its kind]."
        ),
    ] = None,
    events: Annotated[
        bool,
        typer.Option(
            "--events", help="What befell the nodes, and the code of this target or of all."
        ),
    ] = False,
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
    """A target's figures block by block, oldest first; a row where something changed.

    With --events what befell the nodes and the contracts instead, on all chains of the file; with a
    target the code at its address alone. --from and --to leave out what concerns no block.
    """
    from watcher.cli.figures import (
        figure_row,
        history_columns,
        in_order,
        requested,
    )
    from watcher.cli.output import note, print_rows
    from watcher.cli.session import open_store, read_config
    from watcher.errors import InputError
    from watcher.report.naming import labels_of

    if first is not None and last is not None and first > last:
        raise InputError(f"--from {first} is after --to {last}: exchange them")
    if events and measure:
        raise InputError("--events has no measures: give --events or --measure")
    settings = read_config(config)
    wanted = chosen(format_, as_json)
    if events:
        _print_events(settings, target, first=first, last=last, limit=limit, format_=wanted)
        return
    if target is None:
        raise InputError("say of which target, or give --events: `watcher status --all` lists them")
    with open_store(settings) as store:
        watched = store.find_target(target)
        names = requested(measure or [], watched.kind)
        found = store.measure_history(watched.id, names, first=first, last=last, limit=limit + 1)
        labels = labels_of(store.targets(), watched.chain_id)
    kept, unit = in_order(found[-limit:], watched), settings.settings.unit
    rows = [
        {**_block_row(each), **figure_row(each.measure, watched, unit, wanted, labels)}
        for each in kept
    ]
    print_rows(rows, history_columns(rows, wanted), format_=wanted, elastic="reason")
    if not found:
        note("nothing is stored for these blocks")
    elif len(found) > limit:
        note(ONLY_NEWEST.format(limit))


def flow(
    target: TargetArgument,
    config: ConfigOption = None,
    first: Annotated[
        int | None, typer.Option("--from", metavar="N", min=0, help="The first block.")
    ] = None,
    last: Annotated[
        int | None, typer.Option("--to", metavar="N", min=0, help="The last block.")
    ] = None,
    limit: Annotated[
        int,
        typer.Option("--limit", metavar="N", min=0, help="List so many events, the newest ones."),
    ] = DEFAULT_ROWS,
    window: Annotated[
        str | None,
        typer.Option(
            "--informed", metavar="TIME", help="Instead: what takers knew, by windows such as 5m."
        ),
    ] = None,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """What flowed through a target, as its contract's own events say: each event, and of each token
    the sums of all blocks from --from to --to, whether they explain what the reserves became.

    With --informed a pool's swaps are held against the reference price of its first token:
    volume of takers who ended where they began, their gain a window later (markout), Kyle's lambda,
    and what imbalance foretells of the next window, only where it does so out of sample."""
    from watcher.cli.flows import print_flows
    from watcher.cli.session import open_store, read_config
    from watcher.errors import InputError
    from watcher.protocols import ADAPTERS

    if first is not None and last is not None and first > last:
        raise InputError(f"--from {first} is after --to {last}: exchange them")
    with open_store(read_config(config)) as store:
        watched = store.find_target(target)
        if ADAPTERS[watched.protocol].events is None:
            raise InputError(f"{watched.label}: the events of {watched.protocol} are not decoded")
        records = store.flows(watched.id, first=first, last=last)
        covered = store.flow_coverage(watched.id, first=first, last=last)
        if window is not None:
            from watcher.cli.informed import print_informed

            print_informed(
                store,
                watched,
                records,
                step=duration(window, option="--informed"),
                format_=chosen(format_, as_json),
            )
            return
    print_flows(watched, records, covered, limit=limit, format_=chosen(format_, as_json))


def _print_events(
    settings: Config,
    target: str | None,
    *,
    first: int | None,
    last: int | None,
    limit: int,
    format_: Format,
) -> None:
    from watcher.cli.events import COLUMNS, event_row, happenings
    from watcher.cli.output import note, print_rows
    from watcher.cli.session import open_store

    with open_store(settings) as store:
        found = happenings(store, [chain.chain_id for chain in settings.chains])
        if target is not None:
            wanted = store.find_target(target).id
            found = [one for one in found if one.target_id == wanted]
    if first is not None:
        found = [one for one in found if one.block is not None and one.block >= first]
    if last is not None:
        found = [one for one in found if one.block is not None and one.block <= last]
    rows = [event_row(one) for one in found[-limit:]]
    print_rows(rows, COLUMNS, format_=format_, elastic="detail")
    if not found:
        note("no such event is stored")
    elif len(found) > limit:
        note(ONLY_NEWEST.format(limit))


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
