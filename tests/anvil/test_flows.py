"""Flows of the local world's real contracts: what is stored is what web3 decodes of their events,
and it explains what became of the reserves, token by token."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.anvil.test_reorgs import mine, watching
from tests.support.flow_checks import (
    ADMINISTERED,
    BALANCER,
    check_target,
    decoded_targets,
    gifts,
    to_administrator,
)
from tests.support.world import LocalWorld
from watcher.chain.anvil import run_anvil
from watcher.chain.bloom import may_hold
from watcher.chain.client import ChainClient
from watcher.chain.headers import Headers
from watcher.chain.reader import Reader
from watcher.config import load_config
from watcher.devnet.artifacts import Toolchain
from watcher.devnet.configuration import to_toml
from watcher.devnet.deploy import deploy_world
from watcher.devnet.local_chain import LocalChain, local_options
from watcher.devnet.play import play
from watcher.errors import Unavailable
from watcher.protocols import ADAPTERS
from watcher.service.backfill import Backfill, asked_stretches, logless_stretches
from watcher.service.checkup import checkup
from watcher.service.watch import ChainWatch
from watcher.state import Address, Block, to_address
from watcher.state.log import Log
from watcher.store import recompute

pytestmark = pytest.mark.anvil


@pytest.fixture
def node(toolchain: Toolchain) -> Iterator[LocalWorld]:
    with run_anvil(toolchain.anvil, local_options()) as running:
        chain = LocalChain(running.url)
        yield LocalWorld(chain, deploy_world(chain, toolchain.artifacts))


async def test_the_flows_of_a_demonstration_are_the_chains_and_explain_the_reserves(
    node: LocalWorld, toolchain: Toolchain, tmp_path: Path
) -> None:
    async with watching(node, tmp_path, "flows") as watched:
        [start] = await watched.look()
        for _ in play(node.world, node.chain, blocks=40, seed=3):
            await watched.look()
        first = start.block.number
        kinds: dict[str, set[str]] = defaultdict(set)
        for target in decoded_targets(watched.prepared.targets):
            given = {}
            if target.protocol in ADMINISTERED:
                given = to_administrator(node, target, first)
            if target.protocol == "erc4626":
                found = gifts(node, toolchain, target, first)
                given = {(target.name, number): [one] for number, one in found.items()}
            kinds[target.protocol] |= check_target(
                node, toolchain, watched.store, target, first=first, given=given
            )
        assert kinds["uniswap_v2"] == kinds["uniswap_v3"] == {"swap"}
        assert kinds["erc4626"] >= {"add"}
        exchanged = (*ADMINISTERED, "curve_cryptoswap", *BALANCER)
        assert [kinds[protocol] for protocol in exchanged] == [{"swap"}] * len(exchanged)
        assert recompute(watched.store).found == 0
        covered = watched.store.flow_coverage(watched.prepared.targets[0].id)
        assert covered.blocks == covered.read > 40
        assert covered.failed == ()


@dataclass
class Deaf:
    """A chain whose node has no logs while `deaf`."""

    client: ChainClient
    deaf: bool = False

    @property
    def headers(self) -> Headers:
        return self.client.headers

    @property
    def reader(self) -> Reader:
        return self.client.reader

    @property
    def logs(self) -> Deaf:
        return self

    async def read(
        self, blocks: Sequence[Block], addresses: Collection[Address], topics: Sequence[str] = ()
    ) -> list[Log]:
        return await self.client.logs.read(blocks, addresses, topics)

    async def at(
        self, block: Block, addresses: Collection[Address], topics: Sequence[str]
    ) -> list[Log]:
        if self.deaf:
            raise Unavailable("the node has no logs")
        return await self.client.logs.at(block, addresses, topics)


async def test_blocks_without_logs_are_told_and_filled_and_a_gap_without_them_stays_open(
    node: LocalWorld, toolchain: Toolchain, tmp_path: Path
) -> None:
    async with watching(node, tmp_path, "deaf") as watched:
        chain, prepared, store = Deaf(watched.client), watched.prepared, watched.store
        common: dict[str, Any] = {
            "chain_id": node.chain.chain_id,
            "chain": chain,
            "ledger": store,
            "writer": watched.writer,
            "targets": prepared.targets,
            "settings": watched.config.settings,
            "pace": prepared.pace,
        }
        watch, filling = ChainWatch(**common), Backfill(**common)
        random = Random(3)
        numbers = []
        for deaf in (False, True, False, False):
            chain.deaf = deaf
            mine(node, random)
            numbers += [one.block.number async for one in watch.advance()]
        [pair, *_] = decoded_targets(watched.prepared.targets)
        covered = store.flow_coverage(pair.id)
        assert (covered.blocks, covered.read, covered.failed) == (4, 3, (numbers[1],))
        assert all(store.observation_as_of(pair.id, number) for number in numbers)
        known = [
            one.value
            for target in decoded_targets(watched.prepared.targets)
            for record in store.flows(target.id, first=numbers[2])
            for one in record.window.measures
            if one.name == "unexplained_flow"
        ]
        assert known
        assert set(known) == {0.0}
        for _ in range(3):
            mine(node, random)
        [_] = [one async for one in watch.advance(head_only=True)]
        [stretch] = asked_stretches(store, node.chain.chain_id, None, None, every_blocks=1)
        chain.deaf = True
        with pytest.raises(Unavailable, match=r"the logs of block \d+ could not be read"):
            assert [one async for one in filling.fill(stretch)] == []
        chain.deaf = False
        assert len([one async for one in filling.fill(stretch)]) == 2
        assert store.flow_coverage(pair.id).read == covered.read + 3
        [logless] = logless_stretches(store, node.chain.chain_id, None, None)
        assert (logless.first, logless.last) == (numbers[1], numbers[1])
        chain.deaf = True
        with pytest.raises(Unavailable, match=r"the logs of block \d+ could not be read"):
            assert [one async for one in filling.fill_logs(logless)] == []
        chain.deaf = False
        [filled] = [one async for one in filling.fill_logs(logless)]
        assert filled.block.number == numbers[1]
        covered = store.flow_coverage(pair.id)
        assert (covered.read, covered.failed) == (covered.blocks, ())
        for pool in node.world.pools:
            [target] = [one for one in prepared.targets if one.name == pool.name]
            check_target(node, toolchain, store, target, first=numbers[0])
        assert recompute(store).found == 0


async def test_a_filled_gap_and_a_reorg_leave_the_flows_of_the_chain(
    node: LocalWorld, tmp_path: Path
) -> None:
    async with (
        watching(node, tmp_path, "gaps") as gaps,
        watching(node, tmp_path, "whole") as whole,
    ):
        [start] = await whole.look()
        await gaps.look()
        for number, played in enumerate(play(node.world, node.chain, blocks=14, seed=5)):
            await whole.look()
            if number in (3, 9) or played.replaced:
                await gaps.look(once=True)
        await gaps.look(once=True)
        chain_id = start.block.chain_id
        filling = Backfill(
            chain_id=chain_id,
            chain=gaps.client,
            ledger=gaps.store,
            writer=gaps.writer,
            targets=gaps.prepared.targets,
            settings=gaps.config.settings,
            pace=gaps.prepared.pace,
        )
        for stretch in reversed(asked_stretches(gaps.store, chain_id, None, None, every_blocks=1)):
            assert [one async for one in filling.fill(stretch)]
        some = 0
        for target in decoded_targets(whole.prepared.targets):
            ours, theirs = (one.store.flows(target.id) for one in (gaps, whole))
            assert ours == theirs, target.label
            some += len(ours)
        assert some > 14
        assert recompute(gaps.store).found == recompute(whole.store).found == 0


async def test_the_bloom_of_a_real_header_holds_its_logs_and_excludes_others(
    node: LocalWorld,
) -> None:
    held_by_none, tried = 0, 0
    for _ in play(node.world, node.chain, blocks=6, seed=2):
        head = node.chain.request("eth_getBlockByNumber", "latest", False)
        bloom = int(head["logsBloom"], 16)
        block = node.chain.head()
        for raw in node.chain.request("eth_getLogs", {"blockHash": block.hash}):
            address = to_address(raw["address"])
            real = Log(block, 0, "", address, tuple(raw["topics"]), b"")
            assert may_hold(bloom, real)
            for place in range(20):
                other = to_address(f"0x{tried * 20 + place + 1:040x}")
                held_by_none += not may_hold(bloom, Log(block, 0, "", other, (), b""))
            tried += 1
    assert held_by_none > 20 * tried * 0.9


async def test_a_check_says_of_which_targets_flows_are_read_and_what_they_cost(
    world_node: LocalWorld, tmp_path: Path
) -> None:
    path = tmp_path / "watcher.toml"
    database = f"sqlite:///{tmp_path / 'watcher.db'}"
    path.write_text(
        to_toml(world_node.world, endpoint_url=world_node.chain.url, database_url=database)
    )
    config = load_config(path, {})
    [chain] = config.chains
    assert chain.flow, "on unless told"

    async def told(**changed: Any) -> tuple[str, int]:
        """What is said of flows, and the requests of a day."""
        findings = await checkup(replace(config, chains=(replace(chain, **changed),)))
        assert all(one.ok for one in findings)
        [flows] = [one.detail for one in findings if one.what == "flows"]
        [cost] = [one.detail for one in findings if one.what == "a day costs"]
        return flows, int(cost.partition(" requests")[0].replace(",", ""))

    said, requests = await told()
    count = sum(
        ADAPTERS[entry.protocol].events is not None for entry in world_node.world.entries.targets
    )
    assert said.startswith(f"{count} targets at ")
    assert "from the logs of" in said
    off, fewer = await told(flow=False)
    assert off == "not read: flow = false"
    assert fewer < requests
    assert (await told(every_blocks=5))[0] == "not read: every_blocks = 5 leaves blocks out"
