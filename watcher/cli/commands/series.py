"""compare and correlate: several targets beside each other, at one block and in time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from math import isnan
from typing import TYPE_CHECKING, Annotated

import typer

from watcher.cli.options import (
    AtOption,
    ConfigOption,
    Format,
    FormatOption,
    JsonOption,
    chosen,
    duration,
)

if TYPE_CHECKING:
    from watcher.cli.correlated import Compared, Risk

TargetsArgument = Annotated[
    list[str] | None,
    typer.Argument(help="Names, addresses, CAIP-10 ids, or the first digits of ids."),
]
SeriesOption = Annotated[
    list[str] | None,
    typer.Option("--series", metavar="NAME", help="A series that was imported; repeat for more."),
]
NOTHING = "name a target, or an imported series with --series"
DEFAULT_STEP = "1h"
DEFAULT_HALF_LIFE = "7d"
DEFAULT_TAIL = 0.05
RISK_COLUMNS = (
    "target",
    "measure",
    "returns",
    "volatility",
    "drawdown",
    "max_drawdown",
    "beta",
    "joint_tail",
)


def register(app: typer.Typer) -> None:
    app.command("correlate", short_help="Volatility, drawdown and correlation of figures.")(
        correlate
    )
    app.command("detect", short_help="When a figure began to change otherwise than before.")(detect)
    app.command("compare", short_help="The figures of several targets beside each other.")(compare)


def compare(
    targets: TargetsArgument = None,
    outside: SeriesOption = None,
    config: ConfigOption = None,
    measure: Annotated[
        list[str] | None,
        typer.Option(
            "--measure", "-m", metavar="NAME", help="A measure [default: the key ones of its kind]."
        ),
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Every measure, not only the key ones.")] = (
        False
    ),
    at: AtOption = None,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """The stored figures of several targets at one block: a row a figure, a column a target.

    What one has and another has not, or does not know, is empty there. Imported series have a row
    with what was in force at the time of the newest figure.
    """
    from watcher.cli.compared import compared_rows, outside_rows, read_columns
    from watcher.cli.output import note, print_rows
    from watcher.cli.session import open_store, read_config
    from watcher.errors import InputError

    if not targets:
        raise InputError("name a target to compare with")
    settings = read_config(config)
    wanted = chosen(format_, as_json)
    with open_store(settings) as store:
        columns = read_columns(store, targets, measure or [], every=every, at=at)
        series = [store.read_outside(name) for name in outside or []]
    rows = [
        *compared_rows(columns, settings.settings.unit, wanted),
        *outside_rows(series, columns),
    ]
    headings = ["measure", "dims", *(column.heading for column in columns)]
    headings += [one.name for one in series]
    print_rows(rows, headings, format_=wanted, elastic="dims")
    if missing := [column.heading for column in columns if not column.figures]:
        note(f"no figure is stored of {', '.join(missing)}")


def correlate(
    targets: TargetsArgument = None,
    outside: SeriesOption = None,
    config: ConfigOption = None,
    measure: Annotated[
        str | None,
        typer.Option(
            "--measure", "-m", metavar="NAME", help="A measure [default: the first key one]."
        ),
    ] = None,
    first: Annotated[
        int | None, typer.Option("--from", metavar="N", min=0, help="The first block.")
    ] = None,
    last: Annotated[
        int | None, typer.Option("--to", metavar="N", min=0, help="The last block.")
    ] = None,
    step: Annotated[
        str, typer.Option("--step", metavar="TIME", help="The time between two closes.")
    ] = DEFAULT_STEP,
    half_life: Annotated[
        str,
        typer.Option("--half-life", metavar="TIME", help="After which a return counts half."),
    ] = DEFAULT_HALF_LIFE,
    tail: Annotated[
        float,
        typer.Option("--tail", metavar="P", min=0.0, max=0.5, help="The part that is the worst."),
    ] = DEFAULT_TAIL,
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """How much figures of the history move, and how much together.

    The value in force every --step is a close; a return is the logarithm of one over the one
    before. Volatility is of a year, by exponentially weighted returns; correlations are shrunk
    towards none by as much as so few returns deserve (Ledoit and Wolf 2004). Beta and the joint
    tail (how many of the first one's worst returns are among the other's) are to the first.
    """
    from watcher.cli.correlated import compare, outside_series, read_series, risks
    from watcher.cli.output import print_json, print_rows
    from watcher.cli.session import open_store, read_config
    from watcher.errors import InputError

    if first is not None and last is not None and first > last:
        raise InputError(f"--from {first} is after --to {last}: exchange them")
    closes_every = duration(step, option="--step")
    weigh_half = duration(half_life, option="--half-life")
    wanted = chosen(format_, as_json)
    if not targets and not outside:
        raise InputError(NOTHING)
    with open_store(read_config(config)) as store:
        found = [
            series
            for text in targets or []
            for series in read_series(
                store, store.find_target(text), measure, first=first, last=last
            )
        ]
        found += [outside_series(store.read_outside(name)) for name in outside or []]
    if not found:
        raise InputError("nothing is stored of these figures for these blocks")
    compared = compare(found, closes_every)
    found_risks = risks(compared, half_life=weigh_half, tail=tail)
    if wanted is Format.JSON:
        print_json(_document(compared, found_risks))
    elif wanted is Format.CSV:
        print_rows([asdict(each) for each in found_risks], RISK_COLUMNS, format_=wanted)
    else:
        _print(compared, found_risks)


def detect(
    target: Annotated[str | None, typer.Argument(help="Its name, address, or id.")] = None,
    outside: SeriesOption = None,
    config: ConfigOption = None,
    measure: Annotated[
        str, typer.Option("--measure", "-m", metavar="NAME", help="A measure of the target.")
    ] = "share_entropy",
    step: Annotated[
        str, typer.Option("--step", metavar="TIME", help="The time between two closes.")
    ] = DEFAULT_STEP,
    as_is: Annotated[
        bool, typer.Option("--as-is", help="The series holds changes already: take its values.")
    ] = False,
    sure: Annotated[
        float | None,
        typer.Option("--sure", min=0.5, max=1.0, help="The least probability [default: 0.9]."),
    ] = None,
    labels: Annotated[
        list[str] | None,
        typer.Option("--label", metavar="TIME", help="What was to be foretold, in ISO-8601."),
    ] = None,
    horizon: Annotated[
        str, typer.Option("--horizon", metavar="TIME", help="Within which an alert is true.")
    ] = "24h",
    format_: FormatOption = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """When a figure began to change otherwise than before, as it could be known at the time.

    Bayesian online change-point detection (Adams and MacKay 2007) on the logarithmic changes from
    close to close. Its prior is meant for the entropy of a pool's shares by the hour, and the first
    week of closes only teaches it. Alerts within a day of each other are one episode. With --label
    each episode is true or false, and each label has its lead.
    """
    from watcher.cli.detected import changes_of, detected, moment, print_detected
    from watcher.cli.session import open_store, read_config
    from watcher.errors import InputError

    if (target is None) == (not outside) or len(outside or []) > 1:
        raise InputError("name one target, or one imported series with --series")
    seconds = duration(step, option="--step")
    within = duration(horizon, option="--horizon")
    known = [moment(text) for text in labels or []]
    with open_store(read_config(config)) as store:
        changes = changes_of(store, target, outside or [], measure, step=seconds, as_is=as_is)
    found = detected(changes, sure=sure, labels=known, horizon=within)
    print_detected(found, chosen(format_, as_json))


def _document(compared: Compared, found: Sequence[Risk]) -> dict[str, object]:
    correlation = compared.correlation
    return {
        "step_seconds": compared.step,
        "series": [asdict(each) for each in found],
        "correlation": correlation.matrix.tolist(),
        "shrinkage": correlation.shrinkage,
        "returns": correlation.returns,
    }


def _print(compared: Compared, found: Sequence[Risk]) -> None:
    from watcher.cli.output import figure, note, print_table, print_text
    from watcher.cli.phrases import percent

    shown = [
        [
            each.target,
            each.measure,
            f"{each.returns:,}",
            *map(percent, (each.volatility, each.drawdown, each.max_drawdown)),
            figure(each.beta),
            percent(each.joint_tail),
        ]
        for each in found
    ]
    print_table(shown, RISK_COLUMNS, elastic=0)
    if len(found) > 1:
        names = [each.target for each in found]
        cells = [
            ["" if isnan(one) else f"{one:z.3f}" for one in row]
            for row in compared.correlation.matrix.tolist()
        ]
        print_text()
        print_table(
            [[n, *row] for n, row in zip(names, cells, strict=True)], ["", *names], elastic=0
        )
        note(
            f"correlation of {compared.correlation.returns:,} returns of {compared.step:,} s, "
            f"{percent(compared.correlation.shrinkage)} of it shrunk away"
        )
