"""A real node's announcements wake the service, and its logs are read as it has them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from eth_utils.crypto import keccak

from tests.anvil.test_reorgs import mine, replace_blocks
from tests.support.all_logs import read_all
from tests.support.world import LocalWorld
from watcher.chain.anvil import run_anvil
from watcher.chain.client import open_chain
from watcher.chain.endpoint import websocket_endpoint
from watcher.chain.logs import NodeLogs
from watcher.config import load_config
from watcher.devnet.artifacts import Toolchain
from watcher.devnet.configuration import to_toml
from watcher.devnet.deploy import deploy_world
from watcher.devnet.local_chain import LocalChain, local_options
from watcher.errors import StaleBlock
from watcher.service.run import Service
from watcher.store import Store

pytestmark = pytest.mark.anvil

SYNC = "0x" + keccak(text="Sync(uint112,uint112)").hex()
BLOCKS = 24
"""In which pairs are traded in a dozen times at least."""


@pytest.fixture
def node(toolchain: Toolchain) -> Iterator[LocalWorld]:
    with run_anvil(toolchain.anvil, local_options()) as running:
        chain = LocalChain(running.url)
        yield LocalWorld(chain, deploy_world(chain, toolchain.artifacts))


async def test_announced_heads_are_stored_at_once(node: LocalWorld, tmp_path: Path) -> None:
    """Polling would take an hour; how fast it really is is measured elsewhere."""
    path = tmp_path / "watcher.toml"
    database = f"sqlite:///{tmp_path / 'watcher.db'}"
    path.write_text(to_toml(node.world, endpoint_url=node.chain.url, database_url=database))
    config = load_config(path, {})
    websocket = websocket_endpoint(node.chain.url.replace("http://", "ws://"))
    [chain] = config.chains
    endpoints = (replace(chain.endpoints[0], websocket=websocket),)
    config = replace(config, chains=(replace(chain, endpoints=endpoints, poll_seconds=3_600.0),))
    random, waits = Random(1), []
    with Store.create(config.database) as store:
        service = Service(config, store)
        task = asyncio.create_task(service.run())
        try:
            async with asyncio.timeout(60):
                while not (service.ready and service.health[0].heads):  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
                for _ in range(20):
                    await asyncio.to_thread(mine, node, random)
                    mined, head = time.monotonic(), await asyncio.to_thread(node.chain.head)
                    while service.health[0].newest != head:  # noqa: ASYNC110
                        await asyncio.sleep(0.001)
                    waits.append(time.monotonic() - mined)
        finally:
            service.stop()
            await asyncio.gather(task, return_exceptions=True)
    print(f"head to commit, median of {len(waits)}: {sorted(waits)[len(waits) // 2] * 1e3:.1f} ms")
    assert service.health[0].woken >= 20


async def test_logs_are_the_nodes_whatever_the_range(node: LocalWorld) -> None:
    random = Random(2)
    first = node.chain.head().number + 1
    for _ in range(BLOCKS):
        mine(node, random)
    async with open_chain(node.chain.chain_id, node.chain.url) as chain:
        blocks = await chain.headers.range(first, first + BLOCKS - 1)
        addresses = [pair.address for pair in node.world.pairs]
        plain = node.chain.request(
            "eth_getLogs",
            {"fromBlock": hex(first), "toBlock": hex(first + BLOCKS - 1), "topics": [[SYNC]]},
        )
        expected = [
            (int(one["blockNumber"], 16), int(one["logIndex"], 16), one["address"], one["data"])
            for one in plain
        ]
        assert len(expected) >= 12
        for size in (1, 5, 500):
            logs = NodeLogs(chain.w3.provider, deadline=10.0, first_range=size)
            found = await read_all(logs, blocks, addresses, (SYNC,))
            assert [
                (one.block.number, one.index, one.address.lower(), "0x" + one.data.hex())
                for one in found
            ] == [
                (number, index, address.lower(), data) for number, index, address, data in expected
            ]
        assert await chain.logs.read(blocks, addresses, (SYNC,)) == found
        assert await chain.logs.read(blocks, []) == []
        replace_blocks(node, 3, how="rollback")
        with pytest.raises(StaleBlock, match="has logs of another block"):
            await chain.logs.read(blocks, addresses, (SYNC,))
