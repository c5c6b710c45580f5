"""Anvil's reads of its newest block, made again where it made the next one meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from watcher.chain.batches import Asking
from watcher.chain.jsonrpc import Result, request
from watcher.chain.reader import Reader
from watcher.errors import ReadError
from watcher.state import Answer, Block, Call

HEAD = request("eth_blockNumber")

HISTORY = "0x0000F90827F1C53a10cb7A02335B175320002935"
WINDOW = 8_191
"""EIP-2935: the first that a block does is to put its parent's hash into the contract's slot
`parent's number % WINDOW`. No state up to the parent's own has it there."""

POLL_SECONDS, POLLS = 0.002, 1_000


class HeadRace:
    """A reader of an Anvil whose blocks come while it is read.

    Anvil (seen with 1.7.1) decides whether a block is its newest before it waits for the state that
    the next block is just changing, and is at the next state for some milliseconds before it tells
    of the next block. A read of the newest block, by hash too, is then answered from the state
    after the next. Whether that may have happened is told by its history of hashes (EIP-2935; a
    chain from before Prague has none) while the block is the newest, and by its head afterwards;
    what was read is then read again, once there is a next block and Anvil answers right.
    """

    def __init__(self, reader: Reader, node: Asking) -> None:
        self._reader = reader
        self._node = node

    async def read(self, block: Block, calls: Sequence[Call]) -> list[Answer | ReadError]:
        if await self._is_older(block):
            return await self._reader.read(block, calls)
        answers = await self._reader.read(block, calls)
        # In this order: a block that is the newest afterwards was it when the history was asked.
        if not await self._is_past(block) and not await self._is_older(block):
            return answers
        await self._next_block(block)
        return await self._reader.read(block, calls)

    async def _is_past(self, block: Block) -> bool:
        """Whether what the node calls the state after this block is that of a later one."""
        slot, at = hex(block.number % WINDOW), {"blockHash": block.hash}
        return await self._node.call(request("eth_getStorageAt", HISTORY, slot, at)) == Result(
            block.hash
        )

    async def _is_older(self, block: Block) -> bool:
        """Whether it is not the newest."""
        match await self._node.call(HEAD):
            case Result(str(head)) if head.startswith("0x"):
                return int(head, 16) > block.number
        return False

    async def _next_block(self, block: Block) -> None:
        """Wait for it; not for ever, since blocks may have been taken back."""
        for _ in range(POLLS):
            if await self._is_older(block):
                return
            await asyncio.sleep(POLL_SECONDS)
