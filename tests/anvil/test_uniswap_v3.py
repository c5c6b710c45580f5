"""Real Uniswap V3 pools: what every way of reading makes of one is what its getters answer, and
its state quotes what QuoterV2 does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from random import Random

import pytest

from tests.support.lens_calls import WAYS, Way, pinned
from tests.support.plain_readings import plain_tick_pool
from tests.support.world import LocalWorld
from watcher.chain.client import open_chain
from watcher.chain.lens_answer import Reading, decode
from watcher.chain.lens_program import Plan
from watcher.chain.walks import by_lens
from watcher.devnet.artifacts import Toolchain
from watcher.devnet.deploy.site import Site
from watcher.errors import MathError, TooLarge, Unavailable
from watcher.math.quotes import quote_exact_in, quote_exact_out
from watcher.protocols import Entry, uniswap_v3
from watcher.protocols.tick_pools import TICK_WORDS
from watcher.service.identify import identify
from watcher.state import Address, Answer, Block, Concentrated, Target, Ticks
from watcher.state.ticks import walk_of

pytestmark = pytest.mark.anvil

QUOTED = ")(uint256,uint160,uint32,uint256)"
IN = "quoteExactInputSingle((address,address,uint256,uint24,uint160)" + QUOTED
OUT = "quoteExactOutputSingle((address,address,uint256,uint24,uint160)" + QUOTED


async def targets(node: LocalWorld, **options: int) -> list[Target]:
    chain = node.chain
    entries = [
        Entry(chain.chain_id, "uniswap_v3", pool.address, pool.name, options=options)
        for pool in node.world.tick_pools
    ]
    async with open_chain(chain.chain_id, chain.url) as client:
        found = await identify(client.reader, await client.headers.head(), entries)
    assert [each.refusal for each in found] == [""] * len(entries)
    return [each.target for each in found if each.target is not None]


async def read(
    node: LocalWorld, known: Sequence[Target]
) -> tuple[Block, list[Ticks], list[Answer], list[Concentrated]]:
    """By plain calls: the walks, their answers, and the states."""
    asked = [uniswap_v3.calls(target) for target in known]
    async with open_chain(node.chain.chain_id, node.chain.url) as client:
        head = await client.headers.head()
        answers = await client.reader.read(head, [call for calls in asked for call in calls])
    walks, walked, states = [], [], []
    for target, calls in zip(known, asked, strict=True):
        own = [answer for answer in answers[: len(calls)] if isinstance(answer, Answer)]
        answers = answers[len(calls) :]
        assert isinstance(calls[-1], Ticks)
        walks.append(calls[-1])
        walked.append(own[-1])
        state = uniswap_v3.decode(target, own)
        assert isinstance(state, Concentrated)
        states.append(state)
    return head, walks, walked, states


async def test_states_are_what_the_getters_answer(world_node: LocalWorld) -> None:
    known = await targets(world_node, tick_words=6_932)
    _, _, _, states = await read(world_node, known)
    assert {pool.fee for pool in world_node.world.tick_pools} == {500, 3_000, 10_000}
    for target, state in zip(known, states, strict=True):
        assert state == plain_tick_pool(world_node, target)
        assert len(state.ticks) == 6


async def test_a_window_follows_the_price(world_node: LocalWorld) -> None:
    known = await targets(world_node)
    _, walks, _, states = await read(world_node, known)
    assert {pool.fee for pool in world_node.world.tick_pools[:2]} == {500, 3_000}
    for pool, walk, state in zip(world_node.world.tick_pools, walks, states, strict=True):
        if pool.fee != 500:
            assert (state.known_from, state.known_to) == (-887_272, 887_272)
            continue
        assert walk.reach == TICK_WORDS
        word = state.tick // 10 // 256
        assert (state.known_from, state.known_to) == (
            (word - 64) * 2_560,
            (word + 64) * 2_560 + 2_550,
        )
        known_ticks = [t for t in pool.ticks if state.known_from <= t <= state.known_to]
        assert list(state.ticks) == known_ticks != list(pool.ticks)


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS.keys())
@pytest.mark.parametrize("words", [3, 64, 6_932])
@pytest.mark.parametrize("gas", [10**9, 700_000, 480_000])
async def test_the_lens_walks_as_plain_calls_do(
    world_node: LocalWorld, way: Way, words: int, gas: int
) -> None:
    """However little gas each request has: walks go on where the last one ended."""
    known = await targets(world_node, tick_words=words)
    head, walks, walked, _ = await read(world_node, known)
    asked: list[int] = []

    async def ask(plan: Plan) -> Reading:
        asked.append(plan.program.calls)
        response = way(world_node.chain.url, plan.program.encode(), at=pinned(head), gas=gas)
        return decode(response, plan.program)

    found = await by_lens(walks, ask)
    assert [found[walk] for walk in walks] == walked
    if gas == 10**9:
        assert asked == [len(walks)]
    else:
        assert len(asked) > 1 or words == 3


async def test_more_ticks_than_are_kept_are_told(world_node: LocalWorld) -> None:
    known = await targets(world_node)
    head, walks, _, _ = await read(world_node, known)
    few = [replace(walk, most_ticks=3) for walk in walks]
    async with open_chain(world_node.chain.chain_id, world_node.chain.url) as client:
        plainly = await client.reader.read(head, few)

    async def ask(plan: Plan) -> Reading:
        response = WAYS["placed"](world_node.chain.url, plan.program.encode(), at=pinned(head))
        return decode(response, plan.program)

    by_the_lens = await by_lens(few, ask)
    assert [by_the_lens[walk] for walk in few] == plainly
    for answer in plainly:
        assert isinstance(answer, Answer)
        with pytest.raises(TooLarge, match="more than 3"):
            walk_of(answer)


@pytest.fixture(scope="module")
def quoter(fork_site: LocalWorld, toolchain: Toolchain) -> Address:
    site = Site(fork_site.chain, toolchain.artifacts)
    pool = fork_site.world.tick_pools[0]
    (factory,) = fork_site.chain.read(pool.address, "factory()(address)")
    builder, weth = fork_site.world.actors.builder, fork_site.world.weth
    quoter = site.create(builder, "QuoterV2", factory, weth.address)
    site.mine()
    return quoter


def quoted(node: LocalWorld, quoter: Address, signature: str, order: object) -> int | None:
    """None where it reverts."""
    try:
        return int(node.chain.read(quoter, signature, order)[0])
    except Unavailable as error:
        if "execution reverted" not in str(error):
            raise
    return None


def ours(state: Concentrated, signature: str, coin: int, amount: int) -> int | None:
    try:
        if signature == IN:
            return quote_exact_in(state, coin, 1 - coin, amount).amount_out
        return quote_exact_out(state, coin, 1 - coin, amount).amount_in
    except MathError:
        return None


async def test_a_state_quotes_what_the_quoter_does(fork_site: LocalWorld, quoter: Address) -> None:
    random, answers = Random(7), 0
    known = await targets(fork_site, tick_words=6_932)
    _, _, _, states = await read(fork_site, known)
    for pool, state in zip(fork_site.world.tick_pools, states, strict=True):
        tokens = (pool.token0.address, pool.token1.address)
        for signature in (IN, OUT):
            for coin in (0, 1):
                for digits in range(1, 28, 2):
                    amount = random.randrange(10 ** (digits - 1), 10**digits)
                    order = (tokens[coin], tokens[1 - coin], amount, pool.fee, 0)
                    expected = quoted(fork_site, quoter, signature, order)
                    assert ours(state, signature, coin, amount) == expected, (pool.name, order)
                    answers += expected is not None
    assert 26 * len(known) < answers < 56 * len(known)
