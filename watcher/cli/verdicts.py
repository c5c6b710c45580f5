"""How each watched target stands, in the terminal's words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from watcher.cli.output import figure
from watcher.cli.phrases import duration, money, percent, price
from watcher.config import Config
from watcher.report.sentences import Words
from watcher.report.verdicts import Finding, Verdict, Watched
from watcher.report.verdicts import verdicts as told

if TYPE_CHECKING:
    from watcher.store import Store

__all__ = ["TERMINAL", "Finding", "Verdict", "verdicts", "watched"]

TERMINAL = Words(money=money, percent=percent, price=price, figure=figure, duration=duration)


def verdicts(config: Config, store: Store, *, now: float) -> list[Verdict]:
    """One for each entry of the configuration; what needs a person first, then as in the file."""
    return told(watched(config), store, TERMINAL, now=now)


def watched(config: Config) -> Watched:
    return Watched(
        entries=config.entries,
        settings=config.settings,
        limits=config.limits,
        poll_seconds={chain.chain_id: chain.poll_seconds for chain in config.chains},
    )
