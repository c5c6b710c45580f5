"""What befell the endpoints of a chain, kept as facts beside the blocks."""

from __future__ import annotations

from watcher.chain.client import ChainClient
from watcher.service.writer import Writer
from watcher.store import Store


async def keep_events(client: ChainClient, store: Store, writer: Writer) -> None:
    """Store what was noted since the last time; noted once more where the store fails."""
    events = client.links.events
    if events:
        await writer.do(store.record_endpoint_events, events)
        client.links.drop_events(len(events))
