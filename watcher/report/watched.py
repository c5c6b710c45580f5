"""What is watched, and what it is judged by, as plain values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from watcher.alerts.health import Limits
from watcher.math.settings import Settings
from watcher.protocols import Entry


@dataclass(frozen=True, slots=True)
class Watched:
    """What the configuration says that verdicts depend on; `poll_seconds` by chain."""

    entries: Sequence[Entry]
    settings: Settings
    limits: Mapping[str, Limits]
    poll_seconds: Mapping[int, float]
