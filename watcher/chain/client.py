"""One chain through its endpoints, put together."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from watcher.chain.batches import PARALLEL, Batches
from watcher.chain.block_logs import NodeBlockLogs
from watcher.chain.deadline import Deadline
from watcher.chain.endpoint import Endpoint, EndpointOptions, endpoint_problem
from watcher.chain.failover import FailoverReader
from watcher.chain.failover_logs import FailoverLogs
from watcher.chain.faults import EndpointError, WrongChain
from watcher.chain.head_race import HeadRace
from watcher.chain.headers import Headers, NodeHeaders, ask_chain_id
from watcher.chain.health import Clock, EndpointHealth, Health
from watcher.chain.jsonrpc import JsonRpc
from watcher.chain.lag import DEFAULT_LIMITS, LagLimits
from watcher.chain.lens_reader import LensReader
from watcher.chain.links import Link, Links
from watcher.chain.logs import Logs, NodeLogs
from watcher.chain.quorum import QuorumHeaders
from watcher.chain.rate import Paced, Rate
from watcher.chain.reader import Reader
from watcher.chain.retry import DEFAULT_PATIENCE, Patience
from watcher.chain.sample import Sampler
from watcher.chain.traffic import Metered
from watcher.chain.transport import HttpTransport, Transport, http_session
from watcher.chain.ways import Way
from watcher.errors import ConfigError, Problem

if TYPE_CHECKING:
    from web3 import AsyncWeb3

    from watcher.chain.provider import EndpointProvider

DEADLINE = 10.0
"""Seconds for one request, and for one whole read."""

RESPONSE_CAP = 16 * 1024 * 1024
"""Bytes of one HTTP answer; parsed JSON takes some thirty times its length."""

SAMPLE = 20
"""One contract in so many is asked of all endpoints at each block."""


LOG_SHARES = 6
"""A request for logs that takes longer than this part of a deadline is made for fewer blocks."""


@dataclass(frozen=True, slots=True)
class Policies:
    """How endpoints that fail, lag or disagree are dealt with. `quorum` as in `Links`; `sample` as
    in `Sampler`; `ways` are those in which many calls may be made at one endpoint."""

    quorum: int | None = None
    sample: int = SAMPLE
    ways: tuple[Way, ...] = tuple(Way)
    patience: Patience = DEFAULT_PATIENCE
    limits: LagLimits = DEFAULT_LIMITS


DEFAULT_POLICIES = Policies()


@dataclass(frozen=True, slots=True, repr=False)
class ChainClient:
    """What is read of one chain. `headers`, `reader` and `logs` are all that the layers above need;
    `w3` is the first endpoint's alone, through whose provider they ask it."""

    chain_id: int
    headers: Headers
    reader: Reader
    logs: Logs
    w3: AsyncWeb3[EndpointProvider]
    links: Links

    @property
    def endpoint(self) -> Endpoint:
        return self.w3.provider.endpoint

    @property
    def ready(self) -> bool:
        """Whether enough endpoints answer, agree and keep up."""
        return self.links.ready

    def health(self) -> tuple[EndpointHealth, ...]:
        """How each endpoint stands, in the order of the configuration."""
        return tuple(link.standing() for link in self.links.all)

    def __repr__(self) -> str:
        names = ", ".join(link.name for link in self.links.all)
        return f"ChainClient(eip155:{self.chain_id} at {names})"


@asynccontextmanager
async def open_chain(
    chain_id: int,
    endpoints: str | Sequence[EndpointOptions],
    *,
    deadline: float = DEADLINE,
    response_cap: int = RESPONSE_CAP,
    policies: Policies = DEFAULT_POLICIES,
) -> AsyncIterator[ChainClient]:
    """A connected client of one URL or several endpoints; its connections end with the context.

    Raises ConfigError for a URL that cannot be used. Where no endpoint can be used, raises
    WrongChain or Unavailable; where some cannot, their health says so.
    """
    options = _options(endpoints)
    async with http_session(connections=PARALLEL * len(options)) as session:
        made = [
            link_over(
                chain_id,
                one,
                HttpTransport(session, one.endpoint, response_cap=response_cap),
                deadline=deadline,
                # Where there are others, they are asked rather than waited for this one.
                longest_wait=deadline / (2 if len(options) == 1 else 10),
                response_cap=response_cap,
                patience=policies.patience,
                ways=policies.ways,
            )
            for one in options
        ]
        links = Links(
            chain_id,
            [link for link, _ in made],
            deadline=deadline,
            quorum=policies.quorum,
            limits=policies.limits,
        )
        await _connect(links)
        headers = QuorumHeaders(links)
        try:
            yield ChainClient(
                chain_id=chain_id,
                headers=headers,
                reader=FailoverReader(links, Sampler(policies.sample)),
                logs=FailoverLogs(links),
                w3=made[0][1],
                links=links,
            )
        finally:
            await headers.close()


async def served_chain(url: str, *, deadline: float = DEADLINE) -> int:
    """The id of the chain that a node says it serves.

    Raises ConfigError for a URL that cannot be used, EndpointError where the node does not say.
    """
    (options,) = _options(url)
    async with http_session(connections=1) as session:
        transport = HttpTransport(session, options.endpoint, response_cap=RESPONSE_CAP)
        return await ask_chain_id(JsonRpc(Deadline(transport, deadline)))


def _options(endpoints: str | Sequence[EndpointOptions]) -> Sequence[EndpointOptions]:
    if not isinstance(endpoints, str):
        return endpoints
    problem = endpoint_problem(endpoints)
    if problem is not None:
        raise ConfigError([Problem("", problem)])
    return [EndpointOptions(Endpoint(endpoints))]


def link_over(
    chain_id: int,
    options: EndpointOptions,
    transport: Transport,
    *,
    deadline: float,
    longest_wait: float,
    response_cap: int = RESPONSE_CAP,
    patience: Patience = DEFAULT_PATIENCE,
    ways: Sequence[Way] = tuple(Way),
    clock: Clock = time.monotonic,
) -> tuple[Link, AsyncWeb3[EndpointProvider]]:
    """One endpoint with all its policies over a bare transport, not connected yet.

    `longest_wait` seconds are waited to keep to its rate, no longer.
    """
    from watcher.chain.provider import web3_over

    rate = Rate(clock)
    meter = Metered(transport)
    paced = Paced(meter, rate, longest_wait=longest_wait)
    rpc = JsonRpc(Deadline(paced, deadline), on_limit=rate.limited)
    w3 = web3_over(rpc, Batches(rpc, reply_bytes=response_cap // 2))
    headers = NodeHeaders(w3.provider, chain_id=chain_id, deadline=deadline)
    lens = LensReader(w3.provider, headers, deadline=deadline, ways=ways, clock=clock)
    link = Link(
        endpoint=options.endpoint,
        headers=headers,
        reader=HeadRace(lens, w3.provider) if options.racing else lens,
        logs=NodeLogs(w3.provider, deadline=deadline / LOG_SHARES),
        block_logs=NodeBlockLogs(w3.provider, deadline=deadline / LOG_SHARES),
        lens=lens,
        meter=meter,
        connect=headers.connect,
        health=Health(options.endpoint.name, patience=patience, clock=clock),
        rate=rate,
        archive=options.archive,
    )
    return link, w3


async def _connect(links: Links) -> None:
    """Ask each endpoint's chain id. Raises only where none can be used."""

    async def connect(link: Link) -> EndpointError | WrongChain | None:
        try:
            await link.connect()
        except (EndpointError, WrongChain) as error:
            return error
        return None

    faults = await asyncio.gather(*map(connect, links.all))
    failed = [error for error in faults if error is not None]
    if len(failed) == len(links.all):
        # Another chain is the configuration's fault, and waiting does not mend it.
        raise next((one for one in failed if isinstance(one, WrongChain)), failed[0])
    for link, error in zip(links.all, faults, strict=True):
        if error is not None:
            links.failed(link, error)
