"""Figures as they were recorded at their method's version: none changes unless that is raised."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from tests.support.golden import (
    FIGURES,
    RELATIVE,
    Figures,
    all_figures,
    figures_from,
    figures_to,
    outdated,
    unraised,
)
from watcher.math.catalogue import DEFINITIONS, Definition
from watcher.state import Measure

RECORDED = all_figures()
CASES = pytest.mark.parametrize("name", RECORDED)
MEASURED = pytest.mark.parametrize(
    "name", [name for name, recorded in RECORDED.items() if recorded.measures]
)


@CASES
def test_no_figure_has_changed_at_the_same_version(name: str) -> None:
    recorded = RECORDED[name]
    assert unraised(recorded, recorded.now()) == []


@CASES
def test_every_measure_is_recorded_at_its_present_version(name: str) -> None:
    recorded = RECORDED[name]
    assert outdated(recorded, recorded.now()) == [], "run scripts/golden"


@CASES
def test_the_file_is_as_it_is_written(name: str) -> None:
    text = (FIGURES / f"{name}.json").read_text(encoding="utf-8")
    assert figures_to(figures_from(text)) == text


@pytest.mark.parametrize(
    ("definition", "kind"),
    [(each, kind) for each in DEFINITIONS for kind in each.kinds],
    ids=lambda each: each if isinstance(each, str) else each.name,
)
def test_each_measure_has_a_figure_that_is_known(definition: Definition, kind: str) -> None:
    values = [
        each.value
        for recorded in RECORDED.values()
        for each in recorded.measures
        if each.name == definition.name and recorded.snapshot.target.kind == kind
    ]
    known = [value for value in values if not math.isnan(value)]
    assert known, "run scripts/golden --record"
    assert any(known), "a figure that is 0 everywhere pins nothing"


def test_a_figure_that_is_unknown_is_recorded_too() -> None:
    assert any(each.reason for recorded in RECORDED.values() for each in recorded.measures)


@CASES
def test_any_change_asks_for_a_raised_version(name: str) -> None:
    """Each recorded row in turn: another value, none, another reason, no row."""
    recorded = RECORDED[name]
    now = recorded.measures
    for row, each in enumerate(now):
        assert asks(recorded, each, [*now[:row], *now[row + 1 :]])
        for changed in (moved(each), replace(each, version=each.version - 1)):
            assert asks(recorded, each, [*now[:row], changed, *now[row + 1 :]])
        added = replace(each, dims=(*each.dims, ("zzz", "another")))
        assert asks(recorded, each, [*now, added])


@MEASURED
def test_a_raised_version_asks_for_nothing_but_a_recording(name: str) -> None:
    recorded = RECORDED[name]
    now = recorded.measures
    first = now[0].name
    raised = [
        replace(moved(each), version=each.version + 1) if each.name == first else each
        for each in now
    ]
    assert unraised(recorded, raised) == []
    assert outdated(recorded, raised) == [first]
    assert outdated(recorded, [*now, replace(now[0], name="a_new_one")]) == ["a_new_one"]


@MEASURED
def test_a_measure_that_is_gone_asks_for_nothing_but_a_recording(name: str) -> None:
    now = RECORDED[name].measures
    before = replace(RECORDED[name], measures=(*now, replace(now[0], name="an_old_one")))
    assert unraised(before, now) == []
    assert outdated(before, now) == ["an_old_one"]


def asks(recorded: Figures, measure: Measure, now: list[Measure]) -> bool:
    [sentence] = unraised(recorded, now)
    return f"raise the version of {measure.name} in watcher/math/catalogue.py" in sentence


def moved(measure: Measure) -> Measure:
    if measure.reason:
        return replace(measure, reason=f"{measure.reason}, or not")
    return replace(measure, value=measure.value * (1 + 3 * RELATIVE) or 1e-300)
