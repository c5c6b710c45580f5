"""Entries through the adapters and our reader, on the Anvil that a chain is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from watcher.chain.client import open_chain
from watcher.devnet.local_chain import LocalChain
from watcher.devnet.places import MEAN_SECONDS
from watcher.devnet.world import World
from watcher.errors import DecodeError
from watcher.protocols import ADAPTERS, Entry
from watcher.protocols.redemption_rate import PROTOCOL, Asked, key_of
from watcher.service.identify import Identified, identify
from watcher.service.observe import observe
from watcher.state import Address, State, Target

PATIENCE = 300.0
"""Seconds for one read: a fork of a public chain fetches each slot that it has not seen yet."""


def entry(protocol: str, address: Address, *, key: str = "", **options: object) -> Entry:
    """An entry whose options went through the adapter's own parsers, as a configuration's do."""
    parsers = {option.name: option.parse for option in ADAPTERS[protocol].options}
    parsed = {name: parsers[name](value) for name, value in options.items()}
    made = ADAPTERS[protocol].key
    own = made(parsed) if made else key
    return Entry(31337, protocol, address, key=own, options=parsed)


def entries(world: World) -> list[Entry]:
    """Everything that stands in the world, and of the sources of prices each kind."""
    named = [
        entry(each.protocol, each.address, **dict[str, Any](each.options))
        for each in world.entries.targets
    ]
    means = [
        entry(protocol, address, key=str(MEAN_SECONDS))
        for protocol, address in (
            ("uniswap_v2_twap", world.pair("DAI/USDC").address),
            ("uniswap_v3_twap", world.tick_pools[0].address),
        )
    ]
    rates = [
        entry(
            PROTOCOL,
            one.address,
            key=key_of(Asked(one.getter, 18, one.token.address, one.quote.address)),
        )
        for one in world.implied
        if one.getter
    ]
    prices = [entry("pyth", one.contract, key=one.price_id) for one in world.pyth]
    feeds = [entry("chainlink", feed.proxy) for feed in world.feeds]
    return [*named, *means, *rates, *prices, *feeds]


async def identified(chain: LocalChain, asked: Sequence[Entry]) -> list[Identified]:
    async with open_chain(chain.chain_id, chain.url, deadline=PATIENCE) as client:
        return await identify(client.reader, await client.headers.head(), asked)


async def read_states(chain: LocalChain, targets: Sequence[Target]) -> list[State]:
    """Each target's state at the head, all in one read. Raises DecodeError where one has none."""
    async with open_chain(chain.chain_id, chain.url, deadline=PATIENCE) as client:
        found = await observe(client.reader, await client.headers.head(), targets)
    states = [found[target.id].state for target in targets]
    if problems := [found[one.id].detail for one in targets if found[one.id].state is None]:
        raise DecodeError("; ".join(problems))
    return [state for state in states if state is not None]
