"""The lens in Python, written from docs/lens.md alone: it runs programs on made answers."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from eth_utils.crypto import keccak

from watcher.state import (
    Address,
    Answer,
    Balance,
    BlockNumber,
    BlockTime,
    Call,
    Code,
    Slot,
    Static,
    Ticks,
    to_address,
)

SLOTS_AT = 128
PARENT = bytes(range(32))


class Bytes:
    """Numbers and bytes, one after the other."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def take(self, size: int) -> bytes:
        assert self.at + size <= len(self.data), "the program ends too early"
        self.at += size
        return self.data[self.at - size : self.at]

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size), "big")


@dataclass(frozen=True)
class Template:
    slot: int
    kind: int
    gas_cap: int
    return_cap: int
    patches: tuple[tuple[int, int], ...]
    data: bytes

    def call(self, slots: list[int]) -> Call:
        data = bytearray(self.data)
        for slot, offset in self.patches:
            assert offset + 32 <= len(data)
            data[offset : offset + 32] = slots[slot].to_bytes(32, "big")
        to = to_address(f"0x{slots[self.slot]:040x}")
        match self.kind:
            case 0:
                return Static(to, bytes(data), self.gas_cap, self.return_cap)
            case 1:
                return Code(to, self.return_cap)
            case 2:
                return Balance(to)
            case _:
                return walk(to, bytes(data), self.gas_cap, self.return_cap)


def walk(to: Address, data: bytes, gas_cap: int, return_cap: int) -> Ticks:
    """A call for ticks, from what it is given."""
    reader = Bytes(data)
    sizes = [reader.number(1) for _ in range(4)]
    assert sizes.pop() == 0
    first, last, reach, spacing = (
        int.from_bytes(reader.take(32), "big", signed=True) for _ in range(4)
    )
    fields = [reader.take(-(-size // 32) * 32) for size in (sizes[0], sizes[1] + 32, sizes[2] + 32)]
    assert reader.at == len(data)
    current, bitmap, info = (field[:size] for field, size in zip(fields, sizes, strict=True))
    assert all(not any(field[size:]) for field, size in zip(fields, sizes, strict=True))
    assert (return_cap - 6) % 35 == 0
    return Ticks(
        to, spacing, first, last, bitmap, info, current, reach, gas_cap, (return_cap - 6) // 35
    )


def calls_of(program: bytes) -> Iterator[Call]:
    """The calls that a program makes, in its order."""
    reader = Bytes(program)
    table = [reader.number(20) for _ in range(reader.number(2))]
    while reader.at < len(program):
        calls, slots, rows, size = (reader.number(n) for n in (1, 1, 2, 2))
        room = reader.number(4)
        widths = [reader.number(1) for _ in range(slots)]
        assert slots <= 64
        assert rows > 0
        templates = list(_templates(Bytes(reader.take(size))))
        assert len(templates) == calls
        assert room == sum(5 + template.return_cap for template in templates)
        for _ in range(rows):
            row = [reader.number(width) if width else table[reader.number(2)] for width in widths]
            yield from (template.call(row) for template in templates)


def _templates(reader: Bytes) -> Iterator[Template]:
    position = 0
    while reader.at < len(reader.data):
        slot, kind, where, header, size, gas_cap, return_cap = (
            reader.number(n) for n in (2, 1, 1, 1, 2, 4, 3)
        )
        assert where == position
        patches = tuple(
            (_slot(reader.number(2)), reader.number(2)) for _ in range((header - 14) // 4)
        )
        yield Template(_slot(slot), kind, gas_cap, return_cap, patches, reader.take(size))
        position += 1


def _slot(place: int) -> int:
    assert place >= SLOTS_AT
    assert place % 32 == 0
    return (place - SLOTS_AT) // 32


def full_answer(call: Call) -> tuple[bool, bytes]:
    """What a made chain answers: the same call always the same, of all lengths, some reverted."""
    seed = keccak(repr(call).encode())
    match call:
        case Balance():
            return True, seed
        case Slot() | BlockTime() | BlockNumber():
            raise AssertionError("no lens reads storage or what is known of the block")
    if isinstance(call, Ticks):
        rows = seed * 40
        words = call.first_word, call.last_word + 1, call.last_word
        data = struct.pack(">hhh", *words) + rows[: 35 * (seed[0] % 8)]
        return seed[2] >= 32, data if seed[2] >= 32 else b""
    length = seed[1] * 32 if seed[0] < 64 else seed[1] if seed[0] < 128 else (seed[1] % 5) * 32
    ok = seed[2] >= 32 or isinstance(call, Code)
    return ok, (seed * (length // 32 + 1))[:length]


def expected(call: Call) -> Answer:
    ok, data = full_answer(call)
    return Answer(ok, data[: cap_of(call)], len(data))


def cap_of(call: Call) -> int:
    match call:
        case Static(return_cap=cap) | Code(return_cap=cap):
            return cap
        case Ticks():
            return 6 + 35 * call.most_ticks
        case _:
            return 32


def packed(call: Call, answer: Answer) -> bytes:
    """One answer in the lens's form."""
    words, rest = divmod(answer.length, 32)
    whole = not rest and words < 128 and answer.length == len(answer.data)
    if answer.ok and whole and not isinstance(call, (Code, Ticks)):
        return bytes([words]) + answer.data
    return bytes([0x80 + answer.ok]) + answer.length.to_bytes(4, "big") + answer.data


def header(count: int, *, number: int = 7, timestamp: int = 9) -> bytes:
    return (
        count.to_bytes(4, "big") + number.to_bytes(8, "big") + timestamp.to_bytes(8, "big") + PARENT
    )


def response(
    program: bytes,
    *,
    stop_after: int | None = None,
    answer: Callable[[Call], Answer] = expected,
) -> bytes:
    """What the lens answers; after `stop_after` calls its gas has run short."""
    calls = list(calls_of(program))[:stop_after]
    return header(len(calls)) + b"".join(packed(call, answer(call)) for call in calls)


def with_word(
    program: bytes, answered: bytes, *, to: str, selector: bytes, word: int, by: int
) -> bytes:
    """An answer in which one word of what `to` answers to `selector` is `by` too high."""
    changed = bytearray(answered)
    at = 52
    for call in calls_of(program):
        mark = answered[at]
        length, start = 32 * mark, at + 1
        if mark >= 128:
            assert not isinstance(call, Balance | Slot)
            full = int.from_bytes(answered[at + 1 : at + 5], "big")
            length, start = min(full, cap_of(call)), at + 5
        at = start + length
        asked = isinstance(call, Static) and call.to.lower() == to.lower()
        if asked and isinstance(call, Static) and call.data.startswith(selector) and mark < 128:
            place = slice(start + 32 * word, start + 32 * word + 32)
            changed[place] = (int.from_bytes(answered[place], "big") + by).to_bytes(32, "big")
    return bytes(changed)
