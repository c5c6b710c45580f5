"""Entries through the adapters and our reader, on the Anvil that a chain is."""

from __future__ import annotations

from collections.abc import Sequence

from watcher.chain.client import open_chain
from watcher.devnet.local_chain import LocalChain
from watcher.devnet.world import World
from watcher.errors import ReadError
from watcher.protocols import ADAPTERS, Entry
from watcher.service.identify import Identified, identify
from watcher.state import Address, Answer, State, Target

PATIENCE = 300.0
"""Seconds for one read: a fork of a public chain fetches each slot that it has not seen yet."""


def entry(protocol: str, address: Address, **options: object) -> Entry:
    """An entry whose options went through the adapter's own parsers, as a configuration's do."""
    parsers = {option.name: option.parse for option in ADAPTERS[protocol].options}
    parsed = {name: parsers[name](value) for name, value in options.items()}
    return Entry(31337, protocol, address, options=parsed)


def entries(world: World) -> list[Entry]:
    """Everything that stands in the world."""
    named = [entry(each.protocol, each.address, **each.options) for each in world.entries.targets]
    return [*named, *(entry("chainlink", feed.proxy) for feed in world.feeds)]


async def identified(chain: LocalChain, asked: Sequence[Entry]) -> list[Identified]:
    async with open_chain(chain.chain_id, chain.url, deadline=PATIENCE) as client:
        return await identify(client.reader, await client.headers.head(), asked)


async def read_states(chain: LocalChain, targets: Sequence[Target]) -> list[State]:
    """Each target's state at the head, all in one read."""
    plans = [(target, ADAPTERS[target.protocol]) for target in targets]
    calls = [adapter.calls(target) for target, adapter in plans]
    async with open_chain(chain.chain_id, chain.url, deadline=PATIENCE) as client:
        block = await client.headers.head()
        found = iter(await client.reader.read(block, [call for each in calls for call in each]))
    return [
        adapter.decode(target, [answered(next(found)) for _ in asked])
        for (target, adapter), asked in zip(plans, calls, strict=True)
    ]


def answered(found: Answer | ReadError) -> Answer:
    assert isinstance(found, Answer), found
    return found
