"""The text of a condition taken apart: what it may consist of, and where it is wrong.

    condition   = either { "or" either }          either = each { "and" each }
    each        = "not" each | compared           compared = sum [ (<|<=|>|>=|==|!=) sum ]
    sum         = product { (+|-) product }       product = signed { (*|/) signed }
    signed      = "-" signed | atom
    atom        = number | name [ "[" key "=" value { "," key "=" value } "]" ]
                | function "(" sum { "," sum } ")" | "(" condition ")"

Nothing of it is ever run as Python, and its length and depth are bounded.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

MOST_CHARACTERS = 1_000
MOST_WORDS = 200
MOST_DEPTH = 24

_WORD = re.compile(
    r"\s*(?:(?P<word>0x[0-9a-fA-F]+|[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<number>[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,3})?)"
    r"|(?P<text>\"[^\"]{0,100}\")"
    r"|(?P<sign><=|>=|==|!=|[-+*/<>()\[\],=]))"
)
_RESERVED = ("and", "or", "not")
COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")


class SyntaxProblem(ValueError):
    """What is wrong, and at which character it begins, counted from 1."""

    def __init__(self, text: str, at: int) -> None:
        super().__init__(f"at character {at + 1}: {text}")
        self.at = at


@dataclass(frozen=True, slots=True)
class Number:
    value: float
    at: int


@dataclass(frozen=True, slots=True)
class Name:
    """`chosen` are the dimensions in brackets: only these rows are meant."""

    name: str
    chosen: tuple[tuple[str, str], ...]
    at: int


@dataclass(frozen=True, slots=True)
class Call:
    function: str
    arguments: tuple[Node, ...]
    at: int


@dataclass(frozen=True, slots=True)
class Negative:
    of: Node
    at: int


@dataclass(frozen=True, slots=True)
class Arithmetic:
    sign: str
    left: Node
    right: Node
    at: int


@dataclass(frozen=True, slots=True)
class Compared:
    sign: str
    left: Node
    right: Node
    at: int


@dataclass(frozen=True, slots=True)
class Not:
    of: Node
    at: int


@dataclass(frozen=True, slots=True)
class Joined:
    """`word` is "and" or "or"."""

    word: str
    parts: tuple[Node, ...]
    at: int


Node: TypeAlias = Number | Name | Call | Negative | Arithmetic | Compared | Not | Joined


@dataclass(frozen=True, slots=True)
class _Word:
    kind: str
    text: str
    at: int


def parse(text: str) -> Node:
    """Raises SyntaxProblem, which says at which character."""
    if len(text) > MOST_CHARACTERS:
        raise SyntaxProblem(f"write at most {MOST_CHARACTERS} characters", MOST_CHARACTERS)
    return _Parser(_words(text), len(text)).whole()


def _words(text: str) -> list[_Word]:
    words: list[_Word] = []
    at = 0
    while text[at:].strip():
        found = _WORD.match(text, at)
        if found is None or found.lastgroup is None:
            at += len(text[at:]) - len(text[at:].lstrip())
            shown = text[at] if text[at].isprintable() else "this"
            raise SyntaxProblem(f"{shown} has no meaning here", at)
        words.append(_Word(found.lastgroup, found[found.lastgroup], found.start(found.lastgroup)))
        at = found.end()
        if len(words) > MOST_WORDS:
            raise SyntaxProblem(f"write at most {MOST_WORDS} words and signs", words[-1].at)
    return words


class _Parser:
    def __init__(self, words: list[_Word], end: int) -> None:
        self._words = words
        self._next = 0
        self._end = end
        self._depth = 0

    def whole(self) -> Node:
        found = self._either()
        if (left := self._peek()) is not None:
            raise SyntaxProblem(f"{left.text} is not expected here", left.at)
        return found

    def _peek(self) -> _Word | None:
        return self._words[self._next] if self._next < len(self._words) else None

    def _take(self, *texts: str) -> _Word | None:
        word = self._peek()
        if word is None or word.kind == "text" or word.text not in texts:
            return None
        self._next += 1
        return word

    def _need(self, text: str, *, after: str) -> _Word:
        if (word := self._take(text)) is not None:
            return word
        found = self._peek()
        raise SyntaxProblem(f"{text} is missing {after}", self._end if found is None else found.at)

    def _deeper(self, part: Callable[[], Node], at: int) -> Node:
        self._depth += 1
        if self._depth > MOST_DEPTH:
            raise SyntaxProblem(f"it is nested more than {MOST_DEPTH} deep", at)
        found = part()
        self._depth -= 1
        return found

    def _either(self) -> Node:
        return self._joined("or", self._each_of)

    def _each_of(self) -> Node:
        return self._joined("and", self._each)

    def _joined(self, word: str, part: Callable[[], Node]) -> Node:
        parts = [part()]
        while self._take(word) is not None:
            parts.append(part())
        return parts[0] if len(parts) == 1 else Joined(word, tuple(parts), parts[0].at)

    def _each(self) -> Node:
        if (word := self._take("not")) is not None:
            return Not(self._deeper(self._each, word.at), word.at)
        return self._compared()

    def _compared(self) -> Node:
        left = self._sum()
        if (sign := self._take(*COMPARISONS)) is None:
            if (wrong := self._take("=")) is not None:
                raise SyntaxProblem("write == to compare", wrong.at)
            return left
        found = Compared(sign.text, left, self._sum(), sign.at)
        if (again := self._take(*COMPARISONS)) is not None:
            raise SyntaxProblem("compare two at a time, joined by `and`", again.at)
        return found

    def _sum(self) -> Node:
        return self._row(("+", "-"), self._product)

    def _product(self) -> Node:
        return self._row(("*", "/"), self._signed)

    def _row(self, signs: tuple[str, ...], part: Callable[[], Node]) -> Node:
        found = part()
        while (sign := self._take(*signs)) is not None:
            found = Arithmetic(sign.text, found, part(), sign.at)
        return found

    def _signed(self) -> Node:
        if (sign := self._take("-")) is not None:
            return Negative(self._deeper(self._signed, sign.at), sign.at)
        return self._atom()

    def _atom(self) -> Node:
        word = self._peek()
        if word is None:
            raise SyntaxProblem("something is missing at the end", self._end)
        self._next += 1
        if word.kind == "number":
            return Number(float(word.text), word.at)
        if word.kind == "word" and word.text not in _RESERVED and not word.text.startswith("0x"):
            if self._take("(") is not None:
                return Call(word.text, self._arguments(word), word.at)
            return Name(word.text, self._chosen(), word.at)
        if word.text == "(" and word.kind == "sign":
            found = self._deeper(self._either, word.at)
            self._need(")", after="after what ( opened")
            return found
        raise SyntaxProblem(f"{word.text} is not expected here", word.at)

    def _arguments(self, function: _Word) -> tuple[Node, ...]:
        found = [self._deeper(self._either, function.at)]
        while self._take(",") is not None:
            found.append(self._deeper(self._either, function.at))
        self._need(")", after=f"after the arguments of {function.text}")
        return tuple(found)

    def _chosen(self) -> tuple[tuple[str, str], ...]:
        if self._take("[") is None:
            return ()
        found: dict[str, str] = {}
        while True:
            key = self._peek()
            if key is None or key.kind != "word":
                raise SyntaxProblem("write a dimension and its value, as in [move=0.01]", self._at)
            self._next += 1
            self._need("=", after=f"after {key.text}")
            value = self._peek()
            if value is None or value.kind == "sign":
                raise SyntaxProblem(f"write a value of {key.text}", self._at)
            self._next += 1
            found[key.text] = value.text.strip('"')
            if self._take(",") is None:
                break
        self._need("]", after="after what [ opened")
        return tuple(sorted(found.items()))

    @property
    def _at(self) -> int:
        word = self._peek()
        return self._end if word is None else word.at
