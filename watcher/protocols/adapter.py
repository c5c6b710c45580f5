"""What an adapter is: how one protocol is recognised, asked and understood. No I/O.

`identify` runs once: it yields lists of calls, receives their answers and returns the Target, or
raises RefusedTarget when the chain contradicts the entry. `calls` is the one round of reads a
block; `decode` turns its answers into the State, or raises a ReadError.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypeAlias

from watcher.state.call import Answer, Call
from watcher.state.kinds import State
from watcher.state.target import Param, Target
from watcher.state.token import Address

Identification: TypeAlias = Generator[list[Call], Sequence[Answer], Target]
Contest: TypeAlias = Generator[list[Call], Sequence[Answer], None]


@dataclass(frozen=True, slots=True)
class Entry:
    """A target as somebody names it, before the chain has confirmed it.

    `options` are already parsed by the adapter's own options; only those that were given are there.
    `expect` is what the chain must confirm beyond the protocol (protocols/expectation.py).
    """

    chain_id: int
    protocol: str
    address: Address
    name: str = ""
    key: str = ""
    options: Mapping[str, Param] = field(default_factory=lambda: MappingProxyType({}))
    expect: Mapping[str, Param | tuple[Address, ...]] = field(
        default_factory=lambda: MappingProxyType({})
    )


@dataclass(frozen=True, slots=True)
class Trial:
    """Options that discovery tries where nobody says them.

    Where `assumes` is a sentence, they are only for reading, and it says why a person must give
    them: the chain does not confirm them.
    """

    options: Mapping[str, Param] = field(default_factory=lambda: MappingProxyType({}))
    assumes: str = ""


@dataclass(frozen=True, slots=True)
class Option:
    """A key that an entry of this protocol may have; `parse` raises ValueError saying what is
    wrong with the value it got."""

    name: str
    parse: Callable[[object], Param]
    help: str


@dataclass(frozen=True, slots=True)
class Adapter:
    """One protocol. `trials` are what discovery tries in turn, the likeliest first; where several
    fit, `contest` asks each once more and raises a ReadError for one that does not. `is_source`:
    it reads prices of contracts that are another protocol's, so that discovery does not try it."""

    protocol: str
    kind: str
    title: str
    identify: Callable[[Entry], Identification]
    calls: Callable[[Target], list[Call]]
    decode: Callable[[Target, Sequence[Answer]], State]
    options: tuple[Option, ...] = ()
    trials: tuple[Trial, ...] = (Trial(),)
    contest: Callable[[Target, State], Contest] | None = None
    is_source: bool = False
