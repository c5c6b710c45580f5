"""Right answers bent by choices that bytes make: for hypothesis, and for `scripts/fuzz`.

Bytes of zero, and none at all, bend nothing, so that a failure shrinks to its one cause.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Sequence
from enum import StrEnum
from typing import Any, TypeVar

T = TypeVar("T")

WORD = 32
WORDS = [
    0,
    1,
    31,
    32,
    33,
    64,
    96,
    2**31,
    2**32 - 1,
    2**63,
    2**64,
    2**112,
    2**160,
    2**255,
    2**256 - 1,
]

VALUES: list[Any] = [
    None, True, False, 0, -1, 1, 2**63, 2**255, 10**400, 0.5, 1e300, float("nan"), float("inf"),
    "", "0x", "0x0", "0x1", "1", "0X1", " 0x1", "0x1 ", "0x1\n", "0x 1", "0x0_1", "0x-1", "0xg",
    "-0x1", "0x" + "0" * 64, "0x" + "f" * 64, "0x" + "f" * 65, "0x" + "0" * 63, "0x" + "ab" * 20,
    "0x8" + "0" * 15, "0x7" + "f" * 15, "0x" + "٠" * 64, "0x" + "ab" * 4_096, "\ud800", "\0",
    "é" * 32, "[/foo]\x1b[31m", "latest", [], [[]], {}, {"result": "0x1"},
    {"error": None}, [None], ["0x1"],
]  # fmt: skip
"""What stands in JSON where something else belongs."""

DEEP = [b"[" * 100_000, b'{"a":' * 1_000 + b"1" + b"}" * 1_000, b"[" * 70 + b"]" * 70]
BODIES = [
    b"",
    b" ",
    b"null",
    b"NaN",
    b"-Infinity",
    b"0",
    b'"',
    b"<html>",
    b"\xff\xfe",
    b"1" * 5_000,
]
BODIES += DEEP


class Bent(StrEnum):
    NOT = "as it was"
    BYTE = "one byte is another"
    WORD = "one word is another"
    TWICE = "a part comes twice"
    CUT = "the end is missing"
    LONGER = "something follows"
    OTHER = "something else altogether"


class Choices:
    """Decisions out of bytes; zero when they have run out."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0
        self.bends = 0
        """How often what was given out is not what came in."""

    def below(self, limit: int) -> int:
        """From 0 to `limit` - 1."""
        size = (max(limit - 1, 0).bit_length() + 7) // 8
        piece = self._data[self._at : self._at + size]
        self._at += size
        return int.from_bytes(piece, "big") % limit if limit > 1 else 0

    def one_of(self, choices: Sequence[T]) -> T:
        return choices[self.below(len(choices))]

    def some(self, most: int) -> bytes:
        return bytes(self.below(256) for _ in range(self.below(most + 1)))

    def bent(self, whole: bytes) -> tuple[Bent, bytes]:
        """`whole`, bent in one way or not at all."""
        how, raw = self._bent(whole)
        self.bends += raw != whole
        return how, raw

    def _bent(self, whole: bytes) -> tuple[Bent, bytes]:
        raw = bytearray(whole)
        place = self.below(max(len(raw), 1))
        how = self.one_of(list(Bent))
        match how:
            case Bent.BYTE if raw:
                raw[place] ^= 1 + self.below(255)
            case Bent.WORD:
                place -= place % WORD
                raw[place : place + WORD] = self.one_of(WORDS).to_bytes(WORD, "big")
            case Bent.TWICE:
                raw[place:place] = raw[place : place + 1 + self.below(2 * WORD)]
            case Bent.CUT if raw:
                del raw[place:]
            case Bent.LONGER:
                raw += bytes([self.below(256)]) + self.some(WORD)
            case Bent.OTHER:
                raw = bytearray(self.some(3 * WORD))
            case _:
                return Bent.NOT, whole
        return how, bytes(raw)

    def json(self, whole: Any) -> Any:
        """`whole` with up to three of its parts replaced, left out, doubled or added."""
        holder = [copy.deepcopy(whole)]
        for _ in range(self.below(4)):
            self._bend(holder)
        self.bends += repr(holder[0]) != repr(whole)  # NaN differs from itself, True is 1
        return holder[0]

    def _bend(self, holder: list[Any]) -> None:
        inside: Any = holder
        while True:
            keys = list(inside) if isinstance(inside, dict) else list(range(len(inside)))
            key = self.one_of(keys)
            deeper = inside[key]
            if not isinstance(deeper, dict | list) or not deeper or not self.below(4):
                break
            inside = deeper
        match self.below(5):
            case 1 if inside is not holder:
                del inside[key]
            case 2 if isinstance(inside, list) and inside is not holder:
                inside.append(copy.deepcopy(self.one_of(inside)))
            case 3 if isinstance(inside, dict):
                inside[key] = inside[self.one_of(keys)]
            case 4 if isinstance(inside[key], str):
                text = inside[key]
                place = self.below(len(text) + 1)
                inside[key] = text[:place] + self.one_of(["", "0", " ", "\n", "\0", "\ud800", "٣"])
                inside[key] += text[place + self.below(2) :] if self.below(2) else ""
            case _:
                inside[key] = copy.deepcopy(self.one_of(VALUES))

    def body(self, whole: Any) -> tuple[Bent, bytes]:
        """JSON with bent parts in a body that is bent itself; CUT and LONGER are of an object or a
        list, so that neither can be JSON any more."""
        bent = self.json(whole)
        text = json.dumps(bent, ensure_ascii=not self.below(2))
        raw = text.encode("utf-8", "surrogatepass")
        how, body = self._bent_body(bent, raw)
        self.bends += body != raw
        return how, body

    def _bent_body(self, bent: Any, raw: bytes) -> tuple[Bent, bytes]:
        match self.below(8):
            case 1 if isinstance(bent, dict | list):
                return Bent.CUT, raw[: self.below(len(raw))]
            case 2:
                return Bent.LONGER, raw + self.one_of([b"]", b"}", b"0", b"\0", b"{}", b",", raw])
            case 3:
                raw_ = bytearray(raw)
                raw_[self.below(len(raw))] ^= 1 + self.below(255)
                return Bent.BYTE, bytes(raw_)
            case 4:
                return Bent.OTHER, self.one_of(BODIES)
        return Bent.NOT, raw
