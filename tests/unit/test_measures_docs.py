"""docs/measures.md says what the catalogue says, of every measure and of nothing else."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from tests.support.measures_page import PAGE, page
from watcher.alerts.health import DEFAULT_LIMITS
from watcher.math.catalogue import CATALOGUE, DEFINITIONS, Definition
from watcher.protocols import ADAPTERS

DOCUMENT = PAGE.read_text(encoding="utf-8")
KIND = re.compile(r"^## ([^\n:]+): ([^\n]+)\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
SECTION = re.compile(r"^### `(\w+)`\n(.*?)(?=^##|\Z)", re.MULTILINE | re.DOTALL)
LINE = re.compile(r"^- (.+?): (.+)$", re.MULTILINE)

KINDS = {
    name.lower().replace(" ", "_"): (titles, text) for name, titles, text in KIND.findall(DOCUMENT)
}
SECTIONS = dict(SECTION.findall(DOCUMENT))


def test_the_page_is_what_the_catalogue_says() -> None:
    assert DOCUMENT == page(), "the catalogue has changed: run scripts/docs"


@pytest.mark.parametrize("definition", DEFINITIONS, ids=lambda each: each.name)
def test_every_measure_is_described_under_its_kind(definition: Definition) -> None:
    text = SECTIONS[definition.name]
    assert f"\n    {definition.name} = {definition.formula}\n" in text
    said = dict(LINE.findall(text))
    assert said["Unit"] == definition.unit
    assert said.get("One row for each", "") == definition.dims
    several = "Of pools of several coins one row for each"
    assert said.get(several) == definition.coin_dims
    assert said["Worrying"] == definition.bad
    assert said["It cannot say"] == definition.cannot_say
    assert said["Source"] == definition.source
    assert said["Method version"] == str(definition.version)
    assert f"\n### `{definition.name}`\n" in KINDS[definition.kinds[0]][1]
    for kind in definition.kinds:
        titles, under = KINDS[kind]
        assert f"\n| [`{definition.name}`](#{definition.name}) | " in under
        assert titles == ", ".join(a.title for a in ADAPTERS.values() if a.kind == kind)


def test_nothing_else_is_described() -> None:
    assert list(SECTIONS) == list(dict.fromkeys(SECTIONS))
    assert SECTIONS.keys() == CATALOGUE.keys()
    assert KINDS.keys() == {kind for definition in DEFINITIONS for kind in definition.kinds}


def test_the_limits_are_of_measures_and_are_said() -> None:
    assert DEFAULT_LIMITS.keys() <= CATALOGUE.keys()
    for name, text in SECTIONS.items():
        numbers = re.findall(r"strained from (\S+), breached from (\S+)", text)
        limits = DEFAULT_LIMITS.get(name)
        expected = [] if limits is None else [(limits.strained, limits.breached)]
        assert [(float(strained), float(breached)) for strained, breached in numbers] == expected


def test_what_the_catalogue_changes_the_page_changes() -> None:
    first, *rest = DEFINITIONS
    for field in ("name", "unit", "formula", "dims", "source", "bad", "cannot_say"):
        change: dict[str, Any] = {field: "something else"}
        assert page([replace(first, **change), *rest]) != DOCUMENT, field
    assert page([replace(first, version=first.version + 1), *rest]) != DOCUMENT
    assert page(rest) != DOCUMENT


def test_the_measures_of_a_kind_stand_together_wherever_they_are_listed() -> None:
    first, *rest = DEFINITIONS
    moved = page([*rest, first])
    assert len(KIND.findall(moved)) == len(KINDS)
