"""Reads through several endpoints: another is asked where one fails, and samples are compared."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import TypeAlias

from watcher.chain.compare import Compared, Votes, compare
from watcher.chain.faults import EndpointError, Kind, Limited, Pruned
from watcher.chain.health import State
from watcher.chain.links import Link, Links, timed_out
from watcher.chain.sample import Sampler, contract_of
from watcher.chain.witnessed import Witnessed
from watcher.errors import ReadError, Unavailable
from watcher.state import Address, Answer, Block, Call
from watcher.state.endpoint_event import EventKind

PROBATION = 10
"""Compared blocks in a row on which an endpoint that lied must agree before it is believed."""

COMPARE_SECONDS = 2.0
"""An endpoint that does not answer a sample within it has no vote in this block."""

Answers: TypeAlias = list[Answer | ReadError]
AllVotes: TypeAlias = Mapping[int, Votes[Link]]


class FailoverReader:
    """A Reader over several endpoints.

    What one does not answer is asked of the next; what it has pruned, of an archive first. A sample
    is asked of all others too, and what is new: the majority's answers are taken, and nothing of an
    endpoint that they outvote. Where nobody has a majority the call is Unavailable: no number
    rather than a wrong one.
    """

    def __init__(self, links: Links, sampler: Sampler) -> None:
        self._links = links
        self._sampler = sampler
        self._witnessed = Witnessed()
        self._disputed: dict[Link, set[Call]] = {}
        self._undecided_contracts: set[Address] = set()

    async def read(self, block: Block, calls: Sequence[Call]) -> list[Answer | ReadError]:
        if not calls:
            return []
        about = f"{len(calls):,} reads at block {block.number}"
        async with self._in_time(about):
            if len(self._links.all) == 1:
                return (await self._whole(block, calls, about, without=()))[1]
            return await self._compared(block, calls, about)

    # Failover

    async def _whole(
        self, block: Block, calls: Sequence[Call], about: str, *, without: Collection[Link]
    ) -> tuple[list[Link], Answers]:
        """Answers, and which endpoint gave each."""
        until = time.monotonic() + self._links.deadline
        link, answers = await self._links.first_answer(
            _reading(block, calls),
            about=about,
            fits=lambda one: one.may_have(block),
            without=without,
        )
        sources = [link] * len(calls)
        tried = {link, *without}
        while missing := _missing(answers):
            self._note_limits(sources, answers, missing)
            other = self._other(block, [answers[at] for at in missing], tried)
            if other is None and (paused := {sources[at] for at in missing} - set(without)):
                other = await self._links.pause_ended(until, among=paused)
                without = {*without, *paused}  # each is waited for once
            if other is None:
                break
            tried.add(other)
            more = await self._more(other, block, [calls[at] for at in missing], about)
            for at, answer in zip(missing, more, strict=False):
                if isinstance(answer, Answer):
                    answers[at], sources[at] = answer, other
        return sources, answers

    async def _more(self, link: Link, block: Block, calls: Sequence[Call], about: str) -> Answers:
        """Nothing where it fails: what others answered is kept."""
        question = _reading(block, calls)
        try:
            return await self._links.ask(link, question, about=about, seconds=self._links.share)
        except ReadError:
            return []

    def _other(self, block: Block, missing: Answers, tried: Collection[Link]) -> Link | None:
        """Who is asked next for what is missing: where state was pruned, an archive."""
        open_ = [link for link in self._links.in_order(without=tried) if link.may_have(block)]
        if any(isinstance(answer, Pruned) for answer in missing):
            open_.sort(key=lambda link: not link.archive)
        return open_[0] if open_ else None

    def _note_limits(
        self, sources: Sequence[Link], answers: Answers, missing: Sequence[int]
    ) -> None:
        for link in {sources[at] for at in missing if isinstance(answers[at], Limited)}:
            text = f"{link.name} answered some reads with its rate limit: use another beside it"
            limited = EndpointError(text, endpoint=link.name, kind=Kind.RATE_LIMITED)
            self._links.failed(link, limited)

    # Comparing

    async def _compared(self, block: Block, calls: Sequence[Call], about: str) -> Answers:
        drawn = sorted({*self._sampler.draw(block, calls), *self._in_dispute(calls)})
        preferred = next(iter(self._links.in_order()), None)
        asking = asyncio.create_task(self._samples(block, calls, drawn, without=preferred))
        try:
            sources, answers = await self._whole(block, calls, about, without=())
            samples = await asking
        finally:
            asking.cancel()
        if drawn and (new := self._witnessed.new(block, calls, answers, without=drawn)):
            one = sources[0] if len(set(sources)) == 1 else None
            more = await self._samples(block, calls, new, without=one)
            samples = {link: samples.get(link, {}) | given for link, given in more.items()}
            drawn = sorted({*drawn, *new})
        votes = {
            at: {sources[at]: answers[at]}
            | {
                link: given[at]
                for link, given in samples.items()
                if at in given and link is not sources[at]
            }
            for at in drawn
        }
        verdict = compare(votes, believed=[one for one in self._links.all if _believed(one)])
        self._name_liars(block, calls, verdict, votes)
        self._forgive(block, calls, verdict, votes)
        self._witnessed.take(calls, verdict.decided)
        if any(link in verdict.liars for link in sources):
            # Nothing of a liar is kept, not even what nobody else was asked.
            _, answers = await self._whole(block, calls, about, without=verdict.liars)
        for at, decided in verdict.decided.items():
            answers[at] = decided
            self._undecided_contracts.discard(contract_of(calls[at]))
        for at in verdict.undecided:
            answers[at] = self._undecided(block, calls[at], votes[at])
        return answers

    def _in_dispute(self, calls: Sequence[Call]) -> list[int]:
        """Where somebody lied is looked at until it agrees again."""
        disputed = {call for those in self._disputed.values() for call in those}
        return [at for at, call in enumerate(calls) if call in disputed]

    async def _samples(
        self, block: Block, calls: Sequence[Call], drawn: Sequence[int], *, without: Link | None
    ) -> dict[Link, dict[int, Answer | ReadError]]:
        """What the others answer to what was drawn, of those that answer."""
        if not drawn:
            return {}
        asked = [calls[at] for at in drawn]
        about = f"a sample of {len(asked)} reads at block {block.number}"
        others = [one for one in self._links.all if one is not without and _may_vote(one, block)]
        question = _reading(block, asked)
        seconds = min(self._links.share, COMPARE_SECONDS)

        async def ask(link: Link) -> Answers:
            try:
                return await self._links.ask(link, question, about=about, seconds=seconds)
            except ReadError as error:
                return [error] * len(asked)

        given = await asyncio.gather(*map(ask, others))
        return {
            link: dict(zip(drawn, answers, strict=True))
            for link, answers in zip(others, given, strict=True)
        }

    def _name_liars(
        self, block: Block, calls: Sequence[Call], verdict: Compared[Link], votes: AllVotes
    ) -> None:
        for link, where in verdict.liars.items():
            at = where[0]
            what = f"the read of {contract_of(calls[at])} at block {block.number}"
            said = f"{_shown(votes[at][link])} against {_shown(verdict.decided[at])} of the others"
            if not link.health.disagrees:
                detail = f"{link.name} answered {what} with {said}"
                self._links.note(EventKind.VALUE_OUTVOTED, link, detail, block)
            self._disputed.setdefault(link, set()).update(calls[one] for one in where)
            link.health.outvoted(
                f"it answered {what} with {said}",
                dispute=EventKind.VALUE_OUTVOTED,
                probation=PROBATION,
            )

    def _forgive(
        self, block: Block, calls: Sequence[Call], verdict: Compared[Link], votes: AllVotes
    ) -> None:
        """Count for a liar that it agreed on all of this block, what it lied about included."""
        for link in self._links.all:
            if link.health.dispute is not EventKind.VALUE_OUTVOTED or link in verdict.liars:
                continue
            disputed = self._disputed.get(link, set())
            looked_at = {
                calls[at]
                for at in verdict.decided
                if isinstance(votes[at].get(link), Answer) and calls[at] in disputed
            }
            if looked_at == disputed and link.health.agreed():
                del self._disputed[link]
                detail = f"{link.name} agreed at {PROBATION} compared blocks up to {block.number}"
                self._links.note(EventKind.AGREES_AGAIN, link, detail, block)

    def _undecided(self, block: Block, call: Call, said: Votes[Link]) -> Unavailable:
        contract = contract_of(call)
        given = ", ".join(
            f"{link.name} {_shown(answer)}"
            for link, answer in said.items()
            if isinstance(answer, Answer)
        )
        text = f"the read of {contract} at block {block.number} has no majority ({given})"
        if contract not in self._undecided_contracts:
            self._undecided_contracts.add(contract)
            self._links.note(EventKind.UNDECIDED, next(iter(said)), text, block)
        return Unavailable(f"{text}: another endpoint could decide")

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


def _reading(block: Block, calls: Sequence[Call]) -> Callable[[Link], Awaitable[Answers]]:
    return lambda link: link.reader.read(block, calls)


def _missing(answers: Answers) -> list[int]:
    """Which ones another endpoint may have though this one did not give them."""
    if set(map(type, answers)) == {Answer}:  # nearly always, and there are thousands
        return []
    return [at for at, answer in enumerate(answers) if isinstance(answer, Unavailable)]


def _believed(link: Link) -> bool:
    return not link.health.disagrees


def _may_vote(link: Link, block: Block) -> bool:
    """Who was outvoted on a value is asked as well, to see it agree again."""
    health = link.health
    lied = health.dispute is EventKind.VALUE_OUTVOTED
    standing = health.state in (State.READY, State.LAGGING) or lied
    return standing and health.retry_in == 0 and link.may_have(block)


def _shown(answer: Answer | ReadError) -> str:
    if isinstance(answer, ReadError):
        return "an error"
    if not answer.ok:
        return "a revert"
    digits = answer.data.hex()
    return f"0x{digits[:128]}" + ("…" if len(digits) > 128 else "")
