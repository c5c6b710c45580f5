"""What is missing in a lockbox, and the options that say what its tokens and baskets should be."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.numbers import sizes, usually
from watcher.math.exact.lockbox import unbacked
from watcher.protocols.options import weight_list, whole_amount

PLACES = st.integers(0, 24)


@usually
@given(locked=sizes(0, 2**128), issued=sizes(0, 2**128), held_in=PLACES, issued_in=PLACES)
def test_what_is_missing_is_the_least_that_covers_all_that_was_issued(
    locked: int, issued: int, held_in: int, issued_in: int
) -> None:
    missing = unbacked(locked, issued, locked_decimals=held_in, issued_decimals=issued_in)
    owed = Fraction(issued, 10**issued_in) - Fraction(locked, 10**held_in)
    assert missing == max(math.ceil(owed * 10**held_in), 0)


@pytest.mark.parametrize(
    ("written", "read"),
    [([0.5, 0.3, 0.2], "1/2 3/10 1/5"), ("1/2 0.25 0.25", "1/2 1/4 1/4")],
)
def test_weights_are_taken_digit_by_digit(written: object, read: str) -> None:
    assert weight_list(written) == read == weight_list(read)


@pytest.mark.parametrize("wrong", [[0.5, 0.4], [1], ["1/3", "2/3"], [0, 0.5, 0.5], [1.5, -0.5], 1])
def test_weights_that_are_no_parts_of_one_are_refused(wrong: object) -> None:
    with pytest.raises(ValueError, match="numbers that sum to 1"):
        weight_list(wrong)


def test_an_amount_is_digits() -> None:
    assert [whole_amount(each) for each in (12, "12.5")] == ["12", "12.5"]
    for wrong in (0, "0.0", "-1", 1.5, True, "1e3", ".5"):
        with pytest.raises(ValueError, match="how many whole tokens"):
            whole_amount(wrong)
