"""The figures of several targets beside each other: a row a figure, a column a target."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from watcher.cli.figures import figure_row, in_order, requested
from watcher.cli.options import Format
from watcher.store import Figure

if TYPE_CHECKING:
    from watcher.cli.output import Cell, Row
    from watcher.state.outside_series import OutsideSeries
    from watcher.state.target import Target
    from watcher.store import Store


@dataclass(frozen=True, slots=True)
class Column:
    """One target: its figures at the block that they were computed at."""

    heading: str
    target: Target
    figures: tuple[Figure, ...]


def read_columns(
    store: Store, texts: Sequence[str], names: Sequence[str], *, every: bool, at: int | None
) -> list[Column]:
    """The measures `names` of each target, by default the key ones of its kind; with `every` all.

    Raises InputError on a target or a measure that is none."""
    targets = [store.find_target(text) for text in texts]
    labels = [target.label for target in targets]
    return [
        Column(
            target.label if labels.count(target.label) == 1 else f"{target.label} {target.id[:12]}",
            target,
            tuple(_figures(store, target, names, every=every, at=at)),
        )
        for target in targets
    ]


def _figures(
    store: Store, target: Target, names: Sequence[str], *, every: bool, at: int | None
) -> Iterator[Figure]:
    wanted = () if every else requested(names, target.kind)
    found = store.figures_as_of(target.id, at)
    if found is not None:
        for measure in found.measures:
            if every or measure.name in wanted:
                yield Figure(found.block, measure)


def outside_rows(series: Sequence[OutsideSeries], columns: Sequence[Column]) -> list[Row]:
    """What each imported series said when the newest of the figures was computed; nothing of one
    that begins later."""
    times = [figure.block.timestamp for column in columns for figure in column.figures]
    rows: list[Row] = []
    for one in series:
        place = bisect_right(one.times, max(times)) - 1 if times else len(one.times) - 1
        value = one.values[place] if place >= 0 else None
        rows.append({"measure": "series", "dims": one.unit, one.name: value})
    return rows


def compared_rows(columns: Sequence[Column], unit: str, format_: Format) -> list[Row]:
    """A figure that a target does not have, or does not know, is empty in its column."""
    rows: dict[tuple[str, str], dict[str, Cell]] = {}
    for column in columns:
        for figure in in_order(column.figures, column.target):
            shown = figure_row(figure.measure, column.target, unit, format_)
            dims = shown["dims"]
            key = (figure.measure.name, str(dims))
            row = rows.setdefault(key, {"measure": figure.measure.name, "dims": dims})
            row[column.heading] = shown["value"]
    return list(rows.values())
