"""`watcher backfill` as a user runs it, killed at random moments and started again."""

from __future__ import annotations

import asyncio
import json
import random
import signal
import time
from typing import Any

import pytest

from tests.e2e.command import start, wait_until_it_says, watcher
from tests.e2e.conftest import Devnet
from tests.e2e.test_kill import compare, head
from tests.support.effort import examples
from watcher.config import load_config
from watcher.store import Store

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

GAP_BLOCKS = 80
FILLING_SECONDS = (0.0, 0.5)


def gaps(devnet: Devnet) -> Any:
    listed = watcher("backfill", "--list", "--json", cwd=devnet.folder)
    assert listed.returncode == 0, listed.stderr
    return json.loads(listed.stdout)


def once(devnet: Devnet) -> int:
    looked = watcher("once", "--json", cwd=devnet.folder)
    assert looked.returncode == 0, looked.stderr
    return int(json.loads(looked.stdout)[0]["block"])


def made_gap(devnet: Devnet) -> Any:
    """Where a reorg takes away one of its two ends, there is none, and it is tried again."""
    config = load_config(devnet.config, {})
    for _ in range(3):
        before = once(devnet)
        while asyncio.run(head(config)).number < before + GAP_BLOCKS:
            assert devnet.process.poll() is None
            time.sleep(0.5)
        last = once(devnet)
        settled = watcher("run", "--until", str(last + 8), cwd=devnet.folder)
        assert settled.returncode == 0, settled.stderr
        if found := gaps(devnet):
            return found[0]
    raise AssertionError("three reorgs at the ends of three gaps")


@pytest.mark.deep
def test_fault_21_a_gap_is_listed_and_filled_however_often_it_is_killed(devnet: Devnet) -> None:
    """It takes minutes; tests/integration/test_backfill.py fills gaps in every run."""
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")
    moments = random.Random(seed)
    gap = made_gap(devnet)
    first, last = gap["from"] - 1, gap["to"] + 1
    assert gap["blocks"] == last - first - 1 > 20
    assert gap["reason"] == "looked at once only"
    said = watcher("status", cwd=devnet.folder)
    assert f"{gap['blocks']} blocks not read: `watcher backfill --list` lists" in said.stderr

    log, left = devnet.folder / "backfill.log", [gap["blocks"]]
    for _ in range(examples(4, deep=12)):
        process = start("backfill", cwd=devnet.folder, log=log)
        wait_until_it_says("] filling ", process, log)
        time.sleep(moments.uniform(*FILLING_SECONDS))
        process.send_signal(signal.SIGKILL)
        process.wait()
        log.unlink()
        open_ = gaps(devnet)
        left.append(sum(one["blocks"] for one in open_))
        assert {one["to"] for one in open_} <= {last - 1}
        if not open_:
            break
    assert left == sorted(left, reverse=True)
    assert len(set(left)) > 2

    log = devnet.folder / "run.log"
    process = start("run", cwd=devnet.folder, log=log)
    try:
        wait_until_it_says("] watching ", process, log)
        refused = watcher("backfill", cwd=devnet.folder)
        assert refused.returncode == 5
        assert "another instance is watching into this database: stop it" in refused.stderr
    finally:
        process.terminate()
        process.wait(30)

    done = watcher("backfill", cwd=devnet.folder)
    assert done.returncode == 0, done.stderr
    assert gaps(devnet) == []
    config = load_config(devnet.config, {})
    with Store.open(config.database) as store:
        stored = store.gaps(config.chains[0].chain_id)
        assert (first + 1, last - 1) in [(one.first, one.last) for one in stored]
    asyncio.run(compare(config, devnet))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--from", "9", "--to", "3"], "--from 9 is after --to 3: exchange them"),
        (["--to", "999999999"], "is above the newest stored block"),
        (["--chain", "eip155:5"], "--chain eip155:5 is not in the configuration"),
        (["--chain", "five"], "--chain five:"),
    ],
)
def test_what_cannot_be_filled_is_said_in_a_sentence(
    devnet: Devnet, arguments: list[str], said: str
) -> None:
    once(devnet)
    refused = watcher("backfill", *arguments, cwd=devnet.folder)
    assert refused.returncode == 2, refused.stderr
    assert said in refused.stderr
