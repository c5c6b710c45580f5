"""Event logs of a stretch of blocks, by eth_getLogs with ranges that fit what the endpoint allows.

Nothing is decoded here. A log is taken only when every field is what it must be, its address and
topics are those asked for, and its block is one that the caller knows to be on the chain.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from watcher.chain.batches import Asking
from watcher.chain.blocks import HASH, quantity
from watcher.chain.deadline import within
from watcher.chain.endpoint import Endpoint
from watcher.chain.faults import EndpointError, Kind
from watcher.chain.jsonrpc import RATE_LIMIT_CODES, ErrorObject, Request, request
from watcher.chain.questions import hex_bytes
from watcher.errors import StaleBlock, Unavailable
from watcher.state import Address, Block, to_address

log = logging.getLogger(__name__)

FIRST_RANGE = 500
"""Blocks of the first request; public endpoints allow from 5 to 10,000."""

LONGEST_RANGE = 10_000

REPLY_BYTES = 4 * 1024 * 1024

GROWS_AFTER = 3
"""Requests in a row that must work before a range grows again."""

MOST_TOPICS = 4

TOO_MUCH = re.compile(
    r"too many|more than|limit|exceed|range|too (large|big|wide|long)|response size|timed? ?out"
    r"|timeout|10000 results|query returned|max(imum)? (block|results)|block span|reduce"
)
"""How nodes say that a range has too many blocks or results; most of them with code -32602 or
-32000, some with -32005 that others keep for the rate."""

TOO_OFTEN = re.compile(r"rate.?limit|per (second|minute|day)|too many requests|compute units")

SMALLER = frozenset(
    {Kind.ANSWER_TOO_LONG, Kind.REQUEST_TOO_LARGE, Kind.REQUEST_REFUSED, Kind.TIMEOUT}
)


@dataclass(frozen=True, slots=True)
class Log:
    """One event as the contract wrote it; `index` is its place in the block."""

    block: Block
    index: int
    transaction_hash: str
    address: Address
    topics: tuple[str, ...]
    data: bytes


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


class NodeLogs:
    """Logs of one endpoint. How long a range it answers is remembered from call to call."""

    def __init__(self, node: Asking, *, deadline: float, first_range: int = FIRST_RANGE) -> None:
        self._node = node
        self._deadline = deadline
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
        found: dict[tuple[int, int], Log] = {}
        for one in self._parsed(answer, by_number, set(wanted), topics):
            self._add(found, one)
        return len(piece), [found[place] for place in sorted(found)]

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
            if not _is_too_much(reply) or blocks == 1:
                raise self._fault(
                    f"error {reply.code} ({reply.message})",
                    Kind.RATE_LIMITED if reply.code in RATE_LIMIT_CODES else Kind.NODE_FAULT,
                )
            self._shrink(blocks, reply.message)
            return None
        if not isinstance(reply.value, list):
            raise self._fault("something that is no list")
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

    def _parsed(
        self,
        answer: Sequence[object],
        blocks: dict[int, Block],
        addresses: set[Address],
        topics: Sequence[str],
    ) -> list[Log]:
        return [self._log(one, blocks, addresses, topics) for one in answer]

    def _log(
        self,
        value: object,
        blocks: dict[int, Block],
        addresses: set[Address],
        topics: Sequence[str],
    ) -> Log:
        if not isinstance(value, dict) or value.get("removed") not in (None, False):
            raise self._fault("a log that is not valid or was removed")
        number, index = quantity(value.get("blockNumber")), quantity(value.get("logIndex"))
        block_hash, transaction = _hash(value.get("blockHash")), _hash(value.get("transactionHash"))
        address, data = _address(value.get("address")), hex_bytes(value.get("data"))
        heads = _topics(value.get("topics"))
        if (
            number is None
            or index is None
            or block_hash is None
            or transaction is None
            or address is None
            or data is None
            or heads is None
        ):
            raise self._fault("a log that is not valid")
        block = blocks.get(number)
        if block is None or address not in addresses:
            raise self._fault("a log that was not asked for")
        if topics and (not heads or heads[0] not in topics):
            raise self._fault("a log with a topic that was not asked for")
        if block.hash != block_hash:
            raise StaleBlock(
                f"{self.endpoint.name} has logs of another block {number} ({block_hash[:10]}…) "
                f"than {block.hash[:10]}…: read again at its present head"
            )
        return Log(block, index, transaction, address, heads, data)

    def _add(self, found: dict[tuple[int, int], Log], one: Log) -> None:
        place = (one.block.number, one.index)
        if found.setdefault(place, one) != one:
            raise self._fault(f"two different logs {one.index} of block {one.block.number}")

    def _fault(self, what: str, kind: Kind = Kind.NOT_JSON_RPC) -> Unavailable:
        name = self.endpoint.name
        return EndpointError(
            f"{name} answered eth_getLogs with {what}: try again or use another endpoint",
            endpoint=name,
            kind=kind,
        )


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


def _is_too_much(error: ErrorObject) -> bool:
    """A rate limit is told from a range that is too long by its text, where there is one."""
    said = f"{error.message} {error.data}".lower()
    if TOO_OFTEN.search(said):
        return False
    return bool(TOO_MUCH.search(said)) or error.code in (-32005, -32602)


def _hash(value: object) -> str | None:
    return value.lower() if isinstance(value, str) and HASH.fullmatch(value) else None


def _address(value: object) -> Address | None:
    data = hex_bytes(value)
    return to_address(data) if data is not None and len(data) == 20 else None


def _topics(value: object) -> tuple[str, ...] | None:
    if not isinstance(value, list) or len(value) > MOST_TOPICS:
        return None
    topics = [_hash(one) for one in value]
    known = [one for one in topics if one is not None]
    return tuple(known) if len(known) == len(topics) else None
