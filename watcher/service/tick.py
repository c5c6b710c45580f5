"""What one block adds: pure, from observations to the rows of one commit."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from watcher.math.measures import measure
from watcher.math.prices import Book, graph_of, priced_tokens
from watcher.math.settings import Settings
from watcher.math.subject import (
    EXIT,
    PREVIOUS,
    Subject,
    judging_key,
    mean_price,
    price_key,
    roles,
    windows,
)
from watcher.state.block import Block
from watcher.state.flow import BlockFlows, FlowReading
from watcher.state.measure import Computation
from watcher.state.observation import Observation
from watcher.state.pair_oracle import PairOracle
from watcher.state.target import Target
from watcher.state.token import Address
from watcher.store.flow_work import block_flows
from watcher.store.tick import InForce, TickResult
from watcher.store.trail import Step, Trail
from watcher.store.work import Work, work

NO_TRAIL = Trail()

PriceKey: TypeAlias = tuple[str, ...]
Seen: TypeAlias = tuple[
    tuple[InForce | None, ...], tuple[InForce | None, ...], tuple[PriceKey | None, ...]
]
"""What a computation used: the observations of one block earlier, that of the block, and what the
price of each coin comes to."""


@dataclass(frozen=True, slots=True)
class Branch:
    """What is in force at `cursor`, by target id: the memory between two ticks.

    `seen` is what each target's last key was made of, as far as this process made it: as long as it
    is the same, so is the key. `trail` goes back as far as the prices that are means over time.
    """

    cursor: Block | None
    in_force: Mapping[str, InForce]
    keys: Mapping[str, str]
    seen: Mapping[str, Seen] = field(default_factory=dict)
    trail: Trail = NO_TRAIL


@dataclass(frozen=True, slots=True)
class Advance:
    """One block's rows and the branch after it; `subjects` are the targets that were measured."""

    tick: TickResult
    branch: Branch
    subjects: tuple[Subject, ...] = ()


@dataclass(frozen=True, slots=True)
class Watched:
    """A target and the observations that its measures use: role to target id.

    `earlier` are the targets whose observation one block before is used; `coins` those whose prices
    are. `is_source`: prices come from it, and must not judge it. `beside` are the other targets of
    a basket that is measured here.
    """

    target: Target
    roles: Mapping[str, str]
    earlier: tuple[str, ...]
    coins: tuple[Address, ...]
    is_source: bool
    beside: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Watchlist:
    """What is watched, and how it is measured. `windows` are the seconds of the means over time by
    the target whose earlier state they need; `sources` all targets that prices come from."""

    watched: tuple[Watched, ...]
    settings: Settings
    settings_hash: str
    windows: Mapping[str, int]
    sources: tuple[str, ...]
    by_id: Mapping[str, Target]

    @property
    def targets(self) -> tuple[Target, ...]:
        return tuple(each.target for each in self.watched)

    @property
    def longest(self) -> int:
        return max(self.windows.values(), default=0)


def watchlist(targets: Sequence[Target], settings: Settings) -> Watchlist:
    graph = graph_of(settings)
    found: dict[str, int] = {}
    for target in targets:
        found |= windows(target, settings)
    return Watchlist(
        watched=tuple(
            _watched(target, roles(target, settings), is_source=graph.judges(target))
            for target in targets
        ),
        settings=settings,
        settings_hash=settings.hash,
        windows=found,
        sources=tuple(dict.fromkeys([*(source.feed_id for source in settings.prices), *found])),
        by_id={target.id: target for target in targets},
    )


def _watched(target: Target, used: Mapping[str, str], *, is_source: bool) -> Watched:
    return Watched(
        target=target,
        roles=used,
        earlier=tuple(one for role, one in used.items() if role == PREVIOUS),
        coins=priced_tokens(target),
        is_source=is_source or target.kind == PairOracle.KIND,
        beside=tuple(one for role, one in used.items() if role.startswith(EXIT)),
    )


def advance(
    branch: Branch,
    block: Block,
    observed: Mapping[str, Observation],
    watched: Watchlist,
    *,
    safe: int | None = None,
    finalized: int | None = None,
    flows: FlowReading | None = None,
) -> Advance:
    """Everything that `block` adds to `branch`: only what changed, and what flowed in it."""
    changed = {
        target_id: InForce(observation, block.hash)
        for target_id, observation in observed.items()
        if _differs(observation, branch.in_force.get(target_id))
    }
    now = _Now(watched, branch, {**branch.in_force, **changed}, block)
    seen = {each.target.id: now.seen(each) for each in watched.watched}
    works = [
        now.work(each)
        for each in watched.watched
        if branch.seen.get(each.target.id) != seen[each.target.id]
    ]
    due = [one for one in works if branch.keys.get(one.target.id) != one.key]
    figures = measure([one.subject for one in due], watched.settings)
    computations = tuple(
        Computation(one.target.id, one.key, one.inputs, measures)
        for one, measures in zip(due, figures, strict=True)
    )
    tick = TickResult(
        block=block,
        settings_hash=watched.settings_hash,
        observations=tuple(found.observation for found in changed.values()),
        computations=computations,
        safe=safe,
        finalized=finalized,
        flows=None if flows is None else _flows(flows, watched, branch, now, block, changed),
    )
    keys = {**branch.keys, **{one.target.id: one.key for one in due}}
    after = Branch(block, now.in_force, keys, seen, now.trail())
    return Advance(tick, after, tuple(one.subject for one in due))


def _flows(
    reading: FlowReading,
    watched: Watchlist,
    branch: Branch,
    now: _Now,
    block: Block,
    changed: Collection[str],
) -> BlockFlows:
    """What flowed is compared with the change of the reserves where the parent was read."""
    follows = branch.cursor is not None and branch.cursor.hash == block.parent_hash
    return block_flows(
        reading,
        watched.by_id,
        before=branch.in_force if follows else None,
        now=now.in_force,
        changed=changed,
    )


def _differs(observation: Observation, before: InForce | None) -> bool:
    if before is None:
        return True
    known = before.observation
    if observation is known:  # as it is for all that answered as before
        return False
    return (observation.status, observation.state) != (known.status, known.state)


class _Now:
    """One block under way. The prices of all targets that no price comes from are computed once;
    most targets of a block are as they were, and `seen` alone is done for them."""

    def __init__(
        self, watched: Watchlist, branch: Branch, in_force: Mapping[str, InForce], block: Block
    ) -> None:
        self.in_force = in_force
        self._before = branch.in_force
        self._trail = branch.trail
        self._watched = watched
        self._block = block
        self._earlier = {
            target_id: found
            for target_id, window in watched.windows.items()
            if (found := self._ago(target_id, window)) is not None
        }
        self._observed = _observations(in_force, watched.sources)
        self._observed_earlier = _observations(self._earlier, self._earlier)
        self._book = self._new_book()
        coins = {coin for each in watched.watched if not each.is_source for coin in each.coins}
        self._keys = {coin: price_key(self._book.price(coin)) for coin in coins}

    def seen(self, each: Watched) -> Seen:
        own = tuple(map(self.in_force.get, (each.target.id, *each.beside)))
        before = tuple(map(self._before.get, each.earlier)) if each.earlier else ()
        if each.is_source:
            return before, own, self._judging(each)
        return before, own, tuple(map(self._keys.get, each.coins))

    def work(self, each: Watched) -> Work:
        return work(
            each.target,
            each.roles,
            before=self._before,
            now=self.in_force,
            block=self._block,
            settings=self._watched.settings,
            settings_hash=self._watched.settings_hash,
            earlier=self._earlier,
            book=None if each.is_source else self._book,
            others=self._watched.by_id,
        )

    def trail(self) -> Trail:
        windows = self._watched.windows
        if not windows:
            return self._trail
        kept = {one: self.in_force[one] for one in windows if one in self.in_force}
        step = Step(self._block.timestamp, kept)
        return self._trail.grown(step, longest=self._watched.longest)

    def _judging(self, each: Watched) -> tuple[PriceKey, ...]:
        """The keys of the prices that may judge a target that others are judged by, and of its own
        mean over time."""
        target = each.target
        book = self._new_book(judged=target)
        keys = tuple(judging_key(target, book.price(coin)) for coin in each.coins)
        now, earlier = self._observed.get(target.id), self._observed_earlier.get(target.id)
        mean = mean_price(target, now, earlier, timestamp=self._block.timestamp)
        return keys if mean is None else (*keys, (mean.value.hex(), mean.reason))

    def _new_book(self, *, judged: Target | None = None) -> Book:
        return Book(
            self._watched.settings,
            self._block.chain_id,
            self._observed,
            self._observed_earlier,
            timestamp=self._block.timestamp,
            judged=judged,
        )

    def _ago(self, target_id: str, window: int) -> InForce | None:
        return self._trail.at(target_id, self._block.timestamp - window, window=window)


def _observations(
    found: Mapping[str, InForce], target_ids: Iterable[str]
) -> dict[str, Observation]:
    return {one: found[one].observation for one in target_ids if one in found}
