"""Headers of a chain, taken when enough of its endpoints agree on them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from typing import TypeVar

from watcher.chain.headers import Tag
from watcher.chain.health import State
from watcher.chain.links import Link, Links, timed_out
from watcher.chain.poll import HeadPoll
from watcher.chain.votes import most
from watcher.errors import ReadError, StaleBlock, Unavailable
from watcher.state import Block
from watcher.state.endpoint_event import EventKind

T = TypeVar("T")

CANDIDATES = 4
"""Heights that are tried for a head on which enough agree; races of blocks are shallower."""


class QuorumHeaders:
    """Headers of several endpoints. With a quorum of one the healthiest alone is believed.

    A head is the highest block on which the quorum agrees; who says otherwise of that block is
    outvoted and named, and not asked for values until it agrees again.
    """

    def __init__(self, links: Links) -> None:
        self._links = links
        self._polled = HeadPoll(links)
        self._undecided: set[Link] = set()

    async def close(self) -> None:
        await self._polled.close()

    async def head(self) -> Block:
        """Raises Unavailable while too few agree."""
        async with self._in_time("the head"):
            found = await self._head()
        if found is None:
            raise self._disagreement(f"the head ({self._said()})")
        self._polled.judge_lag(found if self._links.quorum > 1 else None)
        return found

    async def by_number(self, number: int) -> Block | None:
        return await self._agreed(
            lambda link: link.headers.by_number(number), about=f"block {number}"
        )

    async def by_hash(self, block_hash: str) -> Block | None:
        return await self._agreed(
            lambda link: link.headers.by_hash(block_hash), about=f"block {block_hash[:10]}…"
        )

    async def tagged(self, tag: Tag) -> int | None:
        """The lowest of what a quorum says: nobody alone can make a block final."""
        async with self._in_time(f"the {tag} block"):
            if self._links.quorum == 1:
                return await self._one(lambda link: link.headers.tagged(tag), about=tag)
            said = await self._votes(lambda link: link.headers.tagged(tag), about=tag)
        numbers = [number for number in said.values() if number is not None]
        return min(numbers, default=None)

    async def range(self, first: int, last: int) -> list[Block]:
        async def ask(link: Link) -> tuple[Block, ...]:
            return tuple(await link.headers.range(first, last))

        return list(await self._agreed(ask, about=f"the blocks {first} to {last}"))

    async def common_ancestor(self, known: Sequence[Block]) -> Block | None:
        return await self._agreed(
            lambda link: link.headers.common_ancestor(known), about="the last common block"
        )

    # The head

    async def _head(self) -> Block | None:
        async with aclosing(self._polled.poll(self._links.quorum)) as polls:
            async for heads, are_all in polls:
                found = await self._agreed_head(heads, are_all=are_all)
                if found is not None:
                    return found
        return None

    async def _agreed_head(self, heads: Mapping[Link, Block], *, are_all: bool) -> Block | None:
        believed = {link: head for link, head in heads.items() if not link.health.disagrees}
        keeping_up = {link: head for link, head in believed.items() if self._polled.keeps_up(link)}
        voters = keeping_up or believed
        needed = self._needed(len(voters), are_all=are_all)
        if len(voters) < needed:
            return None
        if needed == 1:
            return self._healthiest(voters)
        numbers = sorted((head.number for head in voters.values()), reverse=True)
        for number in list(dict.fromkeys(numbers[needed - 1 :]))[:CANDIDATES]:
            votes = await self._votes_at(number, heads)
            won = most({link: block for link, block in votes.items() if link in voters})
            if won is not None and won.votes >= needed:
                self._compare(won.value, votes)
                return won.value
        return None

    def _healthiest(self, voters: Mapping[Link, Block]) -> Block:
        order = [link for link in self._links.in_order(cooling=True) if link in voters]
        chosen = order[0] if order else next(iter(voters))
        found = voters[chosen]
        for link, head in voters.items():
            if head.number == found.number and head.hash != found.hash:
                if link not in self._undecided:
                    self._undecided.add(link)
                    detail = (
                        f"{link.name} and {chosen.name} give block {found.number} different "
                        f"hashes, and {chosen.name} is taken: a third endpoint could decide"
                    )
                    self._links.note(EventKind.UNDECIDED, link, detail, found)
            elif head.hash == found.hash:
                self._undecided.discard(link)
        return found

    async def _votes_at(self, number: int, heads: Mapping[Link, Block]) -> dict[Link, Block]:
        votes = {link: head for link, head in heads.items() if head.number == number}
        ahead = [link for link, head in heads.items() if head.number > number]
        found = await self._ask_each(
            ahead, lambda link: link.headers.by_number(number), about=f"block {number}"
        )
        return votes | {link: block for link, block in found.items() if isinstance(block, Block)}

    def _compare(self, found: Block, votes: Mapping[Link, Block]) -> None:
        for link, block in votes.items():
            health = link.health
            if block != found and health.dispute is not EventKind.VALUE_OUTVOTED:
                self._outvote(link, block, found)
            elif block == found and health.dispute is EventKind.HASH_OUTVOTED and health.agreed():
                detail = f"{link.name} agrees on block {found.number} again"
                self._links.note(EventKind.AGREES_AGAIN, link, detail, found)

    def _outvote(self, link: Link, block: Block, found: Block) -> None:
        said = "hash" if block.hash != found.hash else "header"
        reason = f"it gives block {block.number} another {said} than the others"
        if not link.health.disagrees:
            detail = f"{link.name} gives block {block.number} the {said} {block.hash}"
            if said == "header":
                detail = f"{link.name} gives the header of block {block.number} other fields"
            self._links.note(EventKind.HASH_OUTVOTED, link, detail, found)
        link.health.outvoted(reason, dispute=EventKind.HASH_OUTVOTED, probation=1)

    def _said(self) -> str:
        return ", ".join(
            f"{link.name}: {heard.head.number} {heard.head.hash[:10]}…"
            for link in self._links.all
            if (heard := link.health.heard) is not None
        )

    # Everything else

    async def _agreed(self, question: Callable[[Link], Awaitable[T]], *, about: str) -> T:
        async with self._in_time(about):
            if self._links.quorum == 1:
                return await self._one(question, about=about)
            votes = await self._votes(question, about=about)
        # Who has no such block (yet) has no say in which it is.
        having = {link: value for link, value in votes.items() if value is not None}
        said = having or votes
        won = most(said)
        if won is None or won.votes < self._needed(len(said), are_all=True):
            raise self._disagreement(about)
        self._name_other_blocks(won.value, votes)
        return won.value

    async def _one(self, question: Callable[[Link], Awaitable[T]], *, about: str) -> T:
        _, answer = await self._links.first_answer(question, about=about)
        return answer

    async def _votes(
        self, question: Callable[[Link], Awaitable[T]], *, about: str
    ) -> dict[Link, T]:
        """A quorum's answers where they are equal, else everybody's.

        Raises what the first of them raised when nobody answers.
        """
        order = self._links.in_order() or self._links.in_order(cooling=True)
        first, others = order[: self._links.quorum], order[self._links.quorum :]
        said = await self._ask_each(first, question, about=about)
        if _differ(said) or len(said) < self._links.quorum:
            said |= await self._ask_each(others, question, about=about)
        votes = {link: one for link, one in said.items() if not isinstance(one, ReadError)}
        if not votes:
            faults = [one for one in said.values() if isinstance(one, ReadError)]
            stale = [fault for fault in faults if isinstance(fault, StaleBlock)]
            raise next(iter(stale or faults), self._links.nobody(about))
        return votes

    async def _ask_each(
        self, links: Sequence[Link], question: Callable[[Link], Awaitable[T]], *, about: str
    ) -> dict[Link, T | ReadError]:
        async def ask(link: Link) -> T | ReadError:
            try:
                return await self._links.ask(link, question, about=about, seconds=self._links.share)
            except ReadError as error:
                return error

        return dict(zip(links, await asyncio.gather(*map(ask, links)), strict=True))

    def _name_other_blocks(self, won: object, votes: Mapping[Link, object]) -> None:
        for link, value in votes.items():
            if not isinstance(won, tuple) or not isinstance(value, tuple):
                continue
            # Who leaves blocks out is not believed either, but says nothing false of any.
            other = [
                (block, found)
                for block, found in zip(value, won, strict=False)
                if block != found and block.number == found.number
            ]
            if other:
                self._outvote(link, *other[0])

    def _needed(self, answering: int, *, are_all: bool) -> int:
        """How many must agree. Where the quorum is our default, no more than answer at all."""
        quorum = self._links.quorum
        return quorum if self._links.strict or not are_all else max(min(quorum, answering), 1)

    def _disagreement(self, what: str) -> Unavailable:
        ready = sum(link.health.state is State.READY for link in self._links.all)
        return Unavailable(
            f"fewer than {self._links.quorum} endpoints of eip155:{self._links.chain_id} agree on "
            f"{what}, {ready} of {len(self._links.all)} are ready: wait, or add an endpoint"
        )

    @asynccontextmanager
    async def _in_time(self, about: str) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(self._links.deadline):
                yield
        except TimeoutError:
            late = timed_out(self._links, about)
        else:
            return
        raise late


def _differ(said: Mapping[Link, object]) -> bool:
    values = list(said.values())
    return any(value != values[0] or isinstance(value, ReadError) for value in values)
