"""A thousand targets in one request, by the best way that an endpoint has.

The batch reader stays beside it: it asks what no such way can, tells a node that has lost the block
from one that has lost the way, and takes over where there is no other way.
"""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import Coroutine, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from watcher.chain.abilities import GASES, Abilities, Able
from watcher.chain.batches import Batching, Singly
from watcher.chain.chunks import ChunkSize, Clock, Planned, Quarantine, Requests
from watcher.chain.collecting import uncollected
from watcher.chain.deadline import within
from watcher.chain.endpoint import Endpoint
from watcher.chain.faults import EndpointError, Kind
from watcher.chain.headers import Headers
from watcher.chain.jsonrpc import ErrorObject, Reply, Request
from watcher.chain.lens_answer import Reading
from watcher.chain.lens_program import Plan
from watcher.chain.multicall import MulticallWay
from watcher.chain.pieces import Piece
from watcher.chain.reader import BatchReader
from watcher.chain.verdict import Verdict, judge
from watcher.chain.walks import by_lens
from watcher.chain.ways import CreationWay, ManyCalls, NoReading, OverrideWay, Way
from watcher.chain.witness import Witness
from watcher.errors import Quarantined, ReadError
from watcher.state import Answer, Block, Call, Static, Ticks
from watcher.state.token import ZERO_ADDRESS

log = logging.getLogger(__name__)

T = TypeVar("T")

SHARES = 6
"""One request gets this part of a deadline, so that a smaller one can follow a late one."""

PARALLEL = 4
"""Requests for pieces that are under way at once."""

MOST_FAILURES = 40
"""Failed requests in one read before its way is given up: three poisonous rows in 5,000."""

LEAST_WALK_GAS = 2_000_000
"""With less, plain calls do better than a walk."""

OF_SIZE = frozenset(
    {
        Kind.TIMEOUT,
        Kind.REQUEST_TOO_LARGE,
        Kind.REQUEST_REFUSED,
        Kind.ANSWER_TOO_LONG,
        Kind.NODE_FAULT,
        Kind.NOT_JSON_RPC,
    }
)
"""A smaller request, or another way, may do; anything else is the endpoint's own failure."""

OF_GAS = re.compile(r"gas|exceed|allowance|limit|balance|funds")
"""In the text of a node that refuses the gas which a call asks for."""

PLAIN_CALL = Static(ZERO_ADDRESS, b"")
"""What any node answers that has the state of the block."""


class _Late(NoReading):
    """There was no answer in time."""


class _WayLost(Exception):
    """The way no longer works at all."""


class _NoState(Exception):
    """The node answers, but not of this block; `reason` holds for every call."""

    def __init__(self, reason: ReadError) -> None:
        super().__init__(str(reason))
        self.reason = reason


@dataclass(frozen=True, slots=True)
class ReaderLimits:
    """What an endpoint was found to take. None: not known, or no limit met."""

    way: Way
    gas: int | None
    rows: int | None
    batch: int
    quarantined: int


@dataclass(slots=True, eq=False)
class _Round:
    """One read under way."""

    block: Block
    able: Able
    slots: asyncio.Semaphore
    failures: int = 0
    poisonous: bool = False


class LensReader:
    """Reads through one endpoint; what it can and cannot do is remembered here."""

    def __init__(
        self,
        node: Batching,
        headers: Headers,
        *,
        deadline: float,
        ways: Iterable[Way] = Way,
        clock: Clock = time.monotonic,
    ) -> None:
        """`ways` are those that may be used; batches or single calls are always the last."""
        allowed = set(ways)
        many: tuple[ManyCalls, ...] = (OverrideWay(), CreationWay(), MulticallWay())
        self._node: Batching = (
            Singly(node) if allowed & {Way.BATCH, Way.SINGLE} == {Way.SINGLE} else node
        )
        self._deadline = deadline
        self._batch = BatchReader(self._node, headers, deadline=deadline)
        self._abilities = Abilities(
            [way for way in many if way.name in allowed], name=node.endpoint.name, clock=clock
        )
        self._size = ChunkSize(clock)
        self._walk_gas = ChunkSize(clock)
        self._walk_rows = ChunkSize(clock)
        self._quarantine = Quarantine(clock)
        self._planned = Planned()
        self._witness = Witness(node.endpoint.name)

    @property
    def endpoint(self) -> Endpoint:
        return self._node.endpoint

    @property
    def limits(self) -> ReaderLimits:
        able = self._abilities.known
        batch = self._node.batch_limit
        return ReaderLimits(
            way=able.way.name if able else Way.BATCH if batch > 1 else Way.SINGLE,
            gas=able.gas_seen if able and able.way.caps_gas else None,
            rows=self._size.rows,
            batch=batch,
            quarantined=len(self._quarantine),
        )

    async def has_state(self, block: Block) -> bool:
        """Whether the endpoint still has the state of this block of its chain."""
        try:
            await self._require_state(block)
        except _NoState:
            return False
        return True

    async def read(self, block: Block, calls: Sequence[Call]) -> list[Answer | ReadError]:
        about = f"{len(calls):,} reads at block {block.number}"
        work = self._read(block, calls)
        return await within(self._deadline, work, endpoint=self.endpoint, about=about)

    async def _read(self, block: Block, calls: Sequence[Call]) -> list[Answer | ReadError]:
        if not calls:
            return []

        answered = False

        async def probe(way: ManyCalls) -> Able | None:
            nonlocal answered
            if not answered:
                await self._require_state(block)
                answered = True
            return await self._probed(block, way)

        try:
            while able := await self._abilities.best(probe):
                try:
                    return await self._together(block, able, calls)
                except _WayLost:
                    self._abilities.lose(able)
        except _NoState as error:
            return [error.reason] * len(calls)
        return await self._batch.read(block, calls)

    async def _together(
        self, block: Block, able: Able, calls: Sequence[Call]
    ) -> list[Answer | ReadError]:
        self._quarantine.release()
        before = self._size.rows
        asked = self._planned.of(
            calls, able.way, gas=able.gas_seen, rows=before, quarantine=self._quarantine
        )
        work = _Round(block, able, asyncio.Semaphore(PARALLEL))
        *together, apart = await _all(
            [*(self._piece(work, piece) for piece in asked.pieces), self._apart(work, asked)]
        )
        await self._batch.require_canonical(block)
        if work.poisonous:
            self._size.restore(before)
        elif not work.failures:
            self._size.worked(sum(piece.rows for piece in asked.pieces))
        with uncollected():
            return asked.arrange(together, apart)

    async def _apart(self, work: _Round, asked: Requests) -> list[Answer | ReadError]:
        walks = [
            call
            for call in asked.apart
            if isinstance(call, Ticks)
            and work.able.way.makes(call)
            and call not in self._quarantine
        ]
        walked = await self._walk(work, walks)
        plain = [call for call in asked.apart if call not in walked]
        read = dict(zip(plain, await self._batch.read(work.block, plain), strict=True))
        answers: dict[Call, Answer | ReadError] = {**read, **dict[Call, Answer](walked.items())}
        return [
            self._named(call, answers[call]) if call in self._quarantine else answers[call]
            for call in asked.apart
        ]

    async def _walk(self, work: _Round, calls: Sequence[Ticks]) -> dict[Ticks, Answer]:
        """The answers of walks over ticks, one request after the other, each with all the gas that
        it gets. A request that fails is sent with half the walks, a walk that fails alone with half
        the gas; one that fails all the same is kept apart, and is missing. All are where none
        succeeds: this node can't walk."""
        before = self._walk_gas.rows, self._walk_rows.rows
        poisonous: set[str] = set()
        failed = False

        async def ask(plan: Plan) -> Reading | None:
            nonlocal failed
            way, gas = work.able.way, min(work.able.gas, self._walk_gas.rows or work.able.gas)
            piece = Piece(plan.program, plan.calls)
            piece = piece.part(0, min(piece.rows, self._walk_rows.rows or piece.rows))
            while way.size(piece) > way.most_data and piece.rows > 1:
                piece, _ = piece.halves()
            while gas >= LEAST_WALK_GAS:
                try:
                    async with work.slots:
                        return await self._reading(work, piece, gas=gas)
                except NoReading as error:
                    log.debug("%s: ticks with %d gas: %s", self.endpoint.name, gas, error)
                if not failed:
                    failed = True
                    await self._require_way(work)
                if piece.rows > 1:
                    piece, _ = piece.halves()
                    self._walk_rows.lower(piece.rows)
                else:
                    gas //= 2
                    self._walk_gas.lower(gas)
            # It was no limit: what is left alone in the request fails with any gas.
            poisonous.update(map(_address, piece.calls))
            for size, rows in zip((self._walk_gas, self._walk_rows), before, strict=True):
                size.restore(rows)
            return None

        able = (before[0] or work.able.gas) >= LEAST_WALK_GAS
        found = await by_lens(calls, ask) if able else {}
        if poisonous and found:
            for address in poisonous:
                log.warning("%s: a walk at %s is kept apart", self.endpoint.name, address)
            self._quarantine.add(call for call in calls if call.address in poisonous)
        elif poisonous:
            self._walk_gas.lower(LEAST_WALK_GAS // 2)
        elif calls and not failed:
            self._walk_gas.worked(work.able.gas)
            self._walk_rows.worked(len(calls))
        return found

    async def _piece(self, work: _Round, piece: Piece) -> list[Answer | ReadError]:
        """The answers of a piece's calls; what fails is asked again in halves."""
        try:
            async with work.slots:
                reading = await self._reading(work, piece)
        except NoReading as error:
            return await self._smaller(work, piece, error)
        answers: list[Answer | ReadError] = list(reading.answers)
        rows = piece.program.rows_in(len(answers))
        if rows == 0:
            return await self._smaller(work, piece, NoReading("no gas for one target"))
        if rows < piece.rows:
            self._size.lower(rows)
            rest = await self._piece(work, piece.rest(rows))
            return answers[: piece.program.calls_before(rows)] + rest
        if not work.able.way.caps_gas:
            await self._ask_failed_alone(work, piece, answers)
        return answers

    async def _reading(self, work: _Round, piece: Piece, *, gas: int | None = None) -> Reading:
        """With `gas`, or all that the way has. Raises NoReading, and EndpointError where it is no
        matter of size."""
        way, at = work.able.way, self._batch.at(work.block)
        data = piece.sent.get(way.name)
        if data is None:
            data = piece.sent[way.name] = way.data(piece)
        asked = way.request(piece, data, at, gas=gas or work.able.gas)
        try:
            return await self._witnessed(work, piece, asked)
        except EndpointError as error:
            if error.kind is not Kind.WRONG_BLOCK:
                raise
        # Anvil, while it mines, has answered a block's call with the time of the next: once is no
        # proof of a node that does not keep to the block.
        return await self._witnessed(work, piece, asked)

    async def _witnessed(self, work: _Round, piece: Piece, asked: Request) -> Reading:
        reply = await self._reply(asked, piece.rows)
        with uncollected():
            reading = work.able.way.reading(reply, piece)
        self._witness.check(work.block, reading)
        return reading

    async def _reply(self, asked: Request, rows: int) -> Reply:
        name, about = self.endpoint.name, f"one request for {rows:,} targets"
        try:
            reply = await within(
                self._deadline / SHARES,
                self._node.call(asked),
                endpoint=self.endpoint,
                about=about,
            )
        except EndpointError as error:
            if error.kind not in OF_SIZE:
                raise
            late = error.kind is Kind.TIMEOUT
            raise (_Late if late else NoReading)(str(error)) from None
        if isinstance(reply, ErrorObject) and judge(reply) is Verdict.RATE_LIMITED:
            raise EndpointError(
                f"{name} answered {about} with its rate limit: wait or use another endpoint",
                endpoint=name,
                kind=Kind.RATE_LIMITED,
            )
        return reply

    async def _smaller(
        self, work: _Round, piece: Piece, error: NoReading
    ) -> list[Answer | ReadError]:
        """Halves of a piece that failed; at one row, its calls alone."""
        log.debug("%s: %d targets at once: %s", self.endpoint.name, piece.rows, error)
        work.failures += 1
        if work.failures > MOST_FAILURES:
            raise _WayLost
        if work.failures == 1:
            await self._require_way(work)
        if piece.rows == 1:
            return await self._alone(work, piece.calls)
        self._size.lower(piece.rows // 2)
        first, second = piece.halves()
        return await self._piece(work, first) + await self._piece(work, second)

    async def _alone(self, work: _Round, calls: Sequence[Call]) -> list[Answer | ReadError]:
        """Ask these calls apart from all others, now and from now on."""
        work.poisonous = True
        for call in calls:
            log.warning("%s: a read of %s is kept apart", self.endpoint.name, _address(call))
        self._quarantine.add(calls)
        answers = await self._batch.read(work.block, calls)
        return list(map(self._named, calls, answers))

    async def _ask_failed_alone(
        self, work: _Round, piece: Piece, answers: list[Answer | ReadError]
    ) -> None:
        """Without gas caps a failure may be for want of gas, and the call's that came before."""
        failed = [i for i, one in enumerate(answers) if isinstance(one, Answer) and not one.ok]
        if failed:
            again = await self._alone(work, [piece.calls[i] for i in failed])
            for i, answer in zip(failed, again, strict=True):
                answers[i] = answer

    def _named(self, call: Call, answer: Answer | ReadError) -> Answer | ReadError:
        if isinstance(answer, Answer):
            return answer
        return Quarantined(
            f"a read of {_address(call)} makes whole requests fail at {self.endpoint.name}, and "
            f"alone it fails too: {answer}"
        )

    # What the node can do

    async def _require_way(self, work: _Round) -> None:
        """After a failure: raise StaleBlock, _NoState or _WayLost unless it is one of size."""
        await self._require_state(work.block)
        if await self._probed(work.block, work.able.way) is None:
            raise _WayLost

    async def _require_state(self, block: Block) -> None:
        """One plain call; it also settles how this node is told a block."""
        (answer,) = await self._batch.read(block, [PLAIN_CALL])
        if isinstance(answer, ReadError):
            raise _NoState(answer)

    async def _probed(self, block: Block, way: ManyCalls) -> Able | None:
        for gas in GASES:
            try:
                reply = await self._reply(way.probe(self._batch.at(block), gas=gas), 1)
                return Able(way, gas, min(gas, way.probed(reply, gas=gas)))
            except NoReading as error:
                log.debug("%s: %s with %d gas: %s", self.endpoint.name, way.name, gas, error)
                if isinstance(error, _Late) or not OF_GAS.search(str(error).lower()):
                    break  # less gas is no cure
        return None


def _address(call: Call) -> str:
    return call.to if isinstance(call, Static) else call.address


async def _all(works: Sequence[Coroutine[Any, Any, T]]) -> list[T]:
    """All results; the first error, once all have ended."""
    done = await asyncio.gather(*works, return_exceptions=True)
    results = []
    for one in done:
        if isinstance(one, BaseException):
            raise one
        results.append(one)
    return results
