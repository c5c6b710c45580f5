"""Event logs through several endpoints: where one fails, the next goes on at the same block.

Nothing is compared here. A log of a proxy that a node leaves out is not missed: it tells when to
look, and what is stored is read by the reader, which compares. A log of a flow that a node leaves
out leaves a change of the reserves unexplained, and those the reader compares.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from watcher.chain.links import Link, Links
from watcher.chain.log_answers import LogsRefused
from watcher.errors import Unavailable
from watcher.state import Address, Block
from watcher.state.log import Log


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

    async def at(
        self, block: Block, addresses: Collection[Address], topics: Sequence[str]
    ) -> list[Log]:
        """As `Logs.at`: all of one endpoint. One that has no logs to be believed is passed over,
        and asked for all else as before."""
        if not addresses:
            return []
        refusals: dict[Link, LogsRefused] = {}

        async def ask(link: Link) -> list[Log] | LogsRefused:
            try:
                return await link.block_logs.at(block, addresses, topics)
            except LogsRefused as refusal:
                return refusal

        while True:
            try:
                link, found = await self._links.first_answer(
                    ask,
                    about=f"the logs of block {block.number:,}",
                    fits=lambda link: link.may_have(block),
                    without=refusals,
                )
            except Unavailable as error:
                raise next(iter(refusals.values()), error) from None
            if isinstance(found, list):
                return found
            refusals[link] = found

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
