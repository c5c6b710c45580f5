"""What `watcher measure` says."""

from __future__ import annotations

from collections.abc import Sequence

from watcher.cli.figures import FIGURE_COLUMNS, figure_row, filled
from watcher.cli.options import Format
from watcher.cli.output import Row, print_rows, print_table, print_text
from watcher.cli.phrases import utc
from watcher.cli.subjects import Found
from watcher.math.catalogue import CATALOGUE
from watcher.state.canonical import content_hash, state_to_json
from watcher.state.measure import Measure
from watcher.state.snapshot import Snapshot

EXPLAINED = ("formula", "source", "bad", "cannot_say", "version")


def print_measures(
    found: Found, figures: Sequence[Measure], *, explained: bool, format_: Format
) -> None:
    target, unit = found.snapshot.target, found.settings.unit
    rows = [figure_row(each, target, unit, format_, found.labels) for each in figures]
    if format_ is Format.TABLE:
        print_text(heading(found.snapshot))
        print_rows(rows, filled(rows, FIGURE_COLUMNS), format_=format_, elastic="reason")
        if explained:
            _print_definitions(figures)
        return
    block = found.snapshot.block
    context: Row = {"target": target.label, "block": block.number, "time": utc(block.timestamp)}
    columns = [*context, *FIGURE_COLUMNS, *(EXPLAINED if explained else ())]
    full = [
        {**context, **row, **_definition(each.name)}
        for row, each in zip(rows, figures, strict=True)
    ]
    print_rows(full, columns, format_=format_)


def heading(snapshot: Snapshot) -> str:
    block = snapshot.block
    state_hash = content_hash(state_to_json(snapshot.state))
    return (
        f"{snapshot.target.label} at block {block.number:,}, {utc(block.timestamp)}, "
        f"state {state_hash[:12]}"
    )


def _definition(name: str) -> Row:
    definition = CATALOGUE[name]
    return {key: getattr(definition, key) for key in EXPLAINED}


def _print_definitions(figures: Sequence[Measure]) -> None:
    for name in dict.fromkeys(measure.name for measure in figures):
        definition = CATALOGUE[name]
        print_text()
        print_text(name)
        rows = [
            ["", "formula", definition.formula],
            ["", "source", definition.source],
            ["", "bad", definition.bad],
            ["", "cannot say", definition.cannot_say],
        ]
        print_table(rows, None, elastic=2)
