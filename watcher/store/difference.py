"""What a recomputation finds."""

from __future__ import annotations

from dataclasses import dataclass, field

KEPT = 1_000
"""Differences kept; more of them say nothing new, and a history may hold millions."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One stored value that is not what it recomputes to. `row` is its key in `table`; `target` and
    `block` are empty where the row belongs to none."""

    table: str
    row: str
    field: str
    stored: str
    recomputed: str
    target: str = ""
    block: int | None = None

    def __str__(self) -> str:
        of = f" of {self.target}" if self.target else ""
        at = f" at block {self.block}" if self.block is not None else ""
        return (
            f"{self.table} ({self.row}){of}{at}: {self.field} is stored as {self.stored} "
            f"and recomputes to {self.recomputed}"
        )


@dataclass(frozen=True, slots=True)
class Recomputation:
    """`not_checked` counts measures of other method versions; `differences` holds the first of the
    `found` ones."""

    checked_states: int
    checked_amounts: int
    checked_measures: int
    not_checked: int
    found: int
    differences: tuple[Difference, ...]


@dataclass(slots=True)
class Tally:
    """A recomputation under way."""

    states: int = 0
    amounts: int = 0
    measures: int = 0
    not_checked: int = 0
    found: int = 0
    kept: list[Difference] = field(default_factory=list)

    def note(self, difference: Difference) -> None:
        self.found += 1
        if len(self.kept) < KEPT:
            self.kept.append(difference)

    def result(self) -> Recomputation:
        return Recomputation(
            checked_states=self.states,
            checked_amounts=self.amounts,
            checked_measures=self.measures,
            not_checked=self.not_checked,
            found=self.found,
            differences=tuple(self.kept),
        )
