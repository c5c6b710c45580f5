"""Printing rows as a table for people, as JSON or as CSV for programs."""

from __future__ import annotations

import csv
import io
import json
import math
import os
import re
import shutil
import sys
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from itertools import zip_longest
from typing import TextIO, TypeAlias

from watcher.cli.options import Format
from watcher.cli.text import escaped_json, in_place, one_line

Cell: TypeAlias = str | int | float | bool | Mapping[str, str] | None
Row: TypeAlias = Mapping[str, Cell]

SAFE_INTEGER = 2**53
FORMULA_STARTS = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
GAP = "  "
NARROWEST = 20
"""Columns that an elastic column keeps on the narrowest terminal."""

_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?(e[-+]?[0-9]+)?", re.ASCII)
_FIGURE = re.compile(r"[-−+]?[0-9][0-9,]*(\.[0-9]+)?(e[-−+]?[0-9]+)?%?", re.ASCII)

COLOURS = {"breached": "1;31", "blind": "1;35", "strained": "33", "healthy": "32"}


def print_rows(
    rows: Sequence[Row], columns: Sequence[str], *, format_: Format, elastic: str | None = None
) -> None:
    """Print `rows` with `columns` in order. Unknown is null in JSON, empty elsewhere."""
    match format_:
        case Format.JSON:
            print_json([{name: row.get(name) for name in columns} for row in rows])
        case Format.CSV:
            _emit(_csv_line(columns))
            for row in rows:
                _emit(_csv_line([_csv(row.get(name)) for name in columns]))
        case Format.TABLE:
            shown = [[_shown(row.get(name)) for name in columns] for row in rows]
            at = columns.index(elastic) if elastic in columns else None
            print_table(shown, columns, elastic=at)


def print_json(value: object) -> None:
    """One JSON document. Integers that JavaScript would round are decimal strings."""
    print_document(json.dumps(_plain(value), indent=2, ensure_ascii=False, allow_nan=False))


def print_document(text: str) -> None:
    """JSON that is written already."""
    _emit(escaped_json(text.rstrip("\n")))


def print_table(
    rows: Sequence[Sequence[str]],
    columns: Sequence[str] | None,
    *,
    elastic: int | None = None,
) -> None:
    """Columns aligned by width, numbers to the right; nothing in the data is markup.

    `columns` None leaves the heading out. On a terminal that is too narrow the column `elastic`
    goes on in the lines below, and the words for a target's state have colours there unless
    NO_COLOR is set.
    """
    cells = [[one_line(cell) for cell in row] for row in rows]
    table = [list(columns), *cells] if columns is not None else cells
    widths = _widths(table)
    right = [all(map(_is_figure, column)) for column in zip(*(cells or table), strict=True)]
    if elastic is not None:
        widths[elastic] = min(widths[elastic], _room(widths, elastic))
    lines = [line for row in table for line in _folded(row, widths)]
    widths, coloured = _widths(lines), has_colour(sys.stdout)
    for line in lines:
        padded = map(_pad, line, widths, right)
        _emit(GAP.join(map(_paint, padded) if coloured else padded).rstrip())


def print_text(line: str = "") -> None:
    """One line for people."""
    _emit(in_place(line))


def print_drawing(lines: Iterable[str]) -> None:
    """Lines whose spaces are part of them; what could move the cursor is a space."""
    for line in lines:
        _emit("".join(each if each.isprintable() else " " for each in line).rstrip())


def note(line: str) -> None:
    """Something about the answer that is no part of it."""
    print(one_line(line), file=sys.stderr)


def has_colour(stream: TextIO) -> bool:
    """See no-color.org: any value of NO_COLOR but the empty one switches colours off."""
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return stream.isatty() and not plain


def figure(value: float) -> str:
    """A float for people: six significant digits, thousands by commas."""
    if math.isnan(value):
        return ""
    if value == 0:
        return "0"
    size = abs(value)
    if size >= 1e15 or size < 1e-5:
        return f"{value:.5e}".replace("-", "−")
    decimals = max(0, 5 - math.floor(math.log10(size)))
    return f"{value:,.{decimals}f}".replace("-", "−")


def _emit(text: str) -> None:
    """Print even where the terminal's encoding lacks a character."""
    encoding = sys.stdout.encoding or "utf-8"
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        text = text.replace("−", "-").encode(encoding, "backslashreplace").decode(encoding)
    print(text)


def _room(widths: Sequence[int], at: int) -> int:
    """What the terminal leaves to one column; all it wants where nobody looks."""
    if not sys.stdout.isatty():
        return widths[at]
    others = sum(widths) - widths[at] + len(GAP) * (len(widths) - 1)
    return max(NARROWEST, shutil.get_terminal_size().columns - others)


def _widths(lines: Sequence[Sequence[str]]) -> list[int]:
    return [max(map(_width, column)) for column in zip(*lines, strict=True)]


def _folded(row: Sequence[str], widths: Sequence[int]) -> list[tuple[str, ...]]:
    """`row` as the lines that it takes."""
    cells = [
        textwrap.wrap(cell, width) if _width(cell) > width else [cell]
        for cell, width in zip(row, widths, strict=True)
    ]
    return list(zip_longest(*cells, fillvalue=""))


def _width(cell: str) -> int:
    from rich.cells import cell_len

    return cell_len(cell)


def _pad(cell: str, width: int, right: bool) -> str:
    space, shown = " " * (width - _width(cell)), in_place(cell)
    return space + shown if right else shown + space


def _paint(cell: str) -> str:
    colour = COLOURS.get(cell.strip())
    return f"\x1b[{colour}m{cell}\x1b[0m" if colour else cell


def _is_figure(cell: str) -> bool:
    return not cell or _FIGURE.fullmatch(cell) is not None


def _shown(cell: Cell) -> str:
    match cell:
        case None:
            return ""
        case bool():
            return "yes" if cell else "no"
        case float():
            return figure(cell)
        case _:
            return str(cell)


def _csv_line(cells: Sequence[object]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="").writerow(cells)
    return buffer.getvalue()


def _csv(cell: Cell) -> object:
    """Text that a spreadsheet would run as a formula gets a leading quote; numbers stay."""
    if isinstance(cell, float) and not math.isfinite(cell):
        return None
    if isinstance(cell, Mapping):
        return json.dumps(dict(cell), sort_keys=True)
    if isinstance(cell, str):
        line = one_line(cell)
        harmless = not line.startswith(FORMULA_STARTS) or _NUMBER.fullmatch(line)
        return line if harmless else f"'{line}"
    return cell


def _plain(value: object) -> object:
    match value:
        case bool() | None | str():
            return value
        case int():
            return value if abs(value) < SAFE_INTEGER else str(value)
        case float():
            return value if math.isfinite(value) else None
        case Mapping():
            return {str(key): _plain(item) for key, item in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
        case _:
            return str(value)
