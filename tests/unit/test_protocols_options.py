"""The values that an entry's options may have."""

from __future__ import annotations

import pytest

from watcher.protocols.options import boolean, proper_fraction, small_integer


@pytest.mark.parametrize(
    ("value", "fraction"),
    [
        (0.003, "3/1000"),
        ("0.003", "3/1000"),
        ("1/6", "1/6"),
        ("2/12", "1/6"),
        (0, "0/1"),
        (0.1, "1/10"),
        ("3e-3", "3/1000"),
        ("0.000000000000000001", f"1/{10**18}"),
    ],
)
def test_a_decimal_is_taken_digit_by_digit(value: object, fraction: str) -> None:
    assert proper_fraction(value) == fraction


@pytest.mark.parametrize(
    "value",
    [
        1,
        1.0,
        -0.1,
        "1/0",
        "7/6",
        "-1/6",
        "",
        "a",
        "1/6/7",
        "nan",
        "inf",
        float("nan"),
        True,
        None,
        [],
        "1e-19",
        "1e-999999999",  # would take gigabytes to write out
        "1e999999999",
        f"1/{10**18 + 1}",
        "0." + "1" * 5_000,
        "1/" + "9" * 5_000,
    ],
    ids=lambda value: str(value)[:14],
)
def test_what_is_no_fraction_below_one_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r"write a number from 0 up to 1"):
        proper_fraction(value)


def test_a_truth_value_is_one() -> None:
    assert boolean(True) is True
    assert boolean(False) is False
    for value in (1, 0, "true", None):
        with pytest.raises(ValueError, match="write true or false"):
            boolean(value)


def test_a_whole_number_lies_between_its_bounds() -> None:
    parse = small_integer(0, 36)
    assert (parse(0), parse(36)) == (0, 36)
    for value in (-1, 37, 1.0, True, "1", None):
        with pytest.raises(ValueError, match="write a whole number from 0 to 36"):
            parse(value)
