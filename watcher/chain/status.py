"""What an HTTP status other than 200 means, in a sentence and as data."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from watcher.chain.endpoint import Endpoint
from watcher.chain.faults import EndpointError, Kind

REPLY_STATUSES = frozenset({400, 404, 500})
"""JSON-RPC over HTTP puts these on -32600, -32601 and -32603; the error is in the body."""

REFUSED_STATUSES = frozenset({400, 405, 415, 422, 501})
"""How proxies refuse a batch (or anything) that they do not understand."""


def carries_reply(status: int, body: bytes) -> bool:
    """Whether an answer with an error status is still a JSON-RPC error to be read as such."""
    return (
        status in REPLY_STATUSES
        and body.lstrip().startswith(b"{")
        and b'"jsonrpc"' in body
        and b'"error"' in body
    )


def refusal(
    endpoint: Endpoint, status: int, *, about: str, said: bytes, retry_after: str | None
) -> EndpointError:
    """The error for a status; a 2xx other than 200 has no JSON in it either."""
    seconds = retry_after_seconds(retry_after)
    kind, cure = _meaning(status, seconds)
    quote = _quoted(endpoint, said) if kind in (Kind.REQUEST_REFUSED, Kind.NODE_FAULT) else ""
    return EndpointError(
        f"{endpoint.name} answered {status} to {about}{quote}: {cure}",
        endpoint=endpoint.name,
        kind=kind,
        status=status,
        retry_after=seconds,
    )


def _meaning(status: int, seconds: float | None) -> tuple[Kind, str]:
    if status in (401, 403):
        return Kind.KEY_REFUSED, "the key is refused; check the endpoint's URL"
    if status == 429:
        wait = "" if seconds is None else f" for {seconds:g} s"
        return Kind.RATE_LIMITED, f"too many requests; wait{wait} or use another endpoint"
    if status == 413:
        return Kind.REQUEST_TOO_LARGE, "the request is too large for it"
    if 300 <= status < 400:
        return Kind.REDIRECTED, "redirects are not followed; put the final URL into the endpoint"
    if status in REFUSED_STATUSES:
        return Kind.REQUEST_REFUSED, "it does not take this request; check the endpoint's URL"
    if status >= 500:
        return Kind.NODE_FAULT, "the node or its proxy has a fault; try again or use another"
    return Kind.NOT_JSON_RPC, "nothing speaks JSON-RPC there; check the endpoint's URL"


def _quoted(endpoint: Endpoint, said: bytes) -> str:
    text = said.decode("utf-8", "replace").lstrip()
    if not text or text.startswith("<"):  # a proxy's HTML page says nothing in one line
        return ""
    return f" ({endpoint.said(text)})"


def retry_after_seconds(retry_after: str | None) -> float | None:
    """RFC 9110: a number of seconds or a date."""
    if retry_after is None:
        return None
    try:
        seconds = float(retry_after)
    except ValueError:
        return _seconds_until(retry_after)
    return max(seconds, 0.0) if math.isfinite(seconds) else None


def _seconds_until(date: str) -> float | None:
    try:
        moment = parsedate_to_datetime(date)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max((moment - datetime.now(UTC)).total_seconds(), 0.0)
