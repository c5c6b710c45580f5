"""import: series that somebody else recorded, to be analysed beside the history."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from watcher.cli.options import ConfigOption, Format, FormatOption, JsonOption, chosen


def register(app: typer.Typer) -> None:
    group = typer.Typer(help="Data from outside.", no_args_is_help=True, rich_markup_mode=None)
    group.command("series", short_help="Prices or balances over time, from a CSV file.")(series)
    group.command("list", short_help="What was imported.")(list_)
    app.add_typer(group, name="import")


def series(
    file: Annotated[Path, typer.Argument(help="A CSV file with a line of names.")],
    source: Annotated[
        str, typer.Option("--source", metavar="TEXT", help="Where it is from: kept beside it.")
    ],
    name: Annotated[
        str | None,
        typer.Option("--name", help="Each is called NAME/COLUMN [default: the file's name]."),
    ] = None,
    time: Annotated[
        str | None, typer.Option("--time", metavar="COLUMN", help="Of Unix or ISO-8601 times.")
    ] = None,
    column: Annotated[
        list[str] | None,
        typer.Option("--column", metavar="COLUMN", help="Repeat for more [default: all numbers]."),
    ] = None,
    scale: Annotated[
        float, typer.Option("--scale", help="Each value is multiplied by it, such as 1e-6.")
    ] = 1.0,
    unit: Annotated[str, typer.Option("--unit", help="What the values are in.")] = "",
    config: ConfigOption = None,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """Keep the columns of a CSV file as series, under the hash of their points.

    `watcher correlate`, `compare` and `detect` read them with --series. The same points are kept
    once; of one name what was imported last counts. They judge no pool: only sources under
    [[prices]] do.
    """
    from watcher.cli.imported import print_series, read_file
    from watcher.cli.session import open_store, read_config

    found = read_file(
        file,
        name=name or file.stem,
        source=source,
        unit=unit,
        time=time,
        columns=column or [],
        scale=scale,
    )
    with open_store(read_config(config), create=True) as store:
        store.add_series(found)
        wanted = {(one.name, one.hash) for one in found}
        kept = [one for one in store.outside_series() if (one.name, one.hash) in wanted]
    print_series(kept, chosen(format_, as_json))


def list_(
    config: ConfigOption = None,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """The series that were imported, the newest of a name first."""
    from watcher.cli.imported import print_series
    from watcher.cli.session import open_store, read_config

    with open_store(read_config(config)) as store:
        kept = store.outside_series()
    print_series(kept, chosen(format_, as_json))
