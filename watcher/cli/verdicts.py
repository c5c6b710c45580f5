"""How each watched target stands, in the terminal's words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from watcher.cli.output import figure
from watcher.cli.phrases import duration, money, percent, price
from watcher.config import Config
from watcher.config.watched import watched
from watcher.report.sentences import Words
from watcher.report.verdicts import Finding, Memory, Verdict
from watcher.report.verdicts import verdicts as told

if TYPE_CHECKING:
    from watcher.store import Store

__all__ = ["TERMINAL", "Finding", "Memory", "Verdict", "verdicts"]

TERMINAL = Words(money=money, percent=percent, price=price, figure=figure, duration=duration)


def verdicts(
    config: Config, store: Store, *, now: float, memory: Memory | None = None
) -> list[Verdict]:
    """One for each entry of the configuration; what needs a person first, then as in the file."""
    return told(watched(config), store, TERMINAL, now=now, memory=memory)
