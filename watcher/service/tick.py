"""What one block adds: pure, from observations to the rows of one commit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from watcher.math.measures import METHOD_HASH, measure
from watcher.math.settings import Settings
from watcher.math.subject import PREVIOUS, Subject, assemble, computation_key, roles
from watcher.state.block import Block
from watcher.state.measure import Computation, Input
from watcher.state.observation import Observation
from watcher.state.target import Target
from watcher.store.tick import InForce, TickResult


@dataclass(frozen=True, slots=True)
class Branch:
    """What is in force at `cursor`, by target id: the memory between two ticks."""

    cursor: Block | None
    in_force: Mapping[str, InForce]
    keys: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Advance:
    """One block's rows and the branch after it."""

    tick: TickResult
    branch: Branch


@dataclass(frozen=True, slots=True)
class _Work:
    target: Target
    subject: Subject
    inputs: tuple[Input, ...]
    key: str


def advance(
    branch: Branch,
    block: Block,
    observed: Mapping[str, Observation],
    *,
    targets: Sequence[Target],
    settings: Settings,
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
    settings_hash = settings.hash
    works = [
        _work(target, branch.in_force, in_force, block, settings=settings, hash_=settings_hash)
        for target in targets
    ]
    due = [work for work in works if branch.keys.get(work.target.id) != work.key]
    figures = measure([work.subject for work in due], settings)
    computations = tuple(
        Computation(work.target.id, work.key, work.inputs, measures)
        for work, measures in zip(due, figures, strict=True)
    )
    tick = TickResult(
        block=block,
        settings_hash=settings_hash,
        observations=tuple(found.observation for found in changed.values()),
        computations=computations,
        safe=safe,
        finalized=finalized,
    )
    keys = {**branch.keys, **{work.target.id: work.key for work in due}}
    return Advance(tick, Branch(cursor=block, in_force=in_force, keys=keys))


def _differs(observation: Observation, before: InForce | None) -> bool:
    if before is None:
        return True
    known = before.observation
    return (observation.status, observation.state) != (known.status, known.state)


def _work(
    target: Target,
    before: Mapping[str, InForce],
    now: Mapping[str, InForce],
    block: Block,
    *,
    settings: Settings,
    hash_: str,
) -> _Work:
    sources = {
        role: found
        for role, target_id in roles(target, settings).items()
        if (found := (before if role == PREVIOUS else now).get(target_id)) is not None
    }
    observed = {role: found.observation for role, found in sources.items()}
    subject = assemble(target, observed, timestamp=block.timestamp, settings=settings)
    return _Work(
        target=target,
        subject=subject,
        inputs=tuple(
            Input(role, found.observation.target_id, found.block_hash)
            for role, found in sources.items()
        ),
        key=computation_key(subject, observed, settings_hash=hash_, method_hash=METHOD_HASH),
    )
