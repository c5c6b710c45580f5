"""Of every kind that has one, a report is whole: calm, in trouble, without prices, empty."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import Phase, find, settings

from tests.support.reported import material_of, problems_of
from tests.support.strategies import STATES, pool, stable, subject_of, vault, yearn
from watcher.errors import InputError
from watcher.report.make import REPORTED, make_report
from watcher.report.render.document_json import to_json
from watcher.report.render.markdown import to_markdown
from watcher.report.render.page import to_html
from watcher.report.render.table import to_csv
from watcher.state import State
from watcher.state.price import unknown_price

E18 = 10**18


def _any(kind: str) -> State:
    """The simplest state that its strategy makes."""
    quick = settings(max_examples=20, phases=[Phase.generate], derandomize=True)
    return find(STATES[kind], lambda _: True, settings=quick)


def _states() -> Iterator[tuple[str, State]]:
    yield from ((kind, _any(kind)) for kind in REPORTED)
    yield "calm pair", pool(1_000 * E18, 1_000 * E18)
    yield "empty pair", pool(0, 0)
    yield "even stable", stable((10**24, 10**24))
    yield "full stable", stable((99 * 10**22, 10**22), A=30)
    yield "stable of five", stable((10**24,) * 5)
    yield "vault", vault(5 * 10**23, 4 * 10**23)
    yield "empty vault", vault(0, 0)
    yield "yearn", yearn()


CASES = dict(_states())


@pytest.mark.parametrize("priced", [True, False], ids=["priced", "without prices"])
@pytest.mark.parametrize("name", CASES)
def test_a_report_is_whole(name: str, priced: bool) -> None:
    subject = subject_of(CASES[name])
    if not priced:
        prices = {token: unknown_price(token, "no source") for token in subject.prices}
        subject = replace(subject, prices=prices)
    report = make_report(material_of(subject))
    assert not problems_of(report)
    assert {each.number for each in report.sections} >= {
        "2",
        "3",
        "4",
        "5",
        "6",
        "7",
        "8",
        "9",
        "12",
    }
    page = to_html(report)
    assert page == to_html(make_report(material_of(subject)))
    assert "NaN" not in page
    assert "not graded: not graded" not in page
    document = json.loads(to_json(report))
    assert len(document["figures"]) == len(report.facts) == to_csv(report).count("\n") - 1
    assert to_markdown(report).startswith("# ")


@pytest.mark.parametrize("kind", sorted(STATES.keys() - set(REPORTED)))
def test_of_other_kinds_there_is_none_and_it_says_so(kind: str) -> None:
    with pytest.raises(InputError, match=f"no report is made of a {kind}"):
        make_report(material_of(subject_of(_any(kind))))
