"""JSON answers that a client may keep, and ask whether they still hold."""

from __future__ import annotations

import hashlib

from fastapi import Request, Response
from pydantic import BaseModel

ASK_AGAIN = "private, no-cache"
"""Kept, and asked again each time: what has not changed costs no bytes."""
AN_HOUR = "private, max-age=3600"

DIGITS = 32


def reply(request: Request, body: BaseModel, *, cache: str = ASK_AGAIN) -> Response:
    """`body` as JSON with its ETag, or 304 where the client has it already."""
    content = body.model_dump_json().encode()
    tag = f'"{hashlib.sha256(content).hexdigest()[:DIGITS]}"'
    headers = {"ETag": tag, "Cache-Control": cache, "Vary": "Authorization"}
    if _has(request.headers.get("if-none-match", ""), tag):
        return Response(status_code=304, headers=headers)
    return Response(content, media_type="application/json", headers=headers)


def _has(header: str, tag: str) -> bool:
    """Whether an If-None-Match names the tag; a proxy may have made it weak."""
    given = {one.strip().removeprefix("W/") for one in header.split(",")}
    return tag in given or "*" in given
