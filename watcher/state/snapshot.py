"""A target at one block with its prices: what a file for `--state FILE` holds."""

from __future__ import annotations

from dataclasses import dataclass

from watcher.state.block import Block
from watcher.state.kinds import State
from watcher.state.price import Price
from watcher.state.target import Target


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Enough to repeat every analysis of one target without a node."""

    block: Block
    target: Target
    state: State
    prices: tuple[Price, ...] | None = None
