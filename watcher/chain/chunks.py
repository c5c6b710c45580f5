"""How much goes into one request, what is kept out of it, and the requests of a list of calls."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from math import ceil
from typing import TypeAlias, TypeVar

from watcher.chain.lens_program import Plan, make_plan
from watcher.chain.pieces import MOST_ANSWER, Piece
from watcher.chain.ways import ManyCalls
from watcher.state import Call, Static, Ticks

T = TypeVar("T")
Clock: TypeAlias = Callable[[], float]

GROW_AFTER, GROW_LATEST = 60.0, 3_600.0
"""Seconds until more is tried at once; twice as long after each time that it failed again."""

QUARANTINE_SECONDS = 600.0

REMEMBERED = 8
"""Lists of calls whose requests are kept: a watch asks the same list at each block."""


class ChunkSize:
    """The most rows that go out in one request, or the most gas that one is given to walk over
    ticks; None as long as no limit was met."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._wait = GROW_AFTER
        self._grow_at = 0.0
        self.rows: int | None = None

    def lower(self, rows: int) -> None:
        """More than `rows` failed."""
        self.rows = max(1, rows if self.rows is None else min(rows, self.rows))
        self._grow_at = self._clock() + self._wait

    def restore(self, rows: int | None) -> None:
        """It was no limit: one row was poisonous."""
        self.rows = rows

    def worked(self, asked: int) -> None:
        """`asked` rows were read without a failure: after a while, try twice as many at once."""
        if self.rows is None or self._clock() < self._grow_at:
            return
        self._wait = min(2 * self._wait, GROW_LATEST)
        self._grow_at = self._clock() + self._wait
        self.rows = 2 * self.rows if 2 * self.rows < asked else None


class Quarantine:
    """Calls that make whole requests fail: asked alone, until they are given another chance."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._until: dict[Call, float] = {}
        self.version = 0

    def __contains__(self, call: Call) -> bool:
        return call in self._until

    def __len__(self) -> int:
        return len(self._until)

    def add(self, calls: Iterable[Call]) -> None:
        until = self._clock() + QUARANTINE_SECONDS
        self._until |= dict.fromkeys(calls, until)
        self.version += 1

    def release(self) -> None:
        """Let those out whose time is over."""
        now = self._clock()
        kept = {call: until for call, until in self._until.items() if until > now}
        if len(kept) < len(self._until):
            self._until = kept
            self.version += 1


@dataclass(frozen=True, eq=False)
class Requests:
    """A list of calls as one way asks it: in pieces, but for the calls that are `apart`."""

    plan: Plan
    pieces: tuple[Piece, ...]
    apart: tuple[Call, ...]
    _together_at: tuple[int, ...]
    _apart_at: tuple[int, ...]

    def arrange(self, together: Sequence[Sequence[T]], apart: Sequence[T]) -> list[T]:
        """The pieces' answers and those of the calls apart, in the order of the list."""
        answers = self.plan.arrange(list(chain.from_iterable(together)))
        if not apart:
            return answers
        placed = dict(zip(self._together_at, answers, strict=True))
        placed |= dict(zip(self._apart_at, apart, strict=True))
        return [placed[at] for at in range(len(placed))]


class Planned:
    """The requests of the last few lists of calls, made once for each."""

    def __init__(self) -> None:
        self._known: list[tuple[tuple[Call, ...], tuple[object, ...], Requests]] = []

    def of(
        self,
        calls: Sequence[Call],
        way: ManyCalls,
        *,
        gas: int,
        rows: int | None,
        quarantine: Quarantine,
    ) -> Requests:
        """Microseconds for the same call objects in the same circumstances."""
        asked, how = tuple(calls), (way, gas, rows, quarantine.version)
        for i, (known, known_how, requests) in enumerate(self._known):
            if known_how == how and known == asked:
                self._known.append(self._known.pop(i))
                return requests
        requests = _requests(asked, way, gas=gas, rows=rows, quarantine=quarantine)
        self._known = [*self._known[1 - REMEMBERED :], (asked, how, requests)]
        return requests


def _requests(
    calls: tuple[Call, ...],
    way: ManyCalls,
    *,
    gas: int,
    rows: int | None,
    quarantine: Quarantine,
) -> Requests:
    def fits(call: Call) -> bool:
        if isinstance(call, Ticks):
            return False  # how much gas it takes is known when it is done
        paid = not isinstance(call, Static) or 2 * call.gas_cap < gas
        return paid and way.makes(call) and call not in quarantine

    together_at = tuple(at for at, call in enumerate(calls) if fits(call))
    inside = set(together_at)
    apart_at = tuple(at for at in range(len(calls)) if at not in inside)
    plan = make_plan([calls[at] for at in together_at])
    pieces = _cut(Piece(plan.program, plan.calls), way, rows) if together_at else []
    return Requests(plan, tuple(pieces), tuple(calls[at] for at in apart_at), together_at, apart_at)


def _cut(piece: Piece, way: ManyCalls, rows: int | None) -> list[Piece]:
    """As few pieces as the limits allow, of about as many rows each."""
    parts = max(
        ceil(piece.rows / (rows or piece.rows)),
        ceil(way.size(piece) / way.most_data),
        ceil(piece.program.longest_answer / MOST_ANSWER),
    )
    if parts == 1 or piece.rows == 1:
        return [piece]
    return [small for part in piece.cut(min(parts, piece.rows)) for small in _cut(part, way, rows)]
