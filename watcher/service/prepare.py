"""From a configuration's plain values to watches that can run."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from watcher.chain.client import ChainClient, Policies, open_chain
from watcher.config.values import ChainConfig, Config
from watcher.errors import ConfigError, Problem
from watcher.protocols import ADAPTERS, Entry
from watcher.service.identify import Identified, identify_at_head
from watcher.service.watch import ChainWatch, Pace
from watcher.service.writer import Writer
from watcher.state.target import Target
from watcher.store import Store


@dataclass(frozen=True, slots=True)
class Prepared:
    """A chain whose targets the node has confirmed."""

    chain: ChainConfig
    client: ChainClient
    watch: ChainWatch
    targets: tuple[Target, ...]
    pace: Pace


@asynccontextmanager
async def connect(chain: ChainConfig) -> AsyncIterator[ChainClient]:
    """The client of a configured chain; its connections end with the context."""
    async with open_chain(
        chain.chain_id,
        chain.endpoints,
        deadline=chain.deadline_seconds,
        policies=Policies(quorum=chain.quorum, sample=chain.sample),
    ) as client:
        yield client


async def prepare(
    config: Config, chain: ChainConfig, client: ChainClient, *, store: Store, writer: Writer
) -> Prepared:
    """Identify the chain's targets at its head and register them.

    Raises ConfigError with every target that the chain contradicts.
    """
    entries = config.entries_of(chain.chain_id)
    found = await identify_at_head(client.headers, client.reader, entries)
    refuse(found, source=config.path.name)
    known = {target.id: target for target in store.targets()}
    targets = tuple(
        _as_known(one.entry, one.target, known) for one in found if one.target is not None
    )
    await writer.do(store.register, targets)
    await writer.do(store.save_settings, config.settings)
    pace = Pace(
        every_blocks=chain.every_blocks,
        confirmations=chain.confirmations,
        catch_up_blocks=chain.catch_up_blocks,
        flow=chain.flow,
    )
    watch = ChainWatch(
        chain_id=chain.chain_id,
        chain=client,
        ledger=store,
        writer=writer,
        targets=targets,
        settings=config.settings,
        pace=pace,
        rules=config.rules,
    )
    return Prepared(chain=chain, client=client, watch=watch, targets=targets, pace=pace)


def _as_known(entry: Entry, target: Target, known: Mapping[str, Target]) -> Target:
    """The target with the params of its registration, where those still hold."""
    earlier, keeps = known.get(target.id), ADAPTERS[entry.protocol].keeps
    if earlier is None or keeps is None or not keeps(entry, earlier, target):
        return target
    return replace(target, params=earlier.params)


def refuse(found: Sequence[Identified], *, source: str) -> None:
    """Raise ConfigError when any entry was refused, naming each."""
    problems = [
        Problem(one.entry.name or str(one.entry.address), one.refusal)
        for one in found
        if one.target is None
    ]
    if problems:
        raise ConfigError(problems, source=source)
