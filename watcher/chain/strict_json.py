"""JSON from a stranger.

web3 imports py_ecc, which raises Python's recursion limit to 100,000: from then on a body of as
many brackets overflows the C stack of `json.loads` on Python 3.11 and ends the process. So the
depth is measured first, without recursion.
"""

from __future__ import annotations

import json
import re

DEEPEST = 64
"""JSON-RPC needs six levels for a batch of blocks."""

STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?\Z)', re.DOTALL)
"""Up to its end, or to the end of the body where it has none."""

NOT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))


def parse(body: bytes) -> object:
    """Raises ValueError for what is not strict JSON in UTF-8 or is nested too deep."""
    if _too_deep(body):
        raise ValueError("the brackets do not match or are nested too deep")
    return json.loads(body.decode("utf-8"), parse_constant=_refuse_constant)


def _too_deep(body: bytes) -> bool:
    if body.count(b"[") + body.count(b"{") <= DEEPEST:
        return False
    brackets = STRING.sub(b"", body).translate(None, NOT_BRACKETS)
    for _ in range(DEEPEST):  # each round takes the innermost pairs away
        if not brackets:
            return False
        brackets = brackets.replace(b"[]", b"").replace(b"{}", b"")
    return bool(brackets)


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is not JSON")
