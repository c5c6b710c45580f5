"""Figures as a person reads them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watcher.cli.phrases import (
    duration,
    grouped,
    money,
    percent,
    price,
    symbol,
    symbols,
    utc,
    whole_amount,
    with_names,
)
from watcher.state import Target, Token, to_address

ONE, TWO = to_address("0x" + "11" * 20), to_address("0x" + "22" * 20)
NAN = float("nan")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0, "$0"),
        (3.456, "$3.46"),
        (12_345, "$12,300"),
        (900_000, "$0.9 M"),
        (999_999, "$1 M"),
        (2_310_400, "$2.31 M"),
        (999_900_000, "$1 B"),
        (212e6, "$212 M"),
        (1.5e12, "$1.5 T"),
        (-5e6, "−$5 M"),
        (NAN, ""),
    ],
)
def test_money_has_a_size_and_no_false_digits(value: float, shown: str) -> None:
    assert money(value, "USD") == shown


def test_money_in_a_unit_without_a_sign() -> None:
    assert money(12_345, "CHF") == "12,300 CHF"


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0.0211, "2.11%"), (-0.5, "−50.00%"), (1.5, "150.0%"), (0, "0%"), (5e-5, "0.005%"), (NAN, "")],
)
def test_percent(value: float, shown: str) -> None:
    assert percent(value) == shown


def test_a_price_near_a_peg_has_five_decimals() -> None:
    assert (price(0.97887), price(1.0), price(2757.50966)) == ("0.97887", "1.00000", "2,757.51")


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (-3, "0 s"),
        (119, "119 s"),
        (120, "2 min"),
        (41 * 60, "41 min"),
        (7_200, "2 h"),
        (2 * 86_400, "2 days"),
        (800 * 86_400, "2 years"),
    ],
)
def test_durations_are_in_the_largest_unit_that_says_something(seconds: int, shown: str) -> None:
    assert duration(seconds) == shown


def test_a_time_that_no_calendar_has_is_a_number() -> None:
    assert utc(1_700_000_000) == "2023-11-14T22:13:20Z"
    assert utc(2**62) == str(2**62)


@given(st.integers(-(2**255), 2**256 - 1), st.integers(0, 77))
def test_whole_amounts_are_exact(raw: int, decimals: int) -> None:
    text = whole_amount(raw, decimals)
    digits, _, part = text.partition(".")
    assert int(digits + part.ljust(decimals, "0")) == raw
    assert not part.endswith("0")
    assert Decimal(grouped(text).replace(",", "").replace("−", "-")) == Decimal(text)


def test_a_token_is_called_by_its_symbol_or_its_address() -> None:
    assert symbol(Token(ONE, 18, "W\x1bETH")) == "WETH"
    assert symbol(Token(ONE, 18, "\u202e")) == "0x1111…1111"
    target = Target(
        1, "uniswap_v2", ONE, "constant_product", tokens=(Token(ONE, 18, "a"), Token(TWO, 18, "A"))
    )
    assert symbols(target) == {ONE: "a (0x1111…1111)", TWO: "A (0x2222…2222)"}


def test_addresses_in_a_reason_get_their_names() -> None:
    reason = f"no reference for {ONE}: it comes from {TWO}"
    assert with_names(reason, {ONE: "WETH"}) == f"no reference for WETH: it comes from {TWO}"
