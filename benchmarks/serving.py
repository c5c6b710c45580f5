"""scripts/bench api: clients that ask once a second while a service writes into the same history.

Three processes: `watcher serve`, a writer that commits a block a second, and the clients here. Two
ratios are told: the 95th percentile of many clients' answers to that of one, and how late blocks
are committed while many ask to how late while nobody does.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from statistics import median, quantiles
from tempfile import TemporaryDirectory

import aiohttp

from benchmarks.long_history import build
from benchmarks.shown import table
from tests.support.many_pairs import CHAIN_ID
from watcher.errors import SetupError

V1 = "/api/v1"
QUESTIONS = (
    "targets",
    "figures",
    "page",
    "series",
    "blocks",
)
PATIENCE = 60.0
SETTLE_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class Phase:
    """What was measured while `clients` asked: milliseconds by question, lags of blocks, and how
    much of a core the server took, which says more than times on a machine that does other work."""

    clients: int
    answers: dict[str, list[float]]
    lags: list[float]
    cores: float

    @property
    def all_answers(self) -> list[float]:
        return [one for some in self.answers.values() for one in some]


def p95(values: Sequence[float]) -> float:
    return quantiles(values, n=20)[-1] if len(values) > 1 else values[0]


class _Writer:
    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.lags: list[float] = []
        self._stdout = process.stdout
        self._task = asyncio.create_task(self._follow())

    async def _follow(self) -> None:
        if self._stdout is None:
            raise RuntimeError("the writer was started without a pipe")
        async for line in self._stdout:
            self.lags.append(float(line))

    def stop(self) -> None:
        self._task.cancel()


async def measure(
    folder: Path, *, targets: int, clients: Sequence[int], seconds: float
) -> list[Phase]:
    """One phase for each number of clients, 0 among them, over a history that is there."""
    async with (
        _serving(folder) as (base, server),
        _writing(folder, targets) as writer,
        aiohttp.ClientSession(base, trust_env=False) as session,
    ):
        ids = await _ids(session)
        phases = []
        for count in clients:
            await asyncio.sleep(SETTLE_SECONDS)
            writer.lags.clear()
            answers: dict[str, list[float]] = defaultdict(list)
            asking = [
                _client(session, ids, answers, number, of=count, seconds=seconds)
                for number in range(count)
            ]
            start, worked = time.monotonic(), _cpu_seconds(server)
            await asyncio.gather(asyncio.sleep(seconds), *asking)
            cores = (_cpu_seconds(server) - worked) / (time.monotonic() - start)
            phases.append(Phase(count, dict(answers), list(writer.lags), cores))
        return phases


def _cpu_seconds(process: int) -> float:
    """Of a process so far, from Linux."""
    _, _, rest = Path(f"/proc/{process}/stat").read_text().rpartition(")")
    user, system = rest.split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


async def _client(
    session: aiohttp.ClientSession,
    ids: Sequence[str],
    answers: dict[str, list[float]],
    number: int,
    *,
    of: int,
    seconds: float,
) -> None:
    random = Random(number)  # noqa: S311 — the same questions in each run
    due = time.monotonic() + number / of
    end = time.monotonic() + seconds
    turn = number
    while due < end:
        await asyncio.sleep(max(due - time.monotonic(), 0.0))
        question = QUESTIONS[turn % len(QUESTIONS)]
        start = time.monotonic()
        async with session.get(_path(question, random.choice(ids))) as answer:
            await answer.read()
            if answer.status != 200:
                raise SetupError(f"{answer.url.path} was answered with {answer.status}")
        answers[question].append(1e3 * (time.monotonic() - start))
        due = max(due + 1.0, time.monotonic())
        turn += 1


def _path(question: str, target: str) -> str:
    of = f"{V1}/targets/{target}"
    return {
        "targets": f"{V1}/targets",
        "figures": f"{of}/figures",
        "page": f"{of}/history?limit=100&order=desc&measure=spot_price&measure=depth_money",
        "series": f"{of}/series?measure=spot_price&points=400",
        "blocks": f"{V1}/chains/eip155:{CHAIN_ID}/blocks?limit=20",
    }[question]


async def _ids(session: aiohttp.ClientSession) -> list[str]:
    async with session.get(f"{V1}/targets") as answer:
        found = await answer.json()
    return [one["id"] for one in found["targets"]]


@asynccontextmanager
async def _serving(folder: Path) -> AsyncIterator[tuple[str, int]]:
    """Its address and its process."""
    command = ["-m", "watcher", "serve", "--config", str(folder / "watcher.toml"), "--port", "0"]
    async with _process(*command, stderr=asyncio.subprocess.PIPE) as process:
        if process.stderr is None:
            raise RuntimeError("the server was started without a pipe")
        line = await asyncio.wait_for(process.stderr.readline(), PATIENCE)
        if not line.startswith(b"serving "):
            raise SetupError(f"watcher serve did not start: {line.decode().strip()}")
        drain = asyncio.create_task(process.stderr.read())
        yield line.decode().split()[1], process.pid
        drain.cancel()


@asynccontextmanager
async def _writing(folder: Path, targets: int) -> AsyncIterator[_Writer]:
    command = ["-m", "benchmarks.writing", str(folder / "watcher.db"), str(targets)]
    async with _process(*command, stdout=asyncio.subprocess.PIPE) as process:
        writer = _Writer(process)
        yield writer
        writer.stop()


@asynccontextmanager
async def _process(*command: str, **pipes: int) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(sys.executable, *command, **pipes)  # type: ignore[arg-type]
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


def tables_of(phases: Sequence[Phase]) -> str:
    rows = [
        (
            str(phase.clients),
            question,
            str(len(times)),
            f"{median(times):.1f}",
            f"{p95(times):.1f}",
        )
        for phase in phases
        for question, times in [*sorted(phase.answers.items()), ("all", phase.all_answers)]
        if times
    ]
    lags = [
        (
            str(phase.clients),
            str(len(phase.lags)),
            f"{median(phase.lags):.1f}",
            f"{p95(phase.lags):.1f}",
            f"{phase.cores:.2f}",
        )
        for phase in phases
        if phase.lags
    ]
    asked = table(("clients", "question", "answers", "ms", "p95 ms"), rows)
    late = table(("clients", "blocks", "lag ms", "p95 ms", "server's cores"), lags)
    return f"{asked}\n\n{late}\n\n{ratios(phases)}"


def ratios(phases: Sequence[Phase]) -> str:
    by_count = {phase.clients: phase for phase in phases}
    idle, most = by_count[0], by_count[max(by_count)]
    one = by_count[min(count for count in by_count if count)]
    return (
        f"p95 of {most.clients} clients to that of {one.clients}: "
        f"{p95(most.all_answers) / p95(one.all_answers):.2f} (at most 3)\n"
        f"median lag while {most.clients} ask to while nobody does: "
        f"{median(most.lags) / median(idle.lags):.2f} (at most 1.5)"
    )


def run(*, measures: int, targets: int, clients: int, seconds: float) -> None:
    with TemporaryDirectory(prefix="bench-api-") as scratch:
        folder = Path(scratch)
        start = time.monotonic()
        built = build(folder, measures=measures, targets=targets)
        size = (folder / "watcher.db").stat().st_size / 1e6
        print(
            f"{built.measures:,} measures of {targets} targets and {built.blocks:,} blocks, "
            f"{size:,.0f} MB, built in {time.monotonic() - start:.0f} s\n"
        )
        work = measure(folder, targets=targets, clients=(0, 1, clients), seconds=seconds)
        print(tables_of(asyncio.run(work)))
