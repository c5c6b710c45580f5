"""Series out of a CSV file that somebody else wrote."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from watcher.cli.options import Format
from watcher.cli.output import Row, print_rows
from watcher.cli.phrases import utc
from watcher.errors import InputError
from watcher.state.outside_series import OutsideSeries
from watcher.state.snapshot import LAST_SECOND
from watcher.store import StoredSeries

MOST_BYTES = 100_000_000
MILLISECONDS = 100_000_000_000
"""A number of seconds above this is one of milliseconds: it would be after the year 5138."""
COLUMNS = ("series", "unit", "points", "from", "to", "hash", "source")


def read_file(
    file: Path,
    *,
    name: str,
    source: str,
    unit: str,
    time: str | None,
    columns: Sequence[str],
    scale: float,
) -> list[OutsideSeries]:
    """A series of each of the columns, by default of all that are numbers, called NAME/COLUMN.

    Rows may be in any order; an empty cell is no point. Raises InputError with the file's name."""
    rows = _rows(file)
    at = _time_column(file, rows, time)
    known = [column for column in rows[0] if column and column != at]
    for column in columns:
        if column not in known:
            raise InputError(f"{file} has no column {column[:50]!r}: it has {', '.join(known)}")
    wanted = columns or [column for column in known if _is_numeric(rows, column)]
    if not wanted:
        raise InputError(f"{file} has no column of numbers beside {at}")
    return [_series(file, rows, at, column, name, source, unit, scale) for column in wanted]


def print_series(series: Sequence[StoredSeries], format_: Format) -> None:
    rows: list[Row] = [
        {
            "series": one.name,
            "unit": one.unit,
            "points": one.points,
            "from": utc(one.first),
            "to": utc(one.last),
            "hash": one.hash[:12] if format_ is Format.TABLE else one.hash,
            "source": one.source,
        }
        for one in series
    ]
    print_rows(rows, COLUMNS, format_=format_, elastic="source")


def _rows(file: Path) -> list[dict[str, str]]:
    try:
        if file.stat().st_size > MOST_BYTES:
            raise InputError(f"{file} is over {MOST_BYTES:,} bytes: split it")
        text = file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise InputError(f"{file}: it is no UTF-8 text") from None
    lines = list(csv.reader(text.splitlines()))
    if len(lines) < 2:
        raise InputError(f"{file} has no rows: write a line of names, then a line for each time")
    names = [name.strip() for name in lines[0]]
    for number, line in enumerate(lines[1:], 2):
        if line and len(line) != len(names):
            raise InputError(f"{file}, line {number}: {len(line)} cells for {len(names)} columns")
    return [dict(zip(names, map(str.strip, line), strict=True)) for line in lines[1:] if line]


def _time_column(file: Path, rows: Sequence[Mapping[str, str]], wanted: str | None) -> str:
    if wanted is not None:
        if wanted not in rows[0]:
            raise InputError(f"{file} has no column {wanted[:50]!r}: it has {', '.join(rows[0])}")
        return wanted
    for name, cell in rows[0].items():
        if any(word in name.lower() for word in ("time", "date", "hour")) and _is_time(cell):
            return name
    raise InputError(f"{file} has no column called time or date: say which it is with --time")


def _is_time(cell: str) -> bool:
    try:
        _seconds(cell)
    except ValueError:
        return False
    return True


def _seconds(cell: str) -> int:
    """Of "1655895720", of milliseconds, or of ISO-8601, which is UTC where it does not say."""
    if cell.isascii() and cell.isdigit():
        number = int(cell[:20])
        found = number // 1000 if number > MILLISECONDS else number
    else:
        moment = datetime.fromisoformat(cell)
        found = int(moment.replace(tzinfo=moment.tzinfo or UTC).timestamp())
    if not 0 <= found <= LAST_SECOND:
        raise ValueError("it is out of the calendar")
    return found


def _is_numeric(rows: Sequence[Mapping[str, str]], column: str) -> bool:
    cells = [row[column] for row in rows if row[column]]
    try:
        return bool(cells) and all(math.isfinite(float(cell)) for cell in cells)
    except ValueError:
        return False


def _series(
    file: Path,
    rows: Sequence[Mapping[str, str]],
    at: str,
    column: str,
    name: str,
    source: str,
    unit: str,
    scale: float,
) -> OutsideSeries:
    points: dict[int, float] = {}
    for number, row in enumerate(rows, 2):
        if not row[column]:
            continue
        try:
            time, value = _seconds(row[at]), float(row[column]) * scale
        except ValueError:
            said = f"{row[at][:30]!r} and {row[column][:30]!r} are not a time and a number"
            raise InputError(f"{file}, line {number}: {said}") from None
        if points.setdefault(time, value) != value:
            raise InputError(f"{file}, line {number}: {row[at][:30]} is there twice, and differs")
    ordered = sorted(points)
    values = tuple(points[time] for time in ordered)
    return OutsideSeries(f"{name}/{column}", unit, source, tuple(ordered), values)
