"""A chain made in memory: real headers and calldata, answers from states that a test sets.

It stands in for a node where a test needs thousands of blocks, reorgs and outages at will; what a
real node answers is tested in tests/anvil.
"""

import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from watcher.chain.headers import Tag
from watcher.errors import ReadError, StaleBlock, Unavailable
from watcher.protocols import chainlink
from watcher.state import Address, Answer, Block, Call, Static, Target, to_address
from watcher.state.log import Log

CHAIN_ID = 31337
SECONDS = 12


def feed(number: int) -> Target:
    """A price feed: the smallest real target, one round of two calls."""
    address = to_address(f"0x{number:040x}")
    return Target(CHAIN_ID, chainlink.PROTOCOL, address, "price_feed", name=f"feed {number}")


class NoLogs:
    """Feeds are no proxies, and nobody asks for their logs."""

    async def read(
        self, blocks: Sequence[Block], addresses: Collection[Address], topics: Sequence[str] = ()
    ) -> list[Log]:
        raise AssertionError("logs of a chain without proxies")

    async def at(
        self, block: Block, addresses: Collection[Address], topics: Sequence[str]
    ) -> list[Log]:
        raise AssertionError("logs of a chain without pools")


@dataclass
class MadeChain:
    """`values` are what each feed answers, per block hash; a feed without one reverts.

    With `steady` an answer that stays is the same state; otherwise each block is a new round.
    """

    blocks: list[Block] = field(default_factory=list)
    values: dict[str, dict[Address, int]] = field(default_factory=dict)
    finalized_depth: int = 64
    pruned_below: int = 0
    steady: bool = False
    reachable: bool = True
    before_read: Callable[[], None] | None = None
    _salt: int = 0

    def mine(self, values: Mapping[Address, int]) -> Block:
        """A new head at which the feeds (by address) answer `values`."""
        self._salt += 1
        number = len(self.blocks)
        parent = self.blocks[-1].hash if self.blocks else "0x" + "00" * 32
        digest = hashlib.sha256(f"{parent}/{self._salt}".encode()).hexdigest()
        block = Block(CHAIN_ID, number, f"0x{digest}", parent, 1_700_000_000 + number * SECONDS)
        self.blocks.append(block)
        self.values[block.hash] = dict(values)
        return block

    def drop(self, count: int) -> None:
        """Take the newest blocks off the chain."""
        del self.blocks[len(self.blocks) - count :]

    @property
    def headers(self) -> "MadeChain":
        return self

    @property
    def reader(self) -> "MadeChain":
        return self

    @property
    def logs(self) -> "NoLogs":
        return NoLogs()

    def _answering(self) -> None:
        if not self.reachable:
            raise Unavailable("the node is away")

    async def head(self) -> Block:
        self._answering()
        return self.blocks[-1]

    async def by_number(self, number: int) -> Block | None:
        self._answering()
        return self.blocks[number] if number < len(self.blocks) else None

    async def by_hash(self, block_hash: str) -> Block | None:
        self._answering()
        return next((block for block in self.blocks if block.hash == block_hash), None)

    async def tagged(self, tag: Tag) -> int | None:
        self._answering()
        return max(len(self.blocks) - 1 - self.finalized_depth, 0)

    async def range(self, first: int, last: int) -> list[Block]:
        self._answering()
        return self.blocks[first : last + 1]

    async def common_ancestor(self, known: Sequence[Block]) -> Block | None:
        self._answering()
        return next((block for block in known if block in self.blocks), None)

    async def read(self, block: Block, calls: Sequence[Call]) -> list[Answer | ReadError]:
        self._answering()
        if self.before_read is not None:
            self.before_read()
        if block not in self.blocks:
            raise StaleBlock("the block has left the chain")
        if block.number < self.pruned_below:
            return [Unavailable("the node no longer has this state") for _ in calls]
        return [self._answer(block, call) for call in calls]

    def _answer(self, block: Block, call: Call) -> Answer:
        if not isinstance(call, Static):
            return Answer(ok=True, data=b"\x60", length=1)
        value = self.values[block.hash].get(call.to)
        if value is None:
            return Answer(ok=False, data=b"", length=0)
        if call.data == chainlink.DECIMALS.call(call.to).data:
            words = [8]
        else:
            updated_at = self.blocks[0].timestamp if self.steady else block.timestamp
            words = [1, value, updated_at, updated_at, 1]
        data = b"".join(word.to_bytes(32) for word in words)
        return Answer(ok=True, data=data, length=len(data))
