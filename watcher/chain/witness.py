"""Whether what was read is of the block that was asked for."""

from __future__ import annotations

import logging

from watcher.chain.faults import EndpointError, Kind
from watcher.chain.lens_answer import Reading
from watcher.state import Block

log = logging.getLogger(__name__)

NO_HASH = "0x" + "0" * 64


class Witness:
    """Holds the time and the parent hash that the lens saw against the block's own.

    The number is never judged by: on some L2s it is the L1's, and with it the hash of the block
    before. So the hash counts only where it was right before.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._hash_counts: bool | None = None

    def check(self, block: Block, reading: Reading) -> None:
        """Raises EndpointError where the node read another block's state."""
        if reading.timestamp != block.timestamp:
            raise self._wrong(block, f"of time {reading.timestamp} instead of {block.timestamp}")
        if reading.parent_hash == block.parent_hash:
            self._hash_counts = True
        elif self._hash_counts and reading.parent_hash != NO_HASH:
            raise self._wrong(block, f"after {reading.parent_hash}, not {block.parent_hash}")
        elif self._hash_counts is None:
            self._hash_counts = False
            log.info("%s: contracts see no parent hash; the time alone is compared", self._name)

    def _wrong(self, block: Block, what: str) -> EndpointError:
        return EndpointError(
            f"{self._name} read a block {what} when it was asked for block {block.number} "
            f"({block.hash[:10]}…): it does not keep to the block, use another endpoint",
            endpoint=self._name,
            kind=Kind.WRONG_BLOCK,
        )
