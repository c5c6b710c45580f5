"""A chart is its table: what is drawn, said and listed comes from the rows of the specification."""

from __future__ import annotations

import html
import json
import math
import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watcher.report.charts import (
    Axis,
    Chart,
    Missing,
    Reference,
    Row,
    Series,
    alt_text,
    cell_bar,
    figure,
    spark,
    svg,
)
from watcher.report.charts.scales import Placing, apart, nice, powers, times

SVG = "{http://www.w3.org/2000/svg}"
APRIL, DAY = 1_648_771_200, 86_400
HOSTILE = '</svg><script>alert("1")</script>\x00\u202e&'

PRICES = Chart(
    id="price",
    kind="lines",
    title="Price of USDT",
    say="Marginal, without fee; dotted is redemption.",
    series=(Series("usdc", "in USDC"), Series("owed", "owed", yardstick=True)),
    rows=tuple(
        (APRIL + place * DAY, (1 - place / 1000, None if place == 5 else 1.0))
        for place in range(20)
    ),
    y=Axis(format="price", ticks="price3"),
    references=(Reference(1.0, "redemption 1.00"),),
)
SHARES = Chart(
    id="shares",
    kind="stack",
    title="Composition",
    say="By balance.",
    series=(Series("a", "USDT"), Series("b", "USDC")),
    rows=tuple((APRIL + place * DAY, (place / 10, 1 - place / 10)) for place in range(10)),
    y=Axis(format="percent1", ticks="percent0"),
)
SIZES = Chart(
    id="cost",
    kind="lines",
    title="Cost",
    say="By size.",
    series=(Series("now", "now"),),
    rows=tuple((10.0**power, (power / 100,)) for power in range(2, 8)),
    x=Axis(scale="log", name="Size", format="money", ticks="axis_money"),
    y=Axis(format="percent", ticks="percent0", low=0.0),
)
FLOWS = replace(PRICES, id="flows", kind="bars", y=Axis(format="money"), references=())


def _parsed(drawn: str) -> ET.Element:
    return ET.fromstring(drawn)


def _texts(drawn: str) -> list[str]:
    return ["".join(each.itertext()) for each in _parsed(drawn).iter(f"{SVG}text")]


def _paths(drawn: str, name: str) -> list[str]:
    return [
        each.get("d", "") for each in _parsed(drawn).iter(f"{SVG}path") if each.get("class") == name
    ]


def _ys(path: str) -> list[float]:
    return [float(y) for _, y in re.findall(r"[ML](-?[\d.]+) (-?[\d.]+)", path)]


@pytest.mark.parametrize("chart", [PRICES, SHARES, SIZES, FLOWS], ids=lambda chart: chart.id)
def test_a_drawing_is_well_formed_and_always_the_same(chart: Chart) -> None:
    drawn = svg(chart)
    assert drawn == svg(chart)
    assert "style=" not in drawn
    assert "NaN" not in drawn
    assert _parsed(drawn).get("aria-labelledby") == f"{chart.id}-t"


@pytest.mark.parametrize("chart", [PRICES, SHARES, SIZES, FLOWS], ids=lambda chart: chart.id)
def test_nothing_is_drawn_outside_of_the_canvas(chart: Chart) -> None:
    for path in _parsed(svg(chart)).iter(f"{SVG}path"):
        assert all(0 <= y <= 236 for y in _ys(path.get("d", "")))


def test_a_fall_is_drawn_as_a_fall() -> None:
    (line,) = _paths(svg(PRICES), "l s1")
    heights = _ys(line)
    assert len(heights) == 20
    assert heights == sorted(heights), "y grows downwards"


def test_a_gap_is_a_gap() -> None:
    (line,) = _paths(svg(PRICES), "l s0")
    assert line.count("M") == 2
    assert len(_ys(line)) == 19


def test_a_value_between_two_gaps_is_a_dot() -> None:
    rows: tuple[Row, ...] = ((1.0, (1.0,)), (2.0, (None,)), (3.0, (2.0,)), (4.0, (math.nan,)))
    alone = replace(SIZES, rows=rows, x=Axis(format="number"))
    (line,) = _paths(svg(alone), "l s1")
    assert line.count("h.01") == 2


def test_zero_has_no_place_on_a_logarithmic_axis() -> None:
    rows: tuple[Row, ...] = ((1.0, (10.0,)), (2.0, (0.0,)), (3.0, (1000.0,)))
    deep = replace(SIZES, rows=rows, x=Axis(), y=Axis(scale="log", format="amount"))
    (line,) = _paths(svg(deep), "l s1")
    assert line.count("M") == 2


def test_labels_are_direct_and_values_have_units() -> None:
    texts = _texts(svg(PRICES))
    assert {"in USDC", "owed", "redemption 1.00", "14 Apr"} <= set(texts)
    assert "0.990" in texts
    assert "$1\u202fk" in _texts(svg(SIZES))


def test_a_stack_fills_its_height_and_leaves_gaps_out() -> None:
    areas = _paths(svg(SHARES), "a s2")
    assert len(areas) == 1
    assert min(_ys(areas[0])) == 10.0
    broken = replace(
        SHARES, rows=(*SHARES.rows[:5], (SHARES.rows[5][0], (None, 0.5)), *SHARES.rows[6:])
    )
    assert len(_paths(svg(broken), "a s2")) == 2


def test_bars_point_the_way_of_their_sign() -> None:
    rows: tuple[Row, ...] = ((1.0, (5.0,)), (2.0, (-5.0,)), (3.0, (0.0,)))
    drawn = svg(replace(SIZES, kind="bars", rows=rows, x=Axis(), y=Axis()))
    up, down = _parsed(drawn).iter(f"{SVG}rect")
    assert float(up.get("y", "")) + float(up.get("height", "")) == float(down.get("y", ""))


def test_missing_samples_are_a_stretch_with_its_reason() -> None:
    gap = Missing(APRIL + 5 * DAY, APRIL + 15 * DAY, "no samples")
    texts = _texts(svg(replace(PRICES, missing=(gap,))))
    assert "no samples" in texts
    assert "No samples from 2022-04-06 00:00 to 2022-04-16 00:00." in alt_text(
        replace(PRICES, missing=(gap,))
    )


def test_what_is_empty_says_why() -> None:
    empty = replace(PRICES, rows=(), empty="no flow was read")
    assert _texts(svg(empty)) == ["no flow was read"]
    assert alt_text(empty).endswith("no flow was read.")
    assert "<table" not in figure(empty)


def test_names_from_the_chain_are_text() -> None:
    named = replace(
        PRICES,
        title=HOSTILE,
        series=(Series("a", HOSTILE), Series("b", "b" * 90)),
        references=(Reference(1.0, HOSTILE), Reference(APRIL + DAY, HOSTILE, along="x")),
    )
    assert "<script" not in figure(named)
    assert "\x00" not in figure(named)
    assert any(text.startswith("</svg><script>") for text in _texts(svg(named)))
    assert max(map(len, _texts(svg(named)))) <= 40
    assert "\u202e" not in alt_text(named)


def test_the_alternative_text_has_first_last_and_extremes() -> None:
    said = alt_text(PRICES)
    assert said.startswith("Price of USDT. in USDC: from 1.00000 at 2022-04-01 00:00 to 0.98100")
    assert "owed: 1.00000 throughout" in said
    unknown = replace(PRICES, rows=tuple((x, (1.0, None)) for x, _ in PRICES.rows))
    assert "owed: unknown throughout" in alt_text(unknown)


def test_the_table_holds_every_value_in_full() -> None:
    page = figure(PRICES)
    cells = re.findall(r'data-v="([^"]*)"', page)
    expected = ["" if value is None else repr(value) for _, row in PRICES.rows for value in row]
    assert cells == expected
    assert re.findall(r'data-x="([^"]*)"', page) == [repr(x) for x, _ in PRICES.rows]
    assert 'datetime="2022-04-01T00:00:00Z"' in page
    assert "Data: 20 rows" in page
    plot = re.search(r'data-plot="([^"]*)"', page)
    assert plot is not None
    plain = json.loads(html.unescape(plot[1]))
    assert plain["kind"] == "lines"
    assert plain["hlines"] == [[1.0, "redemption 1.00", False]]


@pytest.mark.parametrize(
    "wrong",
    [
        {"series": ()},
        {"series": tuple(Series(str(each), "x") for each in range(5))},
        {"rows": ((1.0, (1.0,)),)},
        {"rows": ((2.0, (1.0, 1.0)), (1.0, (1.0, 1.0)))},
        {"rows": ((math.nan, (1.0, 1.0)),)},
        {"rows": ((0.0, (1.0, 1.0)),), "x": Axis(scale="log")},
        {"y": Axis(format="no such")},
        {"kind": "bars", "y": Axis(scale="log")},
    ],
)
def test_what_cannot_be_drawn_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="chart price: "):
        replace(PRICES, **wrong)


def test_steps_are_of_one_two_and_five() -> None:
    assert nice(0, 1) == [0, 0.2, 0.4, 0.6, 0.8, 1.0]
    assert nice(-3, 14, 5) == [0, 5, 10]
    assert nice(0.976, 1.003) == [0.98, 0.99, 1.0]
    assert nice(2, 2) == [2]
    assert powers(90, 1.1e6) == [100, 1000, 10_000, 100_000, 1_000_000]
    assert powers(2, 3) == [2, 3]


@given(
    st.floats(-1e12, 1e12, allow_nan=False),
    st.floats(1e-3, 1e12, allow_nan=False),
    st.integers(2, 8),
)
def test_marks_lie_inside_and_are_not_too_many(low: float, span: float, most: int) -> None:
    high = low + span
    marks = nice(low, high, most)
    assert len(marks) <= most + 1
    slack = span * 1e-6 + max(abs(low), abs(high)) * 1e-12
    assert all(low - slack <= each <= high + slack for each in marks)


@pytest.mark.parametrize(
    ("span", "first"),
    [
        (45, "00:00:00"),
        (3 * 3600, "00:00"),
        (10 * DAY, "2 Apr"),
        (80 * DAY, "14 Apr"),
        (370 * DAY, "Jan 2022"),
        (4000 * DAY, "Jan 2022"),
    ],
)
def test_time_has_marks_of_clock_days_or_months(span: int, first: str) -> None:
    start = APRIL if span < 300 * DAY else 1_640_995_200
    marks = times(start, start + span)
    assert first in {words for _, words in marks[:2]}
    assert 2 <= len(marks) <= 8


@given(st.lists(st.floats(0, 100), min_size=1, max_size=4), st.floats(0, 40))
def test_labels_are_pushed_apart_within_their_room(places: Sequence[float], gap: float) -> None:
    placed = apart(sorted(places), gap, 0, 100)
    room = min(gap, 100 / max(len(places) - 1, 1))
    assert all(b - a >= room - 1e-9 for a, b in pairwise(placed))
    assert all(-1e-9 <= each <= 100 + 1e-9 for each in placed)


def test_a_logarithmic_axis_is_even_in_powers() -> None:
    place = Placing("log", 1, 10_000, 0, 100)
    assert [place(10.0**power) for power in range(5)] == [0, 25, 50, 75, 100]


def test_a_bar_lies_between_its_ends_and_a_spark_ends_at_its_last() -> None:
    assert 'x="25.00%" width="50.00%"' in cell_bar(0.25, 0.75)
    assert 'x="60.00%" width="40.00%"' in cell_bar(0, 0.4, flip=True)
    assert 'width="0.40%"' in cell_bar(0, 1e-9)
    assert 'class="mark" x="49.70%"' in cell_bar(0, 0.4, mark=0.5)
    drawn = spark([1, None, 3, math.nan, 2], 'a "name"')
    assert drawn.count("M") == 3
    assert "&quot;name&quot;" in drawn
    assert 'cx="67.0" cy="10.0"' in drawn
    assert spark([None], "nothing").endswith('"nothing"></svg>')


def test_the_margin_is_as_wide_as_its_longest_number() -> None:
    rows: tuple[Row, ...] = ((1.0, (-1.4e6,)), (2.0, (9e5,)))
    wide = svg(replace(SIZES, rows=rows, x=Axis(), y=Axis(format="percent")))
    numbers = [
        each for each in _parsed(wide).iter(f"{SVG}text") if each.get("text-anchor") == "end"
    ]
    longest = max(len(each.text or "") for each in numbers)
    assert longest > 10
    assert all(float(each.get("x", "")) >= longest * 6 for each in numbers)
