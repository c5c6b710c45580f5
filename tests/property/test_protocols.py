"""Texts from contracts: whatever they answer, what is shown is printable and short."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.answers import words
from tests.support.hostile import ANSWERS, WORDS
from tests.support.strategies import usually
from watcher.errors import ReadError
from watcher.protocols import sighting
from watcher.protocols.interface import TextView, View, Views, clean_text
from watcher.protocols.sighting import Sight
from watcher.state import Answer, to_address


@usually
@given(answer=ANSWERS, most=st.integers(1, 64))
def test_a_text_is_always_printable_and_short(answer: Answer, most: int) -> None:
    shown = TextView("symbol").decode(answer, most=most)
    assert len(shown) <= most
    assert shown.isprintable()
    assert shown == shown.strip()
    shown.encode()


@usually
@given(raw=st.binary(max_size=80), most=st.integers(1, 40))
def test_cleaning_twice_changes_nothing_more(raw: bytes, most: int) -> None:
    once = clean_text(raw, most=most)
    assert clean_text(once.encode(), most=most) == once


ADDRESS = to_address("0x" + "ab" * 20)
ASKED = len(sighting.calls(ADDRESS))


@usually
@given(answers=st.lists(ANSWERS, min_size=ASKED, max_size=ASKED))
def test_whatever_a_contract_answers_it_is_seen_as_something(answers: list[Answer]) -> None:
    code, *_ = answers
    seen = sighting.look(ADDRESS, answers)
    assert (seen.token is not None) <= (seen.sight is Sight.TOKEN)
    assert (seen.factory is not None) == (seen.sight is Sight.ROUTER)
    if not code.length:
        assert seen.sight in (Sight.NOTHING, Sight.ACCOUNT)


KINDS = st.sampled_from(["uint256", "uint112", "uint8", "bool", "address", "int256", "int24"])
VIEWS = st.lists(
    st.lists(KINDS, min_size=1, max_size=3).map(lambda kinds: View("f", (), tuple(kinds))),
    min_size=1,
    max_size=4,
)


@usually
@given(views=VIEWS, drawn=st.data())
def test_views_in_one_go_say_what_each_says_alone(views: list[View], drawn: st.DataObject) -> None:
    answers = [
        drawn.draw(
            st.one_of(
                ANSWERS,
                st.lists(WORDS, min_size=len(one.outputs), max_size=len(one.outputs)).map(
                    lambda values: words(*values)
                ),
            )
        )
        for one in views
    ]
    try:
        alone = [
            int(value, 16) if isinstance(value, str) else int(value)
            for one, answer in zip(views, answers, strict=True)
            for value in one.decode(answer)
        ]
    except ReadError as error:
        with pytest.raises(type(error), match=re.escape(str(error))):
            Views(*views).integers(answers)
    else:
        assert Views(*views).integers(answers) == alone
