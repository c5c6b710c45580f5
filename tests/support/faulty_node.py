"""A node that lies, hangs and breaks on demand: in memory, or over HTTP on loopback."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from aiohttp import web

from watcher.chain.batches import Batches
from watcher.chain.endpoint import Endpoint
from watcher.chain.headers import NodeHeaders
from watcher.chain.jsonrpc import JsonRpc
from watcher.chain.provider import EndpointProvider
from watcher.chain.reader import BatchReader
from watcher.state import Block

CHAIN_ID = 31337
Json = Any


class Fault(StrEnum):
    NONE = "none"
    # what comes back is wrong as JSON-RPC
    SHORT_BATCH = "a batch without its last reply"
    DOUBLED_ID = "a batch with one id twice"
    FOREIGN_ID = "a batch with an id that was not asked"
    EXTRA_REPLY = "a batch with a second, other reply to its first request"
    TRUE_AS_ID = "a batch with true for the id 1"
    SHUFFLED = "a batch in reverse order"
    BATCH_AS_OBJECT = "one error object for a whole batch"
    BATCH_AS_ONE_ERROR = "a list of one error for a whole batch, as go-ethereum does"
    BATCH_LIMITED = "one rate-limit object for a whole batch"
    HTML = "an HTML page in a 200"
    TRUNCATED = "JSON that stops in the middle"
    EMPTY = "nothing in a 200"
    NOT_UTF8 = "bytes that are not UTF-8"
    DEEP = "a hundred thousand brackets"
    HUGE_INTEGER = "an integer of ten thousand digits"
    NAN = "NaN as a result"
    A_NUMBER = "a bare number"
    # what HTTP says
    UNAUTHORIZED = "401"
    FORBIDDEN = "403"
    TOO_MANY = "429 with Retry-After"
    BAD_GATEWAY = "502 with an HTML page"
    NOT_FOUND = "404"
    BAD_REQUEST = "400 without JSON-RPC"
    NO_CONTENT = "204"
    REDIRECT = "302 to another place"
    BATCH_413 = "413 for more than `batch_limit` requests"
    BATCH_400 = "400 for every batch"
    ALWAYS_413 = "413 for everything"
    ECHO = "500 with the request's URL and headers in the body"
    # what the connection does
    HANG = "no answer"
    DRIP = "an answer a byte at a time"
    ENDLESS = "an answer without an end"
    ENDLESS_ERROR = "a 500 without an end"
    BOMB = "a gzip bomb"
    BAD_GZIP = "gzip that is not gzip"
    CUT = "fewer bytes than promised"
    NOT_HTTP = "bytes that are not HTTP"
    CLOSE = "the connection closed without an answer"


def block_hash(number: int, fork: int = 0) -> str:
    return f"0x{fork:02x}{number:062x}"


def make_chain(length: int, *, fork: int = 0, fork_at: int = 10**9) -> list[Block]:
    """Blocks 0 to `length` - 1; from `fork_at` on their hashes are those of `fork`."""
    hashes = [block_hash(n, fork if n >= fork_at else 0) for n in range(length)]
    return [
        Block(CHAIN_ID, n, hashes[n], hashes[n - 1] if n else block_hash(0, 255), 1_000 + 12 * n)
        for n in range(length)
    ]


def header(block: Block) -> dict[str, Json]:
    return {
        "number": hex(block.number),
        "hash": block.hash,
        "parentHash": block.parent_hash,
        "timestamp": hex(block.timestamp),
        "transactions": [],
        "logsBloom": "0x" + "ff" * 256,
    }


def error(code: int, message: str, data: Json = None) -> dict[str, Json]:
    return {"error": {"code": code, "message": message, "data": data}}


NOT_KNOWN = error(-32001, "Resource not found")


@dataclass
class FaultyNode:
    """`calls` holds what each address answers: a result, or what `error` made, or a function."""

    fault: Fault = Fault.NONE
    chain_id: int = CHAIN_ID
    blocks: list[Block] = field(default_factory=lambda: make_chain(8))
    calls: dict[str, Json] = field(default_factory=dict)
    tags: dict[str, Json] = field(default_factory=dict)
    overrides: dict[str, Json] = field(default_factory=dict)
    logs: list[dict[str, Json]] = field(default_factory=list)
    log_span: int = 10**9
    log_addresses: int = 10**9
    refuses_hashes: bool = False
    batch_limit: int = 10**9
    status_400_body: bytes = b""
    retry_after: str = "7"
    sent: list[Json] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    queries: list[str] = field(default_factory=list)
    authorizations: list[str] = field(default_factory=list)

    @property
    def head(self) -> Block:
        return self.blocks[-1]

    def requests_of(self, method: str) -> int:
        """How often `method` was asked, in batches or singly."""
        items = [i for body in self.sent for i in (body if isinstance(body, list) else [body])]
        return sum(item["method"] == method for item in items)

    def answer(self, body: bytes) -> bytes:
        asked = json.loads(body)
        self.sent.append(asked)
        text = BROKEN_BODIES.get(self.fault)
        if text is not None:
            return text
        if isinstance(asked, list):
            return json.dumps(self._batch(asked)).encode()
        return json.dumps(self._item(asked)).encode()

    def _batch(self, asked: list[Json]) -> Json:
        return mangled(self.fault, [self._item(item) for item in asked], self.batch_limit)

    async def reply(self, body: bytes) -> bytes:
        return self.answer(body)

    def _item(self, item: Json) -> Json:
        value = self._value(item["method"], item["params"])
        shaped = value if isinstance(value, dict) and "error" in value else {"result": value}
        return {"jsonrpc": "2.0", "id": item["id"], **shaped}

    def _value(self, method: str, params: Sequence[Json]) -> Json:
        if method in self.overrides:
            return self.overrides[method]
        match method:
            case "eth_chainId":
                return hex(self.chain_id)
            case "eth_blockNumber":
                return hex(self.head.number)
            case "web3_clientVersion":
                return "faulty/1.0"
            case "eth_getBlockByNumber":
                return self._by_number(params[0])
            case "eth_getBlockByHash":
                found = [block for block in self.blocks if block.hash == params[0]]
                return header(found[0]) if found else None
            case "eth_call":
                return self._at(params[1]) or self._called(params[0].get("to", ""), params)
            case "eth_getStorageAt":
                return self._at(params[2]) or self._called(params[0], params)
            case "eth_getLogs":
                return self._logs(params[0])
            case "eth_getCode" | "eth_getBalance":
                return self._at(params[1]) or self._called(params[0], params)
        return error(-32601, "Method not found")

    def _logs(self, asked: dict[str, Json]) -> Json:
        """Those of the blocks asked for, unless there are more than `log_span`, or of one block by
        its hash."""
        if len(asked["address"]) > self.log_addresses:
            return error(-32602, "exceed max addresses")
        if "blockHash" in asked:
            unknown = self._at(asked)
            return unknown or [one for one in self.logs if one["blockHash"] == asked["blockHash"]]
        first, last = int(asked["fromBlock"], 16), int(asked["toBlock"], 16)
        if last - first >= self.log_span:
            return error(-32000, f"exceed maximum block range: {self.log_span}")
        return [one for one in self.logs if first <= int(one["blockNumber"], 16) <= last]

    def _called(self, address: str, params: Sequence[Json]) -> Json:
        value = self.calls.get(address.lower(), "0x")
        return value(params) if callable(value) else value

    def _by_number(self, number: str) -> Json:
        if number == "latest":
            return header(self.head)
        if number in ("safe", "finalized"):
            return self.tags.get(number)
        found = [block for block in self.blocks if hex(block.number) == number]
        return header(found[0]) if found else None

    def _at(self, at: Json) -> Json:
        """An error where the state asked for is not there."""
        if isinstance(at, dict):
            if self.refuses_hashes:
                return error(-32602, "invalid argument 1: json: cannot unmarshal object")
            known = {block.hash for block in self.blocks}
            return None if at["blockHash"] in known else NOT_KNOWN
        return None if int(at, 16) <= self.head.number else NOT_KNOWN


def mangled(fault: Fault, items: list[Json], batch_limit: int) -> Json:
    """What comes back for a batch instead of its `items`."""
    match fault:
        case Fault.SHORT_BATCH:
            return items[:-1]
        case Fault.DOUBLED_ID:
            return [*items[:-1], items[0]]
        case Fault.EXTRA_REPLY:
            return [*items, {**items[0], "result": "0xbad0"}]
        case Fault.FOREIGN_ID:
            return [*items[:-1], {**items[-1], "id": 10**6}]
        case Fault.TRUE_AS_ID:
            return [{**item, "id": True} if item["id"] == 1 else item for item in items]
        case Fault.SHUFFLED:
            return items[::-1]
        case Fault.BATCH_AS_OBJECT:
            return {"jsonrpc": "2.0", "id": None, **error(-32600, "batches are not supported")}
        case Fault.BATCH_LIMITED:
            return {"jsonrpc": "2.0", "id": None, **error(-32005, "limit exceeded")}
    if len(items) > batch_limit and fault is Fault.BATCH_AS_ONE_ERROR:
        return [{**items[0], **error(-32600, "batch too large")}]
    return items


BROKEN_BODIES = {
    Fault.HTML: b"<html><body>Sign in</body></html>",
    Fault.TRUNCATED: b'{"jsonrpc":"2.0","id":1,"resul',
    Fault.EMPTY: b"",
    Fault.NOT_UTF8: b'{"jsonrpc":"2.0","id":1,"result":"\xff\xfe"}',
    Fault.DEEP: b"[" * 100_000,
    Fault.HUGE_INTEGER: b'{"jsonrpc":"2.0","id":1,"result":' + b"9" * 10_000 + b"}",
    Fault.NAN: b'{"jsonrpc":"2.0","id":1,"result":NaN}',
    Fault.A_NUMBER: b"7",
}


class MemoryTransport:
    """A transport straight into a FaultyNode, without HTTP."""

    def __init__(
        self, node: FaultyNode, *, delay: float = 0.0, host: str = "node-a.example"
    ) -> None:
        self.node = node
        self.delay = delay
        self.endpoint = Endpoint(f"http://{host}/")

    async def send(self, body: bytes, *, about: str) -> bytes:
        await asyncio.sleep(self.delay)
        return self.node.answer(body)


@dataclass
class Stack:
    """Everything over one node in memory, as `open_chain` puts it together."""

    rpc: JsonRpc
    batches: Batches
    headers: NodeHeaders
    reader: BatchReader


def stack_over(
    node: FaultyNode, *, max_items: int = 500, deadline: float = 5.0, delay: float = 0.0
) -> Stack:
    rpc = JsonRpc(MemoryTransport(node, delay=delay))
    batches = Batches(rpc, reply_bytes=8_000_000, max_items=max_items)
    provider = EndpointProvider(rpc, batches)
    headers = NodeHeaders(provider, chain_id=CHAIN_ID, deadline=deadline)
    return Stack(rpc, batches, headers, BatchReader(provider, headers, deadline=deadline))


class Served(Protocol):
    """What can be put behind HTTP: its answers, and the faults of the way to them."""

    fault: Fault
    batch_limit: int
    status_400_body: bytes
    retry_after: str
    paths: list[str]
    queries: list[str]
    authorizations: list[str]

    async def reply(self, body: bytes) -> bytes: ...


@asynccontextmanager
async def serve(node: Served) -> AsyncIterator[str]:
    """The node over HTTP; yields host:port."""
    released = asyncio.Event()

    async def handle(request: web.Request) -> web.StreamResponse:
        node.paths.append(f"{request.method} {request.path}")
        node.queries.append(request.query_string)
        node.authorizations.append(request.headers.get("Authorization", ""))
        return await _respond(node, request, released)

    app = web.Application(client_max_size=64 * 1024 * 1024)
    app.router.add_route("*", "/{anything:.*}", handle)
    runner = web.AppRunner(app, shutdown_timeout=1.0, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        host, port = runner.addresses[0][:2]
        yield f"{host}:{port}"
    finally:
        released.set()
        await runner.cleanup()


STATUSES: dict[Fault, Callable[[Served], web.Response]] = {
    Fault.UNAUTHORIZED: lambda _: web.Response(status=401, text="invalid key"),
    Fault.FORBIDDEN: lambda _: web.Response(status=403, text="origin not allowed"),
    Fault.TOO_MANY: lambda node: web.Response(
        status=429, headers={"Retry-After": node.retry_after}
    ),
    Fault.BAD_GATEWAY: lambda _: web.Response(
        status=502, text="<html>bad gateway</html>", content_type="text/html"
    ),
    Fault.NOT_FOUND: lambda _: web.Response(status=404, text="no such path"),
    Fault.BAD_REQUEST: lambda _: web.Response(status=400, text="bad request"),
    Fault.NO_CONTENT: lambda _: web.Response(status=204),
    Fault.ALWAYS_413: lambda _: web.Response(status=413, text="too large"),
    Fault.BAD_GZIP: lambda _: web.Response(body=b"{}", headers={"Content-Encoding": "gzip"}),
}


async def _respond(
    node: Served, request: web.Request, released: asyncio.Event
) -> web.StreamResponse:
    body = await request.read()
    if request.method != "POST" or request.path.endswith("/elsewhere"):
        return web.Response(status=503)
    if node.status_400_body:
        return web.Response(status=400, body=node.status_400_body)
    if node.fault in STATUSES:
        return STATUSES[node.fault](node)
    items = json.loads(body)
    is_batch = isinstance(items, list)
    match node.fault:
        case Fault.REDIRECT:
            return web.Response(
                status=302, headers={"Location": f"http://{request.host}/elsewhere"}
            )
        case Fault.BATCH_413 if is_batch and len(items) > node.batch_limit:
            return web.Response(status=413, text="payload too large")
        case Fault.BATCH_400 if is_batch:
            return web.Response(status=400, text="batches are not supported")
        case Fault.ECHO:
            text = f"{request.url} {dict(request.headers)} {request.path_qs} {request.query_string}"
            return web.Response(status=500, text=text)
        case Fault.HANG:
            await released.wait()
        case Fault.DRIP | Fault.ENDLESS | Fault.ENDLESS_ERROR:
            return await _stream(node.fault, request, released)
        case Fault.BOMB:
            zeros = gzip.compress(b" " * 8_000_000)
            return web.Response(body=zeros, headers={"Content-Encoding": "gzip"})
        case Fault.CUT:
            return await _cut(request)
        case Fault.CLOSE | Fault.NOT_HTTP if request.transport is not None:
            if node.fault is Fault.NOT_HTTP:
                request.transport.write(b"HTTP/1.1 two hundred\r\n\r\n")
            request.transport.close()
    return web.Response(body=await node.reply(body), content_type="application/json")


async def _stream(
    fault: Fault, request: web.Request, released: asyncio.Event
) -> web.StreamResponse:
    response = web.StreamResponse(status=500 if fault is Fault.ENDLESS_ERROR else 200)
    await response.prepare(request)
    piece, pause = (b" ", 0.05) if fault is Fault.DRIP else (b" " * 65_536, 0.0)
    while not released.is_set():
        await response.write(piece)
        await asyncio.sleep(pause)
    return response


async def _cut(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Length": "1000"})
    await response.prepare(request)
    await response.write(b'{"jsonrpc":"2.0"')
    if request.transport is not None:
        request.transport.close()
    return response
