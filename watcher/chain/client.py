"""One chain through one endpoint, put together."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from watcher.chain.batches import PARALLEL, Batches
from watcher.chain.deadline import Deadline
from watcher.chain.endpoint import Endpoint, endpoint_problem
from watcher.chain.headers import Headers, NodeHeaders
from watcher.chain.jsonrpc import JsonRpc
from watcher.chain.reader import BatchReader, Reader
from watcher.chain.transport import HttpTransport, http_session
from watcher.errors import ConfigError, Problem

if TYPE_CHECKING:
    from web3 import AsyncWeb3

    from watcher.chain.provider import EndpointProvider

DEADLINE = 10.0
"""Seconds for one request, and for one whole read."""

RESPONSE_CAP = 16 * 1024 * 1024
"""Bytes of one HTTP answer; parsed JSON takes some thirty times its length."""


@dataclass(frozen=True, slots=True, repr=False)
class ChainClient:
    """What is read of one chain. `headers` and `reader` are all that the layers above need; both
    ask through the provider of `w3`."""

    chain_id: int
    headers: Headers
    reader: Reader
    w3: AsyncWeb3[EndpointProvider]

    @property
    def endpoint(self) -> Endpoint:
        return self.w3.provider.endpoint

    def __repr__(self) -> str:
        return f"ChainClient(eip155:{self.chain_id} at {self.endpoint.name})"


@asynccontextmanager
async def open_chain(
    chain_id: int, url: str, *, deadline: float = DEADLINE, response_cap: int = RESPONSE_CAP
) -> AsyncIterator[ChainClient]:
    """A connected client; its connections end with the context.

    Raises ConfigError for a URL that cannot be used, WrongChain, and Unavailable.
    """
    from watcher.chain.provider import web3_over

    problem = endpoint_problem(url)
    if problem is not None:
        raise ConfigError([Problem("", problem)])
    async with http_session(connections=PARALLEL) as session:
        transport = HttpTransport(session, Endpoint(url), response_cap=response_cap)
        rpc = JsonRpc(Deadline(transport, deadline))
        w3 = web3_over(rpc, Batches(rpc, reply_bytes=response_cap // 2))
        headers = NodeHeaders(w3.provider, chain_id=chain_id, deadline=deadline)
        await headers.connect()
        reader = BatchReader(w3.provider, headers, deadline=deadline)
        yield ChainClient(chain_id=chain_id, headers=headers, reader=reader, w3=w3)
