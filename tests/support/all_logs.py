"""All logs of one endpoint, piece by piece."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from watcher.chain.logs import NodeLogs
from watcher.state import Address, Block
from watcher.state.log import Log


async def read_all(
    logs: NodeLogs,
    blocks: Sequence[Block],
    addresses: Collection[Address],
    topics: Sequence[str] = (),
) -> list[Log]:
    found: list[Log] = []
    start = 0
    while start < len(blocks):
        count, more = await logs.piece(blocks[start:], addresses, topics)
        found += more
        start += count
    return found
