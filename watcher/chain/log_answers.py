"""The logs of one endpoint's answer, believed only where every field is what it must be."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence, Set

from watcher.chain.blocks import HASH, quantity
from watcher.chain.endpoint import Endpoint
from watcher.chain.faults import EndpointError, Kind
from watcher.chain.jsonrpc import RATE_LIMIT_CODES, ErrorObject
from watcher.chain.questions import hex_bytes
from watcher.errors import StaleBlock
from watcher.state import Address, Block, to_address
from watcher.state.log import Log

REPLY_BYTES = 4 * 1024 * 1024

MOST_TOPICS = 4

TOO_MUCH = re.compile(
    r"too many|more than|limit|exceed|range|too (large|big|wide|long)|response size|timed? ?out"
    r"|timeout|10000 results|query returned|max(imum)? (block|results)|block span|reduce"
)
"""How nodes say that a request has too many blocks, addresses or results; most of them with code
-32602 or -32000, some with -32005 that others keep for the rate."""

TOO_OFTEN = re.compile(r"rate.?limit|per (second|minute|day)|too many requests|compute units")

SMALLER = frozenset(
    {Kind.ANSWER_TOO_LONG, Kind.REQUEST_TOO_LARGE, Kind.REQUEST_REFUSED, Kind.TIMEOUT}
)


class LogsRefused(EndpointError):
    """The endpoint's logs are not to be had or not to be believed; what else it answers may be."""


class LogAnswers:
    """What `endpoint` answers to eth_getLogs."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint

    def logs(
        self,
        answer: Sequence[object],
        blocks: Mapping[int, Block],
        addresses: Set[Address],
        topics: Sequence[str],
    ) -> list[Log]:
        """Ordered by block and index, each once. Raises EndpointError for what was not asked for
        or is no log, StaleBlock for a log of another block at one of these heights."""
        found: dict[tuple[int, int], Log] = {}
        for value in answer:
            one = self._log(value, blocks, addresses, topics)
            place = (one.block.number, one.index)
            if found.setdefault(place, one) != one:
                raise self.fault(f"two different logs {one.index} of block {one.block.number}")
        return [found[place] for place in sorted(found)]

    def refused(self, error: ErrorObject) -> EndpointError:
        text = self._text(f"error {error.code} ({error.message})")
        name = self._endpoint.name
        if error.code in RATE_LIMIT_CODES:
            return EndpointError(text, endpoint=name, kind=Kind.RATE_LIMITED)
        return LogsRefused(text, endpoint=name, kind=Kind.NODE_FAULT)

    def fault(self, what: str) -> LogsRefused:
        return LogsRefused(self._text(what), endpoint=self._endpoint.name, kind=Kind.NOT_JSON_RPC)

    def _text(self, what: str) -> str:
        name = self._endpoint.name
        return f"{name} answered eth_getLogs with {what}: try again or use another endpoint"

    def _log(
        self,
        value: object,
        blocks: Mapping[int, Block],
        addresses: Set[Address],
        topics: Sequence[str],
    ) -> Log:
        if not isinstance(value, dict) or value.get("removed") not in (None, False):
            raise self.fault("a log that is not valid or was removed")
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
            raise self.fault("a log that is not valid")
        block = blocks.get(number)
        if block is None or address not in addresses:
            raise self.fault("a log that was not asked for")
        if topics and (not heads or heads[0] not in topics):
            raise self.fault("a log with a topic that was not asked for")
        if block.hash != block_hash:
            raise StaleBlock(
                f"{self._endpoint.name} has logs of another block {number} ({block_hash[:10]}…) "
                f"than {block.hash[:10]}…: read again at its present head"
            )
        return Log(block, index, transaction, address, heads, data)


def is_too_much(error: ErrorObject) -> bool:
    """A rate limit is told from a request that asks for too much by its text, where there is
    one."""
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
