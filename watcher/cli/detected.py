"""What `watcher detect` says: when a series began to change otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from watcher.cli.correlated import MOST_CLOSES, Series, outside_series, read_series
from watcher.cli.options import Format
from watcher.cli.output import Cell, Row, note, print_json, print_rows, print_text
from watcher.cli.phrases import duration, percent, utc
from watcher.errors import InputError
from watcher.math.changepoint import (
    ENTROPY,
    HAZARD,
    SURE,
    WARM_UP,
    Episode,
    Score,
    change_probabilities,
    episodes,
    score,
)
from watcher.math.series import closes, log_returns

if TYPE_CHECKING:
    from watcher.math.bridge import Floats
    from watcher.store import Store

APART = 86_400
COLUMNS = ("series", "first", "last", "alerts", "change", "probability", "foretells")
NOT_PROVEN = (
    "An alert is a sign, not a finding: how often such signs are false is not known. The prior is "
    "meant for hourly changes of an entropy."
)


@dataclass(frozen=True, slots=True)
class Changes:
    """`values` are logarithmic changes, each up to its time."""

    name: str
    times: tuple[int, ...]
    values: Floats


@dataclass(frozen=True, slots=True)
class Detected:
    """`rows` are episodes in the order of time."""

    rows: tuple[Row, ...]
    labels: tuple[int, ...]
    score: Score
    values: int


def moment(text: str) -> int:
    """Seconds of an ISO-8601 time, UTC where it does not say."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise InputError(f"--label {text[:40]!r} is no time such as 2023-03-11T06:00") from None
    return int(found.replace(tzinfo=found.tzinfo or UTC).timestamp())


def changes_of(
    store: Store,
    target: str | None,
    outside: Sequence[str],
    measure: str,
    *,
    step: int,
    as_is: bool,
) -> list[Changes]:
    """Of each series that the target's measure has, or of the imported one."""
    if target is None:
        found = [outside_series(store.read_outside(name)) for name in outside]
    else:
        if as_is:
            raise InputError("--as-is is for an imported series: leave it out")
        watched = store.find_target(target)
        found = read_series(store, watched, measure, first=None, last=None)
        if not found:
            raise InputError(f"nothing is stored of {measure} of {watched.label}")
    return [_plain(one) if as_is else _changes(one, step) for one in found]


def detected(
    changes: Sequence[Changes], *, sure: float | None, labels: Sequence[int], horizon: int
) -> Detected:
    """`horizon` in seconds."""
    found: list[tuple[Row, Episode]] = []
    for one in changes:
        probability = change_probabilities(one.values, ENTROPY, hazard=HAZARD)
        learnt = np.cumsum(~np.isnan(one.values)) > WARM_UP
        alerts = learnt & (probability > (SURE if sure is None else sure))
        for episode in episodes(one.times, alerts.tolist(), apart=APART):
            place = one.times.index(episode.first)
            row = _row(one, episode, place, float(probability[place]))
            if labels:
                leads = [episode.lead(label, horizon) for label in labels]
                row["foretells"] = any(lead is not None for lead in leads)
            found.append((row, episode))
    found.sort(key=lambda each: each[1].first)
    judged = score([episode for _, episode in found], labels, horizon=horizon)
    known = sum(int((~np.isnan(one.values)).sum()) for one in changes)
    return Detected(tuple(row for row, _ in found), tuple(labels), judged, known)


def print_detected(found: Detected, format_: Format) -> None:
    if format_ is Format.JSON:
        print_json({"episodes": list(found.rows), "score": _score(found)})
        return
    columns = COLUMNS if found.labels else COLUMNS[:-1]
    if format_ is Format.CSV:
        print_rows(found.rows, columns, format_=format_)
        return
    if found.rows:
        shown = [
            {**row, "probability": percent(float(str(row["probability"])))} for row in found.rows
        ]
        print_rows(shown, columns, format_=format_, elastic="series")
    else:
        print_text(f"no change is told in {found.values:,} values; the first {WARM_UP} only teach")
    for label, lead in zip(found.labels, found.score.leads, strict=True):
        told = "not foretold" if lead is None else f"foretold {duration(lead)} ahead"
        print_text(f"{utc(label)}: {told}")
    note(NOT_PROVEN)


def _plain(series: Series) -> Changes:
    return Changes(series.name, tuple(int(time) for time in series.times), series.values)


def _changes(series: Series, step: int) -> Changes:
    """From close to close."""
    count = int((series.end - series.times[0]) // step)
    if count > MOST_CLOSES:
        raise InputError(f"{count:,} steps of {step} s are too many: give a longer --step")
    grid = series.times[0] + step * np.arange(count + 1)
    moved = log_returns(closes(series.times, series.values, grid))
    return Changes(series.name, tuple(int(time) for time in grid[1:]), moved)


def _row(one: Changes, episode: Episode, place: int, probability: float) -> dict[str, Cell]:
    return {
        "series": one.name,
        "first": utc(episode.first),
        "last": utc(episode.last),
        "alerts": len(episode.alerts),
        "change": float(one.values[place]),
        "probability": probability,
    }


def _score(found: Detected) -> dict[str, object] | None:
    if not found.labels:
        return None
    return {**asdict(found.score), "labels": [utc(label) for label in found.labels]}
