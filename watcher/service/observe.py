"""From a block and targets to observations. One target's failure is a row, never the tick's end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import structlog

from watcher.chain.reader import Reader
from watcher.errors import (
    DecodeError,
    NoCode,
    ReadError,
    RevertedCall,
    TooLarge,
    Unavailable,
    WatcherError,
)
from watcher.protocols import ADAPTERS
from watcher.state.block import Block
from watcher.state.call import Answer, Call, Code
from watcher.state.observation import Observation, Status
from watcher.state.target import Target

LOG = structlog.get_logger(__name__)

STATUS_OF: Mapping[type[WatcherError], Status] = {
    RevertedCall: Status.REVERTED,
    NoCode: Status.NO_CODE,
    DecodeError: Status.DECODE_ERROR,
    TooLarge: Status.TOO_LARGE,
    Unavailable: Status.UNAVAILABLE,
}


async def observe(
    reader: Reader, block: Block, targets: Sequence[Target]
) -> dict[str, Observation]:
    """Read every target at `block` in one round and decode each, by target id.

    Raises Unavailable or StaleBlock only when the round as a whole got no answer.
    """
    calls = [ADAPTERS[target.protocol].calls(target) for target in targets]
    answers = await reader.read(block, [call for group in calls for call in group])
    groups = _regroup(answers, calls)
    observed = {
        target.id: _decode(target, group) for target, group in zip(targets, groups, strict=True)
    }
    return observed | await _without_code(reader, block, targets, observed)


def _regroup(
    answers: Sequence[Answer | ReadError], calls: Sequence[Sequence[Call]]
) -> Iterator[Sequence[Answer | ReadError]]:
    at = 0
    for group in calls:
        yield answers[at : at + len(group)]
        at += len(group)


def _decode(target: Target, answers: Sequence[Answer | ReadError]) -> Observation:
    try:
        state = ADAPTERS[target.protocol].decode(target, _answered(answers))
    except ReadError as error:
        return Observation(target.id, _status(error), detail=str(error))
    except Exception as error:
        LOG.exception("adapter failed", target=target.id, protocol=target.protocol)
        detail = f"the adapter failed with {type(error).__name__}: please report it"
        return Observation(target.id, Status.DECODE_ERROR, detail=detail)
    return Observation(target.id, Status.OK, state)


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
    reader: Reader,
    block: Block,
    targets: Sequence[Target],
    observed: Mapping[str, Observation],
) -> dict[str, Observation]:
    """A contract that is gone looks like one that answers wrongly: ask for its code."""
    doubtful = [
        target
        for target in targets
        if observed[target.id].status in (Status.DECODE_ERROR, Status.REVERTED)
    ]
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
