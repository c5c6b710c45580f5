"""Everything that can be wrong before a watch starts, in one list."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

from watcher.chain.client import ChainClient
from watcher.chain.links import Link
from watcher.config.values import ChainConfig, Config
from watcher.errors import ConfigError, ReadError, StoreError
from watcher.service.identify import identify
from watcher.service.prepare import connect
from watcher.store import Store

CONFIGURATION_FAULT = ConfigError.exit_code


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    what: str
    ok: bool
    detail: str


async def checkup(config: Config) -> list[Finding]:
    """Look at the database, each node and each target; raises nothing that belongs in the list."""
    findings = [
        Finding(
            "configuration",
            True,
            f"{config.path.name}: {_counted(len(config.chains), 'chain')}, "
            f"{_counted(len(config.entries), 'target')}, "
            f"{_counted(len(config.settings.prices), 'price')}",
        ),
        _database(config),
    ]
    for chain in config.chains:
        findings += await _chain(config, chain)
    return findings


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _database(config: Config) -> Finding:
    """What is there is looked at and left alone; what is not, `watcher run` will make."""
    try:
        with Store(config.database) as store:
            revision = store.current().revision
            if revision is None:
                return Finding("database", True, f"{config.database_shown}, made by the first run")
            store.require_current()
    except StoreError as error:
        return Finding("database", False, str(error))
    return Finding("database", True, f"{config.database_shown}, schema {revision} (current)")


async def _chain(config: Config, chain: ChainConfig) -> list[Finding]:
    what = f"eip155:{chain.chain_id}"
    try:
        async with connect(chain) as client:
            nodes = await asyncio.gather(*(_node(one, chain) for one in client.links.all))
            return [*nodes, *await _targets(config, chain, client)]
    except ReadError as error:
        return [Finding(what, False, str(error))]


async def _node(link: Link, chain: ChainConfig) -> Finding:
    what = f"eip155:{chain.chain_id}"
    if link.health.fault is not None:
        return Finding(what, False, str(link.health.fault))
    try:
        head = await link.headers.head()
        finalized = await link.headers.tagged("finalized")
    except ReadError as error:
        return Finding(what, False, str(error))
    finality = (
        f"finalized {finalized:,}"
        if finalized is not None
        else f"no finalized tag: {chain.confirmations} confirmations"
    )
    archive = ", archive" if link.archive else ""
    return Finding(what, True, f"{link.name}: head {head.number:,}, {finality}{archive}")


async def _targets(config: Config, chain: ChainConfig, client: ChainClient) -> Iterable[Finding]:
    head = await client.headers.head()
    found = await identify(client.reader, head, config.entries_of(chain.chain_id))
    findings = []
    for one in found:
        label = one.entry.name or one.entry.address
        if one.target is None:
            findings.append(Finding(label, False, one.refusal))
            continue
        symbols = " / ".join(token.symbol or token.address for token in one.target.tokens)
        of_what = f"{one.target.protocol} {symbols}".strip()
        findings.append(Finding(one.target.label, True, f"{of_what} at {one.target.address}"))
    return findings
