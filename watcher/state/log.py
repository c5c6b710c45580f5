"""An event that a contract wrote."""

from __future__ import annotations

from dataclasses import dataclass

from watcher.state.block import Block
from watcher.state.token import Address


@dataclass(frozen=True, slots=True)
class Log:
    """One event as the contract wrote it; `index` is its place in the block."""

    block: Block
    index: int
    transaction_hash: str
    address: Address
    topics: tuple[str, ...]
    data: bytes
