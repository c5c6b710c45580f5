"""Who executes: a node of the chain, or an Anvil of our own. Nothing is sent to either."""

from __future__ import annotations

import asyncio
from typing import Protocol

from watcher.chain.anvil import Anvil
from watcher.chain.batches import Asking
from watcher.chain.jsonrpc import ErrorObject, request
from watcher.errors import Unavailable

REPLY_BYTES = 1_000_000


class Refused(Unavailable):
    """A node's own error; `code` is JSON-RPC's, 0 where it is not known."""

    def __init__(self, text: str, *, code: int = 0, message: str = "") -> None:
        super().__init__(text)
        self.code = code
        self.message = message


class Node(Protocol):
    async def ask(self, method: str, *params: object) -> object:
        """The result of one JSON-RPC call. Raises Refused for the node's error, ReadError for no
        answer."""
        ...


class ChainNode:
    """A node of the chain that is watched, through its endpoint's policies."""

    def __init__(self, endpoint: Asking) -> None:
        self._endpoint = endpoint

    async def ask(self, method: str, *params: object) -> object:
        reply = await self._endpoint.call(request(method, *params, reply_bytes=REPLY_BYTES))
        if isinstance(reply, ErrorObject):
            raise Refused(
                f"{self._endpoint.endpoint.name} answered {method} with error {reply.code} "
                f"({reply.message}): use another endpoint, or let an Anvil do it",
                code=reply.code,
                message=reply.message,
            )
        return reply.value


class AnvilNode:
    """An Anvil that was started here."""

    def __init__(self, anvil: Anvil) -> None:
        self._anvil = anvil

    async def ask(self, method: str, *params: object) -> object:
        return await asyncio.to_thread(self._anvil.rpc, method, *params)
