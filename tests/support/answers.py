"""A chain in a dictionary: what adapters ask is answered from it, without a node."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from watcher.chain.walks import steps
from watcher.protocols import Adapter, Entry
from watcher.protocols.adapter import read
from watcher.state import (
    Address,
    Answer,
    Balance,
    BlockNumber,
    BlockTime,
    Call,
    Code,
    Slot,
    State,
    Static,
    Target,
    Ticks,
)

REVERTED = Answer(ok=False, data=b"", length=0)
EMPTY = Answer(ok=True, data=b"", length=0)


def data(raw: bytes, *, length: int | None = None) -> Answer:
    return Answer(ok=True, data=raw, length=len(raw) if length is None else length)


def words(*values: int) -> Answer:
    """Each value as one word; negative ones in two's complement."""
    return data(b"".join((value % 2**256).to_bytes(32) for value in values))


def text(value: str) -> Answer:
    return data(encode(["string"], [value]))


def address_word(address: Address) -> Answer:
    return words(int(address, 16))


def selector(signature: str) -> bytes:
    return keccak(text=signature)[:4]


Reply = Answer | Callable[[bytes], Answer]


@dataclass
class Fake:
    """One deployed contract: its replies by signature; one that it lacks reverts."""

    replies: Mapping[str, Reply] = field(default_factory=dict)
    code: bytes = b"\x60"
    slots: Mapping[int, int] = field(default_factory=dict)
    native: int = 0

    def answer(self, call_data: bytes) -> Answer:
        for signature, reply in self.replies.items():
            if call_data[:4] == selector(signature):
                return reply if isinstance(reply, Answer) else reply(call_data[4:])
        return REVERTED


@dataclass
class FakeChain:
    """Contracts by address; where none is, calls succeed and answer nothing, as on a chain."""

    contracts: dict[Address, Fake]
    timestamp: int = 0
    number: int = 0

    def answer(self, call: Call) -> Answer:
        match call:
            case Static():
                found = self.contracts.get(call.to)
                return cut(found.answer(call.data), call.return_cap) if found else EMPTY
            case Code():
                found = self.contracts.get(call.address)
                return data(found.code if found else b"")
            case Balance(address):
                found = self.contracts.get(address)
                return words(found.native if found else 0)
            case Slot(address, index):
                found = self.contracts.get(address)
                return words(found.slots.get(index, 0) if found else 0)
            case BlockTime():
                return words(self.timestamp)
            case BlockNumber():
                return words(self.number)
            case Ticks():
                return self.walked(call)

    def walked(self, call: Ticks) -> Answer:
        walk = steps(call)
        wanted = next(walk)
        while True:
            try:
                wanted = walk.send([self.answer(each) for each in wanted])
            except StopIteration as done:
                found: Answer = done.value
                return found

    def answers(self, calls: Sequence[Call]) -> list[Answer]:
        return [self.answer(call) for call in calls]

    def identify(self, adapter: Adapter, entry: Entry) -> Target:
        return drive(adapter, entry, self.answers)

    def read(self, adapter: Adapter, target: Target) -> State:
        return read(adapter, target, self.answers)


def cut(answer: Answer, most: int) -> Answer:
    return Answer(ok=answer.ok, data=answer.data[:most], length=answer.length)


def asked(adapter: Adapter, target: Target, answers: Sequence[Answer]) -> list[Call]:
    """All calls of one reading that is answered so."""
    calls = adapter.calls(target)
    while adapter.follow is not None and len(calls) <= len(answers):
        more = adapter.follow(target, answers[: len(calls)])
        if not more:
            break
        calls = [*calls, *more]
    return calls


def drive(
    adapter: Adapter, entry: Entry, answers: Callable[[Sequence[Call]], Sequence[Answer]]
) -> Target:
    """Run `identify` to its end."""
    asking = adapter.identify(entry)
    try:
        calls = next(asking)
        while True:
            calls = asking.send(answers(calls))
    except StopIteration as done:
        target: Target = done.value
        return target
