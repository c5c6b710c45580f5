"""Numbers as pages and paper show them, held to the tables of examples that people agreed on."""

from __future__ import annotations

import math
from decimal import ROUND_HALF_UP, Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watcher.report import formats
from watcher.report.formats import MINUS, THIN, Paper, paper_for

NAN = math.nan
DAY = 86_400
MAY_12 = 1_652_337_842


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (37_168_000, "USD", "$37.2_M"),
        (310e6, "USD", "$310_M"),
        (2_039_073_016, "USD", "$2.04_B"),
        (0, "USD", "$0"),
        (999.5, "USD", "$1.00_k"),
        (999.4, "USD", "$999"),
        (99.95, "USD", "$100"),
        (12.25, "USD", "$12.3"),
        (7, "USD", "$7"),
        (7.5, "USD", "$7.50"),
        (0.001, "USD", "$0.001"),
        (-264e6, "USD", "−$264_M"),
        (115_300, "ETH", "115_k_ETH"),
        (-12.5, "ETH", "−12.5_ETH"),
        (3.2e12, "EUR", "€3.20_T"),
        (1e30, "USD", "$1.00e+30"),
        (None, "USD", "n/a"),
        (NAN, "USD", "n/a"),
    ],
)
def test_money_has_three_significant_digits(value: float | None, unit: str, shown: str) -> None:
    assert formats.money(value, unit) == shown.replace("_", THIN)


def test_an_axis_drops_trailing_zeros() -> None:
    assert formats.axis_money(500e6) == f"$500{THIN}M"
    assert formats.axis_money(1.5e6) == f"$1.5{THIN}M"
    assert formats.axis_money(1e6) == f"$1{THIN}M"
    assert formats.axis_money(2000, "ETH") == f"2{THIN}k{THIN}ETH"


def test_a_comparison_is_to_the_cent() -> None:
    assert formats.exact_money(1718.524) == f"$1{THIN}718.52"
    assert formats.exact_money(-0.5) == f"{MINUS}$0.50"


@pytest.mark.parametrize(
    ("value", "decimals", "shown"),
    [
        (0.0211299, 2, "2.11%"),
        (0.90142, 1, "90.1%"),
        (0.58, 0, "58%"),
        (0, 2, "0.00%"),
        (1e-6, 2, "<0.01%"),
        (-1e-6, 2, ">_−0.01%"),
        (-0.0211, 2, "−2.11%"),
        (0.00125, 2, "0.13%"),
        (1e-9, 0, "<1%"),
        (None, 2, "n/a"),
        (math.inf, 2, "n/a"),
    ],
)
def test_a_fraction_is_a_percentage(value: float | None, decimals: int, shown: str) -> None:
    assert formats.percent(value, decimals) == shown.replace("_", THIN)


def test_the_other_kinds() -> None:
    assert formats.price(0.978870007) == "0.97887"
    assert formats.number(0.8549) == "0.85"
    assert formats.whole(1_839_995_484) == f"1{THIN}839{THIN}995{THIN}484"
    assert formats.whole(-12) == f"{MINUS}12"
    assert formats.number(-0.001) == "0.00"
    assert formats.change(formats.percent(0.02), 0.02) == "+2.00%"
    assert formats.change(formats.percent(-0.02), -0.02) == f"{MINUS}2.00%"
    assert formats.moment(MAY_12) == "2022-05-12 06:44:02 UTC"
    assert formats.minute(MAY_12) == "2022-05-12 06:44"
    assert formats.iso(MAY_12) == "2022-05-12T06:44:02Z"
    assert formats.day(MAY_12) == "12 May"
    assert formats.short_hash("0x0a402ed9" + "f" * 52 + "ec27") == "0x0a402ed9…ec27"
    assert formats.short_hash("0a402ed9" + "f" * 52 + "ec27") == "0a402ed9…ec27"
    assert formats.short_hash("short") == "short"


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (9, "9_s"),
        (540, "9_min"),
        (24_120, "6.7_h"),
        (DAY, "1_day"),
        (12 * DAY, "12_days"),
        (0, "0_s"),
        (366 * DAY, "1_year"),
    ],
)
def test_an_age_is_in_its_largest_unit(seconds: float, shown: str) -> None:
    assert formats.age(seconds) == shown.replace("_", THIN)


@given(st.floats(allow_nan=False, allow_infinity=False), st.integers(0, 8))
def test_rounding_is_away_from_zero_and_loses_no_digit(value: float, decimals: int) -> None:
    shown = formats.fixed(value, decimals).replace(THIN, "").replace(MINUS, "-")
    with localcontext(prec=400):
        assert abs(Decimal(shown) - Decimal(value)) <= Decimal(1).scaleb(-decimals) / 2
    if Decimal(value).as_tuple().exponent == -decimals - 1 and abs(value) < 1e12:
        exact = Decimal(value).quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)
        assert Decimal(shown) == exact


@given(st.floats(min_value=1e-12, max_value=1e14))
def test_money_is_within_half_a_unit_of_its_third_digit(value: float) -> None:
    shown = formats.money(value)
    number, *rest = shown.removeprefix("$").split(THIN)
    scale = {"T": 1e12, "B": 1e9, "M": 1e6, "k": 1e3}[rest[0]] if rest else 1.0
    told = float(number) * scale
    coarsest = max(abs(value) * 5.1e-3, 0.0051 if value >= 0.005 else abs(value) * 0.06)
    assert abs(told - value) <= coarsest


PAPER = Paper(1e6, "M")


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (PAPER.percent(0.90142), "90.1%"),
        (PAPER.percent(-0.018018), "−1.8%"),
        (PAPER.percent(0.0234593, 2), "2.35%"),
        (PAPER.percent(None), "not measured"),
        (PAPER.percent(NAN), "not measured"),
        (PAPER.percent_number(-0.0143), "−1.43"),
        (PAPER.price(0.97887), "0.9789"),
        (PAPER.amount(58_842_123), "58.8"),
        (PAPER.amount(1_693_061_865), "1,693"),
        (PAPER.amount(999_960_000), "1,000.0"),
        (PAPER.amount(0), "0"),
        (PAPER.amount(4_000), "0.004"),
        (PAPER.amount(-264e6), "−264.0"),
        (PAPER.amount_of(58_842_123, "USDT"), "58.8\u00a0M\u00a0USDT"),
        (PAPER.amount_of(0, "USDT"), "0\u00a0USDT"),
        (PAPER.amount_of(None, "USDT"), "not measured"),
        (PAPER.date(MAY_12), "12\u00a0May 2022"),
        (PAPER.six(0.0234592941), "0.0234593"),
        (PAPER.six(-0.018018), "−0.018018"),
        (PAPER.six(18_235_934.56), "18,235,935"),
        (PAPER.six(12_345.678), "12,345.7"),
        (PAPER.six(1.0), "1"),
        (PAPER.six(NAN), "not measured"),
    ],
)
def test_paper_keeps_one_count_of_decimals_a_kind(shown: str, expected: str) -> None:
    assert shown == expected


def test_paper_chooses_the_unit_that_reads_best() -> None:
    assert paper_for(2e9) == Paper(1e9, "B")
    assert paper_for(58e6) == PAPER
    assert paper_for(12_000) == Paper(1e3, "k")
    assert paper_for(3) == Paper(1.0, "")
