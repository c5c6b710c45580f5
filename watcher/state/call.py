"""What is asked of a node at one block, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from watcher.state.token import Address

DEFAULT_GAS_CAP = 1_000_000
"""Views of the supported protocols use under 200,000 gas; a hostile one is stopped here."""

DEFAULT_RETURN_CAP = 4_096
"""Bytes kept of an answer; the longest answer of a supported interface is a long symbol."""


@dataclass(frozen=True, slots=True)
class Static:
    """A static call of `to`, allowed `gas_cap` gas and `return_cap` bytes of answer."""

    to: Address
    data: bytes
    gas_cap: int = DEFAULT_GAS_CAP
    return_cap: int = DEFAULT_RETURN_CAP


@dataclass(frozen=True, slots=True)
class Code:
    """The code deployed at `address`, at most `return_cap` bytes of it."""

    address: Address
    return_cap: int = 64 * 1024


@dataclass(frozen=True, slots=True)
class Balance:
    """The native balance of `address`, as 32 bytes big-endian."""

    address: Address


@dataclass(frozen=True, slots=True)
class Slot:
    """One storage slot of `address`, as 32 bytes."""

    address: Address
    index: int


Call: TypeAlias = Static | Code | Balance | Slot


class Answer(NamedTuple):
    """`ok` is False when the call reverted. `length` is the answer's full length in bytes:
    where it exceeds `len(data)` the answer was cut at the call's return cap.

    A named tuple: a block makes thousands, and this costs a tenth of a frozen dataclass.
    """

    ok: bool
    data: bytes
    length: int
