"""A receiver of notices over real HTTP, which checks signatures and counts what it takes by id."""

from __future__ import annotations

import asyncio
import json
from collections import Counter, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from standardwebhooks import Webhook

from watcher.alerts.channels.receiver import Hidden, Receiver, ReceiverKind
from watcher.chain.endpoint import Endpoint
from watcher.state.notice import Notice, NoticeKind

SECRET = "whsec_cGxhbnRlZHNlY3JldG9mdGhlcmVjZWl2ZXJ4eHg="
KEY = "pl4nted0path1key2"


def notice(uid: str, *, alert: str = "", title: str = "USDT 2.1% under", **changed: Any) -> Notice:
    made: dict[str, Any] = {
        "uid": uid,
        "alert": alert,
        "rule": "discount",
        "severity": "critical",
        "kind": NoticeKind.FIRED,
        "chain_id": 1,
        "target_id": "ab" * 32,
        "target_name": "3pool",
        "block_number": 14_761_204,
        "block_hash": "0x" + "cd" * 32,
        "at": 1_652_338_000,
        "title": title,
        "body": "swaps sold 212 M USDT\nA was 5000 throughout",
    }
    return Notice(**{**made, **changed})


def webhook(name: str, host: str, **changed: Any) -> Receiver:
    given: dict[str, Any] = {"allow_private": True, "deadline_seconds": 5.0, **changed}
    return Receiver(
        name=name,
        kind=ReceiverKind.WEBHOOK,
        address=Endpoint(f"http://{host}/{KEY}"),
        secret=Hidden(SECRET, name="secret", parts=[SECRET.removeprefix("whsec_")]),
        **given,
    )


@dataclass
class Say:
    """One answer: `status` after `delay` seconds; `lost`: taken, and the connection closed before
    the answer."""

    status: int = 204
    delay: float = 0.0
    retry_after: str = ""
    location: str = ""
    lost: bool = False
    text: str = ""


@dataclass
class Reception:
    """`plan` holds the next answers; afterwards everything is taken. `calls` are all ids in their
    order, `taken` how often each was taken, `bodies` what was said under it."""

    plan: deque[Say] = field(default_factory=deque)
    calls: list[str] = field(default_factory=list)
    taken: Counter[str] = field(default_factory=Counter)
    bodies: dict[str, set[bytes]] = field(default_factory=dict)
    unsigned: int = 0
    got: list[tuple[str, bytes]] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    def documents(self) -> list[Any]:
        return [json.loads(body) for _, body in self.got]

    async def answer(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        self.got.append((request.path, body))
        uid = request.headers.get("webhook-id", "")
        self.calls.append(uid)
        self.arrived.set()
        try:
            Webhook(SECRET).verify(body, dict(request.headers))
        except Exception:  # noqa: BLE001 - whatever the library does not like is unsigned
            self.unsigned += 1
        say = self.plan.popleft() if self.plan else Say()
        await asyncio.sleep(say.delay)
        if say.status < 300:
            self.taken[uid] += 1
            self.bodies.setdefault(uid, set()).add(body)
        if say.lost and request.transport is not None:
            request.transport.close()
        headers = {"Retry-After": say.retry_after} if say.retry_after else {}
        if say.location:
            headers["Location"] = say.location
        text = say.text or f"said by the receiver of {request.url}"
        return web.Response(
            status=say.status, headers=headers, text=text if say.status >= 300 else None
        )


@asynccontextmanager
async def receiving(reception: Reception, *, port: int = 0) -> AsyncIterator[str]:
    """The receiver, until the context ends; yields host:port."""
    app = web.Application()
    app.router.add_route("*", "/{anything:.*}", reception.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        host, bound = runner.addresses[0][:2]
        yield f"{host}:{bound}"
    finally:
        await runner.cleanup()
