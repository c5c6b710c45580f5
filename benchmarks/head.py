"""From a head's first being seen to its commit: `scripts/bench head [--blocks N] [--pairs N]`.

Four processes beside the Anvil: `watcher run` as a user starts it; a prober that asks the node for
its block number every 10 ms; a reader that asks the database for its cursor every millisecond, so
that a commit counts once another process can read it; and this one, which trades. Both clocks are
the machine's monotonic one. A time is negative where the commit came before the prober's next look.
"""

from __future__ import annotations

import http.client
import json
import multiprocessing
import os
import random
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Event
from pathlib import Path
from urllib.parse import urlsplit

from tests.support.many_pairs import Pair, make_pairs, trade
from watcher.chain.anvil import Anvil, AnvilOptions, run_anvil
from watcher.devnet.artifacts import Toolchain, prepare
from watcher.devnet.fetch import default_cache
from watcher.store import Store

PROBE_SECONDS, LOOK_SECONDS = 0.01, 0.001
BETWEEN_SECONDS = (0.5, 1.0)
"""Blocks come at random moments, so that no poll keeps step with them."""

CHANGED = 25
WARM_UP = 5
PATIENCE_SECONDS = 60.0

CURSOR = "SELECT block.number FROM cursor JOIN block ON block.id = cursor.block_id"

Times = dict[int, float]
"""When each block was first seen, in monotonic seconds."""


@dataclass(frozen=True, slots=True)
class Mode:
    name: str
    websocket: bool
    poll_seconds: float
    goal_ms: float


MODES = (
    Mode("newHeads websocket", websocket=True, poll_seconds=2.0, goal_ms=40.0),
    Mode("polling every 0.25 s", websocket=False, poll_seconds=0.25, goal_ms=300.0),
)


def see_heads(url: str, ended: Event, seen: Connection) -> None:
    """The prober's process."""
    parts = urlsplit(url)
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "eth_blockNumber", "params": []})
    headers = {"Content-Type": "application/json"}
    with closing(http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)) as node:

        def number() -> int:
            node.request("POST", "/", body, headers)
            return int(json.loads(node.getresponse().read())["result"], 16)

        _look(number, ended, seen, every=PROBE_SECONDS)


def see_commits(database: Path, ended: Event, seen: Connection) -> None:
    """The reader's process."""
    with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as connection:

        def number() -> int:
            row = connection.execute(CURSOR).fetchone()
            return -1 if row is None else int(row[0])

        _look(number, ended, seen, every=LOOK_SECONDS)


def _look(number: Callable[[], int], ended: Event, seen: Connection, *, every: float) -> None:
    """Send the number of now, and at the end when each later one was seen first."""
    seen.send(number())
    times: Times = {}
    due = time.monotonic()
    while not ended.is_set():
        found = number()
        times.setdefault(found, time.monotonic())
        due = max(due + every, time.monotonic())
        time.sleep(max(due - time.monotonic(), 0.0))
    seen.send(times)


class Looking:
    """One of the two processes that look, once it does; `times` ends it."""

    def __init__(self, look: Callable[..., None], where: str | Path) -> None:
        spawn = multiprocessing.get_context("spawn")
        self._ended = spawn.Event()
        self._seen, sent = spawn.Pipe(duplex=False)
        self._process = spawn.Process(target=look, args=(where, self._ended, sent), daemon=True)
        self._process.start()
        sent.close()
        self._seen.recv()

    def times(self) -> Times:
        self._ended.set()
        times: Times = self._seen.recv()
        self._process.join()
        return times


def measure(toolchain: Toolchain, mode: Mode, *, blocks: int, count: int) -> None:
    options = AnvilOptions(automine=False)
    with (
        run_anvil(toolchain.anvil, options) as anvil,
        tempfile.TemporaryDirectory(prefix="bench-head-") as name,
    ):
        folder = Path(name)
        pairs = make_pairs(anvil.url, toolchain.artifacts, count)
        config = folder / "watcher.toml"
        config.write_text(_config(anvil.url, mode, pairs), encoding="utf-8")
        with _running(config) as process:
            database = folder / "watcher.db"
            _wait_for(database, _head(anvil), process)
            pairs = _trade(anvil, pairs, database, process, blocks=WARM_UP)
            heads, commits = Looking(see_heads, anvil.url), Looking(see_commits, database)
            first, used = _head(anvil) + 1, _cpu_seconds(process.pid)
            pairs = _trade(anvil, pairs, database, process, blocks=blocks)
            used = _cpu_seconds(process.pid) - used
            resident = _resident_mb(process.pid)
            seen, committed = heads.times(), commits.times()
        _require_right(database, pairs)
    numbers = range(first, first + blocks)
    both = [number for number in numbers if number in committed and number in seen]
    late = [1e3 * (committed[number] - seen[number]) for number in both]
    _print(mode, late, blocks=blocks, cpu_ms=1e3 * used / blocks, resident=resident)


def _trade(
    anvil: Anvil,
    pairs: list[Pair],
    database: Path,
    process: subprocess.Popen[bytes],
    *,
    blocks: int,
) -> list[Pair]:
    """Each block changes some pairs; the last one is waited for."""
    rng = random.Random(blocks)  # noqa: S311 - to repeat it
    for _ in range(blocks):
        pairs = trade(anvil.url, pairs, rng.sample(range(len(pairs)), min(CHANGED, len(pairs))))
        time.sleep(rng.uniform(*BETWEEN_SECONDS))
    _wait_for(database, _head(anvil), process)
    return pairs


def _head(anvil: Anvil) -> int:
    return int(anvil.rpc("eth_blockNumber"), 16)


def _config(url: str, mode: Mode, pairs: Sequence[Pair]) -> str:
    socket = f', websocket = "{url.replace("http", "ws", 1)}"' if mode.websocket else ""
    lines = [
        'unit = "USD"',
        'database = "sqlite:///watcher.db"',
        '[chains."eip155:31337"]',
        f'endpoints = [{{ url = "{url}"{socket} }}]',
        f"poll_seconds = {mode.poll_seconds}",
    ]
    for row, pair in enumerate(pairs):
        lines += [
            "[[targets]]",
            'chain = "eip155:31337"',
            f'protocol = "{pair.target.protocol}"',
            f'address = "{pair.target.address}"',
            f'name = "pair-{row}"',
            "fee = 0.003",
        ]
    for address in sorted({coin.address for pair in pairs for coin in pair.target.tokens}):
        lines += [
            "[[prices]]",
            f'token = "eip155:31337/erc20:{address}"',
            'source = "fixed"',
            "value = 1.0",
        ]
    return "\n".join(lines) + "\n"


@contextmanager
def _running(config: Path) -> Iterator[subprocess.Popen[bytes]]:
    log = config.with_name("run.log")
    command = [sys.executable, "-m", "watcher", "run", "--config", str(config)]
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=config.parent, stdout=output, stderr=output)
    try:
        yield process
    except BaseException:
        sys.stderr.write(log.read_text(encoding="utf-8", errors="replace")[-2_000:])
        raise
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def _wait_for(database: Path, number: int, process: subprocess.Popen[bytes]) -> None:
    """Until block `number` is committed."""
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until and process.poll() is None:
        if database.exists() and _committed(database) >= number:
            return
        time.sleep(0.05)
    raise RuntimeError(f"watcher run has not committed block {number}")


def _committed(database: Path) -> int:
    try:
        with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as connection:
            row = connection.execute(CURSOR).fetchone()
    except sqlite3.OperationalError:  # its tables are being made
        return -1
    return -1 if row is None else int(row[0])


def _require_right(database: Path, pairs: Sequence[Pair]) -> None:
    """What is in force at the end is what was written into the chain."""
    with closing(Store.open(f"sqlite:///{database}")) as store:
        standing = {
            target_id: found.observation.state
            for target_id, found in store.resume(31337).in_force.items()
        }
    wrong = [pair for pair in pairs if standing.get(pair.target.id) != pair.state]
    if wrong:
        raise RuntimeError(f"{len(wrong)} of {len(pairs)} pairs are stored with another state")


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _resident_mb(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) / 1024


def _print(
    mode: Mode, late: Sequence[float], *, blocks: int, cpu_ms: float, resident: float
) -> None:
    median = statistics.median(late)
    tenth = statistics.quantiles(late, n=10)[-1]
    verdict = "met" if median < mode.goal_ms else "MISSED"
    print(
        f"{mode.name}: head to commit, median {median:.1f} ms (goal {mode.goal_ms:.0f} ms: "
        f"{verdict}), 90% {tenth:.1f} ms, longest {max(late):.1f} ms; {len(late)} of {blocks} "
        f"blocks committed each by itself; CPU of watcher run {cpu_ms:.1f} ms a block, resident "
        f"{resident:.0f} MB; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores",
        flush=True,
    )


def run(*, blocks: int, count: int, mode: str | None) -> None:
    """Measure one mode, "websocket" or "polling", or both."""
    toolchain = prepare(default_cache())
    for each in MODES:
        if mode in (None, "websocket" if each.websocket else "polling"):
            measure(toolchain, each, blocks=blocks, count=count)
