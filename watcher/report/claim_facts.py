"""The figures of a vault's or a basket's report: the whole catalogue of its kind, and what follows
from it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from watcher.math.catalogue import CATALOGUE, Definition
from watcher.report.charts import Axis, Chart, Missing, Reference, Series
from watcher.report.common import named, slug
from watcher.report.document import Cite, Column, Fact, Mark, Picture, Table, Text
from watcher.report.formats import Paper
from watcher.report.history import joined
from watcher.report.ledger import Ledger
from watcher.report.material import NO_HISTORY, Course, Material, Measures

SHORT = "the stored history has one figure only"
NO_DAY = "the stored history is shorter than a day"
EARLIER = "one block earlier"
"""In the formula of a measure that needs the state before, which no file has."""

_PLAIN = Paper()


@dataclass(frozen=True, slots=True)
class Claim:
    """A target that owes or holds something, with the figures found of it."""

    material: Material
    measures: Measures
    ledger: Ledger

    def id(self, name: str, **dims: str) -> str:
        """What the figure of a measure is called in the appendix."""
        values = (value for _, value in sorted(dims.items()))
        return "_".join([name, *(slug(named(self.material, value)) for value in values)])

    def value(self, name: str, **dims: str) -> float:
        return self.ledger.value(self.id(name, **dims))

    def reason(self, name: str, **dims: str) -> str:
        return self.ledger[self.id(name, **dims)].reason

    def has(self, name: str, **dims: str) -> bool:
        return self.id(name, **dims) in self.ledger

    def cite(self, name: str, show: Callable[[float], str], **dims: str) -> Cite:
        return self.ledger.cite(self.id(name, **dims), show)


def claim_of(material: Material) -> Claim:
    """Every measure of the target is entered, known or not."""
    claim = Claim(material, Measures(material), Ledger())
    for each in claim.measures.all:
        definition = CATALOGUE[each.name]
        name = claim.id(each.name, **dict(each.dims))
        if name in claim.ledger:
            continue
        dims = ", ".join(named(material, value) for _, value in each.dims)
        what = f"{each.name} {dims}".strip()
        how = f"catalogue: {each.name}, version {each.version}; {definition.unit}"
        reason = named(material, each.reason)
        alone = EARLIER not in definition.formula
        claim.ledger.enter(
            Fact(name, each.value, _mark(definition), what, how, reason, from_state=alone)
        )
    return claim


def _mark(definition: Definition) -> Mark:
    """Prices come from configured sources."""
    priced = "reference price" in definition.formula or definition.unit == "unit of account"
    return "mc" if priced or "value" in definition.name else "m"


def measures_table(claim: Claim) -> Table:
    """Every measure with its unit and what it cannot say."""
    rows: list[tuple[Text, ...]] = []
    for each in claim.measures.all:
        name = claim.id(each.name, **dict(each.dims))
        fact, definition = claim.ledger[name], CATALOGUE[each.name]
        shown: Text = (_PLAIN.six(fact.value),) if fact.known else (f"not measured: {fact.reason}",)
        rows.append(((fact.what,), shown, (definition.unit,)))
    return Table(
        "Every measure of it in the catalogue (docs/measures.md)",
        (Column("Measure"), Column("Value", "mc", number=True), Column("Unit")),
        tuple(rows),
    )


def picture(
    claim: Claim,
    name: str,
    title: str,
    series: tuple[tuple[str, Course], ...],
    y: Axis,
    references: tuple[Reference, ...] = (),
    *,
    caption: str,
) -> Picture:
    """Stored figures over time; without two of them the reason."""
    history = claim.material.history
    rows = joined([course for _, course in series])
    enough = len(rows) > 1
    unread = history.unread if history is not None and enough else ()
    chart = Chart(
        id=name,
        kind="lines",
        title=title,
        say=caption,
        series=tuple(Series(str(place), label) for place, (label, _) in enumerate(series)),
        rows=rows if enough else (),
        y=y,
        references=references,
        missing=tuple(Missing(start, end, "not read") for start, end in unread),
        empty=f"not measured: {NO_HISTORY if history is None else SHORT}",
    )
    source = "m one figure at each stored block at which it changed; nothing later is used."
    return Picture(chart, caption, source, wide=True, height=104.0)


def course(claim: Claim, name: str, **dims: str) -> Course:
    history = claim.material.history
    return () if history is None else history.course(name, **dims)


def enter_leaving(claim: Claim, name: str, what: str, now: float) -> None:
    """1 − `now` / what the course had a day before the block."""
    history, how = claim.material.history, f"1 − {name} now / a day before"
    past = course(claim, name)
    moment = claim.material.snapshot.block.timestamp - 86_400
    before = [value for at, value in past if at <= moment]
    why = NO_HISTORY if history is None else NO_DAY
    value = math.nan
    if before and before[-1] and math.isfinite(before[-1]) and math.isfinite(now):
        value, why = 1 - now / before[-1], ""
    claim.ledger.enter(Fact("outflow", value, "m", what, how, why, from_state=False))
