"""A fork on an Anvil of our own, and everything that it reads of the chain.

Anvil is given the address of a small server on loopback in place of the node's: that asks the node,
through its endpoint's policies, and keeps the accounts, code and slots that were read. Only methods
that read are passed on, and the node's URL, which may hold a key, is on no command line.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from watcher.chain.anvil import Anvil, AnvilOptions, run_anvil
from watcher.errors import ReadError
from watcher.simulate.node import AnvilNode, Node, Refused
from watcher.simulate.witness import READ, Reads
from watcher.state.block import Block

if TYPE_CHECKING:
    from aiohttp import web

PASSED = frozenset(
    {
        *READ,
        "eth_blockNumber",
        "eth_chainId",
        "eth_feeHistory",
        "eth_gasPrice",
        "eth_getBlockByHash",
        "eth_getBlockByNumber",
        "eth_maxPriorityFeePerGas",
        "net_version",
        "web3_clientVersion",
    }
)
"""What a fork asks. Nothing else reaches the node."""

NOT_PASSED = -32601
NOT_ANSWERED = -32000
MOST_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Fork:
    node: AnvilNode
    reads: Reads


@asynccontextmanager
async def forked(node: Node, block: Block, binary: Path) -> AsyncIterator[Fork]:
    """A fork of the state after a block. Raises SetupError where Anvil does not start."""
    reads = Reads()
    async with _served(Recorder(node, reads)) as url:
        options = AnvilOptions(
            chain_id=block.chain_id,
            automine=False,
            code_size_limit=False,
            fork_url=url,
            fork_block_number=block.number,
        )
        async with anvil(binary, options) as started:
            yield Fork(AnvilNode(started), reads)


@asynccontextmanager
async def empty(chain_id: int, binary: Path) -> AsyncIterator[AnvilNode]:
    """An Anvil that knows of no chain."""
    options = AnvilOptions(chain_id=chain_id, automine=False, code_size_limit=False)
    async with anvil(binary, options) as started:
        yield AnvilNode(started)


@asynccontextmanager
async def anvil(binary: Path, options: AnvilOptions) -> AsyncIterator[Anvil]:
    """Starting and ending wait, and what it forks is served by this very loop: in a thread."""
    stack = ExitStack()
    try:
        yield await asyncio.to_thread(stack.enter_context, run_anvil(binary, options))
    finally:
        await asyncio.to_thread(stack.close)


class Recorder:
    """Answers a fork's requests, one or several at once."""

    def __init__(self, node: Node, reads: Reads) -> None:
        self._node = node
        self._reads = reads

    async def answer(self, asked: web.Request) -> web.Response:
        from aiohttp import web

        body = await asked.json()
        if isinstance(body, list):
            return web.json_response(await asyncio.gather(*map(self._one, body)))
        return web.json_response(await self._one(body))

    async def _one(self, asked: dict[str, Any]) -> dict[str, Any]:
        method, params = asked["method"], asked.get("params") or []
        head = {"jsonrpc": "2.0", "id": asked.get("id")}
        if method not in PASSED:
            return {**head, "error": {"code": NOT_PASSED, "message": f"{method} is not passed on"}}
        try:
            result = await self._node.ask(method, *params)
        except Refused as error:
            return {**head, "error": {"code": error.code, "message": error.message}}
        except ReadError as error:
            return {**head, "error": {"code": NOT_ANSWERED, "message": str(error)}}
        self._reads.note(method, params, result)
        return {**head, "result": result}


@asynccontextmanager
async def _served(recorder: Recorder) -> AsyncIterator[str]:
    from aiohttp import web

    app = web.Application(client_max_size=MOST_BYTES)
    app.router.add_post("/", recorder.answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        (host, port), *_ = (address[:2] for address in runner.addresses)
        yield f"http://{host}:{port}"
    finally:
        await runner.cleanup()
