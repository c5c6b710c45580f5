"""What goes out in one request: a piece of a program, and the calls that it makes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from math import ceil

from watcher.chain.lens_program import Program
from watcher.state import Call

MOST_ANSWER = 4_000_000
"""Bytes that the return caps of one piece may add up to: twice that in hex, and Anvil's limit."""


@dataclass(frozen=True, eq=False)
class Piece:
    """Rows of a program. `sent` keeps the text that a way made of it, by the way's name."""

    program: Program
    calls: tuple[Call, ...]
    sent: dict[str, str] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        return self.program.rows

    def part(self, first: int, count: int) -> Piece:
        """`count` rows from `first` on."""
        start = self.program.calls_before(first)
        stop = self.program.calls_before(first + count)
        return Piece(self.program.part(first, count), self.calls[start:stop])

    def rest(self, first: int) -> Piece:
        return self.part(first, self.rows - first)

    def halves(self) -> tuple[Piece, Piece]:
        half = self.rows // 2
        return self.part(0, half), self.rest(half)

    def cut(self, parts: int) -> Iterator[Piece]:
        """About `parts` pieces of as many rows each."""
        step = ceil(self.rows / parts)
        return (self.part(at, min(step, self.rows - at)) for at in range(0, self.rows, step))
