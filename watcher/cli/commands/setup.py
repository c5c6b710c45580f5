"""init, discover and paths: before there is anything to watch."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from watcher.cli.options import (
    ConfigOption,
    Format,
    FormatOption,
    JsonOption,
    OnlyJsonOption,
    chosen,
)

if TYPE_CHECKING:
    from watcher.service.discover import Discovery

CHECK_FAILED = 3


def register(app: typer.Typer) -> None:
    app.command("init", short_help="Write a configuration with every key explained.")(init)
    app.command("discover", short_help="Say what a contract is, and the entry to watch it.")(
        discover
    )
    app.command("paths", short_help="Where this installation keeps its files.")(paths)


def init(
    file: Annotated[Path, typer.Argument(help="The file to write.")] = Path("watcher.toml"),
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
    list_: Annotated[
        str | None,
        typer.Option("--list", metavar="NAME", help="Watch well-known contracts, as of: ethereum."),
    ] = None,
) -> None:
    """Write a configuration with every key explained, to be filled in.

    With --list it watches well-known pools, vaults and feeds, each with the source of its address.
    `watcher check` then lets the chain confirm what each is, and names every one that is not.
    """
    from watcher.cli.template import TEMPLATE, with_list
    from watcher.config.lists import list_names, watch_list
    from watcher.errors import InputError

    if list_ is not None and list_ not in list_names():
        raise InputError(f"there is no list {list_[:40]}: write --list {' or '.join(list_names())}")
    text = TEMPLATE if list_ is None else with_list(watch_list(list_))
    if file.exists() and not force:
        raise InputError(f"{file} is there already: choose another name, or use --force")
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"{file} cannot be written: {error.strerror}") from None
    what = "node and targets" if list_ is None else "node"
    typer.echo(f"wrote {file}: name your {what} in it, then run `watcher check`", err=True)


def discover(
    address: Annotated[str, typer.Argument(help="The contract's address.")],
    chain: Annotated[
        str | None,
        typer.Option("--chain", help="Its chain [default: the configured one, or the node's]."),
    ] = None,
    rpc: Annotated[
        str | None, typer.Option("--rpc", help="A node's URL [default: the configured ones].")
    ] = None,
    config: ConfigOption = None,
    as_json: OnlyJsonOption = False,
) -> None:
    """Ask a contract what it is, and print the entry of watcher.toml that watches it.

    Every supported protocol is tried at once, and the entry is read as a watch would read it. Exit
    3 for what is no contract of them.
    """
    import asyncio

    from watcher.cli.discovered import print_discovery
    from watcher.cli.session import chain_to_ask
    from watcher.config import fields
    from watcher.errors import InputError
    from watcher.service.discover import discover_at

    try:
        asked = fields.address(address)
    except ValueError as error:
        raise InputError(f"{address[:50]}: {error}") from None

    async def found_at() -> Discovery:
        return await discover_at(await chain_to_ask(chain, rpc, config), asked)

    found = asyncio.run(found_at())
    print_discovery(found, as_json=as_json)
    if not found.recognised:
        raise typer.Exit(CHECK_FAILED)


def paths(
    config: ConfigOption = None,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Where this installation keeps its files."""
    from watcher.cli.output import Row, print_rows
    from watcher.cli.session import cache_folder
    from watcher.config import find_config, load_config
    from watcher.errors import InputError

    rows: list[Row] = [{"what": "cache of the local world", "path": str(cache_folder())}]
    try:
        file = find_config(config, os.environ)
    except InputError:
        rows.append({"what": "configuration", "path": "none here: `watcher init` writes one"})
    else:
        rows.append({"what": "configuration", "path": str(file.resolve())})
        rows.append({"what": "database", "path": load_config(file, os.environ).database_shown})
    print_rows(rows, ["what", "path"], format_=chosen(format_, as_json))
