"""check, once and run: looking at the chain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from watcher.cli.options import (
    HERE,
    PORT,
    ConfigOption,
    Format,
    FormatOption,
    HostOption,
    JsonOption,
    LogFormat,
    LogFormatOption,
    PortOption,
    chosen,
)

if TYPE_CHECKING:
    from watcher.service.watch import Ticked


def register(app: typer.Typer) -> None:
    app.command("check", short_help="List what is wrong: file, database, node, targets.")(check)
    app.command("once", short_help="Read every target once at the head, and store it.")(once)
    app.command("run", short_help="Watch every block until stopped.")(run)


def check(
    config: ConfigOption = None,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Check the configuration, the database, the node and every target, and list what is wrong.

    Exit 5 when something must be changed.
    """
    import asyncio

    from watcher.cli.output import print_rows
    from watcher.cli.session import read_config
    from watcher.service.checkup import CONFIGURATION_FAULT, checkup

    findings = asyncio.run(checkup(read_config(config)))
    print_rows(
        [
            {"what": found.what, "result": "ok" if found.ok else "wrong", "detail": found.detail}
            for found in findings
        ],
        ["what", "result", "detail"],
        format_=chosen(format_, as_json),
    )
    if not all(found.ok for found in findings):
        raise typer.Exit(CONFIGURATION_FAULT)


def once(
    config: ConfigOption = None,
    log_format: LogFormatOption = LogFormat.TEXT,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Read every target once at the head of each chain, store it, and show what was found."""
    import asyncio

    from watcher.cli.logs import configure_logs
    from watcher.cli.output import print_rows
    from watcher.cli.session import open_store, read_config
    from watcher.service.once import watch_once

    configure_logs(log_format)
    settings = read_config(config)
    with open_store(settings, create=True) as store:
        ticks = asyncio.run(watch_once(settings, store))
    print_rows(
        [_once_row(ticked) for ticked in ticks],
        ["chain", "block", "hash", "changed", "failing"],
        format_=chosen(format_, as_json),
    )


def run(
    config: ConfigOption = None,
    log_format: LogFormatOption = LogFormat.TEXT,
    until: Annotated[
        int | None, typer.Option("--until", min=0, help="Stop after this block is stored.")
    ] = None,
    serve: Annotated[
        bool, typer.Option("--serve", help="Serve too, as `watcher serve` does.")
    ] = False,
    host: HostOption = HERE,
    port: PortOption = PORT,
) -> None:
    """Watch until stopped: every block is read, measured and stored; gaps since the last run are
    filled first. Ctrl-C or SIGTERM ends it after the block under way."""
    import asyncio

    from watcher.cli.logs import configure_logs
    from watcher.cli.proven import find_anvil
    from watcher.cli.session import open_store, read_config
    from watcher.service.run import Service

    configure_logs(log_format)
    settings = read_config(config)
    with open_store(settings, create=True) as store:
        anvil = find_anvil() if settings.exploit is not None else None
        if serve:
            from watcher.cli.serving import watch_and_serve

            service = watch_and_serve(
                settings, store, until=until, host=host, port=port, anvil=anvil
            )
        else:
            service = Service(settings, store, until=until, anvil=anvil)
            asyncio.run(service.run())
    if service.interrupted:
        raise KeyboardInterrupt("every stored block is whole; `watcher run` goes on after the last")


def _once_row(ticked: Ticked) -> dict[str, str | int]:
    return {
        "chain": f"eip155:{ticked.block.chain_id}",
        "block": ticked.block.number,
        "hash": ticked.block.hash,
        "changed": len(ticked.tick.observations),
        "failing": ticked.failing,
    }
