"""Let the chain confirm what the configuration says about each target."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from watcher.chain.headers import Headers
from watcher.chain.reader import Reader
from watcher.errors import ReadError, StaleBlock, WatcherError
from watcher.protocols import ADAPTERS, Entry, Identification
from watcher.protocols.expectation import contradiction
from watcher.state.block import Block
from watcher.state.call import Answer, Call
from watcher.state.target import Target

LOG = structlog.get_logger(__name__)

REORGS = 3
"""Reorgs in a row that identification bears."""


@dataclass(frozen=True, slots=True)
class Identified:
    """What came of one entry: a target, or the sentence why not, after so many rounds of calls."""

    entry: Entry
    target: Target | None
    refusal: str = ""
    rounds: int = 0


async def identify_at_head(
    headers: Headers, reader: Reader, entries: Sequence[Entry]
) -> list[Identified]:
    """All answers of one block: of a new head where a reorg takes the first away meanwhile.

    Raises StaleBlock when that goes on.
    """
    for _ in range(REORGS):
        try:
            return await identify(reader, await headers.head(), entries)
        except StaleBlock as error:
            LOG.info("chain changed while targets were identified", detail=str(error))
    return await identify(reader, await headers.head(), entries)


async def identify(reader: Reader, block: Block, entries: Sequence[Entry]) -> list[Identified]:
    """Ask all entries' questions side by side, one read a round.

    Raises Unavailable when the node gives no answer at all.
    """
    walks = [_Walk(entry) for entry in entries]
    while asking := [walk for walk in walks if walk.calls]:
        calls = list(dict.fromkeys(call for walk in asking for call in walk.calls))
        answers = dict(zip(calls, await reader.read(block, calls), strict=True))
        for walk in asking:
            walk.take([answers[call] for call in walk.calls])
    return [walk.result() for walk in walks]


class _Walk:
    """One identification under way: `calls` are what it asks next, none when it has ended."""

    def __init__(self, entry: Entry) -> None:
        self.entry = entry
        self.calls: list[Call] = []
        self._rounds = 0
        self._target: Target | None = None
        self._refusal = ""
        self._generator: Identification = ADAPTERS[entry.protocol].identify(entry)
        self._advance(None)

    def take(self, answers: Sequence[Answer | ReadError]) -> None:
        self._rounds += 1
        failed = next((answer for answer in answers if isinstance(answer, ReadError)), None)
        if failed is not None:
            self._end(f"could not be read: {failed}")
            return
        self._advance([answer for answer in answers if isinstance(answer, Answer)])

    def result(self) -> Identified:
        return Identified(self.entry, self._target, self._refusal, self._rounds)

    def _advance(self, answers: Sequence[Answer] | None) -> None:
        try:
            # A generator is started by sending None, which its type does not say.
            self.calls = next(self._generator) if answers is None else self._generator.send(answers)
        except StopIteration as stop:
            self.calls = []
            self._confirm(stop.value)
        except WatcherError as error:
            self._end(str(error))

    def _confirm(self, target: Target) -> None:
        problem = contradiction(self.entry, target)
        if problem is not None:
            self._refusal = problem
        else:
            self._target = target

    def _end(self, refusal: str) -> None:
        self.calls = []
        self._refusal = refusal
        self._generator.close()
