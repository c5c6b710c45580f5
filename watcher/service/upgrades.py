"""Proxies that say themselves that they were upgraded, between two looks at what is deployed.

Logs are a hint: what is deployed is then read as always, compared among the endpoints. A proxy that
says nothing is looked at in its turn.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

import structlog
from eth_utils.crypto import keccak

from watcher.chain.logs import Logs
from watcher.errors import ReadError
from watcher.state.block import Block
from watcher.state.token import Address

LOG = structlog.get_logger(__name__)

UPGRADED = "0x" + keccak(text="Upgraded(address)").hex()
"""The event of EIP-1967."""

EVERY_BLOCKS = 25
"""One small request for so many blocks; an upgrade is known within them."""


class Upgrades:
    """`last` is the block up to which it is known that no proxy has said so."""

    def __init__(self, logs: Logs) -> None:
        self._logs = logs
        self._proxies: tuple[Address, ...] = ()
        self._asked_at = 0
        self.last: Block | None = None

    def looked(self, block: Block, proxies: Iterable[Address]) -> None:
        """What is deployed was read at `block`, and these are proxies."""
        self._proxies = tuple(proxies)
        self._asked_at = block.number
        self.last = block

    def due(self, block: Block) -> bool:
        return bool(self._proxies) and block.number >= self._asked_at + EVERY_BLOCKS

    async def announced(self, blocks: Sequence[Block]) -> bool:
        """Whether a proxy said so in `blocks`, which follow `last` and end with the newest.

        True too where they do not follow it: what was known of is no longer the chain's. Logs that
        cannot be read are no news, and asked for again with the next ones.
        """
        newest = blocks[-1]
        self._asked_at = newest.number
        if self.last is None or not _linked([self.last, *blocks]):
            return True
        try:
            found = await self._logs.read(blocks, self._proxies, (UPGRADED,))
        except ReadError as error:
            LOG.warning("logs not read", chain=newest.chain_id, detail=str(error))
            return False
        if found:
            return True  # until it has been looked at, this stays to be asked
        self.last = newest
        return False


def _linked(blocks: Sequence[Block]) -> bool:
    return all(after.parent_hash == before.hash for before, after in pairwise(blocks))
