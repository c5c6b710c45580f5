"""A service over several chains: one must stop, one hangs, one announces its heads."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from aiohttp import web
from structlog.testing import capture_logs

from tests.support.faulty_node import Fault, FaultyNode, make_chain, serve
from watcher.chain.endpoint import Endpoint, EndpointOptions
from watcher.config.values import ChainConfig, Config
from watcher.errors import BelowFinality
from watcher.math.settings import Settings
from watcher.service.health import ChainHealth
from watcher.service.run import Service
from watcher.store import Store

ONE, TWO = 31337, 31338


def chain_config(chain_id: int, host: str, *, poll: float = 0.05, deadline: float = 5.0) -> Any:
    return ChainConfig(
        chain_id=chain_id,
        name=str(chain_id),
        endpoints=(EndpointOptions(Endpoint(f"http://{host}/")),),
        quorum=None,
        sample=20,
        every_blocks=1,
        confirmations=2,
        poll_seconds=poll,
        deadline_seconds=deadline,
        catch_up_blocks=1_000,
    )


def config_of(folder: Path, *chains: ChainConfig) -> Config:
    return Config(
        path=folder / "watcher.toml",
        database=f"sqlite:///{folder / 'watcher.db'}",
        settings=Settings(unit="USD", sizes=(1_000.0,), prices=()),
        chains=chains,
        entries=(),
        limits=MappingProxyType({}),
    )


@asynccontextmanager
async def running(config: Config) -> AsyncIterator[tuple[Service, asyncio.Task[None]]]:
    with Store.create(config.database) as store:
        service = Service(config, store)
        task = asyncio.create_task(service.run())
        try:
            yield service, task
        finally:
            service.stop()
            await asyncio.gather(task, return_exceptions=True)


def health(service: Service, chain_id: int) -> ChainHealth:
    return next(one for one in service.health if one.chain_id == chain_id)


def number(service: Service, chain_id: int) -> int:
    newest = health(service, chain_id).newest
    return -1 if newest is None else newest.number


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - what is waited for is a state
            await asyncio.sleep(0.01)


async def test_fault_19_one_chain_stops_and_the_others_go_on(tmp_path: Path) -> None:
    bad, good = FaultyNode(chain_id=ONE), FaultyNode(chain_id=TWO)
    async with serve(bad) as first, serve(good) as second:
        config = config_of(tmp_path, chain_config(ONE, first), chain_config(TWO, second))
        with capture_logs() as logs:
            async with running(config) as (service, task):
                await until(lambda: service.ready)
                bad.blocks = make_chain(14)
                await until(lambda: number(service, ONE) == 13)
                bad.blocks = make_chain(16, fork=1, fork_at=9)
                await until(lambda: bool(health(service, ONE).stopped))
                assert "nothing was changed" in health(service, ONE).stopped
                assert not service.ready
                good.blocks = make_chain(20)
                await until(lambda: number(service, TWO) == 19)
                assert health(service, TWO).ready
                assert not task.done()
                service.stop()
                with pytest.raises(BelowFinality, match="is finalized here"):
                    await task
    [said] = [one for one in logs if one["event"] == "chain stopped"]
    assert (said["log_level"], said["chain"]) == ("critical", ONE)
    with Store.open(config.database) as store:
        assert [one.blocks for one in store.extent().chains] == [7, 13]


async def test_fault_19_the_last_chain_that_stops_ends_the_service(tmp_path: Path) -> None:
    node = FaultyNode(chain_id=ONE)
    async with serve(node) as host:
        config = config_of(tmp_path, chain_config(ONE, host))
        async with running(config) as (service, task):
            await until(lambda: service.ready)
            node.blocks = make_chain(14)
            await until(lambda: number(service, ONE) == 13)
            node.blocks = make_chain(16, fork=1, fork_at=9)
            with pytest.raises(BelowFinality):
                await asyncio.wait_for(task, 20)


async def test_fault_24_a_job_longer_than_its_interval_is_skipped_counted_and_followed(
    tmp_path: Path,
) -> None:
    node = FaultyNode(chain_id=ONE)
    async with serve(node) as host:
        config = config_of(tmp_path, chain_config(ONE, host, poll=0.05, deadline=0.5))
        async with running(config) as (service, _):
            await until(lambda: service.ready)
            skipped = health(service, ONE).skipped
            node.fault = Fault.HANG
            await until(lambda: bool(health(service, ONE).failing))
            assert health(service, ONE).skipped > skipped
            assert not service.ready
            node.fault = Fault.NONE
            node.blocks = make_chain(12)
            await until(lambda: number(service, ONE) == 11)
            await until(lambda: service.ready)


class AnnouncedNode:
    """A node over HTTP with a websocket beside it that announces what it is told to."""

    def __init__(self) -> None:
        self.node = FaultyNode(chain_id=ONE)
        self.sockets: list[Any] = []

    async def announce(self) -> None:
        head = {"hash": self.node.head.hash}
        message = {"method": "eth_subscription", "params": {"subscription": "0x1", "result": head}}
        for socket in self.sockets:
            await socket.send_json(message)

    @asynccontextmanager
    async def served(self) -> AsyncIterator[str]:
        async def handle(request: web.Request) -> web.StreamResponse:
            socket = web.WebSocketResponse()
            await socket.prepare(request)
            asked = await socket.receive_json()
            await socket.send_json({"id": asked["id"], "result": "0x1"})
            self.sockets.append(socket)
            async for _ in socket:
                pass
            return socket

        app = web.Application()
        app.router.add_get("/", handle)
        runner = web.AppRunner(app, shutdown_timeout=0.2, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        try:
            yield "{}:{}".format(*runner.addresses[0][:2])
        finally:
            await runner.cleanup()


async def test_an_announced_head_is_read_at_once_and_polling_watches(tmp_path: Path) -> None:
    """Polling is so slow here that only the announcement can have done it."""
    announced = AnnouncedNode()
    async with serve(announced.node) as host, announced.served() as socket:
        chain = chain_config(ONE, host, poll=3_600.0)
        announcing = replace(chain.endpoints[0], websocket=Endpoint(f"http://{socket}/"))
        chain = replace(chain, endpoints=(announcing,))
        async with running(config_of(tmp_path, chain)) as (service, _):
            await until(lambda: service.ready and health(service, ONE).heads)
            for length in (9, 10, 14):
                announced.node.blocks = make_chain(length)
                await announced.announce()
                await until(lambda length=length: number(service, ONE) == length - 1)  # type: ignore[misc]
            assert health(service, ONE).woken >= 3
            for connected in announced.sockets:
                await connected.close()
            await until(lambda: not health(service, ONE).heads)
            assert service.ready
