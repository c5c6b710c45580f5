"""A process that sends one message by apprise and ends: `python -m watcher.service.apprise_child`.

It reads one JSON object from stdin and answers with one on stdout: `{"taken", "said", "refused"}`.
Whatever a service's plugin opens, each address is looked at as its socket connects.
"""

from __future__ import annotations

import json
import logging
import sys
from typing import Any

from watcher.alerts.channels.addresses import refused_address

SAID_CAP = 400
NAME = "imbalance watcher"
"""Whom mail and chats say that it is from."""


class Guard:
    """Refuses connections to addresses that nothing is sent to, and remembers the last refusal."""

    def __init__(self, *, allow_private: bool) -> None:
        self._allow_private = allow_private
        self.refusal = ""

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event not in ("socket.connect", "socket.sendto", "socket.sendmsg"):
            return
        where = arguments[1]
        if not isinstance(where, tuple):  # a socket file: of a resolver or a log, not of a service
            return
        why = refused_address(str(where[0]), allow_private=self._allow_private)
        if why is not None:
            self.refusal = why
            raise PermissionError(why)


class Last(logging.Handler):
    """Keeps the last thing that apprise complained of."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.text = ""

    def emit(self, record: logging.LogRecord) -> None:
        self.text = record.getMessage()


def main() -> None:
    asked = json.load(sys.stdin)
    guard = Guard(allow_private=bool(asked["allow_private"]))
    sys.addaudithook(guard)
    last = Last()
    logging.getLogger().addHandler(last)
    taken = send(asked)
    answer = {"taken": taken, "said": last.text[:SAID_CAP], "refused": guard.refusal}
    json.dump(answer, sys.stdout)


def send(asked: dict[str, Any]) -> bool:
    import apprise

    ours = apprise.AppriseAsset(app_id=NAME, app_desc=NAME, http_redirects=False)
    services = apprise.Apprise(asset=ours)
    if not services.add(asked["url"]):
        logging.getLogger(__name__).warning(
            "apprise knows no such service, or the URL lacks a part"
        )
        return False
    if not asked["send"]:
        return True
    for service in services:
        # As with our own receivers, whatever the URL says.
        service.redirects = False
        service.overflow_mode = apprise.OverflowMode.TRUNCATE
    return bool(
        services.notify(
            title=asked["title"],
            body=asked["body"],
            notify_type=asked["mood"],
            body_format=apprise.NotifyFormat.TEXT,
        )
    )


if __name__ == "__main__":
    main()
