"""JSON-RPC to an Anvil on this machine, with the standard library: starting it and steering it."""

from __future__ import annotations

import http.client
import ipaddress
import json
import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from watcher.errors import SetupError, Unavailable

_TIMEOUT_S = 60.0
_TEXT_CAP = 400


def is_loopback(host: str | None) -> bool:
    """Whether a host names this machine without asking a resolver."""
    try:
        return host == "localhost" or ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


def without_urls(text: str) -> str:
    """The text, capped, with each URL replaced: it could hold a key."""
    return re.sub(r"[a-z]+://[^\s\")]+", "<url>", text)[:_TEXT_CAP]


def rpc(url: str, method: str, params: Sequence[Any] = ()) -> Any:
    """Result of one JSON-RPC call to an Anvil on loopback.

    Other hosts are refused with a SetupError; an error or no answer is Unavailable. A proxy that
    the environment names is not used.
    """
    host = urlsplit(url).hostname
    port = urlsplit(url).port
    if not is_loopback(host) or host is None:
        raise SetupError("only an Anvil on loopback is controlled, and this is another host.")
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)})
    connection = http.client.HTTPConnection(host, port, timeout=_TIMEOUT_S)
    try:
        connection.request("POST", "/", body, {"Content-Type": "application/json"})
        answer = json.loads(connection.getresponse().read())
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise Unavailable(
            f"Anvil on port {port} gave no answer to {method} ({type(error).__name__}): see "
            "whether it still runs."
        ) from error
    finally:
        connection.close()
    if "error" in answer:
        message = without_urls(str(answer["error"].get("message")))
        raise Unavailable(f"Anvil on port {port} answered {method} with an error: {message}")
    return answer["result"]
