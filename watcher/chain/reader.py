"""Reading many calls at one block."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Protocol, TypeAlias

from watcher.chain.batches import Asking, Outcome
from watcher.chain.deadline import within
from watcher.chain.endpoint import Endpoint
from watcher.chain.faults import EndpointError, Kind, Limited, Pruned
from watcher.chain.headers import Headers
from watcher.chain.jsonrpc import ErrorObject, Request, Result
from watcher.chain.questions import At, answer, at_hash, at_number, capped, known_of, question
from watcher.chain.verdict import Verdict, judge, revert_data
from watcher.chain.walks import by_plain_calls
from watcher.errors import ReadError, StaleBlock, Unavailable
from watcher.state import Answer, Block, Call, Known, Plain, Static

log = logging.getLogger(__name__)

Pin: TypeAlias = Callable[[Block], At]
Send: TypeAlias = Callable[[Sequence[Request]], Awaitable[list[Outcome]]]


class Reader(Protocol):
    async def read(self, block: Block, calls: Sequence[Call]) -> list[Answer | ReadError]:
        """Answers in the order of `calls`, all of one state: that after `block`.

        A ReadError in the list concerns that call alone. Raises StaleBlock when the block has left
        the chain, Unavailable when the endpoint as a whole does not answer.
        """
        ...


class BatchReader:
    """Reads by JSON-RPC batches pinned to the block's hash (EIP-1898).

    Where a node refuses hashes, by number, and the block's hash is checked afterwards.
    """

    def __init__(self, node: Asking, headers: Headers, *, deadline: float) -> None:
        self._node = node
        self._headers = headers
        self._deadline = deadline
        self._pin: Pin = at_hash
        self._pin_proven = False

    @property
    def endpoint(self) -> Endpoint:
        return self._node.endpoint

    def at(self, block: Block) -> At:
        """How this node is told the block."""
        return self._pin(block)

    async def require_canonical(self, block: Block) -> None:
        """Where the node is asked by number: raise StaleBlock when the block has left the chain."""
        if self._pin is at_number:
            await self._raise_unless_canonical(block)

    async def read(self, block: Block, calls: Sequence[Call]) -> list[Answer | ReadError]:
        about = f"{len(calls):,} reads at block {block.number}"
        work = self._read(block, calls)
        return await within(self._deadline, work, endpoint=self.endpoint, about=about)

    async def _read(self, block: Block, calls: Sequence[Call]) -> list[Answer | ReadError]:
        asked = [call for call in calls if not isinstance(call, Known)]
        answers = iter(await by_plain_calls(asked, partial(self._plain, block)))
        return [
            known_of(block, each) if isinstance(each, Known) else next(answers) for each in calls
        ]

    async def _plain(self, block: Block, calls: Sequence[Plain]) -> list[Answer | ReadError]:
        if not calls:
            return []
        outcomes = await _ask(block, calls, pin=self._pin, send=self._node.ask)
        if not self._pin_proven:
            outcomes = await self._settle_pin(block, calls, outcomes)
        await self._raise_if_stale(block, outcomes)
        await self._ask_again(block, calls, outcomes)
        await self.require_canonical(block)
        self._raise_if_limited(outcomes)
        return [self._value(block, *pair) for pair in zip(calls, outcomes, strict=True)]

    async def _settle_pin(
        self, block: Block, calls: Sequence[Plain], outcomes: list[Outcome]
    ) -> list[Outcome]:
        """Find out, once, whether this node takes hashes; the outcomes by what it takes."""
        if all(_verdict(outcome) is Verdict.BAD_PARAMS for outcome in outcomes):
            by_number = await _ask(block, calls, pin=at_number, send=self._node.ask)
            if not any(map(_executed, by_number)):
                return outcomes
            log.warning("%s refuses block hashes; reading by number", self.endpoint.name)
            self._pin, outcomes = at_number, by_number
        self._pin_proven = any(map(_executed, outcomes))
        return outcomes

    async def _ask_again(
        self, block: Block, calls: Sequence[Plain], outcomes: list[Outcome]
    ) -> None:
        """Ask once more, singly, what neither the contract nor the node's state explains."""
        odd = [i for i, pair in enumerate(zip(calls, outcomes, strict=True)) if _is_odd(*pair)]
        if not odd:
            return
        asked = [calls[i] for i in odd]
        again = await _ask(block, asked, pin=self._pin, send=self._node.singly)
        await self._raise_if_stale(block, again)
        for i, outcome in zip(odd, again, strict=True):
            outcomes[i] = outcome

    async def _raise_if_stale(self, block: Block, outcomes: Sequence[Outcome]) -> None:
        # Proxies say "not found" of blocks that they have: only the header decides.
        if any(_verdict(outcome) is Verdict.STALE for outcome in outcomes):
            await self._raise_unless_canonical(block)

    async def _raise_unless_canonical(self, block: Block) -> None:
        now = await self._headers.by_number(block.number)
        if now is None or now.hash != block.hash:
            raise StaleBlock(
                f"block {block.number} ({block.hash[:10]}…) is not on the chain that "
                f"{self.endpoint.name} serves: read again at its present head"
            )

    def _raise_if_limited(self, outcomes: Sequence[Outcome]) -> None:
        if all(_verdict(outcome) is Verdict.RATE_LIMITED for outcome in outcomes):
            name = self.endpoint.name
            raise EndpointError(
                f"{name} answered every read with its rate limit: wait or use another endpoint",
                endpoint=name,
                kind=Kind.RATE_LIMITED,
            )

    def _value(self, block: Block, call: Plain, outcome: Outcome) -> Answer | ReadError:
        match outcome:
            case ReadError():
                return outcome
            case Result(value):
                return answer(call, value) or self._unavailable(
                    block, call, "something that is not hex data"
                )
        verdict = judge(outcome)
        if verdict is Verdict.REVERTED and isinstance(call, Static):
            return capped(revert_data(outcome), call.return_cap, ok=False)
        if verdict is Verdict.PRUNED:
            return Pruned(
                f"{self.endpoint.name} no longer has the state of block {block.number}: "
                "use an archive node"
            )
        what = f"error {outcome.code} ({outcome.message})"
        limited = Limited if verdict is Verdict.RATE_LIMITED else Unavailable
        return self._unavailable(block, call, what, of=limited)

    def _unavailable(
        self, block: Block, call: Plain, what: str, *, of: type[Unavailable] = Unavailable
    ) -> Unavailable:
        address = call.to if isinstance(call, Static) else call.address
        return of(
            f"{self.endpoint.name} answered the read of {address} at block {block.number} with "
            f"{what}: try again or use another endpoint"
        )


async def _ask(block: Block, calls: Sequence[Plain], *, pin: Pin, send: Send) -> list[Outcome]:
    """One outcome per call; equal questions go out once."""
    asked = [question(call, pin(block)) for call in calls]
    different = list(dict.fromkeys(asked))
    outcomes = dict(zip(different, await send(different), strict=True))
    return [outcomes[one] for one in asked]


def _verdict(outcome: Outcome) -> Verdict | None:
    return judge(outcome) if isinstance(outcome, ErrorObject) else None


def _executed(outcome: Outcome) -> bool:
    """The node ran it at the block that was asked for."""
    return isinstance(outcome, Result) or _verdict(outcome) is Verdict.REVERTED


def _is_odd(call: Plain, outcome: Outcome) -> bool:
    match outcome:
        case ReadError():
            return False
        case Result(value):
            return answer(call, value) is None
    verdict = judge(outcome)
    if verdict is Verdict.REVERTED:
        return not isinstance(call, Static)
    return verdict not in (Verdict.PRUNED, Verdict.RATE_LIMITED)
