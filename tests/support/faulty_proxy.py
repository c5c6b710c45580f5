"""A proxy in front of a real node that breaks, slows and falsifies its answers on demand.

async with faulty_proxy(anvil.url) as (proxy, host):
    proxy.fault = Fault.HTML                          # everything that `Fault` knows
    proxy.rewrites["eth_chainId"] = answering("0x1")  # or single answers, by method
    proxy.delay = 0.04                                # seconds before each request goes on
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp

from tests.support import lens
from tests.support.faulty_node import BROKEN_BODIES, Fault, Json, error, mangled, serve
from watcher.chain.ways import PLACE

Rewrite = Callable[[list[Json], Json], Json]
"""From a request's params and the node's reply (with `result` or `error`) to the reply given."""


@dataclass
class FaultyProxy:
    """`requests`, `items` and the bytes count what went through, for who measures."""

    upstream: str
    session: aiohttp.ClientSession
    fault: Fault = Fault.NONE
    rewrites: dict[str, Rewrite] = field(default_factory=dict)
    delay: float = 0.0
    batch_limit: int = 10**9
    retry_after: str = "7"
    status_400_body: bytes = b""
    requests: int = 0
    items: int = 0
    bytes_in: int = 0
    bytes_out: int = 0
    paths: list[str] = field(default_factory=list)
    queries: list[str] = field(default_factory=list)
    authorizations: list[str] = field(default_factory=list)

    def mend(self) -> None:
        """An honest node again."""
        self.fault = Fault.NONE
        self.rewrites.clear()
        self.delay = 0.0

    async def reply(self, body: bytes) -> bytes:
        self.requests += 1
        self.items += body.count(b'"jsonrpc":')
        self.bytes_in += len(body)
        if self.delay:
            await asyncio.sleep(self.delay)
        broken = BROKEN_BODIES.get(self.fault)
        answer = await self._forwarded(body) if broken is None else broken
        self.bytes_out += len(answer)
        return answer

    async def _forwarded(self, body: bytes) -> bytes:
        async with self.session.post(
            self.upstream, data=body, headers={"Content-Type": "application/json"}
        ) as response:
            answer = await response.read()
        if not self.rewrites and self.fault is Fault.NONE:
            return answer
        asked, given = json.loads(body), json.loads(answer)
        if isinstance(asked, dict):
            return json.dumps(self._rewritten(asked, given)).encode()
        by_id = {reply["id"]: reply for reply in given}
        items = [self._rewritten(item, by_id[item["id"]]) for item in asked]
        return json.dumps(mangled(self.fault, items, self.batch_limit)).encode()

    def _rewritten(self, asked: Json, given: Json) -> Json:
        rewrite = self.rewrites.get(asked["method"])
        if rewrite is None:
            return given
        return {"jsonrpc": "2.0", "id": asked["id"], **_shape(rewrite(asked["params"], given))}


def _shape(reply: Json) -> dict[str, Json]:
    return {key: reply[key] for key in ("result", "error") if key in reply}


@asynccontextmanager
async def faulty_proxy(upstream: str) -> AsyncIterator[tuple[FaultyProxy, str]]:
    """The proxy, and host:port where it listens on loopback."""
    async with aiohttp.ClientSession() as session:
        proxy = FaultyProxy(upstream, session)
        async with serve(proxy) as host:
            yield proxy, host


# Falsifications


def answering(value: Json) -> Rewrite:
    """Always `value`; what `error` makes is an error."""
    shaped = value if isinstance(value, dict) and "error" in value else {"result": value}
    return lambda _params, _reply: shaped


def failing_calls_to(address: str, value: Json) -> Rewrite:
    """For eth_call: `value` instead of what the contract at `address` answers."""
    instead = answering(value)

    def rewrite(params: list[Json], reply: Json) -> Json:
        return instead(params, reply) if params[0]["to"].lower() == address.lower() else reply

    return rewrite


def lying_about(address: str, selector: str, *, word: int = 0, by: int = 1) -> Rewrite:
    """For eth_call: one word of what `address` answers to `selector` is `by` too high, also where
    the lens asks."""

    def rewrite(params: list[Json], reply: Json) -> Json:
        call = params[0]
        asked = call.get("data") or call.get("input") or ""
        if call.get("to") == PLACE and len(asked) > 2:
            changed = lens.with_word(
                bytes.fromhex(asked[2:]),
                bytes.fromhex(reply["result"][2:]),
                to=address,
                selector=bytes.fromhex(selector[2:]),
                word=word,
                by=by,
            )
            return {"result": "0x" + changed.hex()}
        if call["to"].lower() != address.lower() or not asked.startswith(selector):
            return reply
        data = bytearray.fromhex(reply["result"][2:])
        at = slice(32 * word, 32 * word + 32)
        data[at] = (int.from_bytes(data[at], "big") + by).to_bytes(32, "big")
        return {"result": "0x" + data.hex()}

    return rewrite


def pruned(_params: list[Json], _reply: Json) -> Json:
    return error(-32000, "missing trie node 0123 (path )")


def limited(_params: list[Json], _reply: Json) -> Json:
    return error(-32005, "limit exceeded")


def other_hashes(salt: str) -> Rewrite:
    """For eth_getBlockByNumber: headers of a chain of its own, with the same numbers and times."""

    def rewrite(_params: list[Json], reply: Json) -> Json:
        header = reply.get("result")
        if not isinstance(header, dict):
            return reply
        changed = {key: _other(header[key], salt) for key in ("hash", "parentHash")}
        return {"result": header | changed}

    return rewrite


def _other(block_hash: str, salt: str) -> str:
    return "0x" + hashlib.sha256(f"{salt}{block_hash}".encode()).hexdigest()


class Heads:
    """For eth_getBlockByNumber: remembers the heads that went by, and gives an old one."""

    def __init__(self) -> None:
        self.seen: list[Json] = []

    def stuck(self, params: list[Json], reply: Json) -> Json:
        """The first head that it saw, for ever."""
        if params[0] != "latest":
            return reply
        self.seen.append(reply["result"])
        return {"result": self.seen[0]}

    def going_back(self, params: list[Json], reply: Json) -> Json:
        """Each second time the head of four heads ago."""
        if params[0] != "latest":
            return reply
        self.seen.append(reply["result"])
        back = len(self.seen) > 4 and len(self.seen) % 2 == 0
        return {"result": self.seen[-5] if back else self.seen[-1]}


def in_the_future(params: list[Json], reply: Json) -> Json:
    """For eth_getBlockByNumber: a head a thousand blocks and ten years away, which is not there."""
    if params[0] != "latest":
        return reply
    header = reply["result"]
    number, time = int(header["number"], 16) + 1_000, int(header["timestamp"], 16) + 315_360_000
    ahead = {"number": hex(number), "timestamp": hex(time), "hash": _other(header["hash"], "ahead")}
    return {"result": header | ahead}
