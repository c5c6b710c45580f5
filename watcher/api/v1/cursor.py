"""Where a page goes on, as a text that only this program reads."""

from __future__ import annotations

import base64
import binascii
import json
import re

from watcher.api.failures import Refusal
from watcher.store.paging import Position

LONGEST = 1_000
BIGGEST = 2**63 - 1

_HASH = re.compile(r"0x[0-9a-f]{64}")


def position_to_cursor(position: Position | None) -> str | None:
    if position is None:
        return None
    return _encode([position.number, position.hash, position.name, position.dims])


def position_of(cursor: str | None) -> Position | None:
    """Raises Refusal where the cursor is none that was given."""
    if cursor is None:
        return None
    match _decode(cursor):
        case [int(number), str(block_hash), str(name), str(dims)] if (
            _is_number(number)
            and _HASH.fullmatch(block_hash)
            and is_storable(name)
            and is_storable(dims)
        ):
            return Position(number, block_hash, name, dims)
        case _:
            raise _bad()


def number_to_cursor(number: int | None) -> str | None:
    return None if number is None else _encode([number])


def number_of(cursor: str | None) -> int | None:
    if cursor is None:
        return None
    match _decode(cursor):
        case [int(number)] if _is_number(number):
            return number
        case _:
            raise _bad()


def pair_to_cursor(pair: tuple[int, int] | None) -> str | None:
    return None if pair is None else _encode(list(pair))


def pair_of(cursor: str | None) -> tuple[int, int] | None:
    if cursor is None:
        return None
    match _decode(cursor):
        case [int(first), int(second)] if _is_number(first) and _is_number(second):
            return first, second
        case _:
            raise _bad()


def _encode(parts: list[int | str]) -> str:
    text = json.dumps(parts, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _decode(cursor: str) -> object:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        return json.loads(base64.b64decode(padded.encode("ascii"), altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, RecursionError):
        raise _bad() from None


def _is_number(number: int) -> bool:
    """JSON's true is one of Python's integers, and no database takes more than 64 bits."""
    return not isinstance(number, bool) and 0 <= number <= BIGGEST


def is_storable(text: str) -> bool:
    """Whether both databases take it: no NUL, and no half surrogate, which JSON may spell out."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in text


def _bad() -> Refusal:
    return Refusal(422, "cursor: give the `next` of the page before, unchanged, or leave it out")
