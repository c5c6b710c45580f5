"""Identification takes all its answers from one block, and begins anew where that block goes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import pytest

from tests.support.strategies import address
from watcher.chain.headers import Headers
from watcher.errors import ReadError, StaleBlock
from watcher.protocols import Entry, chainlink
from watcher.service.identify import REORGS, identify_at_head
from watcher.state import Answer, Block, Call

ENTRY = Entry(chain_id=1, protocol=chainlink.PROTOCOL, address=address(7))


class Reorganising:
    """A chain whose head leaves it `reorgs` times, each time when it is read."""

    def __init__(self, reorgs: int) -> None:
        self.reorgs = reorgs
        self.heads = 0
        self.read_at: list[str] = []

    async def head(self) -> Block:
        self.heads += 1
        return Block(1, 9, f"0x{self.heads:064x}", "0x" + "00" * 32, 1_700_000_000)

    async def read(self, block: Block, calls: Sequence[Call]) -> list[Answer | ReadError]:
        self.read_at.append(block.hash)
        if self.heads <= self.reorgs:
            raise StaleBlock("the block has left the chain")
        return [Answer(ok=False, data=b"", length=0) for _ in calls]


@pytest.mark.parametrize("reorgs", range(REORGS + 1))
async def test_a_reorg_begins_it_anew_at_the_new_head(reorgs: int) -> None:
    chain = Reorganising(reorgs)
    (found,) = await identify_at_head(cast(Headers, chain), chain, [ENTRY])
    assert found.refusal
    assert chain.heads == reorgs + 1
    assert len(set(chain.read_at)) == reorgs + 1


async def test_a_chain_that_never_holds_still_is_given_up() -> None:
    chain = Reorganising(REORGS + 1)
    with pytest.raises(StaleBlock):
        await identify_at_head(cast(Headers, chain), chain, [ENTRY])
