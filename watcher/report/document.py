"""A committee report as values: what it says, before anybody renders it.

Page 1 (grades, five figures, better and worse) decides, the sections prove. Every figure in a text
is a Cite with its mark; one that has a row in the appendix names it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from watcher.report.charts import Chart

Mark: TypeAlias = Literal["m", "c", "mc", "p"]
"""measured at the block; configured; measured with a configured input; for a person to fill in."""

MARKS: Mapping[Mark, str] = {
    "m": "measured",
    "c": "configured",
    "mc": "measured, with a configured input",
    "p": "for a person to fill in",
}
WORDS = {0: "not graded", 1: "calm", 2: "watch", 3: "alarm", 4: "crisis"}


@dataclass(frozen=True, slots=True)
class Fact:
    """One figure, in full precision; `value` is NaN where it is unknown and `reason` says why.

    `how` is the formula. `from_state`: the state file and the settings alone determine it.
    """

    id: str
    value: float
    mark: Mark
    what: str
    how: str
    reason: str = ""
    from_state: bool = True

    @property
    def known(self) -> bool:
        return math.isfinite(self.value)


@dataclass(frozen=True, slots=True)
class Cite:
    """A figure as it is shown, its mark, and the id of its row in the appendix ("" for none)."""

    text: str
    mark: Mark
    id: str = ""


Text: TypeAlias = tuple[str | Cite, ...]


def plain(text: Text) -> str:
    """Without marks."""
    return "".join(part if isinstance(part, str) else part.text for part in text)


@dataclass(frozen=True, slots=True)
class Column:
    """A head with its unit; numbers stand at the right."""

    name: str
    mark: Mark | None = None
    number: bool = False


@dataclass(frozen=True, slots=True)
class Paragraph:
    text: Text
    small: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """`strong` are the places of the rows that are looked for first."""

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Text, ...], ...]
    strong: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Picture:
    """A chart with what it shows and where it comes from; `wide`: over the whole page;
    `valued`: the last value of each line is told beside it."""

    chart: Chart
    caption: str
    source: str
    wide: bool = False
    height: float = 130.0
    valued: bool = True


@dataclass(frozen=True, slots=True)
class Ask:
    """What a person fills in: `key` names it in the notes file, `answer` is what that says."""

    key: str
    label: str
    hint: str
    answer: str = ""


Block: TypeAlias = Paragraph | Table | Picture | Ask


@dataclass(frozen=True, slots=True)
class Section:
    """`number` is that of the outline, "" for a part of the section before; `side` says how to read
    it and what it cannot say."""

    number: str
    title: str
    blocks: tuple[Block, ...]
    side: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """One graded part. `grade` 0 is not graded, `found` then says why; `ends` are where grades 1, 2
    and 3 end, `source` where those limits come from."""

    name: str
    grade: int
    found: Text
    ends: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Key:
    """One of the five figures."""

    shown: Cite
    name: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Stamp:
    """Where and when it was measured, and by which method and settings."""

    title: str
    subtitle: str
    chain: str
    address: str
    moment: str
    block: int
    block_hash: str
    timestamp: int
    state_hash: str
    file_hash: str
    settings_hash: str
    method: str
    period: str


@dataclass(frozen=True, slots=True)
class Report:
    """`decision` is what the notes file has for the box, by its label; empty is for a pen."""

    kind: str
    stamp: Stamp
    about: Text
    lead: Text
    parts: tuple[Part, ...]
    five: tuple[Key, ...]
    better: tuple[Text, ...]
    worse: tuple[Text, ...]
    sections: tuple[Section, ...]
    facts: tuple[Fact, ...]
    words: tuple[tuple[str, str], ...]
    state_file: str
    decision: Mapping[str, str] = field(default_factory=dict)

    @property
    def floor(self) -> int:
        """The worst graded part; 0 where none is graded."""
        return max((part.grade for part in self.parts), default=0)

    @property
    def binding(self) -> tuple[str, ...]:
        """The parts that make the floor, where it is worse than 1."""
        if self.floor <= 1:
            return ()
        return tuple(part.name for part in self.parts if part.grade == self.floor)

    def texts(self) -> Iterator[Text]:
        """All of them, in order: what a check of the citations goes through."""
        yield from (self.about, self.lead, *self.better, *self.worse)
        yield from (part.found for part in self.parts)
        yield from ((key.shown,) for key in self.five)
        for section in self.sections:
            for block in section.blocks:
                if isinstance(block, Paragraph):
                    yield block.text
                elif isinstance(block, Table):
                    yield from (cell for row in block.rows for cell in row)


def grade(value: float, ends: Sequence[float], *, falling: bool = False) -> int:
    """1 to 4; 0 where the value is unknown. `falling`: lower is worse."""
    if math.isnan(value):
        return 0
    return 1 + sum(value < end if falling else value >= end for end in ends)
