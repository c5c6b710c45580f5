"""A header as nodes give it, believed only when every field is what it must be."""

from __future__ import annotations

import re

from watcher.state import Block

HASH = re.compile(r"0x[0-9a-fA-F]{64}")
QUANTITY = re.compile(r"0x[0-9a-fA-F]{1,64}")

LARGEST = 2**63 - 1
"""Numbers and times beyond it fit no database column and no honest chain."""


def parse_block(value: object, *, chain_id: int) -> Block | None:
    """None where `value` is not a mined block's header."""
    if not isinstance(value, dict):
        return None
    number, timestamp = quantity(value.get("number")), quantity(value.get("timestamp"))
    block_hash, parent_hash = _hash(value.get("hash")), _hash(value.get("parentHash"))
    if number is None or timestamp is None or block_hash is None or parent_hash is None:
        return None
    return Block(chain_id, number, block_hash, parent_hash, timestamp)


def quantity(value: object) -> int | None:
    """An integer of at most 63 bits in hex; None for anything else."""
    if not isinstance(value, str) or not QUANTITY.fullmatch(value):
        return None
    number = int(value, 16)
    return number if number <= LARGEST else None


def _hash(value: object) -> str | None:
    return value.lower() if isinstance(value, str) and HASH.fullmatch(value) else None
