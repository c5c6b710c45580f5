"""The block that a tick is pinned to."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Block:
    """One block, picked once by the tick and handed down.

    Hashes are 0x-prefixed lower-case hex; `timestamp` is the block's own, in seconds.
    """

    chain_id: int
    number: int
    hash: str
    parent_hash: str
    timestamp: int
