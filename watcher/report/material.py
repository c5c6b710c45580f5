"""What a report is made from: one snapshot, and where there is a store the history before it."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from watcher.math.measures import METHOD_HASH, measure
from watcher.math.settings import Settings
from watcher.math.subject import Subject
from watcher.report import formats
from watcher.report.document import Stamp
from watcher.report.notes import NO_NOTES, Notes
from watcher.report.text import visible
from watcher.state.block import Block
from watcher.state.canonical import content_hash, state_to_json
from watcher.state.code import CodeChange
from watcher.state.kinds import State
from watcher.state.measure import Measure
from watcher.state.snapshot import Snapshot, snapshot_to_json
from watcher.state.target import Target
from watcher.state.token import Token

Dims = tuple[tuple[str, str], ...]
Course = tuple[tuple[int, float], ...]
"""Block times and values, oldest first; NaN is unknown."""

DAY = 86_400
LONGEST_TITLE = 60
NO_HISTORY = "a state file has no history"
_CHAINS = {1: "Ethereum", 10: "OP Mainnet", 56: "BNB Smart Chain", 137: "Polygon", 8453: "Base"}
_SLUG = re.compile(r"[^A-Za-z0-9]+")


@dataclass(frozen=True, slots=True)
class History:
    """From block `first` to the snapshot's. `earlier` is the state about a day before, None where
    the history does not reach so far; `unread` are stretches of time without blocks."""

    first: Block
    blocks: int
    courses: Mapping[tuple[str, Dims], Course]
    earlier: tuple[Block, State] | None = None
    unread: tuple[tuple[int, int], ...] = ()
    code_changes: tuple[CodeChange, ...] = ()

    def course(self, name: str, **dims: str) -> Course:
        return self.courses.get((name, tuple(sorted(dims.items()))), ())


@dataclass(frozen=True, slots=True)
class Material:
    """`subject` is the snapshot's with its prices; `labels` name addresses that are watched."""

    snapshot: Snapshot
    subject: Subject
    settings: Settings
    history: History | None = None
    notes: Notes = NO_NOTES
    labels: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def symbols(self) -> tuple[str, ...]:
        """What the target's tokens are called, no two alike."""
        return names_of(self.snapshot.target.tokens)


class Measures:
    """The catalogue's figures of the snapshot, by name and dims."""

    def __init__(self, material: Material) -> None:
        (found,) = measure([material.subject], material.settings)
        self._by_key = {(each.name, each.dims): each for each in found}
        self.all: tuple[Measure, ...] = found

    def get(self, name: str, **dims: str) -> Measure | None:
        return self._by_key.get((name, tuple(sorted(dims.items()))))

    def value(self, name: str, **dims: str) -> float:
        """NaN where it is unknown or no measure of the target."""
        found = self.get(name, **dims)
        return math.nan if found is None else found.value


def names_of(tokens: Sequence[Token]) -> tuple[str, ...]:
    plain = [visible(token.symbol)[:20] or formats.short_hash(token.address) for token in tokens]
    return tuple(
        name if plain.count(name) == 1 else f"{name} ({formats.short_hash(token.address)})"
        for name, token in zip(plain, tokens, strict=True)
    )


def keys_of(names: Sequence[str]) -> tuple[str, ...]:
    """Names as parts of a figure's id: letters and digits, no two alike."""
    slugs = [_SLUG.sub("_", name).strip("_") or "coin" for name in names]
    return tuple(
        slug if slugs.count(slug) == 1 else f"{slug}_{place}" for place, slug in enumerate(slugs)
    )


def _unnamed(target: Target) -> str:
    return f"{target.protocol} {formats.short_hash(target.address)}"


def stamp_of(material: Material, *, subtitle: str) -> Stamp:
    snapshot, history, notes = material.snapshot, material.history, material.notes
    target, block = snapshot.target, snapshot.block
    text = snapshot_to_json(snapshot)
    name = _CHAINS.get(target.chain_id)
    chain = f"eip155:{target.chain_id}"
    period = "one block; " + NO_HISTORY
    if history is not None:
        period = (
            f"blocks {history.first.number:,} to {block.number:,}, {history.blocks:,} stored, "
            f"from {formats.moment(history.first.timestamp)}; nothing later is used"
        )
    return Stamp(
        title=visible(notes.title or target.name)[:LONGEST_TITLE] or _unnamed(target),
        subtitle=visible(notes.subtitle or subtitle),
        chain=f"{name} ({chain})" if name else chain,
        address=target.address,
        moment=formats.moment(block.timestamp),
        block=block.number,
        block_hash=block.hash,
        timestamp=block.timestamp,
        state_hash=content_hash(state_to_json(snapshot.state)),
        file_hash=content_hash(text),
        settings_hash=material.settings.hash,
        method=METHOD_HASH,
        period=period,
    )
