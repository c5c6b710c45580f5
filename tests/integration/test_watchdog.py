"""A whole service that tells: of what waits, by a heartbeat, of a silence."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from structlog.testing import capture_logs

from tests.support.faulty_node import CHAIN_ID, Fault, FaultyNode, error, make_chain, serve
from tests.support.receiving import KEY, SECRET, Reception, Say, notice, receiving, webhook
from watcher.alerts.channels.receiver import Receiver, Watchdog
from watcher.chain.endpoint import Endpoint, EndpointOptions
from watcher.config.values import ChainConfig, Config
from watcher.math.settings import Settings
from watcher.service.once import watch_once
from watcher.service.run import Service
from watcher.store import DeliveryStatus, Store

SILENT = 0.6
TOKEN = "0x" + "11" * 20


def config_of(
    folder: Path, host: str, receivers: tuple[Receiver, ...], watchdog: Watchdog | None
) -> Config:
    chain = ChainConfig(
        chain_id=CHAIN_ID,
        name="ethereum",
        endpoints=(EndpointOptions(Endpoint(f"http://{host}/")),),
        quorum=None,
        sample=20,
        every_blocks=1,
        confirmations=2,
        poll_seconds=0.05,
        deadline_seconds=5.0,
        catch_up_blocks=1_000,
    )
    return Config(
        path=folder / "watcher.toml",
        database=f"sqlite:///{folder / 'watcher.db'}",
        settings=Settings(unit="USD", sizes=(1_000.0,), prices=()),
        chains=(chain,),
        entries=(),
        limits=MappingProxyType({}),
        receivers=receivers,
        watchdog=watchdog,
    )


@asynccontextmanager
async def running(config: Config) -> AsyncIterator[Service]:
    with Store.create(config.database) as store:
        service = Service(config, store)
        task = asyncio.create_task(service.run())
        try:
            yield service
        finally:
            service.stop()
            await task


async def until(condition: Callable[[], bool], *, seconds: float = 20) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - what is waited for is a state
            await asyncio.sleep(0.01)


def titles(desk: Reception) -> list[str]:
    return [document["data"]["title"] for document in desk.documents()]


def kinds(desk: Reception) -> list[Any]:
    return [document["type"] for document in desk.documents()]


async def test_a_silent_chain_is_told_of_once_and_once_when_it_goes_on(tmp_path: Path) -> None:
    node, desk = FaultyNode(), Reception()
    watchdog = Watchdog(silent_seconds=SILENT, receivers=("desk",))
    async with serve(node) as host, receiving(desk) as at:
        config = config_of(tmp_path, host, (webhook("desk", at),), watchdog)
        async with running(config) as service:
            await until(lambda: service.ready)
            await until(lambda: len(desk.calls) == 1)
            await asyncio.sleep(2 * SILENT)
            node.blocks = make_chain(10)
            await until(lambda: len(desk.calls) == 2)
            # A new block sets the clock anew: the next silence is another.
            await until(lambda: len(desk.calls) == 3)
    assert kinds(desk) == ["alert.fired", "alert.resolved", "alert.fired"]
    first, second, third = desk.documents()
    assert first["data"]["title"].startswith("ethereum: no new block for 1 s")
    assert first["data"]["block_number"] == 7
    assert "The node answers, and its head stays." in first["data"]["body"]
    assert second["data"]["alert"] == first["data"]["alert"] != third["data"]["alert"]
    assert second["data"]["title"] == "ethereum is watched again, at block 9"


async def test_the_reason_of_a_silence_is_told_as_far_as_it_is_known(tmp_path: Path) -> None:
    node, desk = FaultyNode(), Reception()
    watchdog = Watchdog(silent_seconds=SILENT, receivers=("desk",))
    async with serve(node) as host, receiving(desk) as at:
        config = config_of(tmp_path, host, (webhook("desk", at),), watchdog)
        async with running(config) as service:
            await until(lambda: service.ready)
            node.fault = Fault.BAD_GATEWAY
            await until(lambda: len(desk.calls) == 1)
    assert "502" in desk.documents()[0]["data"]["body"]


async def test_a_silence_is_told_of_once_however_often_the_service_restarts(tmp_path: Path) -> None:
    node, desk = FaultyNode(), Reception()
    watchdog = Watchdog(silent_seconds=SILENT, receivers=("desk",))
    async with serve(node) as host, receiving(desk) as at:
        config = config_of(tmp_path, host, (webhook("desk", at),), watchdog)
        async with running(config):
            await until(lambda: len(desk.calls) == 1)
        for _ in range(2):
            async with running(config) as service:
                await until(lambda: bool(service.health[0].endpoints))
                await asyncio.sleep(2 * SILENT)
        assert len(desk.calls) == 1
        node.blocks = make_chain(10)
        async with running(config):
            await until(lambda: len(desk.calls) == 2)
    assert kinds(desk) == ["alert.fired", "alert.resolved"]


async def test_a_chain_that_is_never_silent_is_not_told_of(tmp_path: Path) -> None:
    node, desk = FaultyNode(), Reception()
    watchdog = Watchdog(silent_seconds=4 * SILENT, receivers=("desk",))
    async with serve(node) as host, receiving(desk) as at:
        config = config_of(tmp_path, host, (webhook("desk", at),), watchdog)
        async with running(config) as service:
            for length in range(9, 19):
                node.blocks = make_chain(length)
                await asyncio.sleep(SILENT / 2)
            assert service.ready
    assert titles(desk) == []


async def test_a_heartbeat_is_asked_for_after_blocks_and_not_more_often_than_it_may(
    tmp_path: Path,
) -> None:
    node, beats = FaultyNode(), Reception()
    async with serve(node) as host, receiving(beats) as at:
        watchdog = Watchdog(Endpoint(f"http://{at}/{KEY}"), allow_private=True, every_seconds=0.5)
        beats.plan.append(Say(500))
        with capture_logs() as logs:
            async with running(config_of(tmp_path, host, (), watchdog)) as service:
                await until(lambda: service.ready)
                for length in range(9, 29):
                    node.blocks = make_chain(length)
                    await asyncio.sleep(0.1)
                seen = len(beats.got)
                assert 2 <= seen <= 6
                await asyncio.sleep(1.2)
                # No block, no beat: but for the one that was owed.
                assert len(beats.got) <= seen + 1
    assert {path for path, _ in beats.got} == {f"/{KEY}"}
    [warned] = [one for one in logs if one["event"] == "heartbeat"]
    assert "answered 500" in warned["detail"]
    assert KEY not in str(logs)


async def test_a_heartbeat_inside_is_refused_unless_allowed(tmp_path: Path) -> None:
    node, beats = FaultyNode(), Reception()
    async with serve(node) as host, receiving(beats) as at:
        watchdog = Watchdog(Endpoint(f"http://{at}/"), every_seconds=0.1)
        with capture_logs() as logs:
            async with running(config_of(tmp_path, host, (), watchdog)):
                await until(lambda: any(one["event"] == "heartbeat" for one in logs))
    assert beats.got == []


async def test_a_service_sends_what_waits_and_what_its_last_blocks_tell(tmp_path: Path) -> None:
    node, desk = FaultyNode(), Reception()
    async with serve(node) as host, receiving(desk) as at:
        config = config_of(tmp_path, host, (webhook("desk", at),), None)
        with Store.create(config.database) as store:
            store.outbox.enqueue(notice("n1"), ["desk"])
        async with running(config) as service:
            await until(lambda: desk.calls == ["n1"])
            with Store.open(config.database) as store:
                store.outbox.enqueue(notice("n2"), ["desk"])
            service.stop()
        assert desk.calls == ["n1", "n2"]


async def test_a_single_look_sends_too(tmp_path: Path) -> None:
    node, desk = FaultyNode(), Reception()
    async with serve(node) as host, receiving(desk) as at:
        config = config_of(tmp_path, host, (webhook("desk", at),), None)
        with Store.create(config.database) as store:
            store.outbox.enqueue(notice("n1"), ["desk"])
            await watch_once(config, store)
            assert store.outbox.counts()[DeliveryStatus.SENT] == 1
            await watch_once(replace(config, receivers=()), store)
    assert desk.calls == ["n1"]


def as_token(params: Sequence[Any]) -> Any:
    """A token of 18 decimals of which nobody has any."""
    if isinstance(params[0], str):
        return "0x01"  # its code
    asked = str(params[0].get("data") or params[0].get("input"))
    answers = {"0x313ce567": 18, "0x70a08231": 0}
    value = answers.get(asked[:10])
    return error(3, "execution reverted", "0x") if value is None else f"0x{value:064x}"


async def process(folder: Path) -> asyncio.subprocess.Process:
    """`watcher run`, as a user runs it."""
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "watcher", "run", cwd=folder, stderr=asyncio.subprocess.DEVNULL
    )


def written(folder: Path, node: str, desk: str) -> None:
    (folder / "watcher.toml").write_text(f"""
database = "sqlite:///watcher.db"

[chains."eip155:{CHAIN_ID}"]
endpoints = [{{ url = "http://{node}/" }}]
poll_seconds = 0.1

[[targets]]
chain = "eip155:{CHAIN_ID}"
protocol = "holdings"
address = "0x0000000000000000000000000000000000000001"
name = "nothing"
addresses = ["0x0000000000000000000000000000000000000002"]
tokens = ["{TOKEN}"]

[receivers.desk]
webhook = "http://{desk}/{KEY}"
secret = "{SECRET}"
allow_private = true
""")


@pytest.mark.slow
async def test_watcher_run_is_killed_while_it_tells_and_told_to_end_while_it_tells(
    tmp_path: Path,
) -> None:
    node, desk = FaultyNode(calls={TOKEN: as_token}), Reception()
    async with serve(node) as host, receiving(desk) as at:
        written(tmp_path, host, at)
        with Store.create(f"sqlite:///{tmp_path / 'watcher.db'}") as store:
            store.outbox.enqueue(notice("n1"), ["desk"])
            desk.plan.append(Say(delay=30))
            killed = await process(tmp_path)
            await asyncio.wait_for(desk.arrived.wait(), 60)
            killed.kill()
            await killed.wait()
            assert store.outbox.counts()[DeliveryStatus.PENDING] == 1
            ended = await process(tmp_path)
            await until(lambda: bool(store.extent().chains), seconds=60)
            await until(lambda: store.outbox.counts()[DeliveryStatus.SENT] == 1, seconds=60)
            desk.plan.append(Say(delay=1.0))
            store.outbox.enqueue(notice("n2"), ["desk"])
            await until(lambda: "n2" in desk.calls, seconds=60)
            ended.terminate()
            assert await asyncio.wait_for(ended.wait(), 30) == 0
            assert store.outbox.counts()[DeliveryStatus.SENT] == 2
    assert desk.calls == ["n1", "n1", "n2"]
    assert desk.unsigned == 0
