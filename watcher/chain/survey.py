"""What an endpoint can do and what watching through it costs, found by asking it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from watcher.chain.lens_reader import ReaderLimits
from watcher.chain.links import Link
from watcher.chain.traffic import Traffic
from watcher.errors import ReadError
from watcher.state import Address, Block, Call

DAY, YEAR = 86_400, 365 * 86_400

SPAN = 128
"""Blocks over which the time between two is taken, and what every full node keeps the state of."""

DEEPER = 10_000


@dataclass(frozen=True, slots=True)
class Survey:
    """`finalized` and `block_seconds` are None where the node or the chain does not tell; `archive`
    is how far back it still has states: "a year", "10,000 blocks", "128 blocks" or "no"."""

    head: Block
    finalized: int | None
    archive: str
    block_seconds: float | None
    limits: ReaderLimits | None


async def survey(link: Link) -> Survey:
    """Raises ReadError where the endpoint does not answer."""
    head = await link.headers.head()
    finalized = await link.headers.tagged("finalized")
    before = await link.headers.by_number(max(0, head.number - SPAN))
    seconds = None
    if before is not None and before.number < head.number:
        seconds = (head.timestamp - before.timestamp) / (head.number - before.number)
    archive = await _archive(link, head, seconds)
    limits = None if link.lens is None else link.lens.limits
    return Survey(head, finalized, archive, seconds or None, limits)


async def _archive(link: Link, head: Block, seconds: float | None) -> str:
    if link.lens is None:
        return "not known"
    depths = {f"{SPAN} blocks": SPAN, f"{DEEPER:,} blocks": DEEPER}
    if seconds:
        depths["a year"] = round(YEAR / seconds)
    found = "no"
    for name, depth in sorted(depths.items(), key=lambda one: one[1]):
        block = await link.headers.by_number(max(0, head.number - depth))
        if block is None or not await link.lens.has_state(block):
            return found
        if depth >= head.number:
            return "all blocks"
        found = name
    return found


async def day(
    link: Link,
    calls: Sequence[Call],
    *,
    block_seconds: float,
    every: int,
    poll_seconds: float,
    logs: tuple[Collection[Address], Sequence[str]] = ((), ()),
) -> Traffic | None:
    """What a day of watching these calls costs at this endpoint, from one block's real traffic, and
    of reading the logs of some addresses with some first topics.

    None where it does not answer.
    """
    addresses, topics = logs
    try:
        head = await link.headers.head()
        await link.reader.read(head, calls)  # what it can do is found out once, not at each block
        start = link.traffic
        head = await link.headers.head()
        look = link.traffic - start
        await link.headers.tagged("safe")
        await link.headers.tagged("finalized")
        await link.reader.read(head, calls)
        if addresses:
            await link.block_logs.at(head, addresses, topics)
        block = link.traffic - start - look
    except ReadError:
        return None
    return look * (DAY / min(poll_seconds, block_seconds)) + block * (DAY / (block_seconds * every))
