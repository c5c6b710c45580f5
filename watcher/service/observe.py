"""From a block and targets to observations. One target's failure is a row, never the tick's end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain, compress, repeat
from operator import ne
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
from watcher.protocols.adapter import Together
from watcher.state.block import Block
from watcher.state.call import Answer, Call, Code
from watcher.state.frozen import make_many
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
        self._asked: list[_Asked] = []
        self._calls: list[Call] = []
        self._followed: list[_Followed] = []
        for target in targets:
            if ADAPTERS[target.protocol].follow is not None:
                self._followed.append(_Followed(target))
                continue
            calls = ADAPTERS[target.protocol].calls(target)
            self._asked.append(_Asked(target, len(self._calls), len(calls)))
            self._calls += calls
        self._ways = dict.fromkeys(asked.together for asked in self._asked)
        self._rows: list[list[Answer | ReadError]] = [[] for _ in self._asked]
        self._observed: dict[str, Observation] = {}
        self._doubtful: dict[str, Target] = {}

    async def observe(self, block: Block) -> dict[str, Observation]:
        """Read every target at `block` in one round and decode each, by target id; what its answers
        lead to is asked in further rounds.

        Raises Unavailable or StaleBlock only when a round as a whole got no answer.
        """
        plain = len(self._calls)
        calls = [*self._calls, *(call for one in self._followed for call in one.calls)]
        answers = await self._reader.read(block, calls)
        with uncollected():
            self._take(answers[:plain])
            # Another block may be read while this one waits: what is of this one is taken now.
            observed, doubtful = dict(self._observed), dict(self._doubtful)
        followed = await self._follow(block, dict(zip(calls[plain:], answers[plain:], strict=True)))
        for target, found in followed:
            observed[target.id] = found
            if _is_doubtful(target, found):
                doubtful[target.id] = target
        return observed | await _without_code(self._reader, block, list(doubtful.values()))

    async def _follow(
        self, block: Block, known: dict[Call, Answer | ReadError]
    ) -> list[tuple[Target, Observation]]:
        """Ask what `known` leads to until every reading is whole; `known` takes the answers."""
        while True:
            missing = [call for one in self._followed for call in one.missing(known)]
            if not missing:
                break
            calls = list(dict.fromkeys(missing))
            known.update(zip(calls, await self._reader.read(block, calls), strict=True))
        return [(one.target, one.observation(known)) for one in self._followed]

    def _take(self, answers: list[Answer | ReadError]) -> None:
        """Decode those for whom not every answer is as it was before."""
        rows = [answers[asked.place] for asked in self._asked]
        changed = list(compress(zip(self._asked, rows, strict=True), map(ne, rows, self._rows)))
        for together in self._ways:
            group = [(asked, row) for asked, row in changed if asked.together is together]
            found = _together(together, group) if together and group else None
            if found is None:
                for asked, row in group:
                    self._keep(asked.target, _observation(asked.target, row))
                continue
            self._observed |= found
            for settled in self._doubtful.keys() & found.keys():
                del self._doubtful[settled]
        self._rows = rows

    def _keep(self, target: Target, found: Observation) -> None:
        self._observed[target.id] = found
        if _is_doubtful(target, found):
            self._doubtful[target.id] = target
        else:
            self._doubtful.pop(target.id, None)


def _is_doubtful(target: Target, found: Observation) -> bool:
    return found.status in DOUBTFUL and not ADAPTERS[target.protocol].named


async def observe(
    reader: Reader, block: Block, targets: Sequence[Target]
) -> dict[str, Observation]:
    """As `Observer.observe`, once."""
    return await Observer(reader, targets).observe(block)


class _Asked:
    """One target, and where among all answers its own are.

    `together` is None where it is decoded by itself.
    """

    def __init__(self, target: Target, start: int, count: int) -> None:
        self.target = target
        self.id = target.id
        self.place = slice(start, start + count)
        self.facts: tuple[int, ...] = ()
        self.together = ADAPTERS[target.protocol].together
        if self.together:
            try:
                self.facts = self.together.facts(target)
            except Exception:  # noqa: BLE001 - `decode` meets the same, and the observation tells it
                self.together = None


class _Followed:
    """One target whose answers lead to further calls. `calls` are all of its last reading, which
    are asked at once at the next block."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self._first = ADAPTERS[target.protocol].calls(target)
        self._answers: list[Answer | ReadError] = []
        self._observation: Observation | None = None
        self.calls = self._first

    def missing(self, known: Mapping[Call, Answer | ReadError]) -> list[Call]:
        """What must still be asked, as far as the answers tell; none once the reading is whole, or
        has failed."""
        follow = ADAPTERS[self.target.protocol].follow
        self.calls = list(self._first)
        while follow is not None:
            missing = [call for call in self.calls if call not in known]
            if missing:
                return missing
            try:
                more = follow(self.target, _answered([known[call] for call in self.calls]))
            except Exception:  # noqa: BLE001 - `decode` meets the same, and the observation tells it
                break
            if not more:
                break
            self.calls += more
        return []

    def observation(self, known: Mapping[Call, Answer | ReadError]) -> Observation:
        """The same object as long as everything is answered as before."""
        answers = [known[call] for call in self.calls]
        if self._observation is None or answers != self._answers:
            self._answers, self._observation = answers, _observation(self.target, answers)
        return self._observation


def _observation(target: Target, answers: Sequence[Answer | ReadError]) -> Observation:
    try:
        state = ADAPTERS[target.protocol].decode(target, _answered(answers))
    except ReadError as error:
        return Observation(target.id, _status(error), detail=str(error))
    except Exception as error:
        LOG.exception("adapter failed", target=target.id, protocol=target.protocol)
        detail = f"the adapter failed with {type(error).__name__}: please report it"
        return Observation(target.id, Status.DECODE_ERROR, detail=detail)
    return Observation(target.id, Status.OK, state)


def _together(
    together: Together, group: Sequence[tuple[_Asked, list[Answer | ReadError]]]
) -> dict[str, Observation] | None:
    """What `_observation` gives for each of the group; None where one of them has to be
    decoded by itself."""
    asked, rows = zip(*group, strict=True)
    given = list(chain.from_iterable(rows))
    if set(map(type, given)) != {Answer}:
        return None
    integers = together.views.columns(cast("list[Answer]", given))
    if integers is None:
        return None
    facts = list(zip(*[one.facts for one in asked], strict=True))
    try:
        states = together.states(integers, facts)
    except Exception:
        LOG.exception("adapter failed for many", protocol=asked[0].target.protocol)
        return None
    ids = [one.id for one in asked]
    observations = zip(ids, repeat(Status.OK, len(ids)), states, strict=True)
    return dict(zip(ids, make_many(Observation, observations), strict=True))


def _answered(answers: Sequence[Answer | ReadError]) -> Sequence[Answer]:
    """Raises the first ReadError among them."""
    for answer in answers:
        if type(answer) is not Answer:
            raise cast("ReadError", answer)
    return cast("Sequence[Answer]", answers)


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
