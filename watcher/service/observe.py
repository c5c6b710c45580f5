"""From a block and targets to observations. One target's failure is a row, never the tick's end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

import structlog

from watcher.chain.collecting import uncollected
from watcher.chain.reader import Reader
from watcher.errors import (
    DecodeError,
    NoCode,
    Quarantined,
    ReadError,
    RevertedCall,
    TooLarge,
    Unavailable,
    WatcherError,
)
from watcher.protocols import ADAPTERS
from watcher.state.block import Block
from watcher.state.call import Answer, Code
from watcher.state.observation import Observation, Status
from watcher.state.target import Target

LOG = structlog.get_logger(__name__)

STATUS_OF: Mapping[type[WatcherError], Status] = {
    RevertedCall: Status.REVERTED,
    NoCode: Status.NO_CODE,
    DecodeError: Status.DECODE_ERROR,
    TooLarge: Status.TOO_LARGE,
    Quarantined: Status.QUARANTINED,
    Unavailable: Status.UNAVAILABLE,
}

DOUBTFUL = frozenset({Status.DECODE_ERROR, Status.REVERTED})
"""What a contract without code looks like as well."""


class Observer:
    """Reads the same targets at one block after the other.

    What is asked is made once; what is answered as it was before is not decoded again, so an
    unchanged target keeps its observation, the same object.
    """

    def __init__(self, reader: Reader, targets: Sequence[Target]) -> None:
        self._reader = reader
        self._asked = [_Asked(target) for target in targets]
        self._calls = [call for asked in self._asked for call in asked.calls]

    async def observe(self, block: Block) -> dict[str, Observation]:
        """Read every target at `block` in one round and decode each, by target id.

        Raises Unavailable or StaleBlock only when the round as a whole got no answer.
        """
        answers = await self._reader.read(block, self._calls)
        with uncollected():
            observed = self._take(answers)
        doubtful = [one.target for one in self._asked if observed[one.id].status in DOUBTFUL]
        return observed | await _without_code(self._reader, block, doubtful)

    def _take(self, answers: list[Answer | ReadError]) -> dict[str, Observation]:
        observed = {}
        whole = set(map(type, answers)) == {Answer}
        at = 0
        for asked in self._asked:
            start, at = at, at + asked.size
            observed[asked.id] = asked.take(answers[start:at], whole=whole)
        return observed


async def observe(
    reader: Reader, block: Block, targets: Sequence[Target]
) -> dict[str, Observation]:
    """As `Observer.observe`, once."""
    return await Observer(reader, targets).observe(block)


class _Asked:
    """One target, its calls, and what they were answered last."""

    def __init__(self, target: Target) -> None:
        adapter = ADAPTERS[target.protocol]
        self.target = target
        self.id = target.id
        self.calls = adapter.calls(target)
        self.size = len(self.calls)
        self._state_of = adapter.decode
        self._answers: list[Answer | ReadError] = []
        self._found: Observation | None = None

    def take(self, answers: list[Answer | ReadError], *, whole: bool) -> Observation:
        """The observation that these answers give; `whole` tells that no ReadError is in them."""
        if self._found is None or answers != self._answers:
            self._found = self._decode(answers, whole)
            self._answers = answers
        return self._found

    def _decode(self, answers: Sequence[Answer | ReadError], whole: bool) -> Observation:
        try:
            answered = cast("Sequence[Answer]", answers) if whole else _answered(answers)
            state = self._state_of(self.target, answered)
        except ReadError as error:
            return Observation(self.id, _status(error), detail=str(error))
        except Exception as error:
            LOG.exception("adapter failed", target=self.id, protocol=self.target.protocol)
            detail = f"the adapter failed with {type(error).__name__}: please report it"
            return Observation(self.id, Status.DECODE_ERROR, detail=detail)
        return Observation(self.id, Status.OK, state)


def _answered(answers: Sequence[Answer | ReadError]) -> list[Answer]:
    found = []
    for answer in answers:
        if isinstance(answer, ReadError):
            raise answer
        found.append(answer)
    return found


def _status(error: ReadError) -> Status:
    for kind in type(error).__mro__:
        if kind in STATUS_OF:
            return STATUS_OF[kind]
    return Status.UNAVAILABLE


async def _without_code(
    reader: Reader, block: Block, doubtful: Sequence[Target]
) -> dict[str, Observation]:
    """A contract that is gone looks like one that answers wrongly: ask for its code."""
    if not doubtful:
        return {}
    answers = await reader.read(block, [Code(target.address) for target in doubtful])
    return {
        target.id: Observation(
            target.id, Status.NO_CODE, detail=f"nothing is deployed at {target.address}"
        )
        for target, answer in zip(doubtful, answers, strict=True)
        if isinstance(answer, Answer) and answer.length == 0
    }
