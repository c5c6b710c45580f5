"""What a scene is given, and what it hands over block by block."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random
from typing import TypeAlias

from watcher.devnet.draft import Draft
from watcher.devnet.local_chain import Reader, Transaction
from watcher.devnet.moves.feeds import keep_heartbeats
from watcher.devnet.world import World


@dataclass(frozen=True, slots=True)
class Step:
    """One block to mine and what happens in it, for people.

    A block that is not announced belongs to a branch that has not outgrown the old one yet: nobody
    is told of it before the next block that is.
    """

    text: str
    transactions: tuple[Transaction, ...]
    seconds: int
    announced: bool = True


@dataclass(frozen=True, slots=True)
class RollBack:
    """The chain loses its newest blocks before the scene goes on."""

    blocks: int


@dataclass(frozen=True, slots=True)
class Stage:
    """The world as a scene finds it; all chance comes from `random`."""

    world: World
    reader: Reader
    random: Random

    def draft(self, *, seconds: int | None = None) -> Draft:
        """The next block, on top of the head as it is now, with the answers that are due."""
        draft = Draft(self.world, self.reader, seconds=seconds)
        keep_heartbeats(draft)
        return draft


def step(draft: Draft, text: str, *, announced: bool = True) -> Step:
    """The draft as it stands, to be mined."""
    return Step(text, tuple(draft.transactions), draft.seconds, announced=announced)


Play: TypeAlias = Callable[[Stage, int], Iterator[Step | RollBack]]


@dataclass(frozen=True, slots=True)
class Scene:
    """A scene fills any number of announced blocks from `shortest` to `longest`."""

    name: str
    play: Play
    shortest: int
    longest: int
