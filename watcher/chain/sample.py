"""Which reads of a block are asked of other endpoints as well.

Contracts are the unit: what one contract answers belongs together. Half of the sample is what was
not looked at for longest, so that nothing is left out; half is drawn by lot. Both follow from the
block's hash and the blocks before, so a sample can be repeated, and nobody knows it before the
block.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from watcher.state import Address, Block, Call, Static

LEAST = 64
"""Contracts that are looked at in each block whatever the part: a short watch-list is compared
whole, at the cost of one small request to each other endpoint."""


def contract_of(call: Call) -> Address:
    return call.to if isinstance(call, Static) else call.address


class Sampler:
    """Draws one in `part` of a block's contracts; 0 draws none."""

    def __init__(self, part: int, *, least: int = LEAST) -> None:
        self._part = part
        self._least = least
        self._seen: dict[Address, int] = {}

    def draw(self, block: Block, calls: Sequence[Call]) -> list[int]:
        """The positions in `calls` of what is compared at `block`."""
        if self._part == 0:
            return []
        contracts = sorted({contract_of(call) for call in calls})
        count = max(-(-len(contracts) // self._part), self._least)
        by_lot = sorted(contracts, key=lambda one: lot(block, one))
        by_age = sorted(by_lot, key=lambda one: self._seen.get(one, -1))
        drawn = set(by_age[: -(-count // 2)])
        drawn |= set([one for one in by_lot if one not in drawn][: count // 2])
        self._seen |= dict.fromkeys(drawn, block.number)
        return [at for at, call in enumerate(calls) if contract_of(call) in drawn]


def lot(block: Block, address: Address) -> bytes:
    """What contracts are drawn by: nobody knows it before the block."""
    return hashlib.sha256(f"{block.hash}/{address.lower()}".encode()).digest()
