"""scripts/bench service: a tick's wall time of a thousand pairs, split where the service's own
seams are: what the reader takes, what the store takes, and what lies between."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.shown import table
from tests.support.many_pairs import CHAIN_ID, Pair, make_pairs, trade, with_share
from watcher.chain.anvil import Anvil, AnvilOptions, run_anvil
from watcher.chain.client import ChainClient, open_chain
from watcher.chain.reader import Reader
from watcher.devnet.artifacts import prepare
from watcher.devnet.fetch import default_cache
from watcher.errors import ReadError
from watcher.math.settings import PriceSource, Settings
from watcher.service.watch import ChainWatch, Pace
from watcher.service.writer import Writer
from watcher.state import Answer, Block, Call
from watcher.store import Store, TickResult

FEW = 40
"""One pair in so many changes: 2.5%."""

WARM_UP = 2
MODES = {"all changed": 1, "2.5% changed": FEW}


@dataclass(frozen=True, slots=True)
class Tick:
    """Milliseconds of one tick; `rest` is decoding, measuring and changing threads."""

    reading: float
    rest: float
    commit: float

    @property
    def all(self) -> float:
        return self.reading + self.rest + self.commit


class _Timed(Store):
    """A store that says how long its last commit took."""

    seconds = 0.0

    def commit_tick(self, result: TickResult) -> None:
        start = time.perf_counter()
        super().commit_tick(result)
        self.seconds = time.perf_counter() - start


class _Reader:
    """A reader that says how long all reads of a tick took together."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self.seconds = 0.0

    async def read(self, block: Block, calls: Sequence[Call]) -> list[Answer | ReadError]:
        start = time.perf_counter()
        try:
            return await self._reader.read(block, calls)
        finally:
            self.seconds += time.perf_counter() - start


class _View:
    """A chain as the watch sees it, through the timed reader."""

    def __init__(self, client: ChainClient) -> None:
        self.headers, self.logs = client.headers, client.logs
        self.timed = _Reader(client.reader)

    @property
    def reader(self) -> Reader:
        return self.timed


def measure(*, pairs: int, rounds: int) -> tuple[dict[str, list[Tick]], float]:
    """The ticks of each mode, and the process's resident megabytes at the end."""
    with run_anvil(prepare(default_cache()).anvil, AnvilOptions(automine=False)) as anvil:
        made = make_pairs(anvil.url, prepare(default_cache()).artifacts, pairs)
        found = asyncio.run(_watched(anvil, made, rounds))
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    resident = next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) / 1024
    return found, resident


async def _watched(anvil: Anvil, pairs: list[Pair], rounds: int) -> dict[str, list[Tick]]:
    coins = dict.fromkeys(coin.address for one in pairs for coin in one.target.tokens)
    prices = tuple(PriceSource(CHAIN_ID, coin, "fixed", value=1.0) for coin in coins)
    settings = Settings("USD", (1_000.0, 100_000.0), prices)
    found: dict[str, list[Tick]] = {mode: [] for mode in MODES}
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-service-"))
        store = _Timed(f"sqlite:///{folder}/watcher.db")
        stack.callback(store.close)
        store.upgrade()
        writer = stack.enter_context(Writer())
        view = _View(await stack.enter_async_context(open_chain(CHAIN_ID, anvil.url)))
        targets = [with_share(one.target) for one in pairs]
        store.register(targets)
        store.save_settings(settings)
        watch = ChainWatch(
            chain_id=CHAIN_ID,
            chain=view,
            ledger=store,
            writer=writer,
            targets=targets,
            settings=settings,
            pace=Pace(flow=False),  # storage is written: no event explains a change
        )
        for number in range(-WARM_UP, rounds):
            for mode, every in MODES.items():
                pairs = trade(anvil.url, pairs, range(0, len(pairs), every))
                view.timed.seconds = 0.0
                ticks = [one async for one in watch.advance()]
                if len(ticks) != 1 or ticks[0].failing:
                    raise RuntimeError(f"{len(ticks)} ticks of one block, or pairs unread")
                reading, commit = view.timed.seconds, store.seconds
                rest = ticks[0].seconds - reading - commit
                if number >= 0:
                    found[mode].append(Tick(1e3 * reading, 1e3 * rest, 1e3 * commit))
    return found


def tables_of(found: dict[str, list[Tick]], resident: float) -> str:
    lines = []
    for mode, ticks in found.items():
        parts = zip(*((one.reading, one.rest, one.commit, one.all) for one in ticks), strict=True)
        lines.append((mode, *(f"{median(part):,.1f} ({min(part):,.1f})" for part in parts)))
    head = ("a block", "reading", "decoding and measuring", "commit", "all of it")
    return f"{table(head, lines)}\n\nms, medians (least); {resident:,.0f} MB resident at the end"


def run(*, pairs: int, rounds: int) -> None:
    print(tables_of(*measure(pairs=pairs, rounds=rounds)))
