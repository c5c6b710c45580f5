"""Ask every vector and tell what was exact, what was missed and what is not covered."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.vectors import families
from tests.support.vectors.vector import (
    REVERT,
    Ask,
    BadVector,
    Compared,
    Vector,
    holds_list,
    read_vectors,
)
from watcher.errors import MathError

REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Verdict:
    """`expected` and `got` as they are printed; `rule` when the contract's rule was the judge."""

    vector: Vector
    exact: bool
    expected: str
    got: str
    rule: str | None = None


@dataclass(slots=True)
class Tally:
    """One family's verdicts."""

    exact: int = 0
    judged: int = 0
    misses: list[Verdict] = field(default_factory=list)
    rules: set[str] = field(default_factory=set)

    @property
    def total(self) -> int:
        return self.exact + len(self.misses)

    def add(self, verdict: Verdict) -> None:
        if verdict.rule is not None:
            self.judged += 1
            self.rules.add(verdict.rule)
        if verdict.exact:
            self.exact += 1
        else:
            self.misses.append(verdict)


def asks() -> Mapping[str, Ask]:
    """Every family that a module of `families` answers for; ValueError where two do."""
    known: dict[str, Ask] = {}
    for module in pkgutil.iter_modules(families.__path__, f"{families.__name__}."):
        table: Mapping[str, Ask] = importlib.import_module(module.name).FAMILIES
        for family, ask in table.items():
            if family in known:
                raise ValueError(f"{family} is answered for twice")
            known[family] = ask
    return known


def vectors_of(paths: Iterable[Path]) -> Iterator[Vector]:
    """Those of the files among the paths, and of the JSON files directly in the folders that hold
    a list. Raises BadVector on what is not there, and on what is no vector."""
    for path in paths:
        if path.is_dir():
            for file in sorted(path.glob("*.json")):
                if holds_list(file):
                    yield from read_vectors(file)
        elif path.is_file():
            yield from read_vectors(path)
        else:
            raise BadVector(f"{path}: there is no such file or folder")


def judge(vector: Vector, ask: Ask) -> Verdict:
    """Raises BadVector where the vector lacks what its family needs."""
    try:
        answer = ask(vector)
    except BadVector:
        raise
    except (ValueError, IndexError, KeyError, TypeError) as error:
        raise BadVector(f"{vector.id}: is not of the form of {vector.family}: {error}") from None
    except MathError as error:
        exact, got = vector.kind == REVERT, f"{REFUSED}: {error}"
        return Verdict(vector, exact, REFUSED if exact else "an answer", got)
    if isinstance(answer, Compared):
        exact = answer.expected == answer.got
        return Verdict(vector, exact, str(answer.expected), str(answer.got), answer.rule)
    expected = vector.expected()
    said = REFUSED if expected is None else str(expected)
    return Verdict(vector, answer == expected, said, str(answer))


def check(vectors: Iterable[Vector]) -> tuple[dict[str, Tally], dict[str, int]]:
    """Tallies of the families that are covered, and how many vectors each other one has."""
    known = asks()
    tallies: dict[str, Tally] = {}
    uncovered: dict[str, int] = {}
    for vector in vectors:
        ask = known.get(vector.family)
        if ask is None:
            uncovered[vector.family] = uncovered.get(vector.family, 0) + 1
        else:
            tallies.setdefault(vector.family, Tally()).add(judge(vector, ask))
    return tallies, uncovered


def check_paths(paths: Iterable[Path]) -> tuple[dict[str, Tally], dict[str, int]]:
    return check(vectors_of(paths))
