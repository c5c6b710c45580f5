"""A node's URL, of which only the host is ever shown: the rest may hold a key."""

from __future__ import annotations

import base64
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import SplitResult, unquote_plus, urlsplit

SAID_CAP = 200
"""Characters that are kept of a text that a node wrote."""

HIDDEN = "***"


class Endpoint:
    """One node. `name` is its host and port; everything else of the URL is kept out of texts."""

    __slots__ = ("_secrets", "_url", "name")

    def __init__(self, url: str) -> None:
        """Raises ValueError, with a text that holds nothing of the URL, where it cannot be used."""
        problem = endpoint_problem(url)
        if problem is not None:
            raise ValueError(problem)
        self._url = url
        self._secrets = _pattern(url)
        self.name = endpoint_name(url)

    @property
    def url(self) -> str:
        """The whole URL, key included: for the connection alone."""
        return self._url

    def said(self, text: str) -> str:
        """What this node wrote, fit to be shown: one line, no secret of ours, not long."""
        return said(text, self._secrets)

    def __repr__(self) -> str:
        return f"Endpoint({self.name!r})"


@dataclass(frozen=True, slots=True)
class EndpointOptions:
    """An endpoint as the configuration names it. `websocket` announces new heads; `archive` tells
    that it keeps the state of all blocks, `racing` that it is an Anvil whose blocks come while it
    is read (head_race.py)."""

    endpoint: Endpoint
    websocket: Endpoint | None = None
    archive: bool = False
    racing: bool = False


def said(text: str, secrets: re.Pattern[str]) -> str:
    """What another side wrote, fit to be shown: one line, without `secrets`, not long."""
    line = secrets.sub(HIDDEN, _one_line(text))
    return line if len(line) <= SAID_CAP else line[: SAID_CAP - 1] + "…"


def hiding(secrets: Iterable[str]) -> re.Pattern[str]:
    """Matches each of some secrets, and what begins as a long one does; at least one is given."""
    longest_first = sorted({*secrets} - {""}, key=lambda secret: (-len(secret), secret))
    return re.compile("|".join(map(_secret_pattern, longest_first)), re.IGNORECASE)


def endpoint_name(url: str) -> str:
    """The host and, where the URL gives one, the port; "an endpoint without a host" otherwise."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if not host:
        return "an endpoint without a host"
    shown = f"[{host}]" if ":" in host else _one_line(host)
    return shown if port is None else f"{shown}:{port}"


def endpoint_problem(url: str) -> str | None:
    """What is wrong with `url`, without repeating any of it; None where it can be used."""
    if any(not char.isprintable() or char.isspace() for char in url):
        return "the URL holds white space or a control character: write it without"
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - reading it is the check
    except ValueError:
        return "the URL's host or port cannot be read: write http://HOST:PORT/PATH"
    if parts.scheme in ("ws", "wss"):
        return "a websocket URL cannot be read from: give the node's http:// or https:// URL"
    if parts.scheme not in ("http", "https"):
        return "the URL does not begin with http:// or https://"
    if not _is_host(parts.hostname):
        return "the URL has no valid host: write http://HOST:PORT/PATH"
    if parts.fragment:
        return "the URL has a part after #, which would never be sent: remove it"
    return None


def websocket_endpoint(url: str) -> Endpoint:
    """The endpoint of a ws:// or wss:// URL. Raises ValueError that repeats nothing of the URL."""
    scheme, separator, rest = url.partition("://")
    if scheme not in ("ws", "wss") or not separator:
        raise ValueError("the URL does not begin with ws:// or wss://")
    # The same connection by its HTTP name, under which it is checked and kept out of texts.
    same = f"{'https' if scheme == 'wss' else 'http'}://{rest}"
    problem = endpoint_problem(same)
    if problem is not None:
        raise ValueError(problem.replace("http://", "ws://").replace("https://", "wss://"))
    return Endpoint(same)


def _is_host(host: str | None) -> bool:
    if not host:
        return False
    try:
        return bool(host.encode("idna"))
    except UnicodeError:
        return False


def _one_line(text: str) -> str:
    # Every control, format (bidi), surrogate and unassigned character, and Unicode's line ends.
    kept = (" " if unicodedata.category(c)[0] == "C" or c in "\u2028\u2029" else c for c in text)
    return " ".join("".join(kept).split())


def _pattern(url: str) -> re.Pattern[str]:
    """Matches everything in a text that could be part of this URL's key."""
    secrets = {secret for part in _parts(urlsplit(url)) for secret in (part, unquote_plus(part))}
    return hiding({url, *secrets})


def _parts(parts: SplitResult) -> Iterator[str]:
    user, password = parts.username or "", parts.password or ""
    yield from (user, password)
    if user or password:
        plain = f"{unquote_plus(user)}:{unquote_plus(password)}"
        yield from (f"{user}:{password}", base64.b64encode(plain.encode()).decode())
    if parts.path != "/":
        yield parts.path
    # A segment of three characters is a version (v1, rpc), not a key.
    yield from (segment for segment in parts.path.split("/") if len(segment) > 3)
    yield parts.query
    for pair in parts.query.split("&"):
        name, _, value = pair.partition("=")
        yield value or name


def _secret_pattern(secret: str) -> str:
    if len(secret) >= 12:
        # Nodes shorten a key when they complain of it: its beginning is hidden as well.
        return re.escape(secret[:8]) + r"[\w.~%+/=-]*"
    if len(secret) >= 6:
        return re.escape(secret)
    return rf"(?<![0-9A-Za-z]){re.escape(secret)}(?![0-9A-Za-z])"
