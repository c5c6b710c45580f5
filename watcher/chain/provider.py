"""web3's door to an endpoint: everything that is read of a chain goes through this provider.

No middleware (the default ones ask for the chain id before each call), no CCIP-read (a contract
would make this process fetch a URL), no retry and no cache of web3's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from web3 import AsyncWeb3
from web3._utils.encoding import FriendlyJsonSerde, Web3JsonEncoder
from web3.providers.async_base import AsyncJSONBaseProvider
from web3.types import RPCEndpoint, RPCError, RPCResponse

from watcher.chain.batches import Batches, Outcome
from watcher.chain.endpoint import Endpoint
from watcher.chain.jsonrpc import JsonRpc, Reply, Request, Result, request
from watcher.errors import ReadError


class EndpointProvider(AsyncJSONBaseProvider):
    """One endpoint with its policies. `call`, `ask` and `singly` give what the reading needs and
    web3's own batches do not keep: each request's own outcome, and none dropped.

    Raises our ReadErrors where no reply came; a node's error object goes on to web3, cleaned.
    """

    global_ccip_read_enabled = False

    def __init__(self, rpc: JsonRpc, batches: Batches) -> None:
        super().__init__()
        self._rpc = rpc
        self._batches = batches

    @property
    def endpoint(self) -> Endpoint:
        return self._rpc.endpoint

    @property
    def batch_limit(self) -> int:
        return self._batches.limit

    async def call(self, asked: Request) -> Reply:
        return await self._rpc.call(asked)

    async def ask(self, requests: Sequence[Request]) -> list[Outcome]:
        return await self._batches.ask(requests)

    async def singly(self, requests: Sequence[Request]) -> list[Outcome]:
        return await self._batches.singly(requests)

    def __repr__(self) -> str:
        return f"EndpointProvider({self.endpoint.name!r})"

    async def make_request(self, method: RPCEndpoint, params: Any) -> RPCResponse:
        return _response(await self.call(_request(method, params)))

    async def make_batch_request(
        self, requests: list[tuple[RPCEndpoint, Any]]
    ) -> list[RPCResponse]:
        """All replies in the order asked, or an error: none is dropped."""
        outcomes = await self.ask([_request(*one) for one in requests])
        return [_response(outcome) for outcome in outcomes]

    async def is_connected(self, show_traceback: bool = False) -> bool:
        try:
            await self.call(request("web3_clientVersion"))
        except ReadError:
            if show_traceback:
                raise
            return False
        return True


def web3_over(rpc: JsonRpc, batches: Batches) -> AsyncWeb3[EndpointProvider]:
    """An AsyncWeb3 that talks to `rpc`'s endpoint and to nothing else."""
    return AsyncWeb3(EndpointProvider(rpc, batches), middleware=[])


def _request(method: RPCEndpoint, params: Any) -> Request:
    # web3's own encoder: parameters hold its HexBytes and AttributeDicts.
    return Request(method, FriendlyJsonSerde().json_encode(params, cls=Web3JsonEncoder))


def _response(outcome: Outcome) -> RPCResponse:
    match outcome:
        case ReadError():
            raise outcome
        case Result(value):
            return {"jsonrpc": "2.0", "id": 0, "result": value}
    error: RPCError = {"code": outcome.code, "message": outcome.message}
    if outcome.data:
        error["data"] = outcome.data
    return {"jsonrpc": "2.0", "id": 0, "error": error}
