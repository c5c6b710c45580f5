"""The endpoints of one chain: each with its health, and in which order they are asked."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from typing import TypeVar

from watcher.chain.block_logs import NodeBlockLogs
from watcher.chain.deadline import within
from watcher.chain.endpoint import Endpoint
from watcher.chain.faults import EndpointError, Kind, WrongChain
from watcher.chain.headers import Headers
from watcher.chain.health import EndpointHealth, Health, State
from watcher.chain.lag import DEFAULT_LIMITS, LagLimits
from watcher.chain.lens_reader import LensReader
from watcher.chain.logs import NodeLogs
from watcher.chain.rate import Rate
from watcher.chain.reader import Reader
from watcher.chain.retry import is_refusal
from watcher.chain.traffic import Metered, Traffic
from watcher.errors import ReadError, StaleBlock, Unavailable
from watcher.state import Block
from watcher.state.endpoint_event import EndpointEvent, EventKind

log = logging.getLogger(__name__)

T = TypeVar("T")

SHARES = 3
"""Of several endpoints each gets at most this part of a deadline, so that two may hang."""

RANK = {State.READY: 0, State.LAGGING: 1}


@dataclass(frozen=True, slots=True, eq=False)
class Link:
    """One endpoint and how it is asked. `connect` raises WrongChain; `lens` is the reader where it
    is one of ours over a real endpoint, and tells what that can do."""

    endpoint: Endpoint
    headers: Headers
    reader: Reader
    logs: NodeLogs
    block_logs: NodeBlockLogs
    connect: Callable[[], Awaitable[None]]
    health: Health
    rate: Rate
    archive: bool = False
    lens: LensReader | None = None
    meter: Metered | None = None

    @property
    def traffic(self) -> Traffic:
        """What went over the wire so far."""
        return Traffic() if self.meter is None else self.meter.traffic

    @property
    def name(self) -> str:
        return self.endpoint.name

    def may_have(self, block: Block) -> bool:
        """Whether it could have the block, by the last head that it gave."""
        heard = self.health.heard
        return heard is None or heard.head.number >= block.number

    def standing(self) -> EndpointHealth:
        health = self.health
        return EndpointHealth(
            endpoint=self.name,
            state=health.state,
            reason=health.reason,
            retry_in=health.retry_in,
            head=None if health.heard is None else health.heard.head.number,
            archive=self.archive,
            per_second=self.rate.per_second,
        )


class Links:
    """All endpoints of a chain, the preferred one first, and what was noted of them.

    `deadline` seconds hold for each question as a whole, however many endpoints it goes to.
    """

    def __init__(
        self,
        chain_id: int,
        links: Sequence[Link],
        *,
        deadline: float,
        quorum: int | None = None,
        limits: LagLimits = DEFAULT_LIMITS,
        wall: Callable[[], float] = time.time,
    ) -> None:
        """`quorum` None takes two where there are three endpoints or more, else one, and fewer
        while fewer answer at all."""
        self.chain_id = chain_id
        self.all = tuple(links)
        self.deadline = deadline
        self.quorum = quorum or (2 if len(links) >= 3 else 1)
        self.strict = quorum is not None
        self.limits = limits
        self.wall = wall
        self._events: list[EndpointEvent] = []

    @property
    def share(self) -> float:
        """Seconds that one of several endpoints gets for an answer."""
        return self.deadline / min(len(self.all), SHARES)

    @property
    def ready(self) -> bool:
        """Whether enough endpoints answer, agree and keep up."""
        return sum(link.health.state is State.READY for link in self.all) >= self.quorum

    @property
    def events(self) -> tuple[EndpointEvent, ...]:
        """What was noted and not yet dropped, the oldest first."""
        return tuple(self._events)

    def drop_events(self, count: int) -> None:
        """The `count` oldest are stored."""
        del self._events[:count]

    def note(self, kind: EventKind, link: Link, detail: str, block: Block | None = None) -> None:
        self._events.append(EndpointEvent(self.chain_id, link.name, kind, detail, block))

    def in_order(self, *, without: Collection[Link] = (), cooling: bool = False) -> list[Link]:
        """Those that may be asked, the healthiest first; with `cooling` also those whose pause is
        not firm, last."""
        order = sorted(self.all, key=_rank)
        states = {State.READY, State.LAGGING} | ({State.COOLING} if cooling else set())
        return [
            link
            for link in order
            if link not in without and not link.health.firm and link.health.state in states
        ]

    async def ask(
        self, link: Link, question: Callable[[Link], Awaitable[T]], *, about: str, seconds: float
    ) -> T:
        """Ask one endpoint, after its chain id where it was away. Its health follows.

        Raises EndpointError and WrongChain, and whatever the question raises.
        """
        try:
            work = self._checked(link, question)
            answer = await within(seconds, work, endpoint=link.endpoint, about=about)
        except (EndpointError, WrongChain) as error:
            self.failed(link, error)
            raise
        except StaleBlock:
            link.health.succeeded()
            raise
        link.health.succeeded()
        return answer

    def failed(self, link: Link, error: EndpointError | WrongChain) -> None:
        known = link.health.state is State.DISABLED
        link.health.failed(error)
        if is_refusal(error) and not known:
            wrong = isinstance(error, WrongChain)
            self.note(EventKind.WRONG_CHAIN if wrong else EventKind.KEY_REFUSED, link, str(error))

    async def _checked(self, link: Link, question: Callable[[Link], Awaitable[T]]) -> T:
        if link.health.unchecked:
            await link.connect()
            link.health.unchecked = False
        return await question(link)

    async def first_answer(
        self,
        question: Callable[[Link], Awaitable[T]],
        *,
        about: str,
        fits: Callable[[Link], bool] = lambda link: True,
        without: Collection[Link] = (),
    ) -> tuple[Link, T]:
        """The first answer, asking one endpoint after the other, the healthiest first.

        One that asked for a pause is waited for where the deadline allows it and no other is left.
        Raises StaleBlock when the block has left the chain of all that answered, else what the
        last of them raised.
        """
        until = time.monotonic() + self.deadline
        tried: set[Link] = set(without)
        waited: set[Link] = set()
        raised: ReadError | None = None
        while True:
            link = self._next(tried, fits, cooling=not isinstance(raised, StaleBlock))
            if link is None:
                stale = isinstance(raised, StaleBlock)
                among = set() if stale else set(self.all) - waited - set(without)
                link = await self.pause_ended(until, among=among)
                if link is None:
                    raise raised or self.nobody(about)
                waited.add(link)
            tried.add(link)
            seconds = min(self.share, until - time.monotonic())
            try:
                return link, await self.ask(link, question, about=about, seconds=seconds)
            except ReadError as error:
                raised = raised if isinstance(raised, StaleBlock) else error
                log.debug("%s: %s", link.name, error)

    def _next(
        self, tried: Collection[Link], fits: Callable[[Link], bool], *, cooling: bool
    ) -> Link | None:
        open_ = self.in_order(without=tried)
        if not open_ and cooling:
            open_ = self.in_order(without=tried, cooling=True)
        fitting = [link for link in open_ if fits(link)]
        return next(iter(fitting or open_), None)

    async def pause_ended(self, until: float, *, among: Collection[Link]) -> Link | None:
        """The endpoint whose firm pause ends first, once it has ended; None where that would be
        after `until` (monotonic seconds)."""
        paused = [
            link
            for link in self.all
            if link in among and link.health.firm and link.health.state is State.COOLING
        ]
        link = min(paused, key=lambda one: one.health.retry_in, default=None)
        if link is None or time.monotonic() + link.health.retry_in >= until:
            return None
        await asyncio.sleep(link.health.retry_in)
        return link

    def nobody(self, about: str) -> ReadError:
        """Why nobody could be asked: what the first endpoint said last."""
        faults = [link.health for link in self.all if link.health.reason]
        if len(self.all) == 1 and faults and faults[0].fault is not None:
            return faults[0].fault
        said = "; ".join(f"{health.name} is {health.state}: {health.reason}" for health in faults)
        return Unavailable(f"no endpoint can be asked {about} ({said}): add one or wait")


def _rank(link: Link) -> tuple[int, int]:
    return RANK.get(link.health.state, 2), link.health.failures


def timed_out(links: Links, about: str) -> EndpointError:
    """The whole deadline has passed, on however many endpoints."""
    name = links.all[0].name if len(links.all) == 1 else "the endpoints"
    return EndpointError(
        f"{name} did not answer {about} within {links.deadline:g} s: "
        "they are slow or hang; try again or use another endpoint",
        endpoint=name,
        kind=Kind.TIMEOUT,
    )
