"""One attempt to tell one receiver: what came of it, in a sentence that holds no secret."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import structlog

from watcher.alerts.channels.addresses import refused_address
from watcher.alerts.channels.alertmanager import PATH, alertmanager_body
from watcher.alerts.channels.message import message
from watcher.alerts.channels.receiver import Hidden, Receiver, ReceiverKind
from watcher.alerts.channels.webhook import webhook_body
from watcher.chain.endpoint import Endpoint
from watcher.chain.status import retry_after_seconds
from watcher.config.receivers import refused
from watcher.state.notice import Notice

LOG = structlog.get_logger(__name__)

SAID_BYTES = 4_096
"""What is read of an answer, for the sentence about a failure."""

CHILD = (sys.executable, "-P", "-m", "watcher.service.apprise_child")
INHERITED = ("LD_LIBRARY_PATH", "SSL_CERT_FILE", "SSL_CERT_DIR", "TZ")
"""What the child gets of our environment: no key, and no proxy, which would connect unseen."""

HEADERS = {"User-Agent": "imbalance-watcher", "Accept-Encoding": "identity"}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one attempt. `detail` is empty when the receiver took it. `retry_after` is what
    it asked for, in seconds; `gone`: it wants to be told nothing ever again."""

    taken: bool
    detail: str = ""
    retry_after: float | None = None
    gone: bool = False
    seconds: float = 0.0


class RefusedAddress(OSError):
    """A connection to an address that this program does not send to; the text says why."""


async def tell(receiver: Receiver, notice: Notice) -> Outcome:
    """Send `notice` once; whatever goes wrong is the outcome, and only a cancellation is raised."""
    started = time.monotonic()
    try:
        async with asyncio.timeout(receiver.deadline_seconds):
            outcome = await _tell(receiver, notice)
    except TimeoutError:
        within = f"within {receiver.deadline_seconds:g} s"
        outcome = Outcome(False, f"{receiver.shown} did not take it {within}: it is slow or hangs")
    except Exception as error:  # noqa: BLE001 - one notice must not silence its receiver
        LOG.error("not sent", receiver=receiver.name, id=notice.uid, error=type(error).__name__)
        outcome = Outcome(False, f"a fault of this program ({type(error).__name__}): report it")
    return replace(
        outcome, detail=receiver.said(outcome.detail), seconds=time.monotonic() - started
    )


async def ask(endpoint: Endpoint, *, allow_private: bool, deadline: float) -> Outcome:
    """A GET of a heartbeat's URL, as careful as everything that is sent."""
    try:
        async with asyncio.timeout(deadline):
            outcome = await _exchange("GET", endpoint, allow_private=allow_private)
    except TimeoutError:
        outcome = Outcome(False, f"{endpoint.name} did not answer within {deadline:g} s")
    return replace(outcome, detail=endpoint.said(outcome.detail))


async def look_at(receiver: Receiver) -> Outcome:
    """Whether `receiver` could be sent to, as far as can be known without sending."""
    try:
        async with asyncio.timeout(receiver.deadline_seconds):
            if isinstance(receiver.address, Hidden):
                url, private = receiver.address.reveal(), receiver.allow_private
                answer = await _child({"url": url, "allow_private": private, "send": False})
                outcome = _said(receiver, answer)
            else:
                outcome = await _resolved(receiver, receiver.address)
    except TimeoutError:
        outcome = Outcome(False, f"{receiver.shown} was not found in time: check the resolver")
    return replace(outcome, detail=receiver.said(outcome.detail))


async def _resolved(receiver: Receiver, endpoint: Endpoint) -> Outcome:
    host = urlsplit(endpoint.url).hostname
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return Outcome(False, f"the host of {endpoint.name} is not known: check its URL")
    for info in found:
        why = refused_address(str(info[4][0]), allow_private=receiver.allow_private)
        if why is not None:
            text = refused(f"{endpoint.name} {why}", allow_private=receiver.allow_private)
            return Outcome(False, text)
    return Outcome(True)


async def _tell(receiver: Receiver, notice: Notice) -> Outcome:
    match receiver.kind, receiver.address:
        case ReceiverKind.APPRISE, Hidden() as url:
            return await _by_apprise(receiver, url, notice)
        case ReceiverKind.WEBHOOK, Endpoint() as endpoint:
            body = webhook_body(notice)
            headers = _signed(receiver, notice, body)
            private = receiver.allow_private
            return await _exchange("POST", endpoint, body, headers, allow_private=private)
        case _, Endpoint() as endpoint:
            to = _at_path(endpoint, PATH)
            body = alertmanager_body(notice)
            return await _exchange("POST", to, body, allow_private=receiver.allow_private)
        case _:
            raise AssertionError(f"{receiver!r} has no address of its kind")


def _at_path(endpoint: Endpoint, path: str) -> Endpoint:
    parts = urlsplit(endpoint.url)
    return Endpoint(parts._replace(path=parts.path.rstrip("/") + path).geturl())


def _signed(receiver: Receiver, notice: Notice, body: str) -> dict[str, str]:
    """The headers of Standard Webhooks: one id for one notice, the time of this attempt, and the
    signature of both with the body."""
    from standardwebhooks import Webhook

    if receiver.secret is None:
        raise AssertionError(f"{receiver!r} has no secret")
    now = datetime.now(UTC)
    signature = Webhook(receiver.secret.reveal()).sign(notice.uid, now, body)
    return {
        "webhook-id": notice.uid,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": signature,
    }


async def _exchange(
    method: str,
    endpoint: Endpoint,
    body: str = "",
    headers: dict[str, str] | None = None,
    *,
    allow_private: bool,
) -> Outcome:
    sent = {**HEADERS, **(headers or {})}
    if body:
        sent["Content-Type"] = "application/json"
    try:
        async with (
            guarded_session(allow_private=allow_private) as session,
            session.request(
                method,
                endpoint.url,
                data=body.encode() if body else None,
                headers=sent,
                allow_redirects=False,
            ) as response,
        ):
            said = b"" if response.status < 300 else await _beginning(response)
            return _judged(endpoint, response, said)
    except (aiohttp.ClientError, OSError, ValueError) as error:
        return Outcome(False, _broken(endpoint, error, allow_private=allow_private))


def guarded_session(*, allow_private: bool) -> aiohttp.ClientSession:
    """A session for one exchange. Each address is looked at when its socket is made, after the
    host was resolved: no later answer of the resolver can change where the connection goes. Nothing
    is taken from the environment (proxies, netrc), since a proxy would connect unseen."""

    def make(info: Any) -> socket.socket:
        family, kind, proto, _, where = info
        why = refused_address(str(where[0]), allow_private=allow_private)
        if why is not None:
            raise RefusedAddress(why)
        return socket.socket(family=family, type=kind, proto=proto)

    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(
            socket_factory=make, use_dns_cache=False, force_close=True, limit=1
        ),
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=None),
        auto_decompress=False,
        trust_env=False,
    )


async def _beginning(response: aiohttp.ClientResponse) -> bytes:
    return await response.content.read(SAID_BYTES)


def _judged(endpoint: Endpoint, response: aiohttp.ClientResponse, said: bytes) -> Outcome:
    status, name = response.status, endpoint.name
    if 200 <= status < 300:
        return Outcome(True)
    if status < 400:
        return Outcome(
            False, f"{name} answered {status}: redirects are not followed; write the final URL"
        )
    text = said.decode("utf-8", "replace").lstrip()
    quote = f" ({endpoint.said(text)})" if text and not text.startswith("<") else ""
    if status == 410:
        return Outcome(False, f"{name} answered 410: it wants no more of these", gone=True)
    cure = "check its URL and secret" if status < 500 and status != 429 else "it is tried again"
    return Outcome(
        False,
        f"{name} answered {status}{quote}: {cure}",
        retry_after=retry_after_seconds(response.headers.get("Retry-After")),
    )


def _broken(endpoint: Endpoint, error: Exception, *, allow_private: bool) -> str:
    name = endpoint.name
    match error:
        case aiohttp.ClientConnectorDNSError():
            return f"the host of {name} is not known: check its URL"
        case aiohttp.ClientConnectorCertificateError() | aiohttp.ClientSSLError():
            return f"no trusted TLS connection to {name}: check its certificate and URL"
        case aiohttp.ClientConnectorError(os_error=RefusedAddress() as why):
            return refused(f"{name} {why}", allow_private=allow_private)
        case aiohttp.ClientConnectorError(os_error=ConnectionRefusedError()):
            return f"nothing listens at {name}: start it or check its URL"
        case aiohttp.ClientConnectorError():
            return f"{name} cannot be reached: check the network and its URL"
        case aiohttp.ClientConnectionError() | ConnectionError():
            return f"{name} closed the connection: whether it took the notice is not known"
        case _:
            return f"{name} did not answer in HTTP: check its URL"


async def _by_apprise(receiver: Receiver, url: Hidden, notice: Notice) -> Outcome:
    """In a process of its own: what apprise's services open is looked at there (an audit hook sees
    every socket), a hung one is ended, and its logs, which may hold keys, stay there."""
    told = message(notice)
    asked = {
        "url": url.reveal(),
        "title": told.title,
        "body": told.body,
        "mood": told.mood,
        "allow_private": receiver.allow_private,
        "send": True,
    }
    return _said(receiver, await _child(asked))


def _said(receiver: Receiver, answer: dict[str, object]) -> Outcome:
    if answer.get("taken") is True:
        return Outcome(True)
    if why := answer.get("refused"):
        private = receiver.allow_private
        return Outcome(
            False, refused(f"{receiver.shown}: its address {why}", allow_private=private)
        )
    said = str(answer.get("said") or "its service did not take it")
    return Outcome(False, f"{receiver.shown}: {receiver.said(said)}")


async def _child(asked: dict[str, object]) -> dict[str, object]:
    """Ask apprise_child; the keys go through a pipe, since every user can read arguments."""
    child = await asyncio.create_subprocess_exec(
        *CHILD,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={name: os.environ[name] for name in INHERITED if name in os.environ},
        # Ctrl-C is for us: what is being sent is sent.
        start_new_session=True,
    )
    try:
        output, _ = await child.communicate(json.dumps(asked).encode())
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    try:
        answer = json.loads(output)
    except ValueError:
        return {"said": f"apprise ended with {child.returncode} and without an answer"}
    return answer if isinstance(answer, dict) else {}
