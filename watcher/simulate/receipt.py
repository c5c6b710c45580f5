"""The receipt of a simulation: what was run, what came of it, and all that it takes to run again.

It is content-addressed: its id is the SHA-256 of its canonical JSON, which is also what is kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from watcher.errors import InputError
from watcher.simulate.run import Run
from watcher.simulate.script import Change, Script
from watcher.simulate.witness import Witness
from watcher.state.block import Block
from watcher.state.canonical import canonical_json, content_hash, from_plain, parse_json, to_plain

VERSION = 1
WRITTEN_BY = "watcher exploit --prove"


class Level(StrEnum):
    """What a simulation showed. *executed*: every leg, to the wei. *partial*: so, but for a leg
    that is priced at the reference. *scenario*: nothing was executed. *refuted*: it was, and is not
    what was predicted."""

    EXECUTED = "executed"
    PARTIAL = "partial"
    SCENARIO = "scenario"
    REFUTED = "refuted"


@dataclass(frozen=True, slots=True)
class Execution:
    """A script, what it was to change, and what it did, by each engine."""

    script: Script
    predicted: tuple[Change, ...]
    runs: tuple[Run, ...]


NOT_EXECUTED = Execution(Script(actors=(), grants=(), steps=(), watches=()), (), ())


@dataclass(frozen=True, slots=True)
class Receipt:
    """`attacked` is the plan of the finding whose key is `finding`; `undisturbed` is the victim's
    trade alone, against which its loss is told. `reason` says why the level is not executed, ""
    where it is. A receipt without a witness is replayed by a node alone."""

    receipt: int
    block: Block
    finding: str
    attack: str
    goal: str
    target_ids: tuple[str, ...]
    level: str
    reason: str
    attacked: Execution
    undisturbed: Execution
    witness: Witness | None

    @property
    def script(self) -> Script:
        return self.attacked.script

    @property
    def predicted(self) -> tuple[Change, ...]:
        return self.attacked.predicted

    @property
    def runs(self) -> tuple[Run, ...]:
        return self.attacked.runs

    @property
    def id(self) -> str:
        return content_hash(receipt_to_json(self))


def receipt_to_json(receipt: Receipt) -> str:
    return canonical_json(to_plain(receipt))


def receipt_from_json(text: str) -> Receipt:
    """Raises InputError on what `receipt_to_json` would not write."""
    plain = parse_json(text)
    version = plain.get("receipt") if isinstance(plain, dict) else None
    if version != str(VERSION):
        raise InputError(
            f"it is no receipt that this program reads: `receipt` is {str(version)[:20]!r} "
            f"instead of {str(VERSION)!r}"
        )
    return from_plain(plain, Receipt, what="receipt", by=WRITTEN_BY)
