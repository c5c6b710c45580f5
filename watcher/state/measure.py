"""A measured figure and where it came from."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure of one target at one block.

    `dims` tells rows of one name apart (which token goes in, which size), sorted by key. `value`
    is NaN when unknown, and `reason` then says why. `version` is that of the method.
    """

    name: str
    value: float
    version: int
    dims: tuple[tuple[str, str], ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Input:
    """The observation that a computation used: the one of `target_id` appended at `block_hash`.

    `role` is "self", "previous" (in force one block earlier), "price:<token address>" with ":2" and
    so on for further sources, or "earlier:<target id>" (in force when a mean over time began).
    """

    role: str
    target_id: str
    block_hash: str


@dataclass(frozen=True, slots=True)
class Computation:
    """All measures of one target at one block. It is stored only when `key` differs from that of
    the target's last computation on the branch."""

    target_id: str
    key: str
    inputs: tuple[Input, ...]
    measures: tuple[Measure, ...]
