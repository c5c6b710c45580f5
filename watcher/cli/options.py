"""Options that several commands share."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Format(StrEnum):
    """How data is printed."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


class LogFormat(StrEnum):
    """How logs are printed on stderr."""

    TEXT = "text"
    JSON = "json"


ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config", "-c", help="The configuration [default: $WATCHER_CONFIG, else watcher.toml]."
    ),
]
FormatOption = Annotated[Format, typer.Option("--format", help="How to print the data.")]
JsonOption = Annotated[bool, typer.Option("--json", help="The same as --format json.")]
OnlyJsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
LogFormatOption = Annotated[LogFormat, typer.Option("--log-format", help="How to print logs.")]
AtOption = Annotated[
    int | None, typer.Option("--at", min=0, help="As of this block [default: the newest stored].")
]
HERE, PORT = "127.0.0.1", 8080
HostOption = Annotated[
    str, typer.Option("--host", help="Where to serve; elsewhere than here needs tokens.")
]
PortOption = Annotated[
    int, typer.Option("--port", min=0, max=65_535, help="0 lets the system choose.")
]


def chosen(format_: Format, as_json: bool) -> Format:
    return Format.JSON if as_json else format_


def duration(text: str, *, option: str) -> int:
    """Seconds of "90s", "30m", "24h" or "7d". Raises InputError that names the option."""
    from watcher.config import fields
    from watcher.errors import InputError

    try:
        return fields.seconds(text)
    except ValueError as error:
        raise InputError(f"{option} {text}: {error}") from None
