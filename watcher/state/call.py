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


@dataclass(frozen=True, slots=True)
class BlockTime:
    """The block's own time, in seconds, as 32 bytes: what its contracts compute with. The reader
    knows it and asks nobody; `address` is the contract that is read with it."""

    address: Address


@dataclass(frozen=True, slots=True)
class BlockNumber:
    """The block's own number, as 32 bytes, for contracts that count blocks. As BlockTime, the
    reader knows it and asks nobody."""

    address: Address


DEFAULT_MOST_TICKS = 6_000
"""Initialised ticks kept of a pool: the busiest pools of Ethereum have some 1,500."""

DEFAULT_TICK_GAS_CAP = 60_000
"""A word of the bitmap takes 3,000 gas and a tick 10,000; forks keep more beside a tick."""


@dataclass(frozen=True, slots=True)
class Ticks:
    """The initialised ticks of a pool, found by its bitmap; `watcher.state.ticks` reads the answer.

    Words `first_word` to `last_word` are walked, each of 256 multiples of `spacing`; where
    `current` is given, only those that are `reach` words or less from the word of the current tick.
    `current` is the call data whose answer has that tick as its second word. `bitmap` and `info`
    are what stands before the last argument in the call data for a word of the bitmap, and for a
    tick's gross and net liquidity. Each of these calls is allowed `gas_cap`.
    """

    address: Address
    spacing: int
    first_word: int
    last_word: int
    bitmap: bytes
    info: bytes
    current: bytes = b""
    reach: int = 0
    gas_cap: int = DEFAULT_TICK_GAS_CAP
    most_ticks: int = DEFAULT_MOST_TICKS


Plain: TypeAlias = Static | Code | Balance | Slot
"""What a node answers to a single request."""

Known: TypeAlias = BlockTime | BlockNumber
"""What the reader knows of the block and asks nobody."""

Call: TypeAlias = Plain | Ticks | Known


class Answer(NamedTuple):
    """`ok` is False when the call reverted. `length` is the answer's full length in bytes:
    where it exceeds `len(data)` the answer was cut at the call's return cap.

    A named tuple: a block makes thousands, and this costs a tenth of a frozen dataclass.
    """

    ok: bool
    data: bytes
    length: int
