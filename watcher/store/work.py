"""A computation that a block may be due: what it would use, and the key that says if it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from watcher.math.measures import METHOD_HASH
from watcher.math.prices import Book
from watcher.math.settings import Settings
from watcher.math.subject import EARLIER, NOBODY, PREVIOUS, Subject, assemble, computation_key
from watcher.state.block import Block
from watcher.state.measure import Input
from watcher.state.target import Target
from watcher.store.tick import InForce


@dataclass(frozen=True, slots=True)
class Work:
    """The measures of `target` at one block, not measured yet."""

    target: Target
    subject: Subject
    inputs: tuple[Input, ...]
    key: str


def work(
    target: Target,
    roles: Mapping[str, str],
    *,
    before: Mapping[str, InForce],
    now: Mapping[str, InForce],
    block: Block,
    settings: Settings,
    settings_hash: str,
    earlier: Mapping[str, InForce],
    book: Book | None = None,
    others: Mapping[str, Target] = NOBODY,
) -> Work:
    """`before` and `now` are what is in force one block earlier and at `block`, by target id,
    `earlier` what was so when the windows of means over time began; `roles` are the observations
    that the target's measures use, `book` and `others` as `assemble` has them."""
    sources = {
        role: found
        for role, target_id in roles.items()
        if (found := _at(role, before, now, earlier).get(target_id)) is not None
    }
    observed = {role: found.observation for role, found in sources.items()}
    subject = assemble(
        target,
        observed,
        timestamp=block.timestamp,
        settings=settings,
        book=book,
        others=others,
    )
    return Work(
        target=target,
        subject=subject,
        inputs=tuple(
            Input(role, found.observation.target_id, found.block_hash)
            for role, found in sources.items()
        ),
        key=computation_key(
            subject, observed, settings_hash=settings_hash, method_hash=METHOD_HASH
        ),
    )


def _at(
    role: str,
    before: Mapping[str, InForce],
    now: Mapping[str, InForce],
    earlier: Mapping[str, InForce],
) -> Mapping[str, InForce]:
    if role == PREVIOUS:
        return before
    return earlier if role.startswith(EARLIER) else now
