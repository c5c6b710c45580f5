"""What the lens answers, as Answers; docs/lens.md shows the bytes.

    reading = decode(response, program)   # program: lens_program.Program, or a part of one
    reading.answers                       # of the program's first calls, in its order
    reading.complete(program)             # False where the gas did not suffice for all of them

Strict: a response that the lens cannot have given to this program is a DecodeError. Where rows
follow each other that all answered alike (the common case), they are taken apart together.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, cycle, repeat

from watcher.chain import lens_shapes
from watcher.chain.lens_program import Program
from watcher.chain.lens_shapes import WORD, Template
from watcher.errors import DecodeError
from watcher.state import Answer

HEADER = struct.Struct(">IQQ32s")
_LONG = 0x80
_LONG_OK = 0x81
_MOST_WORDS = 0x7F
_LENGTH = struct.Struct(">I")
_FIRST_REACH = 16


@dataclass(frozen=True, slots=True)
class Reading:
    """The block that the lens saw (its number is the L1's on some L2s), and the answers of the
    program's first calls."""

    block_number: int
    timestamp: int
    parent_hash: str
    answers: list[Answer]

    def complete(self, program: Program) -> bool:
        return len(self.answers) == program.calls


def decode(response: bytes, program: Program) -> Reading:
    """Raises DecodeError for anything but a whole answer to this program."""
    if len(response) < HEADER.size:
        raise DecodeError(f"the lens answered {len(response)} bytes, less than its header")
    count, number, timestamp, parent_hash = HEADER.unpack_from(response)
    if count > program.calls:
        raise DecodeError(f"the lens answered {count} calls where {program.calls} were asked")
    answers: list[Answer] = []
    at = HEADER.size
    for shape in program.shapes:
        wanted = min(count - len(answers), shape.rows * len(shape.templates))
        at = _decode_shape(response, at, shape.templates, wanted, answers)
    if at != len(response):
        raise DecodeError(f"the lens's answer goes on for {len(response) - at} bytes after its end")
    return Reading(number, timestamp, "0x" + parent_hash.hex(), answers)


def _decode_shape(
    response: bytes, at: int, templates: Sequence[Template], wanted: int, answers: list[Answer]
) -> int:
    """Append the answers of `wanted` calls of one shape; where they end."""
    rows, rest = divmod(wanted, len(templates))
    reach = _FIRST_REACH  # not further than twice what was alike: each byte is looked at once or so
    while rows:
        first = len(answers)
        at = _decode_calls(response, at, templates, answers)
        rows -= 1
        layout = _layout_of(answers[first:], templates)
        if layout is None or not rows:
            continue
        most = min(rows, reach)
        alike = layout.rows_alike(response, at, most)
        end = at + alike * layout.size
        answers += layout.answers(response[at:end])
        at, rows = end, rows - alike
        reach = 2 * reach if alike == most else _FIRST_REACH
    return _decode_calls(response, at, templates[:rest], answers)


def _decode_calls(
    response: bytes, at: int, templates: Sequence[Template], answers: list[Answer]
) -> int:
    """Append one answer for each template; where they end."""
    for template in templates:
        ok, length, start = _status(response, at, template)
        at = start + min(length, template.return_cap)
        if at > len(response):
            raise DecodeError(f"the lens's answer ends in the middle of call {len(answers) + 1}")
        answers.append(Answer(ok, response[start:at], length))
    return at


def _status(response: bytes, at: int, template: Template) -> tuple[bool, int, int]:
    """Whether a call succeeded, its full length, and where its bytes begin. Only the one form that
    the lens gives to such an answer is taken."""
    if at >= len(response):
        raise DecodeError("the lens's answer ends before all calls that it counts")
    mark = response[at]
    ok, length, start = True, WORD * mark, at + 1
    if mark >= _LONG:
        ok, start = mark == _LONG_OK, start + _LENGTH.size
        if start > len(response):
            raise DecodeError("the lens's answer ends in the middle of a call's length")
        (length,) = _LENGTH.unpack_from(response, at + 1)
    if not _may_have(mark, template) or (mark < _LONG) != _is_short(ok, length, template):
        raise DecodeError(f"the lens's answer has a mark that cannot be at byte {at}: {mark}")
    return ok, length, start


def _may_have(mark: int, template: Template) -> bool:
    match template.kind:
        case lens_shapes.BALANCE:
            return mark == 1
        case lens_shapes.CODE:
            return mark == _LONG_OK
        case lens_shapes.TICKS:
            return mark in (_LONG, _LONG_OK)
    return mark <= _LONG_OK


def _is_short(ok: bool, length: int, template: Template) -> bool:
    """Whether the lens marks such an answer by its number of words alone."""
    whole = length % WORD == 0 and length <= WORD * _MOST_WORDS
    may = template.kind not in (lens_shapes.CODE, lens_shapes.TICKS)
    return ok and whole and length <= template.return_cap and may


@dataclass(frozen=True, slots=True)
class _Layout:
    """How rows look whose answers are all whole words: the marks and where they are."""

    size: int
    marks: tuple[tuple[int, bytes], ...]
    lengths: tuple[int, ...]
    fields: struct.Struct

    def rows_alike(self, response: bytes, at: int, most: int) -> int:
        """How many of the next `most` rows look so."""
        alike = min(most, (len(response) - at) // self.size)
        for offset, mark in self.marks:
            marks = response[at + offset : at + alike * self.size : self.size]
            alike = len(marks) - len(marks.lstrip(mark))
        return alike

    def answers(self, rows: bytes) -> Iterator[Answer]:
        datas = chain.from_iterable(self.fields.iter_unpack(rows))
        values = zip(repeat(True), datas, cycle(self.lengths), strict=False)
        return map(_new_answer, repeat(Answer), values)  # all in C: it runs for each call


_new_answer: Callable[[type[Answer], tuple[bool, bytes, int]], Answer] = tuple.__new__


def _layout_of(answers: Sequence[Answer], templates: Sequence[Template]) -> _Layout | None:
    """The layout of one row's answers; None where one of them is not marked by its words."""
    for answer, template in zip(answers, templates, strict=True):
        if not _is_short(answer.ok, answer.length, template):
            return None
    return _layout(tuple(answer.length for answer in answers))


@lru_cache(maxsize=256)
def _layout(lengths: tuple[int, ...]) -> _Layout:
    marks, at = [], 0
    for length in lengths:
        marks.append((at, bytes([length // WORD])))
        at += 1 + length
    fields = struct.Struct("".join(f"x{length}s" for length in lengths))
    return _Layout(at, tuple(marks), lengths, fields)
