"""Events: how one is declared, and its log read as strictly as its types allow.

Logs come from contracts that may be hostile: one is decoded only when it has exactly the topics and
the length that the event promises; everything else is a DecodeError, never a zero.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

from eth_utils.crypto import keccak

from watcher.errors import DecodeError
from watcher.state.flow import Flow, FlowAmount, FlowKind, Side
from watcher.state.log import Log
from watcher.state.target import Target
from watcher.state.token import Address, to_address

WORD = 32
_DECLARED = re.compile(r"(\w+)\((.*)\)")
_INPUT = re.compile(r"((?:address|bool|bytes32|u?int[0-9]+)(?:\[[0-9]*\])?) (indexed )?\w+")

Field: TypeAlias = int | Address | tuple[int, ...]


@dataclass(frozen=True)
class Event:
    """One event. `inputs` are types and whether each is indexed; arrays are of numbers, the
    addresses in them as numbers too."""

    name: str
    inputs: tuple[tuple[str, bool], ...]

    @cached_property
    def topic(self) -> str:
        types = ",".join(kind for kind, _ in self.inputs)
        return "0x" + keccak(text=f"{self.name}({types})").hex()

    @cached_property
    def _indexed(self) -> tuple[str, ...]:
        return tuple(kind for kind, indexed in self.inputs if indexed)

    @cached_property
    def _plain(self) -> tuple[str, ...]:
        return tuple(kind for kind, indexed in self.inputs if not indexed)

    def values(self, log: Log) -> list[Field]:
        """Every input in its declared order. Raises DecodeError."""
        if len(log.topics) != 1 + len(self._indexed):
            raise DecodeError(f"log {log.index} has {len(log.topics)} topics, which no {self} has")
        words = [bytes.fromhex(topic[2:]) for topic in log.topics[1:]]
        heads = iter([self._value(k, w, log) for k, w in zip(self._indexed, words, strict=True)])
        plain = iter(self._data(log))
        return [next(heads) if indexed else next(plain) for _, indexed in self.inputs]

    def __str__(self) -> str:
        return f"{self.name} event"

    def _data(self, log: Log) -> Iterator[Field]:
        """What is not indexed, laid out as compilers do. Raises DecodeError."""
        data, at, tail = log.data, 0, WORD * sum(map(_width, self._plain))
        found: list[Field] = []
        for kind in self._plain:
            item, _, length = kind.partition("[")
            if not length:
                found.append(self._value(kind, data[at : at + WORD], log))
            elif length != "]":
                found.append(self._row(item, data[at : at + WORD * _width(kind)], log))
            else:
                place, count = (_number(data[p : p + WORD]) for p in (at, tail))
                if place != tail or count > len(data) // WORD:
                    raise self._wrong(log)
                rest = data[tail + WORD : tail + WORD * (1 + count)]
                found.append(self._row(item, rest, log))
                tail += WORD * (1 + count)
            at += WORD * _width(kind)
        if len(data) != tail:
            raise self._wrong(log)
        return iter(found)

    def _row(self, kind: str, data: bytes, log: Log) -> tuple[int, ...]:
        words = [data[at : at + WORD] for at in range(0, len(data), WORD)]
        return tuple(self._number(kind, word, log) for word in words)

    def _value(self, kind: str, word: bytes, log: Log) -> int | Address:
        number = self._number(kind, word, log)
        return to_address(word[12:]) if kind == "address" else number

    def _number(self, kind: str, word: bytes, log: Log) -> int:
        number = int.from_bytes(word, signed=kind.startswith("int"))
        least, most = _range(kind)
        if len(word) != WORD or not least <= number <= most:
            raise self._wrong(log)
        return number

    def _wrong(self, log: Log) -> DecodeError:
        return DecodeError(f"log {log.index} has {len(log.data)} bytes that are no {self}")


@dataclass(frozen=True, slots=True, eq=False)
class Events:
    """What an adapter makes of logs. `topics` are the first topics of the events that it knows.

    `decode` gets the logs of one target in one block, in their order, and gives its flows in order;
    it raises DecodeError where the target's protocol never writes such logs. `emitter` is whose
    logs they are, where that is not the target's own address; `topic1` is then what tells the
    target's own among those.
    """

    topics: tuple[str, ...]
    decode: Callable[[Target, Sequence[Log]], list[Flow]]
    emitter: Callable[[Target], Address] | None = None
    topic1: Callable[[Target], str] | None = None


Reading: TypeAlias = Callable[[Target, Log, list[Field]], Flow | None]
"""One log of a known event as a flow; None where nothing flowed."""


def event(declared: str) -> Event:
    """Of a declaration, "Transfer(address indexed from, address indexed to, uint256 value)"."""
    found = _DECLARED.fullmatch(declared)
    inputs = [_INPUT.fullmatch(one) for one in found[2].split(", ")] if found else [None]
    known = [(one[1], bool(one[2])) for one in inputs if one is not None]
    if found is None or len(known) != len(inputs):
        raise ValueError(f"{declared} declares no event")
    return Event(found[1], tuple(known))


def decoder(readings: Mapping[Event, Reading]) -> Events:
    """Each event read by itself."""
    by_topic = {one.topic: (one, reading) for one, reading in readings.items()}

    def decode(target: Target, logs: Sequence[Log]) -> list[Flow]:
        flows = []
        for log in logs:
            found, reading = by_topic[log.topics[0]]
            flow = reading(target, log, found.values(log))
            if flow is not None:
                flows.append(flow)
        return flows

    return Events(tuple(by_topic), decode)


def flow(
    log: Log, kind: FlowKind, taker: Field | None, amounts: Sequence[FlowAmount]
) -> Flow | None:
    """Amounts of nothing are left out; None where none is left."""
    kept = tuple(one for one in amounts if one.raw or one.side is Side.RESERVE)
    if not kept:
        return None
    return Flow(log.index, kind, taker if isinstance(taker, str) else None, kept)


def both(target: Target, side: Side, amount0: Field, amount1: Field) -> list[FlowAmount]:
    """An amount of each of the target's two tokens."""
    token0, token1 = target.tokens
    return [
        FlowAmount(side, token.address, whole(amount))
        for token, amount in ((token0, amount0), (token1, amount1))
    ]


def signed(target: Target, amount0: Field, amount1: Field) -> list[FlowAmount]:
    """What the pool received of each token, negative where it paid."""
    return [
        FlowAmount(Side.IN if number > 0 else Side.OUT, token.address, abs(number))
        for token, number in zip(target.tokens, map(whole, (amount0, amount1)), strict=True)
    ]


def whole(value: Field) -> int:
    if not isinstance(value, int):
        raise TypeError(f"{value!r} is no number: the event's declaration is not what is read")
    return value


def _width(kind: str) -> int:
    """Words that a type takes where it stands."""
    length = kind.partition("[")[2].rstrip("]")
    return int(length) if length else 1


def _number(word: bytes) -> int:
    return int.from_bytes(word)


def _range(kind: str) -> tuple[int, int]:
    """The least and the greatest value of a one-word type."""
    match kind:
        case "address":
            return 0, (1 << 160) - 1
        case "bool":
            return 0, 1
        case "bytes32":
            return 0, (1 << 256) - 1
    if kind.startswith("uint"):
        return 0, (1 << int(kind[4:])) - 1
    half = 1 << (int(kind.removeprefix("int")) - 1)
    return -half, half - 1
