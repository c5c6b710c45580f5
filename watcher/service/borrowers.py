"""Collecting who borrowed from a lending market, from the logs of a stretch of blocks."""

from __future__ import annotations

from watcher.chain.client import ChainClient
from watcher.errors import InputError
from watcher.protocols.borrowers import LOANS, borrower
from watcher.service.linked import linked
from watcher.state.block import Block
from watcher.state.target import Target
from watcher.state.token import Address

BLOCKS_AT_ONCE = 512


async def borrowers(
    chain: ChainClient, target: Target, first: int, last: int | None
) -> dict[Address, int]:
    """Who took a loan from block `first` to `last`, the head where it is None, with the block of
    the first one. Raises InputError for what is no lending market, ReadError where the logs cannot
    be read."""
    if target.protocol not in LOANS:
        known = ", ".join(LOANS)
        raise InputError(f"{target.label} is no lending market: name one of {known}")
    end = last if last is not None else (await chain.headers.head()).number
    if first > end:
        raise InputError(f"block {first:,} is after block {end:,}: give --from and --to in order")
    found: dict[Address, int] = {}
    waiting: list[Block] = []
    async for block in linked(chain.headers, first, end):
        waiting.append(block)
        if len(waiting) == BLOCKS_AT_ONCE:
            await _read(chain, target, waiting, found)
            waiting = []
    if waiting:
        await _read(chain, target, waiting, found)
    return found


async def _read(
    chain: ChainClient, target: Target, blocks: list[Block], found: dict[Address, int]
) -> None:
    topic = LOANS[target.protocol].event.topic
    for log in await chain.logs.read(blocks, [target.address], [topic]):
        account = borrower(target, log)
        if account is not None:
            found.setdefault(account, log.block.number)
