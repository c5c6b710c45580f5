"""Which blocks there are: the head, the tags, a range, the common ancestor after a reorg."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Literal, Protocol, TypeAlias

from watcher.chain.batches import Asking
from watcher.chain.blocks import parse_block, quantity
from watcher.chain.deadline import within
from watcher.chain.endpoint import Endpoint
from watcher.chain.faults import EndpointError, Kind, WrongChain
from watcher.chain.jsonrpc import ErrorObject, Reply, Request, request
from watcher.chain.verdict import Verdict, judge
from watcher.errors import ReadError, StaleBlock, Unavailable
from watcher.state import Block

Tag: TypeAlias = Literal["safe", "finalized"]

NO_SUCH_TAG = frozenset({-32000, -39001, -32602})
"""How nodes without finality answer; others answer null."""

HEADER_BYTES = 64 * 1024
"""A block comes with its transactions' hashes."""

ANCESTOR_STEP = 32
"""Known blocks that are compared at once; deeper reorgs are rare."""


MOST_SKIPPED = 16
"""Numbers after a missing one that are looked at for its child; L2s that skip, skip a few."""


class Calling(Protocol):
    """A node that is asked one thing at a time."""

    @property
    def endpoint(self) -> Endpoint: ...

    async def call(self, asked: Request) -> Reply: ...


class Headers(Protocol):
    async def head(self) -> Block: ...

    async def by_number(self, number: int) -> Block | None: ...

    async def by_hash(self, block_hash: str) -> Block | None: ...

    async def tagged(self, tag: Tag) -> int | None:
        """The tagged block's number; None where the node knows no such block (yet)."""
        ...

    async def range(self, first: int, last: int) -> list[Block]:
        """All blocks from `first` to `last`, each the parent of the next; numbers that the chain
        skipped are left out.

        Raises StaleBlock when the chain changed meanwhile, Unavailable when one is missing.
        """
        ...

    async def common_ancestor(self, known: Sequence[Block]) -> Block | None:
        """The newest of `known` (newest first) that is still on the chain; None if none is."""
        ...


class NodeHeaders:
    """Headers of one endpoint."""

    def __init__(self, node: Asking, *, chain_id: int, deadline: float) -> None:
        self._node = node
        self._chain_id = chain_id
        self._deadline = deadline

    @property
    def endpoint(self) -> Endpoint:
        return self._node.endpoint

    async def connect(self) -> None:
        """Raises WrongChain when the endpoint serves another chain than ours."""
        found = await ask_chain_id(self._node)
        if found != self._chain_id:
            raise WrongChain(endpoint=self.endpoint.name, found=found, expected=self._chain_id)

    async def head(self) -> Block:
        head = await self._block(_by_number("latest"))
        if head is None:
            raise self._fault("eth_getBlockByNumber with no head")
        return head

    async def by_number(self, number: int) -> Block | None:
        asked = _by_number(hex(number))
        return self._at(number, asked, await self._node.call(asked))

    async def by_hash(self, block_hash: str) -> Block | None:
        block = await self._block(request("eth_getBlockByHash", block_hash, False))
        if block is not None and block.hash != block_hash.lower():
            raise self._fault("eth_getBlockByHash with another block")
        return block

    async def tagged(self, tag: Tag) -> int | None:
        asked = _by_number(tag)
        reply = await self._node.call(asked)
        if isinstance(reply, ErrorObject) and reply.code in NO_SUCH_TAG:
            return None
        block = self._parsed(asked, reply)
        return None if block is None else block.number

    async def range(self, first: int, last: int) -> list[Block]:
        numbers = range(first, last + 1)
        found = dict(zip(numbers, await self._at_numbers(numbers), strict=True))
        missing = [number for number, block in found.items() if block is None]
        whole = [block for block in found.values() if block is not None]
        if missing:
            whole = await self._without_skipped(whole, missing)
        for before, block in itertools.pairwise(whole):
            if block.parent_hash != before.hash:
                raise self._changed(block.number)
        return [block for block in whole if block.number <= last]

    async def _without_skipped(self, whole: list[Block], missing: Sequence[int]) -> list[Block]:
        """`whole`, and a block behind it where the last numbers are missing, once each missing
        number is proven to be one that the chain skipped: its neighbours are parent and child.

        Raises Unavailable where one is not.
        """
        last = max(missing)
        if not whole or whole[-1].number < last:
            ahead = await self._at_numbers(range(last + 1, last + 1 + MOST_SKIPPED))
            after = next((block for block in ahead if block is not None), None)
            if after is None:
                raise self._lags(missing[0])
            whole = [*whole, after]
        if missing[0] < whole[0].number:
            parent = await self.by_hash(whole[0].parent_hash)
            if parent is None or parent.number >= missing[0]:
                raise self._lags(missing[0])
        for before, block in itertools.pairwise(whole):
            if block.number > before.number + 1 and block.parent_hash != before.hash:
                raise self._lags(before.number + 1)
        return whole

    def _lags(self, number: int) -> Unavailable:
        return Unavailable(
            f"{self.endpoint.name} has no block {number}: it lags; wait or use another"
        )

    def _changed(self, number: int) -> StaleBlock:
        return StaleBlock(
            f"the chain of {self.endpoint.name} changed at block {number} while it was "
            "read: read again from its present head"
        )

    async def common_ancestor(self, known: Sequence[Block]) -> Block | None:
        for start in range(0, len(known), ANCESTOR_STEP):
            step = known[start : start + ANCESTOR_STEP]
            now = await self._at_numbers([block.number for block in step])
            for ours, theirs in zip(step, now, strict=True):
                if theirs is not None and theirs.hash == ours.hash:
                    return ours
        return None

    async def _at_numbers(self, numbers: Sequence[int]) -> list[Block | None]:
        asked = [_by_number(hex(number)) for number in numbers]
        outcomes = await within(
            self._deadline,
            self._node.ask(asked),
            endpoint=self.endpoint,
            about=f"{len(asked)} headers",
        )
        blocks: list[Block | None] = []
        for number, one, outcome in zip(numbers, asked, outcomes, strict=True):
            if isinstance(outcome, ReadError):
                raise outcome
            blocks.append(self._at(number, one, outcome))
        return blocks

    def _at(self, number: int, asked: Request, reply: Reply) -> Block | None:
        # Some nodes answer a number above their head with an error instead of null.
        if isinstance(reply, ErrorObject) and judge(reply) is Verdict.STALE:
            return None
        block = self._parsed(asked, reply)
        if block is not None and block.number != number:
            raise self._fault(f"{asked.method} with another block")
        return block

    async def _block(self, asked: Request) -> Block | None:
        return self._parsed(asked, await self._node.call(asked))

    def _parsed(self, asked: Request, reply: Reply) -> Block | None:
        value = _value(self.endpoint, reply, asked)
        if value is None:
            return None
        block = parse_block(value, chain_id=self._chain_id)
        if block is None:
            raise self._fault(f"{asked.method} with a header that is not valid")
        return block

    def _fault(self, what: str) -> EndpointError:
        return _fault(self.endpoint, what)


async def ask_chain_id(node: Calling) -> int:
    """The id of the chain that the node serves. Raises EndpointError where it does not say."""
    asked = request("eth_chainId")
    found = quantity(_value(node.endpoint, await node.call(asked), asked))
    if found is None:
        raise _fault(node.endpoint, "eth_chainId with something that is no chain id")
    return found


def _value(endpoint: Endpoint, reply: Reply, asked: Request) -> object:
    if isinstance(reply, ErrorObject):
        limited = judge(reply) is Verdict.RATE_LIMITED
        raise _fault(
            endpoint,
            f"{asked.method} with error {reply.code} ({reply.message})",
            Kind.RATE_LIMITED if limited else Kind.NODE_FAULT,
        )
    return reply.value


def _fault(endpoint: Endpoint, what: str, kind: Kind = Kind.NOT_JSON_RPC) -> EndpointError:
    name = endpoint.name
    return EndpointError(
        f"{name} answered {what}: try again or use another endpoint", endpoint=name, kind=kind
    )


def _by_number(number_or_tag: str) -> Request:
    return request("eth_getBlockByNumber", number_or_tag, False, reply_bytes=HEADER_BYTES)
