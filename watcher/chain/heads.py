"""New heads as a node announces them over a websocket: a bell, and nothing more.

What is announced is not believed: it only says that now is the time to ask for the head. A node
that announces nothing, or nonsense, costs the watch its speed and nothing else.
"""

from __future__ import annotations

import asyncio
import json
import logging
import random
from collections.abc import Callable
from contextlib import suppress

import aiohttp

from watcher.chain.blocks import HASH
from watcher.chain.endpoint import Endpoint
from watcher.state.strict_json import parse

log = logging.getLogger(__name__)

SUBSCRIBE = json.dumps(
    {"jsonrpc": "2.0", "id": 1, "method": "eth_subscribe", "params": ["newHeads"]}
)

MESSAGE_CAP = 256 * 1024
"""Bytes of one message; a head takes two thousand."""

CONNECT_SECONDS = 10.0

HEARTBEAT_SECONDS = 20.0
"""A connection that no longer answers a ping within half of it is given up."""

FIRST_WAIT, LONGEST_WAIT = 0.5, 60.0
"""Seconds before connecting again, doubled each time until a head came."""


class HeadsError(Exception):
    """Why the subscription ended; fit to be shown."""


async def _no_redirect(
    asked: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """The key in our URL is for this host alone; aiohttp would follow to any other."""
    response = await send(asked)
    if 300 <= response.status < 400:
        response.close()
        raise HeadsError("it redirects, which is not followed")
    return response


class Heads:
    """Follows one endpoint's heads, connecting again with growing waits.

    `on_head` is called once for each head that differs from the last; `on_change` with True when a
    subscription is confirmed and with False when it is lost.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        on_head: Callable[[], None],
        on_change: Callable[[bool], None] = lambda live: None,
        first_wait: float = FIRST_WAIT,
    ) -> None:
        self._endpoint = endpoint
        self._on_head = on_head
        self._on_change = on_change
        self._first_wait = first_wait
        self._wait = first_wait
        self._last = ""

    async def follow(self) -> None:
        """Until cancelled."""
        while True:
            reason = await self._until_lost()
            self._on_change(False)
            # Spread, so that many watchers do not come back to a node that restarts all at once.
            wait = self._wait * random.uniform(0.5, 1.0)  # noqa: S311
            log.warning(
                "%s announces no heads (%s); polling, next try in %.1f s",
                self._endpoint.name,
                reason,
                wait,
            )
            self._wait = min(2 * self._wait, LONGEST_WAIT)
            await asyncio.sleep(wait)

    async def _until_lost(self) -> str:
        try:
            async with (
                aiohttp.ClientSession(
                    cookie_jar=aiohttp.DummyCookieJar(),
                    trust_env=False,
                    middlewares=(_no_redirect,),
                ) as session,
                asyncio.timeout(CONNECT_SECONDS) as opening,
                session.ws_connect(
                    self._endpoint.url, max_msg_size=MESSAGE_CAP, heartbeat=HEARTBEAT_SECONDS
                ) as socket,
            ):
                await socket.send_str(SUBSCRIBE)
                subscription = self._subscription(await self._next(socket))
                opening.reschedule(None)
                self._on_change(True)
                while True:
                    self._take(await self._next(socket), subscription)
        except HeadsError as error:
            return str(error)
        except TimeoutError:
            return "it did not answer in time"
        except (aiohttp.ClientError, OSError) as error:
            # aiohttp's own texts hold the URL.
            return f"the connection failed with {type(error).__name__}"

    async def _next(self, socket: aiohttp.ClientWebSocketResponse) -> dict[object, object]:
        """The next message, which must be a JSON object."""
        message = await socket.receive()
        if message.type is not aiohttp.WSMsgType.TEXT:
            raise HeadsError("the connection was closed")
        with suppress(ValueError):
            value = parse(message.data.encode())
            if isinstance(value, dict):
                return value
        raise HeadsError("a message was no JSON object")

    def _subscription(self, reply: dict[object, object]) -> str:
        subscription = reply.get("result")
        if reply.get("id") == 1 and isinstance(subscription, str) and subscription:
            return subscription
        error = reply.get("error")
        said = error.get("message") if isinstance(error, dict) else None
        text = self._endpoint.said(said[:2_000]) if isinstance(said, str) else "no reason given"
        raise HeadsError(f"the subscription was refused: {text}")

    def _take(self, message: dict[object, object], subscription: str) -> None:
        params = message.get("params")
        if not isinstance(params, dict) or params.get("subscription") != subscription:
            return
        head = params.get("result")
        block_hash = head.get("hash") if isinstance(head, dict) else None
        if not isinstance(block_hash, str) or not HASH.fullmatch(block_hash):
            raise HeadsError("an announced head has no hash")
        self._wait = self._first_wait
        if block_hash != self._last:
            self._last = block_hash
            self._on_head()
