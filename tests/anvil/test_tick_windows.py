"""Prices that leave the window of ticks that is read, and hostile pools among honest ones."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from tests.support.faulty_node import Json
from tests.support.faulty_proxy import faulty_proxy
from tests.support.many_pools import Pool, make_pools
from tests.support.world import LocalWorld
from watcher.chain.anvil import Anvil, AnvilOptions, run_anvil
from watcher.chain.client import ChainClient, Policies, open_chain
from watcher.chain.ways import Way
from watcher.devnet.artifacts import Toolchain
from watcher.devnet.calldata import call_data
from watcher.devnet.deploy.site import Site
from watcher.devnet.local_chain import Transaction
from watcher.devnet.places import TickPool
from watcher.errors import MathError, Unavailable
from watcher.math.quotes import quote_exact_in, quote_exact_out
from watcher.protocols import Entry
from watcher.protocols.interface import selector
from watcher.service.identify import identify
from watcher.service.observe import Observer
from watcher.state import Address, Concentrated, Observation, Status, Target, to_address

pytestmark = pytest.mark.anvil

FAR_FUTURE = 2**40
BEYOND = "beyond the ticks that were read"
QUOTED = ")(uint256,uint160,uint32,uint256)"
IN = "quoteExactInputSingle((address,address,uint256,uint24,uint160)" + QUOTED
OUT = "quoteExactOutputSingle((address,address,uint256,uint24,uint160)" + QUOTED


@asynccontextmanager
async def reading(url: str, *ways: Way) -> AsyncIterator[ChainClient]:
    async with open_chain(31337, url, policies=Policies(ways=(*ways, Way.BATCH))) as client:
        yield client


def state_of(observed: dict[str, Observation], target: Target) -> Concentrated:
    state = observed[target.id].state
    assert isinstance(state, Concentrated), observed[target.id]
    return state


# The window follows the price


@dataclass(frozen=True, slots=True)
class Quoter:
    node: LocalWorld
    quoter: Address
    pool: TickPool

    def quote(self, signature: str, coin: int, amount: int) -> int | None:
        """None where the real pool refuses."""
        tokens = (self.pool.token0.address, self.pool.token1.address)
        order = (tokens[coin], tokens[1 - coin], amount, self.pool.fee, 0)
        try:
            return int(self.node.chain.read(self.quoter, signature, order)[0])
        except Unavailable as error:
            if "execution reverted" not in str(error):
                raise
        return None

    def never_extrapolated(self, state: Concentrated) -> tuple[int, int]:
        """Compare quotes of all sizes; how many were given, and how many ended at the window."""
        given = ended = 0
        for signature, ask in ((IN, quote_exact_in), (OUT, quote_exact_out)):
            for coin in (0, 1):
                for digits in range(3, 30):
                    try:
                        found = ask(state, coin, 1 - coin, 10**digits)
                    except MathError as error:
                        if str(error) == BEYOND:
                            ended += 1
                            continue
                        amount = None
                    else:
                        amount = found.amount_out if signature == IN else found.amount_in
                    assert self.quote(signature, coin, 10**digits) == amount
                    given += 1
        return given, ended


@pytest.fixture
def quoter(fork_node: LocalWorld, toolchain: Toolchain) -> Quoter:
    site, pool = Site(fork_node.chain, toolchain.artifacts), fork_node.world.tick_pools[0]
    (factory,) = fork_node.chain.read(pool.address, "factory()(address)")
    keeper, weth = fork_node.world.actors.keeper, fork_node.world.weth
    made = site.create(keeper, "QuoterV2", factory, weth.address)
    site.mine()
    return Quoter(fork_node, made, pool)


def sell(node: LocalWorld, pool: TickPool, coin: int, amount: int) -> None:
    """In one block, as much as it takes, by somebody who has it."""
    whale = node.world.actors.whale
    token = (pool.token0, pool.token1)[coin]
    other = pool.other(token)
    order = (token.address, other.address, pool.fee, whale, FAR_FUTURE, amount, 0, 0)
    swap = "exactInputSingle((address,address,uint24,address,uint256,uint256,uint256,uint160))"
    steps: list[tuple[Address, str, tuple[Any, ...], int]] = [
        (token.address, "approve(address,uint256)", (pool.router, 2**255), 0),
        (pool.router, swap, (order,), 0),
    ]
    if token == node.world.weth:
        steps.insert(0, (token.address, "deposit()", (), amount))
    else:
        steps.insert(0, (token.address, "mint(address,uint256)", (whale, amount), 0))
    node.chain.mine(
        [
            Transaction(whale, to, call_data(name, *args), name, value=value, gas=5_000_000)
            for to, name, args, value in steps
        ]
    )


@pytest.mark.parametrize("way", [Way.OVERRIDE, Way.CREATION, Way.BATCH])
@pytest.mark.parametrize("coin", [0, 1])
async def test_a_price_that_leaves_the_window_within_a_block_is_never_extrapolated(
    fork_node: LocalWorld, quoter: Quoter, way: Way, coin: int
) -> None:
    pool = quoter.pool
    entry = Entry(fork_node.chain.chain_id, "uniswap_v3", pool.address, options={"tick_words": 1})
    async with reading(fork_node.chain.url, way) as client:
        old_head = await client.headers.head()
        [found] = await identify(client.reader, old_head, [entry])
        assert found.target is not None
        observer = Observer(client.reader, [found.target])
        old = state_of(await observer.observe(old_head), found.target)
        assert 0 < old.known_to - old.known_from < 8_000
        given, ended = quoter.never_extrapolated(old)
        assert given > 20
        assert ended > 10
        amount = next(10**digits for digits in range(6, 40) if is_beyond(old, coin, 10**digits))
        sell(fork_node, pool, coin, 4 * amount)
        new_head = await client.headers.head()
        assert new_head.number == old_head.number + 1
        new = state_of(await observer.observe(new_head), found.target)
        tick = int(fork_node.chain.read(pool.address, "slot0()(uint160,int24)")[1])
        assert not old.known_from <= tick <= old.known_to
        assert new.tick == tick
        assert new.known_from <= tick <= new.known_to
        assert (new.known_from, new.known_to) != (old.known_from, old.known_to)
        assert set(new.ticks) == {
            each for each in pool.ticks if new.known_from <= each <= new.known_to
        }
        quoter.never_extrapolated(new)
        # What was read at the old block is what it was, although the price has left it.
        again = Observer(client.reader, [found.target])
        assert state_of(await again.observe(old_head), found.target) == old


def is_beyond(state: Concentrated, coin: int, amount: int) -> bool:
    try:
        quote_exact_in(state, coin, 1 - coin, amount)
    except MathError as error:
        return str(error) == "beyond the ticks that were read"
    return False


# Hostile pools among honest ones

COUNT, TICKS = 24, 40
KEPT = to_address("0x00000000000000000000000000000000000C0de5")


@pytest.fixture(scope="module")
def many(toolchain: Toolchain) -> Iterator[tuple[Anvil, list[Pool]]]:
    with run_anvil(toolchain.anvil, AnvilOptions(automine=False)) as anvil:
        yield anvil, make_pools(anvil.url, toolchain.artifacts, pools=COUNT, ticks=TICKS)


def but_for(signature: str, code: str) -> str:
    """Code that runs `code` for one function and leaves all others to what is at KEPT."""
    head = "5f3560e01c63" + selector(signature).hex() + "141561{:04x}57"
    theirs = "5b365f5f375f5f365f73" + KEPT[2:] + "5af43d5f5f3e3d5ff3"
    place = (len(head.format(0)) + len(code)) // 2
    return "0x" + head.format(place) + code + theirs


HOSTILE = {
    # JUMPDEST at 16, which it jumps to for ever.
    "eats gas at a word of the bitmap": ("tickBitmap(int16)", "5b601056", Status.DECODE_ERROR),
    "reverts at a tick": ("ticks(int24)", "5f5ffd", Status.DECODE_ERROR),
    "says that every tick is initialised": ("tickBitmap(int16)", "5f195f5260205ff3", None),
    "answers a megabyte": ("tickBitmap(int16)", "621000005ff3", Status.DECODE_ERROR),
    "answers every tick with ones": ("ticks(int24)", "5f195f525f1960205260405ff3", None),
}


@pytest.mark.parametrize("way", [Way.OVERRIDE, Way.CREATION, Way.BATCH])
@pytest.mark.parametrize(("signature", "code", "status"), HOSTILE.values(), ids=HOSTILE)
async def test_a_hostile_pool_among_walks_costs_itself_alone(
    many: tuple[Anvil, list[Pool]], signature: str, code: str, status: Status | None, way: Way
) -> None:
    anvil, pools = many
    victim = pools[COUNT // 2]
    snapshot = anvil.rpc("evm_snapshot")
    try:
        real = anvil.rpc("eth_getCode", victim.target.address, "latest")
        anvil.rpc("anvil_setCode", KEPT, real)
        anvil.rpc("anvil_setCode", victim.target.address, but_for(signature, code))
        anvil.rpc("evm_mine")
        async with reading(anvil.url, way) as client:
            observed = await Observer(client.reader, [pool.target for pool in pools]).observe(
                await client.headers.head()
            )
            quarantined = limits_of(client).quarantined
    finally:
        anvil.rpc("evm_revert", snapshot)
    found = observed.pop(victim.target.id)
    assert found.state is None
    assert found.status in ({status} if status else {Status.DECODE_ERROR, Status.TOO_LARGE})
    others = [pool for pool in pools if pool is not victim]
    assert [observed[pool.target.id].state for pool in others] == [pool.state for pool in others]
    assert quarantined == 0, "the lens's own caps suffice"


def limits_of(client: ChainClient) -> Any:
    (link,) = client.links.all
    assert link.lens is not None
    return link.lens.limits


class Choking:
    """Fails whole requests in whose data one of these texts is; `alone` also plain calls to it."""

    def __init__(self, texts: list[str], *, alone: bool) -> None:
        self.texts, self.alone = texts, alone
        self.choked = self.walked = 0

    def __call__(self, params: list[Json], reply: Json) -> Json:
        message, is_lens = params[0], len(params) > 2
        place = str(message["data"] if is_lens else message["to"]).lower()
        if (is_lens or self.alone) and any(one in place for one in self.texts):
            self.choked += 1
            return {"error": {"code": -32603, "message": "internal error"}}
        self.walked += is_lens and selector("tickBitmap(int16)").hex() in place
        return dict(reply)


@pytest.mark.parametrize("alone", [False, True])
@pytest.mark.parametrize("count", [1, 2])
async def test_a_poisonous_walk_is_found_by_halving_and_kept_apart(
    many: tuple[Anvil, list[Pool]], count: int, alone: bool
) -> None:
    anvil, pools = many
    poison = [pools[7], pools[18]][:count]
    # The lens's program has an address without its leading zeros.
    choking = Choking([one.target.address[2:].lower().lstrip("0") for one in poison], alone=alone)
    async with (
        faulty_proxy(anvil.url) as (proxy, host),
        reading(f"http://{host}", Way.OVERRIDE) as client,
    ):
        observer = Observer(client.reader, [pool.target for pool in pools])
        head = await client.headers.head()
        honest = await observer.observe(head)
        assert [honest[pool.target.id].state for pool in pools] == [pool.state for pool in pools]
        proxy.rewrites["eth_call"] = choking
        for _ in range(2):
            choking.choked = choking.walked = 0
            observed = await Observer(client.reader, [p.target for p in pools]).observe(head)
            for pool in pools:
                found = observed[pool.target.id]
                if pool in poison and alone:
                    assert (found.status, found.state) == (Status.QUARANTINED, None)
                else:
                    assert found.state == pool.state
            assert choking.walked >= 1, "the lens no longer walks the others"
        limits = limits_of(client)
        assert limits.way is Way.OVERRIDE
        assert limits.quarantined >= count
        # The second reading asked for the poisonous ones alone: nothing else failed.
        assert choking.choked <= (9 * count if alone else 0)


async def test_a_node_that_cannot_walk_at_all_is_asked_plainly_and_soon(
    many: tuple[Anvil, list[Pool]],
) -> None:
    anvil, pools = many
    choking = Choking([selector("tickBitmap(int16)").hex()], alone=False)
    async with (
        faulty_proxy(anvil.url) as (proxy, host),
        reading(f"http://{host}", Way.OVERRIDE) as client,
    ):
        proxy.rewrites["eth_call"] = choking
        head = await client.headers.head()
        counts = []
        for _ in range(2):
            choking.choked = 0
            observer = Observer(client.reader, [pool.target for pool in pools])
            observed = await observer.observe(head)
            assert [observed[p.target.id].state for p in pools] == [p.state for p in pools]
            counts.append(choking.choked)
        assert 0 < counts[0] < 50
        assert counts[1] == 0
        assert limits_of(client).quarantined == 0
