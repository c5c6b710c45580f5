"""Calls as a program for the lens, the contract of foundry/src; docs/lens.md shows the bytes.

    planner = Planner()                      # remembers: asking the same calls again costs nothing
    plan = planner.plan(calls)               # only calls for which `fits(call)` is true
    plan.program.encode()                    # what the lens is given, bytes
    plan.program.rows, plan.program.calls    # how many rows, and how many calls, it has
    part = plan.program.part(first, count)   # a program again: so many rows from the first on
    reading = decode(response, part)         # lens_answer: answers of the part's first calls
    part.rows_in(len(reading.answers))       # whole rows among them; the rest is to be asked again
    plan.arrange(answers)                    # answers of the whole program, as `calls` were asked
    plan.calls                               # the distinct calls, in the program's order

Equal calls go out once. What several targets ask alike (the same functions, other addresses and
numbers) becomes one *shape*: the templates of its calls once, then a *row* of a few bytes for each
target. Rows are never split; a call that nothing else is like is a shape of one row.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from operator import itemgetter
from typing import TypeVar

from watcher.chain.lens_shapes import Shape, shapes_of
from watcher.state import Balance, BlockNumber, BlockTime, Call, Code, Slot, Static, Ticks
from watcher.state.ticks import return_cap as walk_return_cap

T = TypeVar("T")

MOST_GAS = 2**32 - 1
MOST_RETURN = 2**24 - 1
MOST_DATA = 2**15
MOST_PIECE = 2**8 - 1
HEADER_SIZE = 52
"""Bytes before the first answer: count, block number, timestamp, parent hash."""

_SHAPE = struct.Struct(">BBHHI")
_MOST_TABLE = 2**16 - 1
_INDEX_WIDTH = 2
_REMEMBERED = 8


def fits(call: Call) -> bool:
    """Whether the lens can make this call; storage slots, and excessive caps or data, go another
    way."""
    match call:
        case Static(_, data, gas_cap, return_cap):
            return (
                len(data) <= MOST_DATA
                and 0 <= gas_cap <= MOST_GAS
                and 0 <= return_cap <= MOST_RETURN
            )
        case Code(_, return_cap):
            return 0 <= return_cap <= MOST_RETURN
        case Ticks():
            pieces = (call.current, call.bitmap, call.info)
            return (
                0 <= call.gas_cap <= MOST_GAS
                and 0 <= walk_return_cap(call) <= MOST_RETURN
                and all(len(piece) <= MOST_PIECE for piece in pieces)
            )
        case Balance():
            return True
        case Slot() | BlockTime() | BlockNumber():
            return False


@dataclass(frozen=True)
class Program:
    """Shapes and their rows, in the order in which the lens answers. No two calls are equal."""

    shapes: tuple[Shape, ...]

    @cached_property
    def rows(self) -> int:
        return sum(shape.rows for shape in self.shapes)

    @cached_property
    def calls(self) -> int:
        return sum(shape.rows * len(shape.templates) for shape in self.shapes)

    @cached_property
    def longest_answer(self) -> int:
        """Bytes of the longest response that the return caps admit."""
        return HEADER_SIZE + sum(shape.rows * shape.longest_answer for shape in self.shapes)

    def part(self, first: int, count: int) -> Program:
        """`count` rows from `first` on, as a program of its own."""
        shapes = []
        for shape in self.shapes:
            start, stop = max(0, first), min(first + count, shape.rows)
            if start < stop:
                shapes.append(shape.part(start, stop))
            first -= shape.rows
        return Program(tuple(shapes))

    def calls_before(self, row: int) -> int:
        """The number of calls of the first `row` rows."""
        calls = 0
        for shape in self.shapes:
            taken = min(row, shape.rows)
            calls += taken * len(shape.templates)
            row -= taken
        return calls

    def rows_in(self, calls: int) -> int:
        """How many rows are whole among the first `calls` calls."""
        rows = 0
        for shape in self.shapes:
            taken = min(calls // len(shape.templates), shape.rows)
            rows += taken
            calls -= taken * len(shape.templates)
            if taken < shape.rows:
                break
        return rows

    def encode(self) -> bytes:
        """The bytes that the lens reads; made once."""
        return self._encoded

    @cached_property
    def _encoded(self) -> bytes:
        table: dict[int, int] = {}
        shapes = [_encode_shape(shape, table) for shape in self.shapes]
        addresses = [address.to_bytes(20, "big") for address in table]
        return b"".join([struct.pack(">H", len(table)), *addresses, *shapes])


@dataclass(frozen=True)
class Plan:
    """A program, the distinct `calls` in its order, and how its answers go back to the calls that
    were asked: the i-th asked is the program's `order[i]`-th."""

    program: Program
    calls: tuple[Call, ...]
    order: tuple[int, ...]

    def arrange(self, answers: Sequence[T]) -> list[T]:
        """Answers of the whole program, in the order of the calls that were asked."""
        if len(answers) != len(self.calls):
            raise ValueError(f"{len(answers)} answers for a program of {len(self.calls)} calls")
        if len(self.order) < 2:
            return [answers[i] for i in self.order]
        return list(itemgetter(*self.order)(answers))


def make_plan(calls: Sequence[Call]) -> Plan:
    """Raises ValueError for a call that the lens cannot make: see `fits`."""
    for call in calls:
        if not fits(call):
            raise ValueError(f"the lens cannot make this call: {call}")
    distinct = list(dict.fromkeys(calls))
    shapes, sequence = shapes_of(distinct)
    ordered = tuple(distinct[i] for i in sequence)
    place = {call: position for position, call in enumerate(ordered)}
    return Plan(Program(tuple(shapes)), ordered, tuple(place[call] for call in calls))


class Planner:
    """Remembers the plans of the last few lists of calls, by the calls themselves."""

    def __init__(self) -> None:
        self._known: list[tuple[tuple[Call, ...], Plan]] = []

    def plan(self, calls: Sequence[Call]) -> Plan:
        """Microseconds when the same call objects were asked before. Raises ValueError."""
        asked = tuple(calls)
        for i, (known, plan) in enumerate(self._known):
            if known == asked:
                self._known.append(self._known.pop(i))
                return plan
        plan = make_plan(asked)
        self._known = [*self._known[1 - _REMEMBERED :], (asked, plan)]
        return plan


def _encode_shape(shape: Shape, table: dict[int, int]) -> bytes:
    widths, columns = [], []
    for slot in shape.slots:
        width, column = _encode_slot(slot, table)
        widths.append(width)
        columns.append(column)
    templates = shape.encode_templates()
    head = _SHAPE.pack(
        len(shape.templates),
        len(shape.slots),
        shape.rows,
        len(templates),
        shape.longest_answer,
    )
    rows = b"".join(chain.from_iterable(zip(*columns, strict=True)))
    return head + bytes(widths) + templates + rows


def _encode_slot(slot: Sequence[int], table: dict[int, int]) -> tuple[int, list[bytes]]:
    """One slot's values of all rows: in place, or where that is shorter by the address table."""
    width = max(1, (max(slot).bit_length() + 7) // 8)
    new = set(slot) - table.keys()
    shorter = _INDEX_WIDTH * len(slot) + 20 * len(new) < width * len(slot)
    if width > 20 or not shorter or len(table) + len(new) > _MOST_TABLE:
        return width, [value.to_bytes(width, "big") for value in slot]
    for value in slot:
        table.setdefault(value, len(table))
    return 0, [table[value].to_bytes(_INDEX_WIDTH, "big") for value in slot]
