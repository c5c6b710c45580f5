"""Event logs of a stretch of blocks, by eth_getLogs with ranges that fit what the endpoint allows.

Nothing is decoded here. A log is taken only when every field is what it must be, its address and
topics are those asked for, and its block is one that the caller knows to be on the chain.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from typing import Protocol

from watcher.chain.batches import Asking
from watcher.chain.deadline import within
from watcher.chain.endpoint import Endpoint
from watcher.chain.faults import EndpointError
from watcher.chain.jsonrpc import ErrorObject, Request, request
from watcher.chain.log_answers import REPLY_BYTES, SMALLER, LogAnswers, is_too_much
from watcher.state import Address, Block
from watcher.state.log import Log

log = logging.getLogger(__name__)

FIRST_RANGE = 500
"""Blocks of the first request; public endpoints allow from 5 to 10,000."""

LONGEST_RANGE = 10_000

GROWS_AFTER = 3
"""Requests in a row that must work before a range grows again."""


class Logs(Protocol):
    """What writes logs of a chain out, block by block."""

    async def read(
        self, blocks: Sequence[Block], addresses: Collection[Address], topics: Sequence[str] = ()
    ) -> list[Log]:
        """The logs of `addresses` in `blocks`, ascending and without a break, whose first topic is
        one of `topics` (any, when there are none); ordered by block and index, each once.

        Raises StaleBlock when the node has logs of another block at one of these heights,
        Unavailable when it does not answer even for one block.
        """
        ...

    async def at(
        self, block: Block, addresses: Collection[Address], topics: Sequence[str]
    ) -> list[Log]:
        """The same of one block that is read by its hash, held to the block's own bloom.

        Raises StaleBlock when the node no longer has the block, Unavailable when no node answers
        with logs that the block's header allows.
        """
        ...


class NodeLogs:
    """Logs of one endpoint. How long a range it answers is remembered from call to call."""

    def __init__(self, node: Asking, *, deadline: float, first_range: int = FIRST_RANGE) -> None:
        self._node = node
        self._deadline = deadline
        self._answers = LogAnswers(node.endpoint)
        self._range = first_range
        self._refused = LONGEST_RANGE + 1
        self._worked = 0

    @property
    def endpoint(self) -> Endpoint:
        return self._node.endpoint

    @property
    def range(self) -> int:
        """Blocks that the next request will span."""
        return self._range

    async def piece(
        self, blocks: Sequence[Block], addresses: Collection[Address], topics: Sequence[str] = ()
    ) -> tuple[int, list[Log]]:
        """The logs of as many of the first blocks as the endpoint answers in one request, and how
        many blocks those were; at least one. Raises as `Logs.read`."""
        while True:
            piece = blocks[: self._range]
            wanted = sorted(set(addresses))
            asked = _question(piece[0].number, piece[-1].number, wanted, topics)
            answer = await self._ask(asked, blocks=len(piece))
            if answer is not None:
                break
        by_number = {block.number: block for block in piece}
        return len(piece), self._answers.logs(answer, by_number, set(wanted), topics)

    async def _ask(self, asked: Request, *, blocks: int) -> list[object] | None:
        """The node's list; None when the range must be smaller, which it is then."""
        try:
            reply = await within(
                self._deadline,
                self._node.call(asked),
                endpoint=self.endpoint,
                about=f"the logs of {blocks:,} blocks",
            )
        except EndpointError as error:
            if error.kind not in SMALLER or blocks == 1:
                raise
            self._shrink(blocks, str(error))
            return None
        if isinstance(reply, ErrorObject):
            if not is_too_much(reply) or blocks == 1:
                raise self._answers.refused(reply)
            self._shrink(blocks, reply.message)
            return None
        if not isinstance(reply.value, list):
            raise self._answers.fault("something that is no list")
        self._grow(blocks)
        return reply.value

    def _shrink(self, blocks: int, why: str) -> None:
        self._refused = min(self._refused, blocks)
        self._range = max(blocks // 2, 1)
        self._worked = 0
        log.info("%s: logs of at most %d blocks (%s)", self.endpoint.name, self._range, why)

    def _grow(self, blocks: int) -> None:
        """Longer again after a while, since many results were those blocks' doing; but halfway only
        to what was refused last."""
        if blocks < self._range:
            return
        self._worked += 1
        if self._worked < GROWS_AFTER:
            return
        self._worked = 0
        if 2 * self._range < self._refused:
            self._range = min(2 * self._range, LONGEST_RANGE)
        else:
            self._range = max(self._range, (self._range + self._refused) // 2)
            self._refused = min(2 * self._refused, LONGEST_RANGE + 1)


def _question(
    first: int, last: int, addresses: Sequence[Address], topics: Sequence[str]
) -> Request:
    asked: dict[str, object] = {
        "fromBlock": hex(first),
        "toBlock": hex(last),
        "address": list(addresses),
    }
    if topics:
        asked["topics"] = [list(topics)]
    return request("eth_getLogs", asked, reply_bytes=REPLY_BYTES)
