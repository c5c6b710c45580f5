"""[api]: who may read over HTTP."""

from __future__ import annotations

import re

from watcher.config import fields
from watcher.config.section import Section
from watcher.config.values import ApiConfig, ApiToken

MOST_TOKENS = 100

_SHA256 = re.compile(r"[0-9a-f]{64}")


def read_api(section: Section) -> ApiConfig:
    sections = section.list("tokens")
    if len(sections) > MOST_TOKENS:
        section.problem("tokens", f"name at most {MOST_TOKENS} tokens")
    tokens: list[ApiToken] = []
    for one in sections:
        token = _read_token(one)
        if token is None:
            continue
        if any(token.name == other.name for other in tokens):
            one.problem("name", "names another token already: choose another")
        tokens.append(token)
    section.finish()
    return ApiConfig(tokens=tuple(tokens))


def _read_token(section: Section) -> ApiToken | None:
    name = section.required("name", fields.text)
    sha256 = section.required("sha256", _sha256)
    section.finish()
    return None if name is None or sha256 is None else ApiToken(name, sha256)


def _sha256(value: object) -> str:
    """What stands here by mistake may be the token itself: it is never repeated."""
    if isinstance(value, str) and _SHA256.fullmatch(value.lower()):
        return value.lower()
    raise ValueError(
        "write the token's SHA-256, 64 hexadecimal digits: `watcher token NAME` prints it"
    )
