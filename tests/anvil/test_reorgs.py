"""Reorgs of a real node, transactions dropped and replaced: the history is the chain's after."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest

from tests.support.rows import assert_same_history
from tests.support.world import LocalWorld
from watcher.chain.anvil import run_anvil
from watcher.chain.client import ChainClient
from watcher.config import Config, load_config
from watcher.devnet.artifacts import Toolchain
from watcher.devnet.configuration import to_toml
from watcher.devnet.deploy import deploy_world
from watcher.devnet.local_chain import LocalChain, local_options
from watcher.devnet.moves.trades import small_trades
from watcher.devnet.stage import Stage
from watcher.service.backfill import Backfill, Stretch, asked_stretches
from watcher.service.flows import FlowReader
from watcher.service.observe import observe
from watcher.service.prepare import Prepared, connect, prepare
from watcher.service.tick import Branch, advance, watchlist
from watcher.service.watch import Ticked
from watcher.service.writer import Writer
from watcher.store import Store, recompute

pytestmark = pytest.mark.anvil

OLD_BRANCH = 22


@pytest.fixture
def node(toolchain: Toolchain) -> Iterator[LocalWorld]:
    """A chain of its own: on a fork, Anvil 1.7.1 has another state at the block that it rolled 20
    blocks back to than it had there before."""
    with run_anvil(toolchain.anvil, local_options()) as running:
        chain = LocalChain(running.url)
        yield LocalWorld(chain, deploy_world(chain, toolchain.artifacts))


@dataclass
class Watching:
    """A store and what watches into it."""

    config: Config
    client: ChainClient
    store: Store
    writer: Writer
    prepared: Prepared

    async def look(self, *, once: bool = False) -> list[Ticked]:
        return [one async for one in self.prepared.watch.advance(head_only=once)]


@asynccontextmanager
async def watching(
    node: LocalWorld, folder: Path, name: str, *, more: str = ""
) -> AsyncIterator[Watching]:
    """All of the world, and the entries in `more`."""
    path = folder / f"{name}.toml"
    database = f"sqlite:///{folder / name}.db"
    text = to_toml(node.world, endpoint_url=node.chain.url, database_url=database)
    path.write_text(f"{text}\n{more}")
    config = load_config(path, {})
    [chain] = config.chains
    with Store.create(config.database) as store, Writer() as writer:
        async with connect(chain) as client:
            prepared = await prepare(config, chain, client, store=store, writer=writer)
            yield Watching(config, client, store, writer, prepared)


def mine(node: LocalWorld, random: Random, *, seconds: int = 12) -> None:
    """A block with one to three trades, and the feeds' answers that are due."""
    draft = Stage(node.world, node.chain, random).draft(seconds=seconds)
    small_trades(draft, random, least=1, most=3)
    node.chain.mine(draft.transactions, seconds=seconds)


def replace_blocks(node: LocalWorld, depth: int, *, how: str) -> int:
    """Drop `depth` blocks with their trades and put others in their place; how many those are."""
    if how == "anvil_reorg":
        sender, other = node.chain.accounts[8:10]
        transfers = [
            [{"from": sender, "to": other, "value": hex(1_000 + index)}, index]
            for index in range(depth)
        ]
        node.chain.request("anvil_reorg", depth, transfers)
        return depth
    node.chain.roll_back(depth)
    for index in range(depth + 1):
        mine(node, Random(1_000 + index), seconds=24 if index == 0 else 12)
    return depth + 1


async def read_afresh(watched: Watching, first: int, fresh: Store) -> None:
    """Every block of the chain as it is now, in one piece from the first."""
    fresh.register(watched.prepared.targets)
    fresh.save_settings(watched.config.settings)
    watching_ = watchlist(watched.prepared.targets, watched.config.settings)
    headers = watched.client.headers
    head = await headers.head()
    safe, finalized = await headers.tagged("safe"), await headers.tagged("finalized")
    branch = Branch(cursor=None, in_force={}, keys={})
    reader = FlowReader(watched.client.logs, watching_.targets)
    for block in await headers.range(first, head.number):
        observed = await observe(watched.client.reader, block, watching_.targets)
        flows = await reader.read(block)
        step = advance(
            branch, block, observed, watching_, safe=safe, finalized=finalized, flows=flows
        )
        fresh.commit_tick(step.tick)
        branch = step.branch


@pytest.mark.parametrize("how", ["rollback", "anvil_reorg"])
@pytest.mark.parametrize("depth", [1, 5, 20])
async def test_fault_18_a_reorg_leaves_the_history_of_the_canonical_chain(
    node: LocalWorld, tmp_path: Path, depth: int, how: str
) -> None:
    random = Random(depth)
    async with watching(node, tmp_path, "lived") as lived:
        [start] = await lived.look()
        for _ in range(OLD_BRANCH):
            mine(node, random)
            [ticked] = await lived.look()
            assert ticked.tick.observations
        dropped = lived.store.recent_blocks(ticked.block.chain_id, depth)
        count = replace_blocks(node, depth, how=how)
        ticks = await lived.look()
        assert (ticks[0].orphaned, len(ticks)) == (depth, count)
        mine(node, random)
        assert [one.orphaned for one in await lived.look()] == [0]
        kept = {one.hash for one in lived.store.recent_blocks(start.block.chain_id, 100)}
        assert not kept & {block.hash for block in dropped}
        with Store.create(f"sqlite:///{tmp_path / 'fresh.db'}") as fresh:
            await read_afresh(lived, start.block.number, fresh)
            assert_same_history(lived.store, fresh)
        assert recompute(lived.store).found == 0


async def test_a_gap_filled_from_a_real_node_is_the_history_without_it(
    node: LocalWorld, tmp_path: Path
) -> None:
    random = Random(7)
    async with (
        watching(node, tmp_path, "gaps") as gaps,
        watching(node, tmp_path, "whole") as whole,
    ):
        [start] = await whole.look()
        await gaps.look()
        chain_id = start.block.chain_id
        for index in range(14):
            mine(node, random)
            await whole.look()
            if index in (5, 6, 11):
                await gaps.look(once=True)
        await gaps.look(once=True)
        stretches = asked_stretches(gaps.store, chain_id, None, None, every_blocks=1)
        first = start.block.number
        assert stretches == [
            Stretch(chain_id, first + 1, first + 5),
            Stretch(chain_id, first + 8, first + 11),
            Stretch(chain_id, first + 13, first + 13),
        ]
        filling = Backfill(
            chain_id=chain_id,
            chain=gaps.client,
            ledger=gaps.store,
            writer=gaps.writer,
            targets=gaps.prepared.targets,
            settings=gaps.config.settings,
            pace=gaps.prepared.pace,
        )
        for stretch in (stretches[1], stretches[0], stretches[2]):
            numbers = [one.block.number async for one in filling.fill(stretch)]
            assert numbers == list(range(stretch.first, stretch.last + 1))
        assert_same_history(gaps.store, whole.store)
        assert recompute(gaps.store).found == 0
