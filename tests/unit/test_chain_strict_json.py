"""JSON from a stranger cannot end this process, nor be anything but JSON."""

from __future__ import annotations

import json
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watcher.chain.strict_json import DEEPEST, MOST_BRACKETS, parse

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
