"""One look at the head of each chain."""

from __future__ import annotations

from contextlib import AsyncExitStack

from watcher.config.values import Config
from watcher.service.deliver import delivering
from watcher.service.endpoints import keep_events
from watcher.service.lease import holding_lease
from watcher.service.prepare import connect, prepare
from watcher.service.watch import Ticked
from watcher.service.writer import Writer
from watcher.store import Store


async def watch_once(config: Config, store: Store) -> list[Ticked]:
    """Store the head of each chain; what lies between the cursor and it is left as a gap row.

    What it tells is sent before it returns. Empty for a chain whose head is stored already. Raises
    Unavailable when a node does not answer.
    """
    ticks: list[Ticked] = []
    async with AsyncExitStack() as stack:
        writer = stack.enter_context(Writer())
        await stack.enter_async_context(holding_lease(store, writer))
        await stack.enter_async_context(delivering(config.receivers, store.outbox, writer))
        for chain in config.chains:
            client = await stack.enter_async_context(connect(chain))
            prepared = await prepare(config, chain, client, store=store, writer=writer)
            ticks += [ticked async for ticked in prepared.watch.advance(head_only=True)]
            await keep_events(client, store, writer)
    return ticks
