"""The real lens, run on an Anvil in both of its ways."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeAlias
from urllib.request import Request, urlopen

from watcher.chain.lens_code import creation_data, deployed_code
from watcher.state import Block

PLACE = "0x" + "1e" * 20
GAS = 10**9

Way: TypeAlias = Callable[..., bytes]


def placed(url: str, program: bytes, *, at: object = "latest", gas: int = GAS) -> bytes:
    """The deployed code, placed by a state override."""
    message = {"to": PLACE, "data": "0x" + program.hex(), "gas": hex(gas)}
    return hexadecimal(ask(url, message, at, {PLACE: {"code": deployed_code()}})["result"])


def created(url: str, program: bytes, *, at: object = "latest", gas: int = GAS) -> bytes:
    """The creation code, answering by revert data."""
    message = {"data": creation_data(program), "gas": hex(gas)}
    return hexadecimal(ask(url, message, at)["error"]["data"])


WAYS = {"placed": placed, "created": created}


def pinned(block: Block) -> object:
    return {"blockHash": block.hash, "requireCanonical": True}


def ask(url: str, *params: object) -> dict[str, Any]:
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "eth_call", "params": list(params)})
    request = Request(url, body.encode(), {"Content-Type": "application/json"})
    with urlopen(request, timeout=60) as answer:
        document: dict[str, Any] = json.loads(answer.read())
    return document


def hexadecimal(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))
