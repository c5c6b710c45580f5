"""`kill -9` of who stores and of who sends, at any moment: each notice under one id, none lost."""

from __future__ import annotations

import asyncio
import random
import signal
import sys
from collections import deque
from pathlib import Path

import pytest

from tests.support.receiving import Reception, Say, receiving
from tests.support.sender_child import uids_of
from watcher.store import DeliveryStatus, Store

ROOT = Path(__file__).parents[2]
BLOCKS = 3
KILLS = 4


async def child(*arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.support.sender_child",
        *arguments,
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )


async def sender(database: str, host: str) -> asyncio.subprocess.Process:
    process = await child(database, host, "send")
    assert process.stdout is not None
    assert await asyncio.wait_for(process.stdout.readline(), 60) == b"sending\n"
    return process


async def stored_and_killed(database: str, number: int) -> None:
    process = await child(database, "nowhere", "store", str(number))
    assert await asyncio.wait_for(process.wait(), 60) == -signal.SIGKILL


async def until_settled(database: str) -> None:
    with Store.open(database) as store:
        async with asyncio.timeout(90):
            while store.outbox.counts()[DeliveryStatus.PENDING]:  # noqa: ASYNC110 - a state
                await asyncio.sleep(0.05)


@pytest.mark.slow
async def test_faults_36_and_38_killed_between_commit_and_send_and_between_send_and_mark(
    tmp_path: Path,
) -> None:
    database = f"sqlite:///{tmp_path / 'watcher.db'}"
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")
    moments = random.Random(seed)
    desk = Reception()
    uids = [uid for number in range(1, BLOCKS + 1) for uid in uids_of(number)]
    for number in range(1, BLOCKS + 1):
        await stored_and_killed(database, number)
    with Store.open(database) as store:
        assert store.outbox.counts()[DeliveryStatus.PENDING] == len(uids)
        assert store.extent().chains[0].blocks == BLOCKS
    async with receiving(desk) as host:
        for _ in range(KILLS):
            # The answer is held back, so that the kill comes after the receiver took it.
            desk.plan = deque([Say(), Say(delay=20)] if moments.random() < 0.5 else [Say(delay=20)])
            desk.arrived.clear()
            process = await sender(database, host)
            await asyncio.wait_for(desk.arrived.wait(), 30)
            await asyncio.sleep(moments.uniform(0.0, 0.1))
            process.kill()
            await process.wait()
        desk.plan.clear()
        process = await sender(database, host)
        await until_settled(database)
        process.terminate()
        assert await asyncio.wait_for(process.wait(), 30) == 0
    assert desk.unsigned == 0
    assert set(desk.calls) == set(uids)
    assert all(len(desk.bodies[uid]) == 1 for uid in uids)
    # What came again came under its own id, once for each kill at most.
    assert len(desk.calls) <= len(uids) + KILLS
    for number in range(1, BLOCKS + 1):
        opened, closed, _ = uids_of(number)
        last_opened = len(desk.calls) - 1 - desk.calls[::-1].index(opened)
        assert last_opened < desk.calls.index(closed)
    with Store.open(database) as store:
        assert store.outbox.counts() == {"pending": 0, "sent": len(uids), "dead": 0}


async def test_two_senders_of_one_database_send_each_once(tmp_path: Path) -> None:
    """Fault 37: both are let in here, as after a lease that was lost; the outbox parts them."""
    database = f"sqlite:///{tmp_path / 'watcher.db'}"
    desk = Reception(plan=deque(Say(delay=0.05) for _ in range(9)))
    for number in range(1, 4):
        await stored_and_killed(database, number)
    async with receiving(desk) as host:
        both = [await sender(database, host) for _ in range(2)]
        await until_settled(database)
        for process in both:
            process.terminate()
            assert await asyncio.wait_for(process.wait(), 30) == 0
    assert sorted(desk.calls) == sorted(uid for number in range(1, 4) for uid in uids_of(number))
