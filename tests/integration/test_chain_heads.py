"""The bell: a node's announcements over a websocket, honest, broken and hostile."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from aiohttp import web

from watcher.chain.endpoint import websocket_endpoint
from watcher.chain.heads import Heads

KEY = "Secret0123456789Key"

Socket = web.WebSocketResponse
Play = Callable[[Socket], Awaitable[None]]


@dataclass
class Heard:
    heads: int = 0
    live: list[bool] = field(default_factory=list)

    def head(self) -> None:
        self.heads += 1


@asynccontextmanager
async def announcing(play: Play) -> AsyncIterator[str]:
    """A node whose websocket does what `play` says; yields its URL, key included."""

    async def handle(request: web.Request) -> web.StreamResponse:
        if request.path == "/elsewhere":
            raise web.HTTPFound("http://127.0.0.1:1/")
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await play(socket)
        return socket

    app = web.Application()
    app.router.add_route("GET", "/{anything:.*}", handle)
    runner = web.AppRunner(app, shutdown_timeout=0.2, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        host, port = runner.addresses[0][:2]
        yield f"ws://{host}:{port}/v3/{KEY}"
    finally:
        await runner.cleanup()


async def subscribed(socket: Socket) -> None:
    asked = json.loads(await socket.receive_str())
    assert (asked["method"], asked["params"]) == ("eth_subscribe", ["newHeads"])
    await socket.send_json({"jsonrpc": "2.0", "id": asked["id"], "result": "0xs"})


async def announce(socket: Socket, number: int, *, subscription: str = "0xs") -> None:
    head = {"hash": f"0x{number:064x}", "number": hex(number)}
    params = {"subscription": subscription, "result": head}
    await socket.send_json({"jsonrpc": "2.0", "method": "eth_subscription", "params": params})


@asynccontextmanager
async def following(url: str) -> AsyncIterator[Heard]:
    heard = Heard()
    heads = Heads(
        websocket_endpoint(url), on_head=heard.head, on_change=heard.live.append, first_wait=0.02
    )
    task = asyncio.create_task(heads.follow())
    try:
        yield heard
        assert not task.done()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - what is waited for is a counter
            await asyncio.sleep(0.01)


async def test_each_new_head_rings_once() -> None:
    async def play(socket: Socket) -> None:
        await subscribed(socket)
        for number in (1, 1, 2):
            await announce(socket, number)
        await announce(socket, 9, subscription="0xother")
        await announce(socket, 3)
        await asyncio.Event().wait()

    async with announcing(play) as url, following(url) as heard:
        await until(lambda: heard.heads >= 3)
        await asyncio.sleep(0.05)
        assert heard.heads == 3
        assert heard.live == [True]


async def test_a_lost_connection_is_made_again() -> None:
    plays = iter(range(1, 100))

    async def play(socket: Socket) -> None:
        await subscribed(socket)
        await announce(socket, next(plays))

    async with announcing(play) as url, following(url) as heard:
        await until(lambda: heard.heads >= 3)
        assert heard.live[:4] == [True, False, True, False]


async def refuses(socket: Socket) -> None:
    asked = json.loads(await socket.receive_str())
    text = f"no subscriptions for /v3/{KEY}"
    await socket.send_json({"id": asked["id"], "error": {"code": -32601, "message": text}})


async def says_nonsense(socket: Socket) -> None:
    await subscribed(socket)
    await socket.send_str("[[[")


async def sends_bytes(socket: Socket) -> None:
    await subscribed(socket)
    await socket.send_bytes(b"{}")


async def announces_no_hash(socket: Socket) -> None:
    await subscribed(socket)
    params = {"subscription": "0xs", "result": {"hash": 7}}
    await socket.send_json({"method": "eth_subscription", "params": params})


async def sends_too_much(socket: Socket) -> None:
    await subscribed(socket)
    await socket.send_str('"' + "x" * 300_000 + '"')


@pytest.mark.parametrize(
    ("play", "reason"),
    [
        (refuses, "refused: no subscriptions for ***"),
        (says_nonsense, "no JSON object"),
        (sends_bytes, "closed"),
        (announces_no_hash, "no hash"),
        (sends_too_much, "closed"),
    ],
)
async def test_a_bad_announcer_is_left_and_tried_again_later(
    play: Play, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        async with announcing(play) as url, following(url) as heard:
            await until(lambda: heard.live.count(False) >= 2)
    assert heard.heads == 0
    assert reason in caplog.text
    assert KEY not in caplog.text


async def test_a_redirect_is_not_followed(caplog: pytest.LogCaptureFixture) -> None:
    async def play(socket: Socket) -> None:
        raise AssertionError

    with caplog.at_level(logging.WARNING):
        async with announcing(play) as url, following(url.replace(f"v3/{KEY}", "elsewhere")):
            await until(lambda: "redirects, which is not followed" in caplog.text)


async def test_nobody_there(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        async with following(f"ws://127.0.0.1:1/{KEY}") as heard:
            await until(lambda: heard.live.count(False) >= 2)
    assert "the connection failed with ClientConnectorError" in caplog.text
    assert KEY not in caplog.text


@pytest.mark.parametrize("url", ["http://node/", "node", "ws://", f"ws://n/{KEY}#x", "ws://a b/"])
def test_what_is_no_websocket_url(url: str) -> None:
    with pytest.raises(ValueError, match="URL") as caught:
        websocket_endpoint(url)
    assert KEY not in str(caught.value)
