"""What reading many pairs costs, from block to states: `python -m tests.support.measure_reading`.

CPU is this process's alone; the Anvil's is not in it.
"""

from __future__ import annotations

import asyncio
import gc
import os
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tests.support.many_pairs import Pair, make_pairs, trade
from watcher.chain.anvil import AnvilOptions, run_anvil
from watcher.chain.client import open_chain
from watcher.devnet.artifacts import prepare
from watcher.devnet.fetch import default_cache
from watcher.service.observe import Observer

ROUNDS = 11


async def measure(url: str, pairs: Sequence[Pair]) -> None:
    count = len(pairs)
    async with open_chain(31337, url) as chain:
        observer = Observer(chain.reader, [pair.target for pair in pairs])
        for name, share in (("first", 0.0), ("all changed", 1.0), ("2.5% changed", 0.025)):
            cpu, wall = [], []
            for _ in range(1 if name == "first" else ROUNDS):
                pairs = trade(url, pairs, range(round(share * count)))
                head = await chain.headers.head()
                gc.collect()
                began, used = time.perf_counter(), time.process_time()
                found = await observer.observe(head)
                cpu.append(time.process_time() - used)
                wall.append(time.perf_counter() - began)
                assert [found[pair.target.id].state for pair in pairs] == [
                    pair.state for pair in pairs
                ]
            print(
                f"{count:,} pairs, {name}: CPU {1e3 * statistics.median(cpu):.1f} ms "
                f"({1e6 * statistics.median(cpu) / count:.1f} ms per 1,000), "
                f"wall {1e3 * statistics.median(wall):.1f} ms"
            )


def main() -> None:
    toolchain = prepare(Path(os.environ.get("WATCHER_CACHE") or default_cache()))
    for count in map(int, sys.argv[1:] or ("1000", "5000")):
        with run_anvil(toolchain.anvil, AnvilOptions(automine=False)) as anvil:
            asyncio.run(measure(anvil.url, make_pairs(anvil.url, toolchain.artifacts, count)))


if __name__ == "__main__":
    main()
