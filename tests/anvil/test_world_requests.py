"""The whole local world, read in few requests a block while it is played."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.world import LocalWorld
from watcher.chain.client import open_chain
from watcher.chain.transport import HttpTransport
from watcher.config import load_config
from watcher.devnet.configuration import to_toml
from watcher.devnet.play import PlayedBlock, stay_calm
from watcher.math.catalogue import POOLS
from watcher.service.identify import identify
from watcher.service.watch import ChainWatch, Pace
from watcher.service.writer import Writer
from watcher.state import Concentrated, Solidly, StableSwap, Status
from watcher.store import Store

pytestmark = pytest.mark.anvil

SETTLING, BLOCKS = 3, 12
"""What an endpoint can do, and what has been deployed, is asked in the first blocks."""
MOST_CALLS = 3


class Sent:
    """How often each method was sent to the node, within batches too."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.methods: Counter[str] = Counter()
        send = HttpTransport.send

        async def counting(transport: HttpTransport, body: bytes, *, about: str) -> bytes:
            asked = json.loads(body)
            several = asked if isinstance(asked, list) else [asked]
            self.methods.update(one["method"] for one in several)
            return await send(transport, body, about=about)

        monkeypatch.setattr(HttpTransport, "send", counting)

    def taken(self) -> Counter[str]:
        found, self.methods = self.methods, Counter()
        return found


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.create(f"sqlite:///{tmp_path / 'watcher.db'}") as made:
        yield made


async def test_a_world_of_sixty_pools_takes_three_eth_calls_a_block(
    fork_node: LocalWorld, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "watcher.toml"
    url = fork_node.chain.url
    path.write_text(to_toml(fork_node.world, endpoint_url=url, database_url="sqlite:///x.db"))
    config = load_config(path, {})
    played = stay_calm(fork_node.world, fork_node.chain, seed=1)
    async with open_chain(31337, url) as client:
        found = await identify(client.reader, await client.headers.head(), config.entries)
        targets = [one.target for one in found if one.target is not None]
        assert len(targets) == len(config.entries), [one.refusal for one in found]
        assert sum(one.kind in POOLS for one in targets) >= 60
        store.register(targets)
        store.save_settings(config.settings)
        with Writer() as writer:
            watch = ChainWatch(
                chain_id=31337,
                chain=client,
                ledger=store,
                writer=writer,
                targets=targets,
                settings=config.settings,
                pace=Pace(),
            )
            for _ in range(SETTLING):
                await changed_by(watch, played)
            sent, calls, changed = Sent(monkeypatch), list[int](), set[str]()
            for _ in range(BLOCKS):
                changed |= await changed_by(watch, played)
                calls.append(sent.taken()["eth_call"])
    assert max(calls) <= MOST_CALLS, calls
    kinds = {one.kind for one in targets if one.id in changed}
    assert {Concentrated.KIND, Solidly.KIND, StableSwap.KIND} <= kinds
    standings = store.statuses()
    assert len(standings) == len(targets)
    assert {one.observation.status for one in standings if one.observation} == {Status.OK}


async def changed_by(watch: ChainWatch, played: Iterator[PlayedBlock]) -> set[str]:
    """The targets whose state the next block of the play changes."""
    await asyncio.to_thread(next, played)
    seen = [ticked.tick.observations async for ticked in watch.advance()]
    return {one.target_id for observations in seen for one in observations}
