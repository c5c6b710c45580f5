"""What a call for Ticks answers: which words of the bitmap were walked, and the ticks in them.

    first word (2), next word to walk (2), last word (2), then for each initialised tick, ascending,
    the tick (3), its net liquidity (16) and its gross liquidity (16)

in bytes, big-endian and signed but for the gross liquidity. The words from the first to the last
were to be walked; a walk is whole when the next word is the one after the last.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, replace

from watcher.errors import DecodeError, TooLarge
from watcher.state.call import Answer, Ticks

WORD_BITS = 256
TICK_SIZE = 35
_WORDS = struct.Struct(">hhh")
_TICK = struct.Struct("3s16s16s")


@dataclass(frozen=True, slots=True)
class TickWalk:
    """Words `first` to `last` were to be walked, those before `reached` were; `rows` are packed."""

    first: int
    reached: int
    last: int
    rows: bytes

    @property
    def whole(self) -> bool:
        return self.reached == self.last + 1

    def then(self, rest: TickWalk) -> TickWalk:
        """This walk and the one that went on from where it ended."""
        return replace(self, reached=rest.reached, rows=self.rows + rest.rows)

    def answer(self, call: Ticks) -> Answer:
        """As the lens answers it; cut at the call's cap."""
        data = _WORDS.pack(self.first, self.reached, self.last) + self.rows
        return Answer(True, data[: return_cap(call)], len(data))

    def ticks(self) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
        """The ticks, and the net and gross liquidity of each."""
        columns = list(zip(*_TICK.iter_unpack(self.rows), strict=True))
        if not columns:
            return (), (), ()
        ticks, net, gross = columns
        return _signed(ticks), _signed(net), tuple(map(int.from_bytes, gross))


def return_cap(call: Ticks) -> int:
    """Bytes of the longest answer that is kept."""
    return _WORDS.size + TICK_SIZE * call.most_ticks


def row(tick: int, *, net: int, gross: int) -> bytes:
    """One tick, packed. Raises OverflowError where a number is none of its type."""
    return (
        tick.to_bytes(3, "big", signed=True)
        + net.to_bytes(16, "big", signed=True)
        + gross.to_bytes(16, "big")
    )


def walk_of(answer: Answer) -> TickWalk:
    """Raises TooLarge or DecodeError: which of a walk's calls failed, and how, is not kept."""
    if not answer.ok:
        raise DecodeError("the walk over the ticks met what is no tick, or a call that reverts")
    if answer.length > len(answer.data):
        raise TooLarge(f"there are more than {len(answer.data) // TICK_SIZE} initialised ticks")
    if answer.length < _WORDS.size or (answer.length - _WORDS.size) % TICK_SIZE:
        raise DecodeError(f"the walk over the ticks answered {answer.length} bytes")
    first, reached, last = _WORDS.unpack_from(answer.data)
    if not first <= reached <= last + 1:
        raise DecodeError(f"the walk over the words {first} to {last} ended at {reached}")
    return TickWalk(first, reached, last, answer.data[_WORDS.size :])


def words_around(call: Ticks, tick: int) -> tuple[int, int] | None:
    """The first and the last word that are to be walked where `tick` is the current one; None where
    it is out of the words that the call asks for."""
    word = tick // call.spacing // WORD_BITS
    first, last = max(call.first_word, word - call.reach), min(call.last_word, word + call.reach)
    return (first, last) if first <= last else None


def _signed(values: Sequence[bytes]) -> tuple[int, ...]:
    return tuple(int.from_bytes(value, signed=True) for value in values)
