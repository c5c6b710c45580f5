"""Who may read: bearer tokens, of which only the hashes are known here."""

from __future__ import annotations

import base64
import binascii
import hashlib
import secrets
from collections.abc import Sequence
from hmac import compare_digest

from watcher.config.values import ApiToken

BYTES = 32


def new_token() -> str:
    """256 random bits: so many cannot be guessed, and a fast hash of them is enough."""
    return secrets.token_urlsafe(BYTES)


def hash_of(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def who(authorization: str | None, tokens: Sequence[ApiToken]) -> str | None:
    """The name of the token that an Authorization header holds; None where it holds none of them.

    `Bearer TOKEN`, or `Basic` with the token as the password, which is what a browser asks for.
    """
    given = hash_of(_token(authorization or ""))
    found = None
    # All are compared, whichever it is: the time says nothing of which was nearly right.
    for one in tokens:
        if compare_digest(given, one.sha256):
            found = one.name
    return found


def _token(authorization: str) -> str:
    scheme, _, rest = authorization.partition(" ")
    match scheme.lower():
        case "bearer":
            return rest.strip()
        case "basic":
            try:
                decoded = base64.b64decode(rest.strip(), validate=True).decode()
            except (binascii.Error, UnicodeDecodeError):
                return ""
            return decoded.partition(":")[2]
        case _:
            return ""
