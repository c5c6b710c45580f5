"""Everything that can be wrong before a watch starts, in one list."""

from __future__ import annotations

import time
from collections.abc import Sequence

from watcher.chain.client import ChainClient
from watcher.chain.links import Link
from watcher.chain.survey import Survey, day, survey
from watcher.config.values import ChainConfig, Config
from watcher.errors import ConfigError, ReadError, StoreError
from watcher.service.flows import FlowReader
from watcher.service.identify import identify
from watcher.service.looked import Looked
from watcher.service.observe import Observer
from watcher.service.prepare import connect
from watcher.service.price_findings import price_findings
from watcher.service.receivers import receivers_looked_at
from watcher.state.call import Call
from watcher.state.flow import FlowReading
from watcher.state.target import Target
from watcher.state.token import Address
from watcher.store import Store

CONFIGURATION_FAULT = ConfigError.exit_code


async def checkup(config: Config) -> list[Looked]:
    """Look at the database, each node and each target; raises nothing that belongs in the list."""
    findings = [
        Looked(
            "configuration",
            True,
            f"{config.path.name}: {_counted(len(config.chains), 'chain')}, "
            f"{_counted(len(config.entries), 'target')}, "
            f"{_counted(_written(config), 'price')}",
        ),
        _database(config),
    ]
    for chain in config.chains:
        findings += await _chain(config, chain)
    return [*findings, *await receivers_looked_at(config)]


def _written(config: Config) -> int:
    """Sources that the file names; what a native coin is wrapped into is none of them."""
    return sum(source.source != "wrapped" for source in config.settings.prices)


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _database(config: Config) -> Looked:
    """What is there is looked at and left alone; what is not, `watcher run` will make."""
    try:
        with Store(config.database) as store:
            revision = store.current().revision
            if revision is None:
                return Looked("database", True, f"{config.database_shown}, made by the first run")
            store.require_current()
    except StoreError as error:
        return Looked("database", False, str(error))
    return Looked("database", True, f"{config.database_shown}, schema {revision} (current)")


async def _chain(config: Config, chain: ChainConfig) -> list[Looked]:
    what = f"eip155:{chain.chain_id}"
    try:
        async with connect(chain) as client:
            identified, targets = await _targets(config, chain, client)
            nodes = [await _node(one, chain, targets) for one in client.links.all]
            prices = await price_findings(config, client, targets)
            return [*(finding for found in nodes for finding in found), *identified, *prices]
    except ReadError as error:
        return [Looked(what, False, str(error))]


async def _node(link: Link, chain: ChainConfig, targets: Sequence[Target]) -> list[Looked]:
    what = f"eip155:{chain.chain_id}"
    if link.health.fault is not None:
        return [Looked(what, False, str(link.health.fault))]
    observer = Observer(link.reader, targets)
    flows = FlowReader(link.block_logs, targets if chain.flow and chain.every_blocks == 1 else ())
    try:
        # Further rounds, such as of ticks and of what is held, are part of what a block costs.
        head = await link.headers.head()
        await observer.observe(head)
        reading = await flows.read(head)
        found = await survey(link)
    except ReadError as error:
        return [Looked(what, False, str(error))]
    findings = [Looked(what, True, f"{link.name}: {_shown(found, chain)}")]
    findings.append(_flows(link, chain, flows, reading))
    if found.block_seconds is not None:
        asked = (flows.addresses, flows.topics) if reading and not reading.failure else ((), ())
        findings += await _cost(link, chain, observer.calls, found.block_seconds, asked)
    return findings


def _flows(
    link: Link, chain: ChainConfig, flows: FlowReader, reading: FlowReading | None
) -> Looked:
    if not chain.flow:
        return Looked("flows", True, "not read: flow = false")
    if chain.every_blocks > 1:
        return Looked(
            "flows", True, f"not read: every_blocks = {chain.every_blocks} leaves blocks out"
        )
    if reading is None:
        return Looked("flows", True, "not read: no target whose events are known")
    if reading.failure:
        return Looked("flows", False, f"{reading.failure}; or switch them off with flow = false")
    return Looked(
        "flows",
        True,
        f"{_counted(len(reading.scope), 'target')} at {link.name}, from the logs of "
        f"{len(flows.addresses):,} addresses at each block",
    )


def _shown(found: Survey, chain: ChainConfig) -> str:
    lag = max(0, round(time.time() - found.head.timestamp))
    parts = [f"head {found.head.number:,} ({_age(lag)})"]
    parts.append(
        f"finalized {found.finalized:,}"
        if found.finalized is not None
        else f"no finalized tag: {chain.confirmations} confirmations"
    )
    limits = found.limits
    if limits is not None:
        parts.append(f"many calls by {limits.way}")
        parts.append(f"batches of {limits.batch}" if limits.batch > 1 else "no batches")
        if limits.gas is not None:
            parts.append(f"gas cap {limits.gas:,}")
        if limits.rows is not None:
            parts.append(f"{limits.rows:,} targets a request")
    parts.append(f"archive {found.archive}")
    return ", ".join(parts)


async def _cost(
    link: Link,
    chain: ChainConfig,
    calls: Sequence[Call],
    block_seconds: float,
    logs: tuple[Sequence[Address], Sequence[str]],
) -> list[Looked]:
    cost = await day(
        link,
        calls,
        block_seconds=block_seconds,
        every=chain.every_blocks,
        poll_seconds=chain.poll_seconds,
        logs=logs,
    )
    if cost is None:
        return []
    detail = (
        f"{cost.requests:,} requests, {_size(cost.received)} down, {_size(cost.sent)} up at "
        f"{link.name}, with a block each {block_seconds:.3g} s"
    )
    return [Looked("a day costs", True, detail)]


def _age(seconds: int) -> str:
    for size, unit in ((86_400, "days"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds // size:,} {unit} old"
    return f"{seconds} s old"


def _size(count: int) -> str:
    for size, unit in ((10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
        if count >= size:
            return f"{count / size:.3g} {unit}"
    return f"{count} B"


async def _targets(
    config: Config, chain: ChainConfig, client: ChainClient
) -> tuple[list[Looked], list[Target]]:
    head = await client.headers.head()
    found = await identify(client.reader, head, config.entries_of(chain.chain_id))
    findings = []
    for one in found:
        label = one.entry.name or one.entry.address
        if one.target is None:
            findings.append(Looked(label, False, one.refusal))
            continue
        symbols = " / ".join(token.symbol or token.address for token in one.target.tokens)
        of_what = f"{one.target.protocol} {symbols}".strip()
        findings.append(Looked(one.target.label, True, f"{of_what} at {one.target.address}"))
    return findings, [one.target for one in found if one.target is not None]
