"""What many targets ask alike, found in a plain list of calls.

Calls of the same function with the same caps are of one *form*. Where a sequence of forms comes
again and again (`getReserves, balanceOf, balanceOf, totalSupply` for a pair), it is a pattern; all
its repetitions together are one shape. Finding more or fewer patterns changes the length of the
program and the order of its answers, never an answer.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import TypeAlias

from watcher.state import Address, Balance, BlockNumber, BlockTime, Call, Code, Slot, Static, Ticks
from watcher.state.ticks import return_cap as walk_return_cap

WORD = 32
MOST_SLOTS = 64
MOST_PATCHES = 60
MOST_ROWS = 2**16 - 1
MOST_TEMPLATES = 2**16 - 1
LONGEST_PATTERN = 48
_TRIES = 12

_TEMPLATE = struct.Struct(">HBBBHI3s")
_PATCH = struct.Struct(">HH")

Form: TypeAlias = tuple[object, ...]
Pattern: TypeAlias = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Template:
    """One call of a shape. A patch (slot, offset) puts a slot's value into a word of the data."""

    kind: int
    to: int
    gas_cap: int
    return_cap: int
    data: bytes
    patches: tuple[tuple[int, int], ...]

    def encode(self, position: int) -> bytes:
        """Its bytes as the `position`-th call of a row."""
        header = _TEMPLATE.size + _PATCH.size * len(self.patches)
        place = _slot_place(self.to), self.kind, position, header, len(self.data), self.gas_cap
        caps = self.return_cap.to_bytes(3, "big")
        patches = b"".join(_PATCH.pack(_slot_place(slot), at) for slot, at in self.patches)
        return _TEMPLATE.pack(*place, caps) + patches + self.data

    @property
    def longest_answer(self) -> int:
        """Bytes of its longest answer, mark and length included."""
        return 5 + self.return_cap


@dataclass(frozen=True, slots=True)
class Shape:
    """Templates, and for each slot its value for each row."""

    templates: tuple[Template, ...]
    slots: tuple[tuple[int, ...], ...]

    @property
    def rows(self) -> int:
        return len(self.slots[0])

    @property
    def longest_answer(self) -> int:
        """Bytes of one row's longest answers."""
        return sum(template.longest_answer for template in self.templates)

    def encode_templates(self) -> bytes:
        return b"".join(template.encode(i) for i, template in enumerate(self.templates))

    def part(self, start: int, stop: int) -> Shape:
        return Shape(self.templates, tuple(slot[start:stop] for slot in self.slots))


@dataclass(frozen=True, slots=True)
class _Parsed:
    """A call taken apart: what all calls of its form share, its address and its words."""

    kind: int
    gas_cap: int
    return_cap: int
    prefix: bytes
    to: int
    words: tuple[int, ...]

    @property
    def form(self) -> Form:
        return self.kind, self.gas_cap, self.return_cap, self.prefix, len(self.words)


STATIC, CODE, BALANCE, TICKS = range(4)


def shapes_of(calls: Sequence[Call]) -> tuple[list[Shape], list[int]]:
    """Shapes that make all `calls`, and the order in which they do: positions in `calls`."""
    parsed = [_parse(call) for call in calls]
    numbers: dict[Form, int] = {}
    forms = tuple(numbers.setdefault(one.form, len(numbers)) for one in parsed)
    starts: dict[Pattern, list[int]] = {}
    for start, pattern in _rows(forms):
        starts.setdefault(pattern, []).append(start)
    shapes: list[Shape] = []
    order: list[int] = []
    for pattern, where in starts.items():
        for rows in _blocks(where):
            groups = [range(start, start + len(pattern)) for start in rows]
            for shape, made in _shapes([[parsed[i] for i in group] for group in groups], groups):
                shapes.append(shape)
                order += made
    return shapes, order


def _blocks(where: list[int]) -> Iterator[list[int]]:
    return (where[i : i + MOST_ROWS] for i in range(0, len(where), MOST_ROWS))


def _rows(forms: Pattern) -> Iterator[tuple[int, Pattern]]:
    """Where each row starts, and its pattern: the longest known one that fits there."""
    patterns = sorted(_apart(_repeated(forms)), key=len, reverse=True)
    at = 0
    while at < len(forms):
        pattern = next(
            (known for known in patterns if forms[at : at + len(known)] == known),
            forms[at : at + 1],
        )
        yield at, pattern
        at += len(pattern)


def _repeated(forms: Pattern) -> set[Pattern]:
    """Sequences of forms that follow upon themselves, and such sequences inside them."""
    found: set[Pattern] = set()
    at = 0
    while at < len(forms):
        period, covered = _best_period(forms, at)
        if period:
            pattern = forms[at : at + period]
            found |= {pattern} | _repeated(pattern)
        at += covered
    return found


def _apart(patterns: set[Pattern]) -> list[Pattern]:
    """Patterns of several targets (five pairs and a feed, again and again) taken apart. A single
    call that is repeated is no target: a pair asks two balances one after the other."""
    apart: list[Pattern] = []
    for pattern in sorted(patterns, key=lambda one: (len(one), one)):
        pieces = [pattern]
        for known in apart:
            if len(known) > 1:
                pieces = [rest for piece in pieces for rest in _without(piece, known)]
        apart += pieces
    return apart


def _without(pattern: Pattern, known: Pattern) -> list[Pattern]:
    """What is left of a pattern before, between and after a known one."""
    left: list[Pattern] = []
    start = at = 0
    while at < len(pattern):
        if pattern[at : at + len(known)] == known:
            left.append(pattern[start:at])
            at += len(known)
            start = at
        else:
            at += 1
    left.append(pattern[start:])
    return [piece for piece in left if piece]


def _best_period(forms: Pattern, at: int) -> tuple[int, int]:
    """The period whose repetitions from `at` on cover most calls, and how many those are."""
    best, most = 0, 1
    nearby = range(1, min(LONGEST_PATTERN, len(forms) - at - 1) + 1)
    periods = [period for period in nearby if forms[at + period] == forms[at]]
    for period in periods[:_TRIES]:
        last = len(forms) - period
        same = next(n for n in count() if at + n >= last or forms[at + n] != forms[at + n + period])
        covered = period * (same // period + 1)
        if covered > max(most, period):
            best, most = period, covered
    return best, most


def _shapes(
    rows: list[list[_Parsed]], groups: Sequence[range]
) -> Iterator[tuple[Shape, list[int]]]:
    """One shape of all rows; several where one would be more than the lens can hold."""
    shape = _shape(rows)
    if shape is not None:
        yield shape, [i for group in groups for i in group]
    elif len(groups[0]) > 1:
        for j in range(len(groups[0])):
            single = [[row[j]] for row in rows]
            yield from _shapes(single, [group[j : j + 1] for group in groups])
    else:
        for row, group in zip(rows, groups, strict=True):
            yield from _shapes([row], [group])


def _shape(rows: list[list[_Parsed]]) -> Shape | None:
    slots: dict[tuple[int, ...], int] = {}
    templates = []
    for same in zip(*rows, strict=True):
        first = same[0]
        to = slots.setdefault(tuple(call.to for call in same), len(slots))
        patches = []
        for j, word in enumerate(first.words):
            column = tuple(call.words[j] for call in same)
            if any(value != word for value in column):
                offset = len(first.prefix) + WORD * j
                patches.append((slots.setdefault(column, len(slots)), offset))
        data = first.prefix + b"".join(word.to_bytes(WORD, "big") for word in first.words)
        templates.append(
            Template(first.kind, to, first.gas_cap, first.return_cap, data, tuple(patches))
        )
    if len(slots) > MOST_SLOTS or any(len(one.patches) > MOST_PATCHES for one in templates):
        return None
    shape = Shape(tuple(templates), tuple(slots))
    return shape if len(shape.encode_templates()) <= MOST_TEMPLATES else None


def _parse(call: Call) -> _Parsed:
    match call:
        case Static(to, data, gas_cap, return_cap):
            # a selector and whole words, as the ABI has them; anything else is taken as it is
            size = len(data) - len(data) % WORD if len(data) % WORD == 4 else 0
            prefix = data[: len(data) - size]
            words = (data[i : i + WORD] for i in range(len(prefix), len(data), WORD))
            numbers = tuple(int.from_bytes(word, "big") for word in words)
            return _Parsed(STATIC, gas_cap, return_cap, prefix, _number(to), numbers)
        case Code(address, return_cap):
            return _Parsed(CODE, 0, return_cap, b"", _number(address), ())
        case Balance(address):
            return _Parsed(BALANCE, 0, WORD, b"", _number(address), ())
        case Ticks():
            lengths = bytes([len(call.current), len(call.bitmap), len(call.info), 0])
            cap, given = walk_return_cap(call), _walk_words(call)
            return _Parsed(TICKS, call.gas_cap, cap, lengths, _number(call.address), given)
        case Slot() | BlockTime() | BlockNumber():
            raise ValueError("the lens reads neither storage nor what the reader knows")


def _walk_words(call: Ticks) -> tuple[int, ...]:
    """What a walk is given: four numbers, then its three pieces of call data, the last two with
    room for an argument."""
    numbers = (call.first_word, call.last_word, call.reach, call.spacing)
    pieces = (call.current, call.bitmap + bytes(WORD), call.info + bytes(WORD))
    data = b"".join(piece + bytes(-len(piece) % WORD) for piece in pieces)
    words = (data[i : i + WORD] for i in range(0, len(data), WORD))
    return (*(number % 2**256 for number in numbers), *map(int.from_bytes, words))


def _number(address: Address) -> int:
    return int(address, 16)


def _slot_place(slot: int) -> int:
    """Where in its memory the lens keeps a slot."""
    return 0x80 + WORD * slot
