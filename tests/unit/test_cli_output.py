"""What is printed: harmless on a terminal and in a spreadsheet, the same values to a program."""

from __future__ import annotations

import csv
import io
import json
import sys
import unicodedata
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watcher.cli.options import Format
from watcher.cli.output import Cell, figure, has_colour, print_json, print_rows, print_table
from watcher.cli.text import escaped_json, in_place, one_line

HOSTILE = "a\x1b[31m\u202eb\x9b2J\u2066\x7f\n\r\tc\u05d0\ud800\U000e0041"
ANY_TEXT = st.text(st.characters(), max_size=30) | st.sampled_from([HOSTILE, "=1", "[/b]", "−1"])


def acting(text: str) -> set[str]:
    return {char for char in text if char != "\n" and unicodedata.category(char)[0] == "C"}


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


@given(ANY_TEXT)
def test_one_line_holds_nothing_that_acts(text: str) -> None:
    assert not acting(one_line(text))
    assert one_line(one_line(text)) == one_line(text)


def test_right_to_left_letters_stay_in_their_cell() -> None:
    assert in_place("\u05d0 5") == "\u2068\u05d0 5\u2069"
    assert in_place("USD₮0") == "USD₮0"


@given(ANY_TEXT)
def test_json_is_escaped_and_still_the_same(text: str) -> None:
    plain = json.dumps({text: [text, 1.5]}, ensure_ascii=False, indent=2)
    shown = escaped_json(plain)
    assert not acting(shown)
    assert json.loads(shown) == json.loads(plain)


@pytest.mark.parametrize("format_", list(Format))
def test_markup_is_text(format_: Format, capsys: pytest.CaptureFixture[str]) -> None:
    print_rows([{"symbol": "[/foo][red]X"}], ["symbol"], format_=format_)
    assert "[/foo][red]X" in capsys.readouterr().out


@given(ANY_TEXT)
def test_no_cell_is_a_formula(text: str) -> None:
    out = io.StringIO()
    stdout, sys.stdout = sys.stdout, out
    try:
        print_rows([{"symbol": text}], ["symbol"], format_=Format.CSV)
    finally:
        sys.stdout = stdout
    rows = list(csv.reader(io.StringIO(out.getvalue())))
    cell = rows[1][0] if rows[1:] and rows[1] else ""
    assert not cell.startswith(("=", "+", "@", "\t", "\r", "＝", "＋", "－", "＠"))
    assert not cell.startswith("-") or Decimal(cell) <= 0
    assert not acting(cell)


def test_csv_leaves_numbers_alone(capsys: pytest.CaptureFixture[str]) -> None:
    cells: dict[str, Cell] = {"a": -1.5, "b": "-12", "c": "-1e-9", "d": "-cmd", "e": float("nan")}
    print_rows([cells], list(cells), format_=Format.CSV)
    assert capsys.readouterr().out == "a,b,c,d,e\n-1.5,-12,-1e-9,'-cmd,\n"


def test_csv_keeps_a_mapping_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows([{"dims": {"b": "2", "a": "1"}}], ["dims"], format_=Format.CSV)
    [_, [cell]] = csv.reader(io.StringIO(capsys.readouterr().out))
    assert cell == '{"a": "1", "b": "2"}'


def test_json_rounds_no_integer_and_knows_no_nan(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"big": 2**256 - 1, "small": 2**53 - 1, "nan": float("nan"), "no": None})
    assert json.loads(capsys.readouterr().out) == {
        "big": str(2**256 - 1),
        "small": 2**53 - 1,
        "nan": None,
        "no": None,
    }


def test_numbers_stand_to_the_right_and_words_to_the_left(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_table([["3pool", "1,000"], ["x", "−5"]], ["name", "value"])
    assert capsys.readouterr().out == "name   value\n3pool  1,000\nx         −5\n"


def test_a_wide_symbol_keeps_the_columns_apart(capsys: pytest.CaptureFixture[str]) -> None:
    print_table([["元元", "b"], ["abcd", "b"]], None)
    assert capsys.readouterr().out == "元元  b\nabcd  b\n"


def test_an_empty_table_is_its_heading(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows([], ["a", "b"], format_=Format.TABLE, elastic="b")
    print_rows([], ["a", "b"], format_=Format.JSON)
    assert capsys.readouterr().out == "a  b\n[]\n"


def test_a_narrow_terminal_folds_the_elastic_column(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Terminal()
    monkeypatch.setattr(sys, "stdout", screen)
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("NO_COLOR", "1")
    why = "spot is far under its reference and no depth is left"
    print_table([["breached", why, "2 s"]], ["state", "why", "data"], elastic=1)
    assert screen.getvalue().splitlines() == [
        "state     why                     data",
        "breached  spot is far under its   2 s",
        "          reference and no depth",
        "          is left",
    ]


def test_states_have_colours_on_a_terminal_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    assert has_colour(Terminal())
    assert not has_colour(io.StringIO())
    screen = Terminal()
    monkeypatch.setattr(sys, "stdout", screen)
    print_table([["breached", "x"]], None)
    assert screen.getvalue() == "\x1b[1;31mbreached\x1b[0m  x\n"
    monkeypatch.setenv("NO_COLOR", "1")
    assert not has_colour(Terminal())
    monkeypatch.setenv("NO_COLOR", "")
    assert has_colour(Terminal())
    monkeypatch.setenv("TERM", "dumb")
    assert not has_colour(Terminal())


def test_a_terminal_without_unicode_gets_what_it_can_show(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))
    print_table([["−1.5", "₮"]], None)
    sys.stdout.flush()
    assert raw.getvalue() == b"-1.5  \\u20ae\n"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.0, "0"),
        (1234567.891, "1,234,568"),
        (-0.0213257, "−0.0213257"),
        (2757.5096653, "2,757.51"),
        (1e-9, "1.00000e−09"),
        (-1e18, "−1.00000e+18"),
        (float("nan"), ""),
    ],
)
def test_figures_have_six_digits(value: float, shown: str) -> None:
    assert figure(value) == shown
