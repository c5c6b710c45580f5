"""Event logs through several endpoints: where one fails, the next goes on at the same block.

Nothing is compared here, and a log that a node leaves out is not missed: logs tell when to look,
and what is stored is read by the reader, which compares.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from watcher.chain.links import Link, Links
from watcher.chain.logs import Log
from watcher.state import Address, Block


class FailoverLogs:
    """Logs of a chain. How long a range each endpoint answers is remembered by its own NodeLogs."""

    def __init__(self, links: Links) -> None:
        self._links = links

    async def read(
        self, blocks: Sequence[Block], addresses: Collection[Address], topics: Sequence[str] = ()
    ) -> list[Log]:
        """As `Logs.read`; the deadline holds for each range that is asked.

        Each range is one endpoint's answer, and the next begins where it ended, so that a failure
        between them loses no log and doubles none.
        """
        found: list[Log] = []
        start = 0
        while addresses and start < len(blocks):
            count, logs = await self._piece(blocks[start:], addresses, topics)
            found += logs
            start += count
        return found

    async def _piece(
        self, blocks: Sequence[Block], addresses: Collection[Address], topics: Sequence[str]
    ) -> tuple[int, list[Log]]:
        async def ask(link: Link) -> tuple[int, list[Log]]:
            return await link.logs.piece(blocks, addresses, topics)

        _, answer = await self._links.first_answer(
            ask,
            about=f"the logs of block {blocks[0].number:,} and later",
            fits=lambda link: link.may_have(blocks[-1]),
        )
        return answer
