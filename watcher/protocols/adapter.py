"""What an adapter is: how one protocol is recognised, asked and understood. No I/O.

`identify` runs once: it yields lists of calls, receives their answers and returns the Target, or
raises RefusedTarget when the chain contradicts the entry. `calls` is the one round of reads a
block; `decode` turns its answers into the State, or raises a ReadError. Where answers decide what
else must be asked, `follow` says it; whoever reads block after block asks all of it at once again,
so that a second round is needed only where something changed.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypeAlias

from watcher.protocols.events import Events
from watcher.protocols.interface import Views
from watcher.state.call import Answer, Call
from watcher.state.finding import Action
from watcher.state.kinds import State
from watcher.state.sending import Sending
from watcher.state.target import Param, Target
from watcher.state.token import Address

Identification: TypeAlias = Generator[list[Call], Sequence[Answer], Target]
Contest: TypeAlias = Generator[list[Call], Sequence[Answer], None]
Encode: TypeAlias = Callable[[Action, Target, State, Address], list[Sending]]
"""The calls by which an actor takes a step at a target, whose state is that before the plan. Raises
NotEncoded."""


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
    wrong with the value it got. `wish`: it says what somebody wants of the target, which no chain
    knows, so that discovery does without."""

    name: str
    parse: Callable[[object], Param]
    help: str
    wish: bool = False


Columns: TypeAlias = Sequence[Sequence[int]]
"""Numbers of several targets: a column for each number, in it one of each target."""


@dataclass(frozen=True, slots=True, eq=False)
class Together:
    """How many targets are decoded at once: what `decode` gives for each, in a third of the time.

    `views` are those that `calls` asks, in its order. `facts` are the numbers that every state of a
    target repeats; it raises a ReadError where `decode` does for the target's sake. `states` makes
    states of the views' results and the facts, both in columns, and raises nothing.
    """

    views: Views
    facts: Callable[[Target], tuple[int, ...]]
    states: Callable[[Columns, Columns], Sequence[State]]


@dataclass(frozen=True, slots=True)
class Adapter:
    """One protocol. `trials` are what discovery tries in turn, the likeliest first; where several
    fit, `contest` asks each once more and raises a ReadError for one that does not. `is_source`:
    it reads prices of contracts that are another protocol's, so that discovery does not try it.

    `follow` gives the calls that all answers so far lead to, none when the reading is whole; it
    raises a ReadError as `decode` would. `named` targets are made by whoever names them: the name
    is their key, no code need stand at their address, and discovery has no trials of them. `key`
    makes a target's key of its options, where many stand at one address; "" of too few. `keeps`
    says whether a target as it was identified earlier is still right beside what the entry is
    identified as now, so that equal blocks give equal states whoever reads them when.
    `together` is worth having for a protocol of which thousands are watched. `events` are those of
    which its targets' flows are made. `encode` makes calls of an attack's steps, for simulations
    alone. `not_covered` are sentences: what its states do not know, and why.
    """

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
    follow: Callable[[Target, Sequence[Answer]], list[Call]] | None = None
    named: bool = False
    key: Callable[[Mapping[str, Param]], str] | None = None
    keeps: Callable[[Entry, Target, Target], bool] | None = None
    together: Together | None = None
    events: Events | None = None
    encode: Encode | None = None
    not_covered: tuple[str, ...] = ()


def read(
    adapter: Adapter, target: Target, ask: Callable[[Sequence[Call]], Sequence[Answer]]
) -> State:
    """One whole reading, round by round as `ask` answers. Raises ReadError."""
    answers: list[Answer] = []
    calls = adapter.calls(target)
    while calls:
        answers += ask(calls)
        calls = adapter.follow(target, answers) if adapter.follow else []
    return adapter.decode(target, answers)
