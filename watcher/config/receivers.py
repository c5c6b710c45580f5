"""The tables of the file that say who is told: `[receivers.NAME]` and `[watchdog]`."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from urllib.parse import urlsplit

from watcher.alerts.channels.addresses import refused_address
from watcher.alerts.channels.receiver import (
    DEADLINE_SECONDS,
    GIVE_UP_SECONDS,
    Address,
    Hidden,
    Receiver,
    ReceiverKind,
    Watchdog,
    apprise_address,
)
from watcher.chain.endpoint import Endpoint
from watcher.config import fields
from watcher.config.section import Section
from watcher.protocols.options import boolean

MOST_RECEIVERS = 64
SECRET_BYTES = range(24, 65)
"""What Standard Webhooks asks of a secret."""

_NAME = re.compile(r"[0-9A-Za-z_-]{1,40}")
_IS_ADDRESS = re.compile(r"[0-9.]+|.*:.*")


def read_receivers(root: Section) -> tuple[Receiver, ...]:
    sections = root.tables("receivers")
    if len(sections) > MOST_RECEIVERS:
        root.problem("receivers", f"name at most {MOST_RECEIVERS} receivers")
    found = [_receiver(name, section) for name, section in sections.items()]
    return tuple(filter(None, found))


def _receiver(name: str, section: Section) -> Receiver | None:
    if not _NAME.fullmatch(name):
        section.problem("", "name it by letters, digits, _ and -, at most 40")
    allow_private = section.optional("allow_private", boolean, False)
    addresses: dict[ReceiverKind, Address] = {}
    for kind in ReceiverKind:
        parse = _address_of(kind, allow_private=allow_private)
        address = section.optional(kind.value, parse, None)
        if address is not None:
            addresses[kind] = address
    given = [kind for kind in ReceiverKind if section.has(kind.value)]
    if len(given) != 1:
        section.problem("", "write one of apprise, webhook and alertmanager")
    secret = section.optional("secret", _secret, None)
    if given == [ReceiverKind.WEBHOOK] and not section.has("secret"):
        section.problem("secret", 'is missing: write secret = "${NAME}", by which calls are signed')
    if ReceiverKind.WEBHOOK not in given and section.has("secret"):
        section.problem("secret", "is of a webhook alone: remove it")
    deadline = section.optional(
        "deadline_seconds", lambda value: fields.number(value, least=0.1, most=60), DEADLINE_SECONDS
    )
    give_up = section.optional("give_up_after", fields.seconds, GIVE_UP_SECONDS)
    section.finish()
    if len(addresses) != 1 or not _NAME.fullmatch(name):
        return None
    [(kind, address)] = addresses.items()
    return Receiver(
        name=name,
        kind=kind,
        address=address,
        secret=secret,
        allow_private=allow_private,
        deadline_seconds=deadline,
        give_up_seconds=give_up,
    )


def read_watchdog(root: Section) -> Watchdog | None:
    """None where the file has no such table."""
    if not root.has("watchdog"):
        return None
    section = root.table("watchdog")
    allow_private = section.optional("allow_private", boolean, False)
    parse = _http_address(allow_private=allow_private)
    heartbeat = section.optional("heartbeat", parse, None)
    every = section.optional("every", fields.seconds, 60)
    silent = section.optional("silent_after", fields.seconds, None)
    names = list(root.tables("receivers"))
    nobody: tuple[str, ...] = ()
    told = section.optional("receivers", lambda value: _names(value, names), nobody)
    if section.has("silent_after") != section.has("receivers"):
        missing = "receivers" if section.has("silent_after") else "silent_after"
        section.problem(missing, "is missing: say after how long who is told of a silent chain")
    if not section.has("heartbeat") and not section.has("silent_after"):
        section.problem("", "write heartbeat, or silent_after and receivers")
    section.finish()
    return Watchdog(heartbeat, allow_private, every, silent, told)


def _address_of(kind: ReceiverKind, *, allow_private: bool) -> Callable[[object], Address | None]:
    if kind is ReceiverKind.APPRISE:
        return _apprise
    return _http_address(allow_private=allow_private)


def _apprise(value: object) -> Hidden:
    if not isinstance(value, str):
        raise ValueError("write an apprise URL, SERVICE://...")
    return apprise_address(value)


def _http_address(*, allow_private: bool) -> Callable[[object], Endpoint]:
    """A URL that may be sent to. What its host resolves to is looked at when it is sent to."""

    def parse(value: object) -> Endpoint:
        if not isinstance(value, str):
            raise ValueError("write a URL, https://HOST/PATH")
        endpoint = Endpoint(value)
        parts = urlsplit(value)
        host = parts.hostname or ""
        if _IS_ADDRESS.fullmatch(host):
            why = refused_address(host, allow_private=allow_private)
            if why is not None:
                raise ValueError(refused(f"the URL's host {why}", allow_private=allow_private))
        if parts.scheme != "https" and not allow_private:
            raise ValueError(
                "the URL does not begin with https://: only a receiver in your own network, "
                "with allow_private = true, may be spoken to in plain HTTP"
            )
        return endpoint

    return parse


def refused(what: str, *, allow_private: bool) -> str:
    """`what` is wrong with an address, with the cure where there is one."""
    if allow_private:
        return f"{what}: nothing is sent there"
    return f"{what}: write another, or allow_private = true if it is in your own network"


def _secret(value: object) -> Hidden:
    text = value.removeprefix("whsec_") if isinstance(value, str) else ""
    try:
        size = len(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError):
        size = 0
    if size not in SECRET_BYTES:
        raise ValueError(
            "is no secret of Standard Webhooks: write whsec_ and the base64 of 24 to 64 random "
            "bytes"
        )
    return Hidden(f"whsec_{text}", name="secret", parts=[text])


def _names(value: object, known: list[str]) -> tuple[str, ...]:
    if not isinstance(value, list) or not value:
        raise ValueError("write a list of names of [receivers]")
    for one in value:
        if one not in known:
            raise ValueError(fields.unknown(str(one), known, what="receiver"))
    return tuple(dict.fromkeys(value))
