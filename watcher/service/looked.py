"""What a look before the start comes to."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Looked:
    """One thing that was looked at."""

    what: str
    ok: bool
    detail: str
