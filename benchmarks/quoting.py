"""scripts/bench math: how long one exact quote takes, ours and others', in the same rounds."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.environments import OURS, ROOT, environment, python_of
from benchmarks.problems import CROSSED, Problem, problems
from benchmarks.shown import table
from watcher.errors import SetupError

SECONDS = 0.15
"""How long one contestant quotes one family in one round."""

MINE = ("ours", "ours_whole")
"""Our arithmetic alone, as the peers' functions are; and with all that `quote_exact_in` does."""

MOST_US = 200.0
"""What a swap over twenty ticks may take."""


@dataclass(frozen=True, slots=True)
class Quoter:
    """Who takes part, in which set of packages; `compiled` says what of it is no Python."""

    name: str
    packages: str
    compiled: str = ""


QUOTERS = (
    *(Quoter(name, OURS) for name in MINE),
    Quoter("degenbot", "degenbot"),
    Quoter("uniswap_v3_quoter", "uniswap_v3_quoter"),
    Quoter("balancer_maths", "balancer_maths"),
    Quoter("curvesim", "curvesim", compiled="gmpy2"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """All rounds of one contestant in one family; `wrong` of so many quotes are not the pool's."""

    family: str
    title: str
    name: str
    compiled: str
    median_us: float
    min_us: float
    wrong: int
    quotes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """One thing that was to be shown, with the figure that says whether it is."""

    claim: str
    bound: float
    least: bool
    figure: float

    @property
    def holds(self) -> bool:
        return self.figure >= self.bound if self.least else self.figure <= self.bound


class _Process:
    def __init__(self, name: str, process: subprocess.Popen[str]) -> None:
        self.name = name
        self._process = process

    def told(self, order: Any) -> Any:
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None:
            raise RuntimeError("the process was started without pipes")
        try:
            stdin.write(json.dumps(order) + "\n")
            stdin.flush()
        except BrokenPipeError:
            raise SetupError(f"the contestant {self.name} ended: see what it printed.") from None
        line = stdout.readline()
        if not line:
            raise SetupError(f"the contestant {self.name} ended: see what it printed.")
        return json.loads(line)


@contextmanager
def _running(name: str, python: Path) -> Iterator[_Process]:
    process = subprocess.Popen(
        [str(python), "-m", "benchmarks.peers.quoter", name],
        cwd=ROOT,
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield _Process(name, process)
        finally:
            process.kill()


def measure(names: Sequence[str], *, rounds: int, seconds: float = SECONDS) -> list[Timing]:
    """In each round everyone quotes each family, another one first. Raises SetupError."""
    asked = problems()
    told = {one.family: one.data for one in asked}
    taking = [one for one in QUOTERS if one.name in names]
    times: dict[tuple[str, str], list[float]] = {}
    wrong: dict[tuple[str, str], int] = {}
    with ExitStack() as stack:
        running = [
            (one, stack.enter_context(_running(one.name, python_of(one.packages))))
            for one in taking
        ]
        able = {one.name: set(process.told(told)) for one, process in running}
        for number in range(rounds):
            for problem in asked:
                for i in range(len(running)):
                    one, process = running[(i + number) % len(running)]
                    if problem.family in able[one.name]:
                        found = _asked(process, problem, seconds)
                        key = (problem.family, one.name)
                        times.setdefault(key, []).append(float(found["us"]))
                        wrong[key] = _wrong(problem, found["results"])
    return [
        Timing(
            family=problem.family,
            title=problem.title,
            name=one.name,
            compiled=one.compiled,
            median_us=median(times[problem.family, one.name]),
            min_us=min(times[problem.family, one.name]),
            wrong=wrong[problem.family, one.name],
            quotes=len(problem.amounts),
        )
        for problem in asked
        for one in taking
        if (problem.family, one.name) in times
    ]


def _asked(process: _Process, problem: Problem, seconds: float) -> Any:
    return process.told({"family": problem.family, "amounts": problem.amounts, "seconds": seconds})


def _wrong(problem: Problem, results: Sequence[int]) -> int:
    expected = [problem.exact(amount) for amount in problem.amounts]
    return sum(found != right for found, right in zip(results, expected, strict=True))


def rulings(found: Sequence[Timing]) -> list[Ruling]:
    """Against the fastest peer in Python alone that quotes what the pool pays; by medians."""
    judged = []
    for family in dict.fromkeys(one.family for one in found):
        rows = [one for one in found if one.family == family]
        ours = next((one for one in rows if one.name == "ours"), None)
        peers = [one for one in rows if one.name not in MINE and not one.compiled and not one.wrong]
        if ours is None:
            continue
        if family == f"v3_{CROSSED}_ticks":
            claim = f"microseconds: {ours.title}"
            judged.append(Ruling(claim=claim, bound=MOST_US, least=False, figure=ours.median_us))
        if peers:
            best = min(peers, key=lambda one: one.median_us)
            claim = f"times as fast as {best.name}: {ours.title}"
            figure = best.median_us / ours.median_us
            judged.append(Ruling(claim=claim, bound=1.0, least=True, figure=figure))
    return judged


def as_json(found: Sequence[Timing]) -> str:
    judged = [asdict(one) | {"pass": one.holds} for one in rulings(found)]
    return json.dumps({"rows": [asdict(one) for one in found], "rulings": judged})


def tables(found: Sequence[Timing]) -> str:
    fastest = {one.family: one.median_us for one in found if one.name == "ours"}
    lines = [
        (
            one.title,
            f"{one.name} ({one.compiled})" if one.compiled else one.name,
            f"{one.median_us:,.2f}",
            f"{one.min_us:,.2f}",
            f"{1e6 / one.median_us:,.0f}",
            f"{one.median_us / fastest[one.family]:.2f}" if one.family in fastest else "",
            f"{one.wrong} of {one.quotes}" if one.wrong else "",
        )
        for one in found
    ]
    head = ("pool", "who", "us a quote", "least us", "quotes/s", "times ours", "wrong")
    claims = [
        (
            one.claim,
            f"{'at least' if one.least else 'at most'} {one.bound:g}",
            f"{one.figure:.3g}",
            "pass" if one.holds else "MISS",
        )
        for one in rulings(found)
    ]
    judged = table(("what was to be shown", "bound", "by medians", ""), claims)
    return f"{table(head, lines)}\n\n{judged}"
