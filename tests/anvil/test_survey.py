"""What `watcher check` finds out about an endpoint, on Anvils of which one forgets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.many_pairs import Pair, make_pairs
from tests.support.world import LocalWorld
from watcher.chain.anvil import Anvil, AnvilOptions, run_anvil
from watcher.chain.client import open_chain
from watcher.chain.survey import DAY, day, survey
from watcher.chain.traffic import Traffic
from watcher.chain.ways import Way
from watcher.config import Config, load_config
from watcher.devnet.artifacts import Toolchain
from watcher.devnet.configuration import to_toml
from watcher.protocols import ADAPTERS
from watcher.service.checkup import checkup
from watcher.service.identify import identify
from watcher.service.observe import Observer
from watcher.state import Call

pytestmark = pytest.mark.anvil

PAIRS = 40


@pytest.fixture(scope="module", params=[None, 20], ids=["keeps all", "keeps 20"])
def aged(
    request: pytest.FixtureRequest, toolchain: Toolchain
) -> Iterator[tuple[Anvil, list[Pair]]]:
    """160 blocks, one each 12 seconds."""
    options = AnvilOptions(automine=False, kept_states=request.param)
    with run_anvil(toolchain.anvil, options) as anvil:
        anvil.rpc("anvil_setBlockTimestampInterval", 12)
        pairs = make_pairs(anvil.url, toolchain.artifacts, PAIRS)
        for _ in range(160):
            anvil.rpc("evm_mine")
        yield anvil, pairs


async def test_a_survey_tells_way_gas_archive_and_block_time(
    aged: tuple[Anvil, list[Pair]],
) -> None:
    anvil, _ = aged
    async with open_chain(31337, anvil.url) as chain:
        (link,) = chain.links.all
        head = await chain.headers.head()
        await chain.reader.read(head, ADAPTERS["uniswap_v2"].calls(aged[1][0].target))
        found = await survey(link)
    assert found.head == head
    assert found.finalized == head.number - 64
    assert found.block_seconds == 12
    assert found.archive == ("all blocks" if anvil.options.kept_states is None else "no")
    assert found.limits is not None
    assert found.limits.way is Way.OVERRIDE
    assert found.limits.gas is not None
    assert 900_000_000 < found.limits.gas < 1_000_000_000


async def test_a_day_costs_what_one_block_costs_so_often(aged: tuple[Anvil, list[Pair]]) -> None:
    anvil, pairs = aged
    calls: list[Call] = [
        call for pair in pairs for call in ADAPTERS["uniswap_v2"].calls(pair.target)
    ]
    async with open_chain(31337, anvil.url) as chain:
        (link,) = chain.links.all
        cost = await day(link, calls, block_seconds=12, every=2, poll_seconds=4)
        assert cost is not None
        start = link.traffic
        head = await link.headers.head()
        await link.headers.tagged("safe")
        await link.headers.tagged("finalized")
        await link.reader.read(head, calls)
        block = link.traffic - start
    assert cost.requests == DAY / 4 + 3 * DAY / 24
    assert block.requests == 4
    assert PAIRS * 230 * 2 * DAY / 24 < cost.received
    assert block.received * DAY / 24 < cost.received < block.received * DAY / 4


def test_traffic_adds_up() -> None:
    assert (Traffic(3, 20, 100) - Traffic(1, 5, 30)) * 2 + Traffic(1, 0, 0) == Traffic(5, 30, 140)


def in_bytes(shown: str, way: str) -> float:
    """The size that "a day costs" says for one way."""
    found = re.search(rf"([0-9.e+]+) (GB|MB|kB|B) {way}", shown)
    assert found is not None, shown
    return float(found[1]) * {"GB": 1e9, "MB": 1e6, "kB": 1e3, "B": 1.0}[found[2]]


async def test_a_day_costs_ticks_and_look_through_too(
    world_node: LocalWorld, tmp_path: Path
) -> None:
    """All rounds of a block's reading, not the first alone."""
    config = watching(world_node, "holdings", tmp_path)
    (entry,) = config.entries
    (shown,) = [one.detail for one in await checkup(config) if one.what == "a day costs"]
    async with open_chain(31337, world_node.chain.url) as chain:
        (link,) = chain.links.all
        head = await chain.headers.head()
        (found,) = await identify(chain.reader, head, [entry])
        assert found.target is not None, found.refusal
        first = ADAPTERS["holdings"].calls(found.target)
        observer = Observer(link.reader, [found.target])
        await observer.observe(head)
        assert observer.calls[: len(first)] == first
        assert len(observer.calls) > len(first)
        span = (await survey(link)).block_seconds
        assert span is not None
        poll = config.chains[0].poll_seconds
        whole = await day(link, observer.calls, block_seconds=span, every=1, poll_seconds=poll)
        part = await day(link, first, block_seconds=span, every=1, poll_seconds=poll)
    assert whole is not None
    assert part is not None
    assert part.sent < 0.95 * whole.sent
    assert in_bytes(shown, "up") == pytest.approx(whole.sent, rel=0.02)
    assert in_bytes(shown, "down") == pytest.approx(whole.received, rel=0.02)


def watching(node: LocalWorld, protocol: str, folder: Path) -> Config:
    """The world's configuration, of one protocol's targets and without prices."""
    file = folder / "watcher.toml"
    file.write_text(to_toml(node.world, endpoint_url=node.chain.url, database_url="sqlite:///x.db"))
    whole = load_config(file, {})
    chosen = tuple(one for one in whole.entries if one.protocol == protocol)
    return replace(whole, entries=chosen, settings=replace(whole.settings, prices=()))
