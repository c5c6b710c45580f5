"""What of a configuration verdicts depend on."""

from __future__ import annotations

from watcher.config.values import Config
from watcher.report.watched import Watched


def watched(config: Config) -> Watched:
    return Watched(
        entries=config.entries,
        settings=config.settings,
        limits=config.limits,
        poll_seconds={chain.chain_id: chain.poll_seconds for chain in config.chains},
    )
