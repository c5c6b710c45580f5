"""JSON from a stranger cannot end this process, nor be anything but JSON."""

from __future__ import annotations

import json
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watcher.state.strict_json import DEEPEST, MOST_BRACKETS, parse, parse_document

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**80), 2**80) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@pytest.fixture
def recursion_limit_as_web3_leaves_it() -> object:
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(100_000)
    yield
    sys.setrecursionlimit(before)


@given(VALUES, st.booleans())
def test_what_json_writes_is_read_back(value: object, ascii_only: bool) -> None:
    assert parse(json.dumps(value, ensure_ascii=ascii_only).encode()) == value


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'[{"a":' * 100_000,
        b"[" * 100_000 + b"]" * 100_000,
        b"[" * 100_000 + b'"' + b"]" * 100_000,
        b"[" * 100_000 + b'"\\"' + b"]" * 100_000,
        b"[" * 100_000 + b'"\\',
        b"[" * 100_000 + b"x" + b"]" * 100_000,
        b"[]" * 1_000 + b"[" * 100_000,
        b'["]]]]",' * 100_000,
        b'["]]]]\\"",' * 100_000,
    ],
)
@pytest.mark.usefixtures("recursion_limit_as_web3_leaves_it")
def test_deep_nesting_is_refused_before_it_is_parsed(body: bytes) -> None:
    with pytest.raises(ValueError, match="brackets"):
        parse(body)
    with pytest.raises(ValueError, match="brackets"):
        parse_document(body.decode())


def test_the_deepest_that_is_read() -> None:
    parse(b"[" * DEEPEST + b"]" * DEEPEST)
    parse(b"[" + b"[]," * 1_000 + b"[" * (DEEPEST - 1) + b"]" * DEEPEST)
    with pytest.raises(ValueError, match="brackets"):
        parse(b"[" * (DEEPEST + 1) + b"]" * (DEEPEST + 1))


@pytest.mark.parametrize("text", ['[[[{{{"\\', "[[[{{{", "]", '"', "\\"])
def test_brackets_in_strings_do_not_count(text: str) -> None:
    value = [[text * 10_000, {text: "]"}, ""], *[[]] * DEEPEST]
    assert parse(json.dumps(value).encode()) == value


def test_a_body_of_millions_of_brackets_is_refused() -> None:
    with pytest.raises(ValueError, match="too many"):
        parse(b"[" + b"[]," * MOST_BRACKETS + b"[]]")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"NaN",
        b"[Infinity]",
        b"-Infinity",
        b"[1,]",
        b"\xff",
        b"\xef\xbb\xbf1",
        b"9" * 5_000,
        "[1]".encode("utf-16"),
        b'"\xed\xa0\x80"',
        b"[}" * 100,
        b'["a' + b"[" * 100,
    ],
)
def test_what_is_not_strict_json_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the text is json's
        parse(body)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"a": 1, "a": 2}', "twice"),
        ('[{"a": {"b": 1, "b": 1}}]', "twice"),
        ("[NaN]", "no number"),
        ("9" * 79, "79 digits"),
        ('"\\ud800"', "surrogates"),
        ('"\ud800"', "surrogates"),
    ],
)
def test_what_readers_disagree_about_is_refused_in_a_document(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        parse_document(text)


def test_a_document_may_hold_a_whole_uint256() -> None:
    assert parse_document(str(2**256 - 1)) == 2**256 - 1
