"""What one block adds: pure, from observations to the rows of one commit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from watcher.math.measures import measure
from watcher.math.settings import Settings
from watcher.math.subject import PREVIOUS, roles, verdicts
from watcher.state.block import Block
from watcher.state.measure import Computation
from watcher.state.observation import Observation
from watcher.state.target import Target
from watcher.state.token import Address
from watcher.store.tick import InForce, TickResult
from watcher.store.work import work

Seen: TypeAlias = tuple[
    tuple[InForce | None, ...], tuple[InForce | None, ...], tuple[str | None, ...]
]
"""What a computation used: the observations of one block earlier, those of the block, and the
verdict on each coin's price where it has one."""


@dataclass(frozen=True, slots=True)
class Branch:
    """What is in force at `cursor`, by target id: the memory between two ticks.

    `seen` is what each target's last key was made of, as far as this process made it: as long as it
    is the same, so is the key.
    """

    cursor: Block | None
    in_force: Mapping[str, InForce]
    keys: Mapping[str, str]
    seen: Mapping[str, Seen] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Advance:
    """One block's rows and the branch after it."""

    tick: TickResult
    branch: Branch


@dataclass(frozen=True, slots=True)
class Watched:
    """A target and the observations that its measures use: role to target id.

    `earlier` are the targets whose observation one block before is used, `present` those of the
    block itself, and `coins` are as their verdicts are found.
    """

    target: Target
    roles: Mapping[str, str]
    earlier: tuple[str, ...]
    present: tuple[str, ...]
    coins: tuple[tuple[int, Address], ...]


@dataclass(frozen=True, slots=True)
class Watchlist:
    """What is watched, and how it is measured."""

    watched: tuple[Watched, ...]
    settings: Settings
    settings_hash: str

    @property
    def targets(self) -> tuple[Target, ...]:
        return tuple(each.target for each in self.watched)


def watchlist(targets: Sequence[Target], settings: Settings) -> Watchlist:
    watched = tuple(_watched(target, roles(target, settings)) for target in targets)
    return Watchlist(watched, settings, settings.hash)


def _watched(target: Target, used: Mapping[str, str]) -> Watched:
    return Watched(
        target=target,
        roles=used,
        earlier=tuple(one for role, one in used.items() if role == PREVIOUS),
        present=tuple(one for role, one in used.items() if role != PREVIOUS),
        coins=tuple((target.chain_id, coin.address) for coin in target.tokens),
    )


def advance(
    branch: Branch,
    block: Block,
    observed: Mapping[str, Observation],
    watched: Watchlist,
    *,
    safe: int | None = None,
    finalized: int | None = None,
) -> Advance:
    """Everything that `block` adds to `branch`: only what changed."""
    changed = {
        target_id: InForce(observation, block.hash)
        for target_id, observation in observed.items()
        if _differs(observation, branch.in_force.get(target_id))
    }
    in_force = {**branch.in_force, **changed}
    seen = _seen(watched, branch.in_force, in_force, block)
    works = [
        work(
            each.target,
            each.roles,
            before=branch.in_force,
            now=in_force,
            block=block,
            settings=watched.settings,
            settings_hash=watched.settings_hash,
        )
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
    )
    keys = {**branch.keys, **{one.target.id: one.key for one in due}}
    return Advance(tick, Branch(cursor=block, in_force=in_force, keys=keys, seen=seen))


def _differs(observation: Observation, before: InForce | None) -> bool:
    if before is None:
        return True
    known = before.observation
    if observation is known:  # as it is for all that answered as before
        return False
    return (observation.status, observation.state) != (known.status, known.state)


def _seen(
    watched: Watchlist, before: Mapping[str, InForce], now: Mapping[str, InForce], block: Block
) -> dict[str, Seen]:
    """By target id. Most targets of a block are as they were, and this alone is done for them."""
    feeds = {source.feed_id for source in watched.settings.prices} & now.keys()
    observed = {feed_id: now[feed_id].observation for feed_id in feeds}
    judged = verdicts(watched.settings, observed, timestamp=block.timestamp)
    return {
        each.target.id: (
            tuple(map(before.get, each.earlier)),
            tuple(map(now.get, each.present)),
            tuple(map(judged.get, each.coins)),
        )
        for each in watched.watched
    }
