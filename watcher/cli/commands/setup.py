"""init and paths: before there is anything to watch."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from watcher.cli.options import ConfigOption, Format, FormatOption, JsonOption, chosen


def register(app: typer.Typer) -> None:
    app.command("init", short_help="Write a configuration with every key explained.")(init)
    app.command("paths", short_help="Where this installation keeps its files.")(paths)


def init(
    file: Annotated[Path, typer.Argument(help="The file to write.")] = Path("watcher.toml"),
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
) -> None:
    """Write a configuration with every key explained, to be filled in."""
    from watcher.cli.template import TEMPLATE
    from watcher.errors import InputError

    if file.exists() and not force:
        raise InputError(f"{file} is there already: choose another name, or use --force")
    try:
        file.write_text(TEMPLATE, encoding="utf-8")
    except OSError as error:
        raise InputError(f"{file} cannot be written: {error.strerror}") from None
    typer.echo(
        f"wrote {file}: name your node and targets in it, then run `watcher check`", err=True
    )


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
