"""Do the measures of each computation follow from its inputs?"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, LargeBinary, select, type_coerce

from watcher.errors import WatcherError
from watcher.math.measures import METHOD_HASH, METHOD_VERSIONS, measure
from watcher.math.settings import Settings
from watcher.math.subject import Subject, assemble, computation_key
from watcher.state.canonical import canonical_json, content_hash
from watcher.state.measure import Measure
from watcher.state.observation import Observation
from watcher.store import tables
from watcher.store.check import Damaged, Memory, Walk
from watcher.store.check_amounts import TOLERANCE
from watcher.store.difference import Difference, Tally
from watcher.store.history import settings_of

block, computation, computation_input = tables.block, tables.computation, tables.computation_input
observation, state = tables.observation, tables.state

COMPUTATIONS = (
    select(
        computation.c.id,
        computation.c.target_id,
        computation.c.block_number,
        computation.c.settings_hash,
        computation.c.key,
        block.c.timestamp,
        tables.settings.c.body,
    )
    .join(block, block.c.id == computation.c.block_id)
    .join(tables.settings, tables.settings.c.hash == computation.c.settings_hash)
)

INPUTS = (
    select(
        computation_input.c.computation_id,
        computation_input.c.role,
        observation.c.target_id,
        observation.c.status,
        observation.c.detail,
        type_coerce(observation.c.state_hash, LargeBinary).label("state_hash"),
        state.c.body,
    )
    .join(observation, observation.c.id == computation_input.c.observation_id)
    .outerjoin(state, state.c.hash == observation.c.state_hash)
)

REFUSALS = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, WatcherError)
"""What measures may raise over a state that nobody would have stored so."""

Name = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Case:
    """A computation that can be repeated."""

    row: Any
    settings: Settings
    observed: dict[str, Observation]
    subject: Subject


class MeasureCheck:
    """Rebuilds each computation through the same door as the service, and measures again."""

    def __init__(self, connection: Connection, tally: Tally, memory: Memory) -> None:
        self.tally = tally
        self.memory = memory
        self.walk = Walk(connection, computation, memory.since)
        self.total = self.walk.total
        self.settings: dict[str, Settings] = {}
        self.others = {entry.target.id: entry.target for entry in memory.entries.values()}

    def step(self, connection: Connection) -> int:
        rows = self.walk.next(connection, COMPUTATIONS)
        if not rows:
            return 0
        first, last = rows[0].id, rows[-1].id
        inputs, stored = defaultdict(list), defaultdict(list)
        for used in connection.execute(
            INPUTS.where(computation_input.c.computation_id.between(first, last))
        ):
            inputs[used.computation_id].append(used)
        table = tables.measure
        for figure in connection.execute(
            select(table).where(table.c.computation_id.between(first, last))
        ):
            stored[figure.computation_id].append(figure)
        cases = [case for row in rows if (case := self._case(row, inputs[row.id])) is not None]
        for case, measures in zip(cases, self._measure(cases), strict=True):
            if measures is not None:
                self._compare(case, stored[case.row.id], measures)
        return len(rows)

    def _case(self, row: Any, inputs: Sequence[Any]) -> Case | None:
        target = self.memory.entries[row.target_id].target
        try:
            settings = self._settings(row.settings_hash, row.body)
            observed = {used.role: self.memory.observation(used) for used in inputs}
            subject = assemble(
                target,
                observed,
                timestamp=row.timestamp,
                settings=settings,
                others=self.others,
            )
        except REFUSALS as error:
            self._note_computation(row, "inputs", f"nothing: {error}")
            return None
        return Case(row, settings, observed, subject)

    def _settings(self, settings_hash: str, body: str) -> Settings:
        known = self.settings.get(settings_hash)
        if known is not None:
            return known
        if content_hash(body) != settings_hash:
            raise Damaged(f"settings {settings_hash[:12]} hash to {content_hash(body)[:12]}")
        self.settings[settings_hash] = settings_of(body)
        return self.settings[settings_hash]

    def _measure(self, cases: Sequence[Case]) -> list[tuple[Measure, ...] | None]:
        """In the order of the cases; None, and noted, where the measures refuse the state."""
        found: dict[int, tuple[Measure, ...]] = {}
        by_settings: dict[str, list[Case]] = defaultdict(list)
        for case in cases:
            by_settings[case.row.settings_hash].append(case)
        for group in by_settings.values():
            found |= self._measure_together(group)
        return [found.get(case.row.id) for case in cases]

    def _measure_together(self, cases: Sequence[Case]) -> dict[int, tuple[Measure, ...]]:
        subjects = [case.subject for case in cases]
        try:
            measured = measure(subjects, cases[0].settings)
        except REFUSALS as error:
            if len(cases) == 1:
                self._note_computation(cases[0].row, "measures", f"nothing: {error}")
                return {}
            half = len(cases) // 2
            return self._measure_together(cases[:half]) | self._measure_together(cases[half:])
        return {case.row.id: each for case, each in zip(cases, measured, strict=True)}

    def _compare(self, case: Case, stored: Sequence[Any], measures: Sequence[Measure]) -> None:
        expected = {(each.name, canonical_json(dict(each.dims))): each for each in measures}
        current = set()
        for row in stored:
            if row.version != METHOD_VERSIONS.get(row.name):
                self.tally.not_checked += 1
                expected = {name: each for name, each in expected.items() if name[0] != row.name}
                continue
            self.tally.measures += 1
            current.add(row.name)
            again = expected.pop((row.name, row.dims), None)
            if again is None:
                self._note_measure(case, (row.name, row.dims), shown(row), "nothing")
            elif not same(row, again):
                self._note_measure(case, (row.name, row.dims), shown(row), shown(again))
        self._missing(case, expected, current)

    def _missing(self, case: Case, expected: dict[Name, Measure], current: set[str]) -> None:
        """A row that is not there is a difference unless its method is younger than the
        computation, whose key then differs too."""
        key = computation_key(
            case.subject,
            case.observed,
            settings_hash=case.row.settings_hash,
            method_hash=METHOD_HASH,
        )
        for name, again in expected.items():
            if name[0] in current or key == case.row.key:
                self.tally.measures += 1
                self._note_measure(case, name, "nothing", shown(again))

    def _note_computation(self, row: Any, field: str, recomputed: str) -> None:
        label = self.memory.entries[row.target_id].target.label
        key = f"id {row.id}"
        self.tally.note(
            Difference("computation", key, field, "present", recomputed, label, row.block_number)
        )

    def _note_measure(self, case: Case, name: Name, stored: str, recomputed: str) -> None:
        self.tally.note(
            Difference(
                table="measure",
                row=f"computation_id {case.row.id}, name {name[0]}, dims {name[1]}",
                field="value",
                stored=stored,
                recomputed=recomputed,
                target=case.subject.target.label,
                block=case.row.block_number,
            )
        )


def same(stored: Any, again: Measure) -> bool:
    if stored.value is None or math.isnan(again.value):
        unknown = stored.value is None and math.isnan(again.value)
        return unknown and stored.reason == again.reason
    return math.isclose(stored.value, again.value, rel_tol=TOLERANCE)


def shown(figure: Any) -> str:
    """A stored row's or a measure's value, or why there is none."""
    if figure.value is None or math.isnan(figure.value):
        return f"unknown ({figure.reason})"
    return repr(float(figure.value))
