"""Who is told, and by what way."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias
from urllib.parse import unquote

from watcher.chain.endpoint import Endpoint, hiding, said

DEADLINE_SECONDS = 10.0
GIVE_UP_SECONDS = 86_400

_SEPARATORS = re.compile(r"[:/@?&=#,;]+")


class ReceiverKind(StrEnum):
    """The ways of telling somebody."""

    APPRISE = "apprise"
    WEBHOOK = "webhook"
    ALERTMANAGER = "alertmanager"


class Hidden:
    """A text that is used and never shown. What is shown in its place is `name`."""

    __slots__ = ("_pattern", "_value", "name")

    def __init__(self, value: str, *, name: str, parts: Iterable[str] = ()) -> None:
        """`parts` of the value are secrets by themselves."""
        self._value = value
        self._pattern = hiding((value, *parts))
        self.name = name

    def reveal(self) -> str:
        """The whole text: for its use alone."""
        return self._value

    def said(self, text: str) -> str:
        """What another side wrote, fit to be shown: one line, without this secret, not long."""
        return said(text, self._pattern)

    def __repr__(self) -> str:
        return f"Hidden({self.name!r})"


Address: TypeAlias = Endpoint | Hidden


@dataclass(frozen=True, slots=True)
class Receiver:
    """One receiver. `address` is an Endpoint where it is spoken to by HTTP, Hidden where apprise
    knows what the URL means; `secret` signs a webhook.

    `allow_private`: it is in one's own network. One attempt takes at most `deadline_seconds`; what
    was not taken for `give_up_seconds` is tried no more.
    """

    name: str
    kind: ReceiverKind
    address: Address
    secret: Hidden | None = None
    allow_private: bool = False
    deadline_seconds: float = DEADLINE_SECONDS
    give_up_seconds: float = GIVE_UP_SECONDS

    @property
    def shown(self) -> str:
        """Where it is, without what could be a key: a host, or apprise's word for a service."""
        return self.address.name

    def said(self, text: str) -> str:
        """What was said about this receiver, fit to be shown."""
        clean = self.address.said(text)
        return clean if self.secret is None else self.secret.said(clean)


@dataclass(frozen=True, slots=True)
class Watchdog:
    """Who looks after the watcher itself. `heartbeat` is asked for after a committed block, at most
    every `every_seconds`; `receivers` are told of a chain that had none for `silent_seconds`."""

    heartbeat: Endpoint | None = None
    allow_private: bool = False
    every_seconds: float = 60.0
    silent_seconds: float | None = None
    receivers: tuple[str, ...] = ()


def apprise_address(url: str) -> Hidden:
    """An apprise URL, of which the service alone is shown: its host may be a key as well.

    Raises ValueError, with a text that holds nothing of it, where it cannot be one.
    """
    scheme, separator, rest = url.partition("://")
    if not separator or not re.fullmatch(r"[a-z][a-z0-9+.-]{0,31}", scheme, re.IGNORECASE):
        raise ValueError(
            "is no apprise URL: write SERVICE://..., such as slack://... or mailto://..."
        )
    if not rest or any(not char.isprintable() or char.isspace() for char in url):
        raise ValueError("is no apprise URL: nothing follows ://, or it holds white space")
    parts = [part for part in _SEPARATORS.split(rest) if len(part) > 2]
    return Hidden(url, name=scheme.lower(), parts=[rest, *parts, *map(unquote, parts)])
