"""`kill -9` at random moments, restarted each time: whole blocks, none missing, none twice."""

import asyncio
import random
import signal
import sqlite3
import time
from contextlib import closing

import pytest

from tests.e2e.command import start, wait_until_it_says, watcher
from tests.e2e.conftest import Devnet
from tests.support.effort import examples
from watcher.config import Config, load_config
from watcher.service.observe import observe
from watcher.service.prepare import connect
from watcher.service.tick import Branch, advance, watchlist
from watcher.state import Block
from watcher.store import Store, TickResult, recompute

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

KILLS = 20
STARTING_SECONDS = (0.3, 2.0)
WRITING_SECONDS = (0.0, 2.0)
"""After it began to watch: some blocks, the first of them those that were missed."""


def test_nothing_is_lost_doubled_or_halved(devnet: Devnet) -> None:
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")
    moments = random.Random(seed)
    log = devnet.folder / "run.log"
    config = load_config(devnet.config, {})
    # A first block is stored before the first kill, so that there is something to lose on a machine
    # that is too busy to store one between two.
    run_until(asyncio.run(head(config)).number, devnet)
    for _ in range(examples(KILLS, deep=3 * KILLS)):
        process = start("run", "--config", str(devnet.config), cwd=devnet.folder, log=log)
        if moments.random() < 0.25:
            time.sleep(moments.uniform(*STARTING_SECONDS))
        else:
            wait_until_it_says("] watching ", process, log)
            time.sleep(moments.uniform(*WRITING_SECONDS))
        assert process.poll() is None, log.read_text()[-4_000:]
        process.send_signal(signal.SIGKILL)
        process.wait()
        log.unlink()
    run_until(asyncio.run(head(config)).number, devnet)
    with Store.open(config.database) as store:
        assert store.gaps(config.chains[0].chain_id) == ()
    asyncio.run(compare(config, devnet))


def run_until(number: int, devnet: Devnet) -> None:
    done = watcher("run", "--until", str(number), cwd=devnet.folder)
    assert done.returncode == 0, done.stderr[-4_000:]


async def head(config: Config) -> Block:
    async with connect(config.chains[0]) as client:
        return await client.headers.head()


async def compare(config: Config, devnet: Devnet) -> None:
    """Read every stored block again and go through it in one piece: the same rows must come out."""
    with Store.open(config.database) as store:
        (extent,) = store.extent().chains
        numbers = range(extent.first.number, extent.newest.number + 1)
        assert extent.blocks == len(numbers) > 20
        audit = recompute(store)
        assert audit.differences == ()
        assert audit.checked_measures > 0
        targets = store.targets()
    stored = _stored_rows(devnet)
    branch = Branch(cursor=None, in_force={}, keys={})
    expected = set()
    async with connect(config.chains[0]) as client:
        for block in await client.headers.range(numbers.start, numbers.stop - 1):
            observed = await observe(client.reader, block, targets)
            step = advance(branch, block, observed, watchlist(targets, config.settings))
            branch = step.branch
            expected |= _rows(step.tick)
    labels = {target.id: target.label for target in targets}
    assert _told(stored - expected, labels) == _told(expected - stored, labels) == []


def _told(rows: set[tuple[str, str, str]], labels: dict[str, str]) -> list[tuple[str, str, str]]:
    return sorted((table, labels[target], block) for table, target, block in rows)


def _rows(tick: TickResult) -> set[tuple[str, str, str]]:
    return {("observation", o.target_id, tick.block.hash) for o in tick.observations} | {
        ("computation", c.target_id, tick.block.hash) for c in tick.computations
    }


def _stored_rows(devnet: Devnet) -> set[tuple[str, str, str]]:
    """Canonical observations and computations by target and block, read by plain SQL."""
    query = """
        select '{table}', target.uid, '0x' || lower(hex(block.hash)) from {table} as fact
        join target on target.id = fact.target_id join block on block.id = fact.block_id
        where block.status <> 'orphaned'
    """
    with closing(sqlite3.connect(devnet.folder / "watcher.db")) as database:
        rows = [
            row
            for table in ("observation", "computation")
            for row in database.execute(query.format(table=table))
        ]
    assert len(rows) == len(set(rows))
    return set(rows)
