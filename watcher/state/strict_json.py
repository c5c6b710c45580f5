"""JSON from a stranger.

web3 imports py_ecc, which raises Python's recursion limit to 100,000: from then on a body of as
many brackets overflows the C stack of `json.loads` on Python 3.11 and ends the process. So the
brackets are looked at first, without recursion.
"""

from __future__ import annotations

import json
import re
from typing import Any

DEEPEST = 64
"""JSON-RPC needs six levels for a batch of blocks."""

MOST_BRACKETS = 1_000_000
"""A batch of 500 has 1,002; a body that is all brackets would fill the memory when parsed."""

STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?\Z)', re.DOTALL)
"""Up to its end, or to the end of the body where it has none."""

EVERY_BYTE = set(range(256))
NOT_BRACKETS = bytes(EVERY_BYTE - set(b"[]{}"))
NOT_BRACKETS_OR_QUOTES = bytes(EVERY_BYTE - set(b'[]{}"'))


MOST_DIGITS = 78
"""Of a number in a document; as many as 2**256 - 1 has."""


def parse(body: bytes) -> object:
    """Raises ValueError for what is not strict JSON in UTF-8, is too deep or has too many parts."""
    _require_shallow(body)
    return json.loads(body.decode("utf-8"), parse_constant=_refuse_constant)


def parse_document(text: str) -> Any:
    """A file or a stored text, for which more is refused: what JSON readers disagree about.

    Raises ValueError also for a key that stands twice in an object, for half a surrogate pair (it
    cannot be stored or shown) and for a whole number of more than MOST_DIGITS digits.
    """
    _require_shallow(text.encode())
    plain = json.loads(
        text,
        parse_constant=_refuse_constant,
        parse_int=_short_integer,
        object_pairs_hook=_no_key_twice,
    )
    # An escape may have hidden half a surrogate pair from the encoding above.
    json.dumps(plain, ensure_ascii=False).encode()
    return plain


def _require_shallow(body: bytes) -> None:
    few = _has_few(body, b"[") and _has_few(body, b"{")
    if not few and not _is_shallow(_brackets(body)):
        raise ValueError("the brackets do not match, are nested too deep or are too many")


def _has_few(body: bytes, bracket: bytes) -> bool:
    """Too few to be nested too deep. `find` passes over a long string forty times as fast as
    `count`."""
    at = -1
    for _ in range(DEEPEST // 2):
        at = body.find(bracket, at + 1)
        if at < 0:
            return True
    return False


def _brackets(body: bytes) -> bytes:
    """Those outside of strings."""
    if b"\\" not in body:
        # Without escapes each quote begins or ends a string, so a pair can go: twenty times faster.
        body = body.translate(None, NOT_BRACKETS_OR_QUOTES).replace(b'""', b"")
    return STRING.sub(b"", body).translate(None, NOT_BRACKETS)


def _is_shallow(brackets: bytes) -> bool:
    if len(brackets) > MOST_BRACKETS:
        return False
    for _ in range(DEEPEST):  # each round takes the innermost pairs away
        if not brackets:
            break
        brackets = brackets.replace(b"[]", b"").replace(b"{}", b"")
    return not brackets


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is no number in JSON")


def _short_integer(text: str) -> int:
    if len(text) > MOST_DIGITS:
        raise ValueError(f"a number of {len(text)} digits is too long")
    return int(text)


def _no_key_twice(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands in an object twice")
    return found
