"""What every request passes and every answer carries."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from fastapi import Request, Response
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from watcher.api.failures import answer, failed
from watcher.api.tokens import who
from watcher.chain.loopback import is_loopback
from watcher.config.values import ApiToken

OPEN = ("/healthz", "/readyz")
"""Asked by what starts and stops programs, which has no token; they tell nothing of the history."""

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    # Not "no-referrer": a form's POST would come without its origin.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class Guard:
    """The outermost layer: tokens, hosts, headers, and an answer when a handler fails.

    Without tokens the app is for this machine alone, and a request must name it as its host: a
    page from elsewhere whose name was made to point here (DNS rebinding) is refused.
    """

    def __init__(self, app: ASGIApp, *, tokens: Sequence[ApiToken]) -> None:
        self._app = app
        self._tokens = tuple(tokens)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        started = False

        async def send_guarded(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        refusal = self._refusal(request)
        if refusal is not None:
            await refusal(scope, receive, send_guarded)
            return
        try:
            await self._app(scope, receive, send_guarded)
        except Exception as error:
            if started:
                raise
            await failed(request, error)(scope, receive, send_guarded)

    def _refusal(self, request: Request) -> Response | None:
        if request.url.path in OPEN:
            return None
        if self._tokens:
            return self._without_token(request)
        if is_loopback(_host(request.headers.get("host", ""))):
            return None
        sentence = (
            "without tokens this server answers this machine alone, as http://127.0.0.1: "
            "configure [[api.tokens]] to be asked by another name"
        )
        return answer(request, 421, sentence)

    def _without_token(self, request: Request) -> Response | None:
        if who(request.headers.get("authorization"), self._tokens) is not None:
            return None
        for_browsers = 'Basic realm="imbalance watcher", charset="UTF-8"'
        asked = "Bearer" if request.url.path.startswith("/api/") else for_browsers
        sentence = (
            "no valid token: send `Authorization: Bearer TOKEN`, or the token as the password; "
            "`watcher token` makes one"
        )
        return answer(request, 401, sentence, headers={"WWW-Authenticate": asked})


def _host(header: str) -> str | None:
    """The name in a Host header, without its port."""
    try:
        return urlsplit(f"//{header}").hostname
    except ValueError:
        return None
