"""The pools that are watched beside a target, as of its block."""

from __future__ import annotations

from pathlib import Path

from watcher.cli.session import open_store, read_config
from watcher.cli.subjects import Found
from watcher.errors import InputError
from watcher.math.exploitability.trading import Market, is_pool


def watched_markets(found: Found, config: Path | None) -> list[Market]:
    """The other pools of the target's chain."""
    snapshot, markets = found.snapshot, []
    with open_store(read_config(config)) as store:
        for other in store.targets():
            if other.chain_id != snapshot.target.chain_id or other.id == snapshot.target.id:
                continue
            try:
                known = store.snapshot(other.id, snapshot.block.number)
            except InputError:
                # it has no state there: nothing goes through it
                continue
            if is_pool(known.state):
                markets.append(Market(known.target, known.state))
    return markets
