"""Fewer points of a series: never more than asked, and what a chart shows of it stays."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from watcher.math.downsample import KEPT, kept

PLACES = st.lists(st.integers(0, 2**63 - 1), min_size=1, max_size=200, unique=True).map(sorted)
VALUE = st.one_of(st.just(float("nan")), st.floats(allow_nan=False, allow_infinity=False))
POINTS = st.integers(KEPT, 60)


@st.composite
def series(draw: st.DrawFn) -> tuple[list[int], list[float]]:
    places = draw(PLACES)
    values = draw(st.lists(VALUE, min_size=len(places), max_size=len(places)))
    return places, values


def chosen(places: list[int], values: list[float], points: int) -> list[int]:
    found = kept(np.array(places, np.int64), np.array(values, np.float64), points)
    return [int(row) for row in found]


@given(series(), POINTS)
def test_at_most_so_many_in_their_order(drawn: tuple[list[int], list[float]], points: int) -> None:
    places, values = drawn
    rows = chosen(places, values, points)
    assert len(rows) <= points
    assert rows == sorted(set(rows))
    assert len(rows) == len(places) or len(places) > points


@given(series(), POINTS)
def test_ends_and_extremes_stay(drawn: tuple[list[int], list[float]], points: int) -> None:
    places, values = drawn
    rows = chosen(places, values, points)
    assert {0, len(places) - 1} <= set(rows)
    known = [value for value in values if value == value]
    if known:
        left = [values[row] for row in rows if values[row] == values[row]]
        assert (min(left), max(left)) == (min(known), max(known))


@given(series(), POINTS)
def test_what_is_unknown_somewhere_stays_unknown_near(
    drawn: tuple[list[int], list[float]], points: int
) -> None:
    places, values = drawn
    rows = chosen(places, values, points)
    unknown = [row for row, value in enumerate(values) if value != value]
    width = (places[-1] - places[0] + 1) / (points // KEPT)
    for row in unknown:
        near = [one for one in rows if values[one] != values[one]]
        assert any(abs(places[one] - places[row]) <= width for one in near)


def test_one_of_a_hundred_thousand_is_found() -> None:
    values = np.zeros(100_000)
    values[77_777], values[12_345] = 1.0, np.nan
    rows = kept(np.arange(100_000), values, 100)
    assert {0, 12_345, 77_777, 99_999} <= set(rows.tolist())
    assert len(rows) <= 100


def test_fewer_than_a_stretch_needs_are_refused() -> None:
    with pytest.raises(ValueError, match="fewer than the 5"):
        kept(np.arange(10), np.zeros(10), 4)
