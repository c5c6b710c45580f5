"""All logs of one block, by its hash where the endpoint allows it, held to the block's header.

An endpoint may not have indexed a block yet, or be another one behind the same address: a header
that it does not know is a stale block, and logs that the header's bloom excludes are none. What an
endpoint leaves out no bloom can tell among a thousand addresses; the change of the reserves does.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence

from watcher.chain.batches import Asking, Outcome
from watcher.chain.blocks import parse_block
from watcher.chain.bloom import BYTES, may_hold
from watcher.chain.deadline import within
from watcher.chain.endpoint import Endpoint
from watcher.chain.faults import EndpointError
from watcher.chain.headers import HEADER_BYTES
from watcher.chain.jsonrpc import ErrorObject, Request, request
from watcher.chain.log_answers import REPLY_BYTES, SMALLER, TOO_MUCH, LogAnswers, is_too_much
from watcher.chain.questions import hex_bytes
from watcher.chain.verdict import Verdict, judge
from watcher.errors import ReadError, StaleBlock, TooLarge
from watcher.state import Address, Block
from watcher.state.log import Log

log = logging.getLogger(__name__)

MOST_ADDRESSES = 1_000
"""Addresses of the first request; go-ethereum takes no more."""


class NodeBlockLogs:
    """Logs of one endpoint, block by block. How many addresses it takes at once, and whether it
    takes hashes, is remembered."""

    def __init__(self, node: Asking, *, deadline: float, most: int = MOST_ADDRESSES) -> None:
        self._node = node
        self._deadline = deadline
        self._answers = LogAnswers(node.endpoint)
        self._most = most
        self._by_hash = True
        self._hash_worked = False

    @property
    def endpoint(self) -> Endpoint:
        return self._node.endpoint

    @property
    def most(self) -> int:
        """Addresses that the next request will name."""
        return self._most

    async def at(
        self, block: Block, addresses: Collection[Address], topics: Sequence[str]
    ) -> list[Log]:
        """As `Logs.at`; several requests where one would name too many addresses."""
        wanted = sorted(set(addresses))
        while True:
            pieces = [wanted[i : i + self._most] for i in range(0, len(wanted), self._most)]
            lists = await self._ask(block, pieces, topics)
            if lists is not None:
                break
        found, header = lists
        bloom = self._bloom(block, header)
        logs = self._answers.logs(found, {block.number: block}, set(wanted), topics)
        for one in logs:
            if not may_hold(bloom, one):
                raise self._answers.fault(
                    f"log {one.index} of block {block.number}, which the block's bloom excludes"
                )
        return logs

    async def _ask(
        self, block: Block, pieces: Sequence[Sequence[Address]], topics: Sequence[str]
    ) -> tuple[list[object], object] | None:
        """What the node has of all pieces and as the header; None where it must be asked
        otherwise."""
        asked = [self._question(block, piece, topics) for piece in pieces]
        try:
            *outcomes, header = await within(
                self._deadline,
                self._node.ask([*asked, self._header(block)]),
                endpoint=self.endpoint,
                about=f"the logs of block {block.number:,}",
            )
        except EndpointError as error:
            if error.kind not in SMALLER or not self._shrink(len(pieces[0]), str(error)):
                raise
            return None
        found: list[object] = []
        for piece, outcome in zip(pieces, outcomes, strict=True):
            values = self._values(outcome, len(piece))
            if values is None:
                return None
            found += values
        self._hash_worked = self._by_hash
        return found, self._header_value(block, header)

    def _values(self, outcome: Outcome, addresses: int) -> list[object] | None:
        """One piece's logs; None where it must be asked otherwise."""
        if isinstance(outcome, ReadError):
            if isinstance(outcome, TooLarge) and self._shrink(addresses, str(outcome)):
                return None
            raise outcome
        if not isinstance(outcome, ErrorObject):
            if not isinstance(outcome.value, list):
                raise self._answers.fault("something that is no list")
            return outcome.value
        verdict = judge(outcome)
        if verdict is Verdict.STALE:
            raise StaleBlock(f"{self.endpoint.name} no longer has the block: {outcome.message}")
        said = f"{outcome.message} {outcome.data}".lower()
        if verdict is Verdict.BAD_PARAMS and not TOO_MUCH.search(said) and self._give_up_hashes():
            return None
        if is_too_much(outcome) and self._shrink(addresses, outcome.message):
            return None
        raise self._answers.refused(outcome)

    def _give_up_hashes(self) -> bool:
        """False where hashes are known to work, or were given up already."""
        if not self._by_hash or self._hash_worked:
            return False
        self._by_hash = False
        log.info("%s: logs by number, it takes no hashes", self.endpoint.name)
        return True

    def _shrink(self, addresses: int, why: str) -> bool:
        """False where a request cannot be any smaller."""
        if addresses <= 1:
            return False
        self._most = addresses // 2
        log.info("%s: logs of at most %d addresses (%s)", self.endpoint.name, self._most, why)
        return True

    def _question(
        self, block: Block, addresses: Sequence[Address], topics: Sequence[str]
    ) -> Request:
        number = hex(block.number)
        place = (
            {"blockHash": block.hash} if self._by_hash else {"fromBlock": number, "toBlock": number}
        )
        wanted = {**place, "address": list(addresses), "topics": [list(topics)]}
        return request("eth_getLogs", wanted, reply_bytes=REPLY_BYTES)

    def _header(self, block: Block) -> Request:
        if self._by_hash:
            return request("eth_getBlockByHash", block.hash, False, reply_bytes=HEADER_BYTES)
        number = hex(block.number)
        return request("eth_getBlockByNumber", number, False, reply_bytes=HEADER_BYTES)

    def _header_value(self, block: Block, outcome: Outcome) -> object:
        if isinstance(outcome, ReadError):
            raise outcome
        if isinstance(outcome, ErrorObject):
            if judge(outcome) is Verdict.STALE:
                raise self._gone(block)
            raise self._answers.refused(outcome)
        return outcome.value

    def _bloom(self, block: Block, header: object) -> int:
        """Raises StaleBlock where the header is another block's, which a node that is asked by
        number may have instead."""
        if header is None:
            raise self._gone(block)
        found = parse_block(header, chain_id=block.chain_id)
        if found is None or not isinstance(header, dict):
            raise self._answers.fault("a header beside it that is not valid")
        if found.hash != block.hash:
            raise self._gone(block)
        bloom = hex_bytes(header.get("logsBloom"))
        if bloom is None or len(bloom) != BYTES:
            raise self._answers.fault("a header beside it without a bloom")
        return int.from_bytes(bloom)

    def _gone(self, block: Block) -> StaleBlock:
        return StaleBlock(
            f"{self.endpoint.name} no longer has block {block.number} ({block.hash[:10]}…): read "
            "again at its present head"
        )
