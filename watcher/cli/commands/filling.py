"""backfill: reading what was missed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from watcher.cli.options import (
    ConfigOption,
    Format,
    FormatOption,
    JsonOption,
    LogFormat,
    LogFormatOption,
    chosen,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from watcher.cli.output import Row
    from watcher.config import Config
    from watcher.service.backfill import Stretch
    from watcher.store import Gap, Store

COLUMNS = ["chain", "from", "to", "blocks"]


def register(app: typer.Typer) -> None:
    app.command("backfill")(backfill)


def backfill(
    config: ConfigOption = None,
    first: Annotated[
        int | None, typer.Option("--from", min=0, help="The first block to fill.")
    ] = None,
    last: Annotated[int | None, typer.Option("--to", min=0, help="The last one.")] = None,
    chain: Annotated[
        str | None,
        typer.Option("--chain", help="Of this chain, as eip155:1 [default: every chain]."),
    ] = None,
    listing: Annotated[
        bool, typer.Option("--list", help="List the gaps and fill nothing.")
    ] = False,
    log_format: LogFormatOption = LogFormat.TEXT,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Read blocks that were missed, or list them.

    Every listed gap is filled, or what is missing from --from to --to, and the logs of stored
    blocks that no node had in their time. The node must still have the state of missing blocks. One
    that is interrupted or killed goes on where it was when started again. It does not run beside
    `watcher run`.
    """
    from watcher.cli.logs import configure_logs
    from watcher.cli.output import note, print_rows
    from watcher.cli.session import open_store, read_config
    from watcher.errors import InputError

    if first is not None and last is not None and first > last:
        raise InputError(f"--from {first} is after --to {last}: exchange them")
    configure_logs(log_format)
    settings = read_config(config)
    chain_ids = _chains(settings, chain)
    if (first is not None or last is not None) and len(chain_ids) > 1:
        raise InputError("--from and --to are blocks of one chain: say which with --chain")
    wanted = chosen(format_, as_json)
    with open_store(settings) as store:
        if listing:
            gaps = [gap for chain_id in chain_ids for gap in store.gaps(chain_id)]
            rows = [_gap_row(gap) for gap in gaps if gap.filled_at is None]
            print_rows(rows, [*COLUMNS, "reason", "found"], format_=wanted, elastic="reason")
            logless = sum(len(store.logless(chain_id)) for chain_id in chain_ids)
            if logless:
                note(f"the logs of {logless:,} stored blocks are missing, and would be read")
            return
        done = _fill(settings, store, chain_ids, first, last)
    print_rows([_row(one) for one in done], COLUMNS, format_=wanted)


def _fill(
    settings: Config, store: Store, chain_ids: Sequence[int], first: int | None, last: int | None
) -> Sequence[Stretch]:
    import asyncio
    from contextlib import aclosing

    from watcher.cli.progress import bar
    from watcher.service.backfill import backfill as filling

    async def run() -> Sequence[Stretch]:
        todo: Sequence[Stretch] = ()
        found = filling(settings, store, chain_ids=chain_ids, first=first, last=last)
        with bar("blocks") as update:
            async with aclosing(found) as steps:
                async for todo, filled in steps:
                    update(_done(todo, filled), sum(one.blocks for one in todo))
        return todo

    def _done(todo: Sequence[Stretch], filled: object) -> int:
        from watcher.service.backfill import Filled

        if not isinstance(filled, Filled):
            return 0
        before = todo[: todo.index(filled.stretch)]
        here = filled.block.number - filled.stretch.first + 1
        return sum(one.blocks for one in before) + here

    return asyncio.run(run())


def _chains(settings: Config, chain: str | None) -> list[int]:
    from watcher.config import fields
    from watcher.errors import InputError

    known = [one.chain_id for one in settings.chains]
    if chain is None:
        return known
    try:
        chain_id = fields.chain_id(chain)
    except ValueError as error:
        raise InputError(f"--chain {chain}: {error}") from None
    if chain_id not in known:
        raise InputError(f"--chain {chain} is not in the configuration")
    return [chain_id]


def _row(one: Stretch) -> Row:
    return {
        "chain": f"eip155:{one.chain_id}",
        "from": one.first,
        "to": one.last,
        "blocks": one.blocks,
    }


def _gap_row(gap: Gap) -> Row:
    from watcher.service.backfill import Stretch

    row = _row(Stretch(gap.chain_id, gap.first, gap.last))
    return {**row, "reason": gap.reason, "found": gap.found_at.isoformat(timespec="seconds")}
