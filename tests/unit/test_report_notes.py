"""What a notes file may say, and what is refused with the reason."""

from __future__ import annotations

import pytest

from watcher.errors import InputError
from watcher.report.document import Fact, grade
from watcher.report.ledger import Ledger
from watcher.report.limits import DEFAULTS, limits_of
from watcher.report.notes import NO_NOTES, read_notes


def test_markdown_has_an_answer_under_each_heading() -> None:
    notes = read_notes(
        "# ignored\n## Redemption\nTether.\nAt 1.\n\n## because\ntoo full\n", markdown=True
    )
    assert notes.answers == {"redemption": "Tether.\nAt 1."}
    assert notes.decision == {"because": "too full"}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("x = [", "it is no TOML"),
        ("x = 1", "x is none of its tables"),
        ("[answers]\na = 1", "answers.a is no text"),
        ('[decision]\nmaybe = "x"', "decision.maybe is not in the box"),
        ("[report]\ncolour = 1", "report.colour is none of title"),
        ("[report]\ntitle = 1", "report.title is no text"),
        ("[report]\nsizes = [0]", "report.sizes is not a list of positive numbers"),
        ("[report]\nsizes = []", "report.sizes is not a list of positive numbers"),
        ("[report]\namplifications = [1.5]", "not a list of whole numbers"),
        ("[limits]\nprice = [1, 2]", "limits.price is not the three ends"),
    ],
)
def test_what_a_notes_file_does_not_have_is_refused(text: str, why: str) -> None:
    with pytest.raises(InputError, match=why):
        read_notes(text, markdown=False)


def test_markdown_without_a_heading_is_refused() -> None:
    with pytest.raises(InputError, match="it has no heading"):
        read_notes("words", markdown=True)


def test_a_grade_is_by_where_it_ends_and_unknown_is_none() -> None:
    ends = (0.7, 0.74, 0.83)
    assert [grade(value, ends) for value in (0.0, 0.7, 0.74, 0.83)] == [1, 2, 3, 4]
    falling = (0.995, 0.99, 0.98)
    assert [grade(v, falling, falling=True) for v in (1.0, 0.995, 0.994, 0.985, 0.9)] == [
        1,
        1,
        2,
        3,
        4,
    ]
    assert grade(float("nan"), ends) == 0


@pytest.mark.parametrize("key", DEFAULTS)
def test_limits_get_worse_in_order_and_say_where_they_come_from(key: str) -> None:
    limits = limits_of(key, NO_NOTES)
    assert list(limits.ends) == sorted(limits.ends, reverse=limits.falling)
    assert limits.source


def test_an_unknown_figure_needs_its_reason_and_an_id_is_of_one_figure() -> None:
    ledger = Ledger()
    with pytest.raises(ValueError, match="nobody says why"):
        ledger.enter(Fact("a", float("nan"), "m", "a", "a"))
    ledger.enter(Fact("a", 1.0, "m", "a", "a"))
    with pytest.raises(ValueError, match="two figures called a"):
        ledger.enter(Fact("a", 2.0, "m", "a", "a"))
