"""Headers of a stretch of a chain, each proven to follow the one before."""

from __future__ import annotations

from collections.abc import AsyncIterator

from watcher.chain.headers import Headers
from watcher.errors import StaleBlock
from watcher.state.block import Block

HEADERS_AT_ONCE = 64


async def linked(
    headers: Headers, first: int, last: int, *, after: Block | None = None
) -> AsyncIterator[Block]:
    """The blocks from `first` to `last`, oldest first; the first one is a child of `after`.

    Numbers that the chain skipped are left out. Raises StaleBlock when the chain changed meanwhile,
    Unavailable when a block is missing.
    """
    for start in range(first, last + 1, HEADERS_AT_ONCE):
        stop = min(start + HEADERS_AT_ONCE - 1, last)
        for block in await headers.range(start, stop):
            if after is not None and block.parent_hash != after.hash:
                raise StaleBlock(f"block {block.number} does not follow the one before")
            after = block
            yield block
