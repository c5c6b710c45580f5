"""Three endpoints of one real chain, of which two break in every way while it goes on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.faulty_node import Fault
from tests.support.faulty_proxy import (
    FaultyProxy,
    Heads,
    Rewrite,
    answering,
    faulty_proxy,
    in_the_future,
    limited,
    lying_about,
    other_hashes,
    pruned,
)
from tests.support.made_chain import CHAIN_ID, feed
from tests.support.world import LocalWorld
from watcher.chain import failover
from watcher.chain.anvil import Anvil, AnvilOptions, run_anvil
from watcher.chain.client import ChainClient, Policies, open_chain
from watcher.chain.endpoint import Endpoint, EndpointOptions
from watcher.chain.health import State
from watcher.chain.lag import LagLimits
from watcher.chain.retry import Patience
from watcher.config import load_config
from watcher.devnet.artifacts import Toolchain
from watcher.devnet.configuration import to_toml
from watcher.math.settings import Settings
from watcher.service.endpoints import keep_events
from watcher.service.prepare import connect, prepare
from watcher.service.watch import ChainWatch, Pace
from watcher.service.writer import Writer
from watcher.state import ConstantProduct, PriceFeed
from watcher.state.endpoint_event import EventKind
from watcher.store import Store, recompute

pytestmark = [pytest.mark.anvil, pytest.mark.slow]

FEEDS = (feed(0xFEED01), feed(0xFEED02), feed(0xFEED03))
SETTINGS = Settings(unit="USD", sizes=(1_000.0,), prices=())
LATEST_ROUND, GET_RESERVES = "0xfeaf968c", "0x0902f1ac"
DEADLINE = 15.0
"""A third of it is waited for who hangs: so long that on no machine an honest node takes it for an
answer. That the deadline holds is shown by a clock of its own in test_deadline.py."""

SOON = Patience(first=0.02, longest=0.08, longest_asked=1.0, refused=0.05)
POLICIES = Policies(patience=SOON, limits=LagLimits(stuck_seconds=3_600.0))


def answer_at(row: int, number: int) -> int:
    """What the feed of that row answers at a block: another number in each."""
    return number + 10 * (row + 1)


def feed_code(row: int) -> str:
    """decimals() is 8; latestRoundData() answers the block's number and 10 * (row + 1)."""
    select = "60003560e01c63313ce56714602d57"
    round_ = f"60016000524360{10 * (row + 1):02x}0160205242604052426060526001608052"
    decimals = "5b600860005260206000f3"
    return f"0x{select}{round_}60a06000f3{decimals}"


@dataclass
class Three:
    """Three proxies before one Anvil, a client of them, and a watch that stores what it reads."""

    anvil: Anvil
    proxies: Sequence[FaultyProxy]
    names: Sequence[str]
    client: ChainClient
    store: Store
    writer: Writer
    watch: ChainWatch

    async def tick(self) -> None:
        """One new block and one look at it."""
        self.anvil.rpc("evm_mine")
        async for _ in self.watch.advance():
            pass
        await keep_events(self.client, self.store, self.writer)

    async def all_free(self) -> None:
        """Wait until none is left alone any more."""
        for link in self.client.links.all:
            await asyncio.sleep(max(link.health.retry_in, link.rate.delay()))


@pytest.fixture
def anvil(toolchain: Toolchain) -> Iterator[Anvil]:
    with run_anvil(toolchain.anvil, AnvilOptions(automine=False, chain_id=CHAIN_ID)) as running:
        for row, target in enumerate(FEEDS):
            running.rpc("anvil_setCode", target.address, feed_code(row))
        for _ in range(3):
            running.rpc("evm_mine")
        yield running


@pytest.fixture
async def three(anvil: Anvil, tmp_path: Path) -> AsyncIterator[Three]:
    async with AsyncExitStack() as stack:
        served = [await stack.enter_async_context(faulty_proxy(anvil.url)) for _ in range(3)]
        hosts = [host for _, host in served]
        options = [EndpointOptions(Endpoint(f"http://{host}")) for host in hosts]
        client = await stack.enter_async_context(
            open_chain(CHAIN_ID, options, deadline=DEADLINE, policies=POLICIES)
        )
        store = stack.enter_context(Store.create(f"sqlite:///{tmp_path / 'three.db'}"))
        writer = stack.enter_context(Writer())
        store.register(FEEDS)
        store.save_settings(SETTINGS)
        watch = ChainWatch(
            chain_id=CHAIN_ID,
            chain=client,
            ledger=store,
            writer=writer,
            targets=FEEDS,
            settings=SETTINGS,
            pace=Pace(),
        )
        yield Three(anvil, [proxy for proxy, _ in served], hosts, client, store, writer, watch)


def assert_every_block_is_true(store: Store, *, blocks: int) -> None:
    (extent,) = store.extent().chains
    assert store.gaps(CHAIN_ID) == ()
    assert extent.blocks == extent.newest.number - extent.first.number + 1 == blocks
    for row, target in enumerate(FEEDS):
        for number in range(extent.first.number, extent.newest.number + 1):
            standing = store.observation_as_of(target.id, number)
            assert standing is not None
            state = standing.observation.state
            assert isinstance(state, PriceFeed), standing.observation.detail
            assert (state.answer, standing.as_of.number) == (answer_at(row, number), number)
    assert recompute(store).found == 0


SILENT: list[Fault | dict[str, Any]] = [
    Fault.UNAUTHORIZED,
    Fault.FORBIDDEN,
    Fault.HTML,
    Fault.TRUNCATED,
    Fault.NO_CONTENT,
    Fault.BAD_GATEWAY,
    Fault.HANG,
    Fault.DRIP,
    Fault.SHORT_BATCH,
    Fault.DOUBLED_ID,
    Fault.FOREIGN_ID,
    Fault.SHUFFLED,
    Fault.BATCH_413,
    Fault.BATCH_400,
    Fault.ALWAYS_413,
    Fault.CUT,
    Fault.CLOSE,
    Fault.NOT_HTTP,
    Fault.BOMB,
    Fault.ENDLESS,
    Fault.REDIRECT,
    {"eth_chainId": answering("0x1"), "eth_getBlockByNumber": answering(None)},
    {"eth_call": pruned},
    {"eth_getBlockByNumber": "stuck"},
    {"eth_getBlockByNumber": "going_back"},
    {"eth_getBlockByNumber": in_the_future},
]
"""Both may fail so at once: what the third says is true."""

FALSE: list[dict[str, Rewrite]] = [
    {"eth_getBlockByNumber": other_hashes("elsewhere")},
    {"eth_call": lying_about(FEEDS[1].address, LATEST_ROUND, word=1)},
]
"""Only one at a time may say so: two against one would be right."""

LIMITED: list[Fault | dict[str, Any]] = [
    Fault.TOO_MANY,
    Fault.BATCH_LIMITED,
    {"eth_call": limited},
    {"eth_getBlockByNumber": limited},
]
"""Last, since the rate that is learnt from them is kept."""

BLOCKS, EACH = 300, 7
WAITED_FOR = (Fault.HANG, Fault.DRIP)
"""Each block with them takes two thirds of the deadline."""


def break_(proxy: FaultyProxy, fault: Fault | dict[str, Any]) -> None:
    proxy.mend()
    proxy.batch_limit, proxy.retry_after = 1, "0.05"
    if isinstance(fault, Fault):
        proxy.fault = fault
        return
    heads = Heads()
    for method, rewrite in fault.items():
        proxy.rewrites[method] = getattr(heads, rewrite) if isinstance(rewrite, str) else rewrite


async def test_two_of_three_fail_in_every_way_and_no_block_is_lost_or_wrong(
    three: Three, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A sample that comes late has no vote: here it has the time of any other answer.
    monkeypatch.setattr(failover, "COMPARE_SECONDS", DEADLINE)
    first, second, _ = three.proxies
    ticks = 0

    async def ticks_with(count: int) -> None:
        nonlocal ticks
        for _ in range(count):
            await three.tick()
            ticks += 1

    async def both_with(fault: Fault | dict[str, Any]) -> None:
        await three.all_free()
        asked_before = [len(proxy.paths) for proxy in (first, second)]
        break_(first, fault)
        break_(second, fault)
        await ticks_with(1 if fault in WAITED_FOR else EACH - 2)
        first.mend()
        await ticks_with(1)
        second.mend()
        await ticks_with(1)
        asked = [len(proxy.paths) for proxy in (first, second)]
        assert all(now > before for now, before in zip(asked, asked_before, strict=True)), fault

    for fault in SILENT:
        await both_with(fault)
    for false in FALSE:
        for liar in (first, second):
            break_(liar, false)
            await ticks_with(3)
            liar.mend()
            await ticks_with(11)
    for fault in LIMITED:
        await both_with(fault)
    await ticks_with(BLOCKS - ticks)

    assert_every_block_is_true(three.store, blocks=BLOCKS)
    kinds = {event.kind for event in three.store.endpoint_events(CHAIN_ID)}
    assert kinds == set(EventKind) - {EventKind.UNDECIDED}


@pytest.mark.parametrize("liar", [0, 2])
async def test_a_node_lying_about_one_reserve_is_named_within_ten_blocks(
    fork_node: LocalWorld, tmp_path: Path, liar: int
) -> None:
    """Through a configuration as a user writes it; the liar is the preferred node, or the last."""
    pair = fork_node.world.pair("WETH/USDC")
    async with AsyncExitStack() as stack:
        served = [
            await stack.enter_async_context(faulty_proxy(fork_node.chain.url)) for _ in range(3)
        ]
        names = [host for _, host in served]
        file = tmp_path / "watcher.toml"
        text = to_toml(fork_node.world, endpoint_url="@", database_url="sqlite:///lie.db")
        urls = ", ".join(f'{{ url = "http://{host}" }}' for host in names)
        file.write_text(text.replace('{ url = "@" }', urls))
        config = load_config(file, {})
        (chain,) = config.chains
        store = stack.enter_context(Store.create(config.database))
        writer = stack.enter_context(Writer())
        client = await stack.enter_async_context(connect(chain))
        prepared = await prepare(config, chain, client, store=store, writer=writer)

        async def tick() -> None:
            fork_node.chain.mine()
            assert [ticked.failing async for ticked in prepared.watch.advance()] == [0]
            await keep_events(client, store, writer)

        for _ in range(3):
            await tick()
        assert store.endpoint_events(CHAIN_ID) == ()
        honest = fork_node.chain.head().number
        lie = lying_about(pair.address, GET_RESERVES, by=10**18)
        served[liar][0].rewrites["eth_call"] = lie
        for _ in range(10):
            await tick()

        (event,) = store.endpoint_events(CHAIN_ID)
        assert (event.kind, event.endpoint) == (EventKind.VALUE_OUTVOTED, names[liar])
        assert event.block_number is not None
        assert event.block_number - honest <= 10
        assert pair.address in event.detail
        assert "http" not in event.detail
        standing = {health.endpoint: health.state for health in client.health()}
        assert standing[names[liar]] is State.OUTVOTED
        assert client.ready
        reserve0, reserve1, _ = fork_node.chain.read(
            pair.address, "getReserves()(uint112,uint112,uint32)"
        )
        target = store.find_target(pair.address)
        for number in range(honest, fork_node.chain.head().number + 1):
            found = store.observation_as_of(target.id, number)
            assert found is not None
            state = found.observation.state
            assert isinstance(state, ConstantProduct)
            assert (state.reserve0, state.reserve1) == (reserve0, reserve1)

        served[liar][0].mend()
        for _ in range(10):
            await tick()
        assert [one.kind for one in store.endpoint_events(CHAIN_ID)][1:] == [EventKind.AGREES_AGAIN]
