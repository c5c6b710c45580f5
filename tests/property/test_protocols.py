"""Texts from contracts: whatever they answer, what is shown is printable and short."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.support.hostile import ANSWERS
from tests.support.strategies import usually
from watcher.protocols.interface import TextView, clean_text
from watcher.state import Answer


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
