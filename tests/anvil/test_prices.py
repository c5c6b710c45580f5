"""Reference prices on real contracts: sums and means as the pools keep them, feeds that may not be
used, and a spike beside an imbalance that lasts, as stored facts."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.adapters import identified, read_states
from tests.support.world import LocalWorld
from watcher.chain.client import open_chain
from watcher.config import Config, load_config
from watcher.devnet.artifacts import Toolchain
from watcher.devnet.calldata import call_data
from watcher.devnet.configuration import to_toml
from watcher.devnet.deploy.feeds import price_update
from watcher.devnet.deploy.site import Site
from watcher.devnet.draft import Draft
from watcher.devnet.local_chain import Transaction
from watcher.devnet.moves.trades import sell
from watcher.devnet.places import MEAN_SECONDS, Feed
from watcher.math.exact.pair_oracle import PriceSums, current_sums
from watcher.math.prices import Book
from watcher.math.settings import PriceSource, Settings
from watcher.protocols import Entry
from watcher.service.identify import identify
from watcher.service.watch import ChainWatch, Pace
from watcher.service.writer import Writer
from watcher.state import (
    Address,
    Observation,
    PairOracle,
    Price,
    PriceStatus,
    Status,
    Target,
    TickOracle,
)
from watcher.state.target import target_id
from watcher.state.token import ZERO_ADDRESS
from watcher.store import Store, recompute

pytestmark = pytest.mark.anvil

HOUR = 3_600


def send(node: LocalWorld, sender: Address, to: Address, signature: str, *args: object) -> None:
    node.chain.mine([Transaction(sender, to, call_data(signature, *args), signature)])


def target_of(node: LocalWorld, entry: Entry) -> Target:
    (found,) = asyncio.run(identified(node.chain, [entry]))
    assert found.target is not None, found.refusal
    return found.target


# Sums and means


@pytest.mark.parametrize("seconds", [1, 12, 3_601])
def test_the_sums_of_a_pair_are_what_the_next_write_makes_of_them(
    fork_node: LocalWorld, seconds: int
) -> None:
    pair = fork_node.world.pair("WETH/USDC")
    target = target_of(fork_node, Entry(31337, "uniswap_v2_twap", pair.address))
    (state,) = asyncio.run(read_states(fork_node.chain, [target]))
    assert isinstance(state, PairOracle)
    sync = Transaction(
        fork_node.world.actors.trader, pair.address, call_data("sync()"), "sync", gas=200_000
    )
    block = fork_node.chain.mine([sync], seconds=seconds)
    kept = tuple(
        fork_node.chain.read(pair.address, f"price{coin}CumulativeLast()(uint256)")[0]
        for coin in (0, 1)
    )
    last = PriceSums(state.price0_cumulative_last, state.price1_cumulative_last)
    reserves = (state.reserve0, state.reserve1)
    since = state.timestamp_last
    assert current_sums(last, reserves, since=since, timestamp=block.timestamp) == kept
    assert kept != tuple(last)


def test_the_mean_of_a_pool_is_that_of_its_own_observations(fork_node: LocalWorld) -> None:
    pool = fork_node.world.tick_pool("v3:WETH/USDC")
    target = target_of(
        fork_node, Entry(31337, "uniswap_v3_twap", pool.address, key=str(MEAN_SECONDS))
    )
    (state,) = asyncio.run(read_states(fork_node.chain, [target]))
    assert isinstance(state, TickOracle)
    ticks, seconds = fork_node.chain.read(
        pool.address, "observe(uint32[])(int56[],uint160[])", [MEAN_SECONDS, 0]
    )
    mean_liquidity = MEAN_SECONDS * (2**160 - 1) // ((seconds[1] - seconds[0]) << 32)
    assert state.mean_tick == (ticks[1] - ticks[0]) // MEAN_SECONDS
    assert 0 <= mean_liquidity - state.mean_liquidity < mean_liquidity >> 31
    for _ in range(3):
        # Nothing happens but time, and nothing is stored anew.
        fork_node.chain.mine()
        assert asyncio.run(read_states(fork_node.chain, [target])) == [state]


# Feeds (FAULTS 33)


def price_of(node: LocalWorld, feed: Feed, target: Target) -> Price:
    (state,) = asyncio.run(read_states(node.chain, [target]))
    source = PriceSource(
        31337, feed.token.address, "chainlink", target.id, HOUR, address=target.address
    )
    observed = {target.id: Observation(target.id, Status.OK, state)}
    head = node.chain.head()
    book = Book(Settings("USD", (1.0,), (source,)), 31337, observed, {}, timestamp=head.timestamp)
    return book.price(feed.token.address)


def submit(node: LocalWorld, aggregator: Address, number: int, answer: int) -> None:
    oracle = node.world.actors.oracle
    send(node, oracle, aggregator, "submit(uint256,int256)", number, answer)


def aggregator_of(
    node: LocalWorld, toolchain: Toolchain, *, decimals: int = 8, least: int = 1
) -> Address:
    """A real FluxAggregator that takes answers from `least` to 10**20 of the world's oracle."""
    site, who = Site(node.chain, toolchain.artifacts), node.world.actors
    arguments = (ZERO_ADDRESS, 0, HOUR, ZERO_ADDRESS, least, 10**20, decimals, "ETH / USD")
    address = site.create(who.builder, "FluxAggregator", *arguments)
    site.mine()
    oracles = "changeOracles(address[],address[],address[],uint32,uint32,uint32)"
    send(node, who.builder, address, oracles, [], [who.oracle], [who.oracle], 1, 1, 0)
    return address


def behind(node: LocalWorld, feed: Feed, aggregator: Address) -> None:
    """Put another aggregator behind the feed's proxy."""
    for signature in ("proposeAggregator(address)", "confirmAggregator(address)"):
        send(node, node.world.actors.builder, feed.proxy, signature, aggregator)


def stale(node: LocalWorld, _feed: Feed, _tools: Toolchain) -> None:
    node.chain.mine(seconds=HOUR + 1)


def at_the_top(node: LocalWorld, feed: Feed, _tools: Toolchain) -> None:
    submit(node, feed.aggregator, 2, 10**20)


def at_the_bottom(node: LocalWorld, feed: Feed, _tools: Toolchain) -> None:
    submit(node, feed.aggregator, 2, 1)


def other_decimals(node: LocalWorld, feed: Feed, tools: Toolchain) -> None:
    following = aggregator_of(node, tools, decimals=18)
    submit(node, following, 1, 10**18)
    behind(node, feed, following)


def zero(node: LocalWorld, feed: Feed, tools: Toolchain) -> None:
    following = aggregator_of(node, tools, least=-(10**20))
    submit(node, following, 1, 0)
    behind(node, feed, following)


def negative(node: LocalWorld, feed: Feed, tools: Toolchain) -> None:
    following = aggregator_of(node, tools, least=-(10**20))
    submit(node, following, 1, -1)
    behind(node, feed, following)


def another_phase(node: LocalWorld, feed: Feed, tools: Toolchain) -> None:
    following = aggregator_of(node, tools)
    submit(node, following, 1, feed.first_answer)
    behind(node, feed, following)


Fault = Callable[[LocalWorld, Feed, Toolchain], None]


@pytest.mark.parametrize(
    ("fault", "status", "why"),
    [
        (stale, PriceStatus.UNAVAILABLE, "the feed is stale (heartbeat 3600 s)"),
        (at_the_top, PriceStatus.UNAVAILABLE, "the feed is at its greatest answer"),
        (at_the_bottom, PriceStatus.UNAVAILABLE, "the feed is at its least answer"),
        (zero, PriceStatus.UNAVAILABLE, "the feed answers zero or less"),
        (negative, PriceStatus.UNAVAILABLE, "the feed answers zero or less"),
        (
            other_decimals,
            PriceStatus.UNAVAILABLE,
            "the feed's decimals changed from 8 to 18",
        ),
        (
            another_phase,
            PriceStatus.DEGRADED,
            "the feed has another aggregator since it was identified",
        ),
    ],
)
def test_a_feed_that_may_not_be_used_says_why(
    fork_node: LocalWorld, toolchain: Toolchain, fault: Fault, status: PriceStatus, why: str
) -> None:
    """FAULTS 33."""
    feed = fork_node.world.feed(fork_node.world.weth)
    target = target_of(fork_node, Entry(31337, "chainlink", feed.proxy))
    before = price_of(fork_node, feed, target)
    assert (before.status, before.value) == (PriceStatus.OK, 3_000)
    fault(fork_node, feed, toolchain)
    after = price_of(fork_node, feed, target)
    assert (after.status, after.reason) == (status, why)
    assert math.isnan(after.value) == (status is PriceStatus.UNAVAILABLE)


def test_a_round_of_an_older_phase_is_no_price(fork_node: LocalWorld, toolchain: Toolchain) -> None:
    """The owner puts the old aggregator back, as seen by whoever knew the new one; FAULTS 33. A
    proxy counts its phases up, so that an older one is told only by another contract there."""
    feed = fork_node.world.feed(fork_node.world.weth)
    another_phase(fork_node, feed, toolchain)
    target = target_of(fork_node, Entry(31337, "chainlink", feed.proxy))
    assert target.params["phase"] == 2
    old = replace(target, params={**target.params, "phase": 3})
    assert price_of(fork_node, feed, old).reason == "the feed's round is of an older phase"


def test_pyths_prices_are_believed_as_far_as_they_are_sure_of_themselves(
    fork_node: LocalWorld,
) -> None:
    """FAULTS 33."""
    (price,), chain = fork_node.world.pyth, fork_node.chain
    target = target_of(fork_node, Entry(31337, "pyth", price.contract, key=price.price_id))
    source = PriceSource(31337, price.token.address, "pyth", target.id, HOUR, most_confidence=0.01)

    def now() -> Price:
        (state,) = asyncio.run(read_states(chain, [target]))
        held = {target.id: Observation(target.id, Status.OK, state)}
        settings = Settings("USD", (1.0,), (source,))
        head = chain.head().timestamp
        return Book(settings, 31337, held, {}, timestamp=head).price(price.token.address)

    def bring(answer: int, conf: int) -> None:
        chain.mine()
        at = chain.head().timestamp
        data = price_update(price, answer=answer, conf=conf, published=at)
        oracle = fork_node.world.actors.oracle
        send(fork_node, oracle, price.contract, "updatePriceFeeds(bytes[])", [data])

    assert (now().value, now().confidence, now().status) == (1.0, 0.001, PriceStatus.OK)
    bring(95_000_000, 950_000)
    assert (now().value, now().confidence, now().age(chain.head().timestamp)) == (0.95, 0.01, 12)
    for answer, conf, why in (
        (95_000_000, 950_001, "the feed is unsure of its price (most confidence 0.01)"),
        (0, 0, "the feed answers zero or less"),
        (-1, 0, "the feed answers zero or less"),
    ):
        bring(answer, conf)
        assert (now().status, now().reason) == (PriceStatus.UNAVAILABLE, why)
    bring(100_000_000, 1)
    chain.mine(seconds=HOUR + 1)
    assert now().reason == "the feed is stale (heartbeat 3600 s)"


# A spike, and what lasts


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.create(f"sqlite:///{tmp_path / 'watcher.db'}") as made:
        yield made


def configured(node: LocalWorld, folder: Path) -> Config:
    path = folder / "watcher.toml"
    path.write_text(to_toml(node.world, endpoint_url=node.chain.url, database_url="sqlite:///x.db"))
    return load_config(path, {})


async def watched(
    node: LocalWorld, config: Config, store: Store, happenings: list[Callable[[], object]]
) -> list[int]:
    """Watch the world while these happen, one a block; the blocks. A watch that was just started
    knows only what is stored."""
    blocks = []
    async with open_chain(31337, node.chain.url) as client:
        head = await client.headers.head()
        found = await identify(client.reader, head, config.entries)
        targets = [one.target for one in found if one.target is not None]
        assert len(targets) == len(config.entries), [one.refusal for one in found]
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
            for happening in happenings:
                await asyncio.to_thread(happening)
                blocks += [one.block.number async for one in watch.advance()]
    return blocks


def figures(store: Store, target: str, name: str) -> dict[int, float]:
    """By block; null is NaN."""
    return {
        one.block.number: one.measure.value
        for one in store.measure_history(target, [name])
        if not one.measure.dims
    }


def at(found: dict[int, float], number: int) -> float:
    """The figure in force at a block."""
    return found[max(block for block in found if block <= number)]


def test_a_spike_of_one_block_is_told_from_an_imbalance_that_lasts(
    fork_node: LocalWorld, store: Store, tmp_path: Path
) -> None:
    """FAULTS 32: as stored facts. A whale empties a pair and fills it again in the next block, then
    empties it for good."""
    pair, chain = fork_node.world.pair("DAI/USDC"), fork_node.chain
    whale, dai = fork_node.world.actors.whale, fork_node.world.token("DAI")
    amount = 1_000_000 * 10**18

    def trade(token_in: str, amount_in: int) -> int:
        draft = Draft(fork_node.world, chain)
        sold = sell(draft, whale, pair, fork_node.world.token(token_in), amount_in)
        chain.mine(draft.transactions)
        return sold.amount_out

    bought: list[int] = []
    begin: list[Callable[[], object]] = [lambda: None, *[chain.mine] * 11]
    spike: list[Callable[[], object]] = [
        lambda: bought.append(trade("DAI", amount)),
        lambda: bought.append(trade("USDC", bought[0])),
    ]
    stays: list[Callable[[], object]] = [
        lambda: bought.append(trade("DAI", amount)),
        *[chain.mine] * 12,
    ]
    config = configured(fork_node, tmp_path)
    blocks = asyncio.run(watched(fork_node, config, store, begin + spike))
    # The rest by another watch, which must find the past of the sums in the store.
    blocks += asyncio.run(watched(fork_node, config, store, stays))
    assert blocks == list(range(blocks[0], blocks[0] + len(blocks)))
    calm, high, back, last = blocks[11], blocks[12], blocks[13], blocks[-1]

    mean = target_id(31337, "uniswap_v2_twap", pair.address, str(MEAN_SECONDS))
    spot = figures(store, mean, "ln_spot_over_time_weighted")
    lasting = figures(store, mean, "ln_time_weighted_over_reference")
    pool = figures(store, target_id(31337, "uniswap_v2", pair.address), "ln_spot_over_reference")
    reference = figures(store, mean, "reference_price")
    assert at(spot, calm) == at(lasting, calm) == 0
    # The pool is far off, its past is not: a spike.
    assert abs(at(pool, high)) > 0.5
    assert abs(at(spot, high)) > 0.5
    assert at(lasting, high) == 0
    # And one that was over at once: but for the fees nothing of it is left.
    assert abs(at(pool, back)) < 0.01
    assert abs(at(spot, back)) < 0.1
    # Whoever looks anew knows the past from the store.
    assert 0.01 < abs(at(lasting, blocks[15])) < abs(at(lasting, blocks[20]))
    # What lasts: the mean has followed, and stands where the pool does.
    assert abs(at(pool, last)) > 0.5
    assert abs(at(spot, last)) < 1e-9
    assert at(lasting, last) == pytest.approx(at(pool, last), rel=1e-6)
    # None of it has moved what the pool is judged by.
    assert {at(reference, number) for number in (calm, high, back, last)} == {at(reference, calm)}
    prices = store.snapshot(target_id(31337, "uniswap_v3", tick_pool(fork_node)), last).prices
    assert prices is not None
    assert all(one.token != dai.address for one in prices)
    pancake = fork_node.world.pair("pancake:DAI/USDC")
    judged = store.snapshot(target_id(31337, "uniswap_v2", pancake.address), last).prices
    assert judged is not None
    (priced,) = (one for one in judged if one.token == dai.address)
    assert [(vote.source, bool(vote.reason)) for vote in priced.votes] == [
        ("chainlink", False),
        ("uniswap_v2_twap", False),
    ]
    assert priced.status is PriceStatus.DEGRADED
    assert "chainlink and uniswap_v2_twap disagree" in priced.reason
    audit = recompute(store)
    assert audit.checked_measures > 0
    assert audit.found == 0


def test_a_pool_of_the_native_coin_is_judged_by_the_price_of_the_wrapped(
    fork_node: LocalWorld, store: Store, tmp_path: Path
) -> None:
    config = configured(fork_node, tmp_path)
    (number,) = asyncio.run(watched(fork_node, config, store, [fork_node.chain.mine]))
    (pool,) = (each for each in store.targets() if each.name == "v4:ETH/USDC")
    feed = fork_node.world.feed(fork_node.world.weth)
    dollars = feed.first_answer / 10**8
    assert at(figures(store, pool.id, "reference_price"), number) == dollars
    assert at(figures(store, pool.id, "spot_price"), number) == pytest.approx(dollars)
    assert abs(at(figures(store, pool.id, "ln_spot_over_reference"), number)) < 1e-6
    prices = store.snapshot(pool.id, number).prices
    assert prices is not None
    (priced,) = (one for one in prices if one.token == ZERO_ADDRESS)
    assert (priced.source, priced.value) == ("wrapped", dollars)
    assert priced.ancestry == (target_id(31337, "chainlink", feed.proxy), feed.proxy)


def tick_pool(node: LocalWorld) -> Address:
    return node.world.tick_pool("v3:GUSD/USDC").address
