"""Which target a request means."""

from __future__ import annotations

import re

from watcher.state.target import Target
from watcher.store import Store

_ID = re.compile(r"[0-9a-f]{64}")


def find_target(store: Store, text: str) -> Target:
    """By id, which is one look-up; else as the commands find it. Raises InputError with hints."""
    return store.target(text) if _ID.fullmatch(text) else store.find_target(text)
