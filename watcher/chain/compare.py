"""Whose answers to the same calls at the same block are outvoted: pure, from votes to a verdict."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeAlias, TypeVar

from watcher.chain.votes import most
from watcher.errors import ReadError
from watcher.state import Answer

K = TypeVar("K", bound=Hashable)

Votes: TypeAlias = Mapping[K, Answer | ReadError]


@dataclass(slots=True)
class Compared(Generic[K]):
    """`decided` holds the majority's answer and `liars` who gave which other, by the position of
    the call; `undecided` are the positions where nobody has a majority."""

    decided: dict[int, Answer] = field(default_factory=dict)
    liars: dict[K, list[int]] = field(default_factory=dict)
    undecided: list[int] = field(default_factory=list)


def compare(votes: Mapping[int, Votes[K]], *, believed: Sequence[K]) -> Compared[K]:
    """Only who is believed has a vote, only a majority of at least two decides, and only who gave
    an answer can lie: an endpoint that has no state has no say."""
    compared: Compared[K] = Compared()
    for at, said in votes.items():
        given = {who: answer for who, answer in said.items() if isinstance(answer, Answer)}
        keys = {who: _key(answer) for who, answer in given.items()}
        counted = {who: key for who, key in keys.items() if who in believed}
        if len(set(counted.values())) > 1:
            won = most(counted)
            if won is None or 2 * won.votes <= len(counted):
                compared.undecided.append(at)
                continue
            winner = won.value
        elif len(counted) >= 2 or (counted and len(keys) > 1):
            winner = next(iter(counted.values()))
        else:
            continue
        compared.decided[at] = next(
            given[who] for who, key in keys.items() if key == winner and who in counted
        )
        for who, key in keys.items():
            if key != winner:
                compared.liars.setdefault(who, []).append(at)
    return compared


def _key(answer: Answer) -> tuple[bool, bytes, int]:
    """Clients word a revert differently, so all reverts are one."""
    return (True, answer.data, answer.length) if answer.ok else (False, b"", 0)
