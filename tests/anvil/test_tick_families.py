"""Pools of Pancake V3, Algebra Integral and Uniswap V4 in the local world: a state that our reader
brought quotes what the pool pays, and one that a hook may change quotes nothing."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any

import pytest

from tests.support.adapters import entry, identified, read_states
from tests.support.world import LocalWorld
from watcher.chain.client import open_chain
from watcher.devnet.artifacts import Toolchain
from watcher.devnet.calldata import call_data, returned
from watcher.devnet.deploy.site import Site
from watcher.devnet.deploy.tick_families import POOL_KEY
from watcher.devnet.deploy.tokens import allow
from watcher.devnet.local_chain import Transaction
from watcher.devnet.places import ConcentratedPool
from watcher.errors import MathError, Unavailable
from watcher.math.exact.concentrated import furthest
from watcher.math.quotes import quote_exact_in, quote_exact_out
from watcher.protocols.tick_pools import MOST_TICK_WORDS
from watcher.protocols.uniswap_v4 import DYNAMIC_FEE_FLAG
from watcher.service.decimals import Decimals
from watcher.state import Address, Concentrated, Observation, Status, Target, to_address
from watcher.state.token import NATIVE_COINS, ZERO_ADDRESS

pytestmark = pytest.mark.anvil

DIRECT = "swap(address,bool,int256,uint160)"
BY_KEY = f"swap({POOL_KEY},(bool,int256,uint160),(bool,bool),bytes)"
HELD = 2**100
FEE_SETTER = to_address("0x0000000000000000000000000000000000abc000")
BEFORE_SWAP = to_address("0x0000000000000000000000000000000000abc080")
HOOKED = "a hook or plugin of the pool may change"


def key_of(options: Any, *, hooks: Address = ZERO_ADDRESS) -> tuple[Any, ...]:
    names = ("currency0", "currency1", "fee", "tick_spacing")
    return (*(options[name] for name in names), hooks)


async def read(
    node: LocalWorld, pool: ConcentratedPool, **options: object
) -> tuple[Target, Concentrated]:
    given: dict[str, Any] = {**pool.options, "tick_words": MOST_TICK_WORDS, **options}
    (found,) = await identified(node.chain, [entry(pool.protocol, pool.address, **given)])
    assert found.target is not None, found.refusal
    (state,) = await read_states(node.chain, [found.target])
    assert isinstance(state, Concentrated)
    return found.target, state


def mine(node: LocalWorld, sender: Address, to: Address, signature: str, *args: Any) -> None:
    node.chain.mine([Transaction(sender, to, call_data(signature, *args), signature)])


class Trader:
    """Whoever swaps in the pools themselves, with more of each token than they take."""

    def __init__(self, node: LocalWorld, toolchain: Toolchain) -> None:
        self.node, self.who = node, node.world.actors.whale
        site = Site(node.chain, toolchain.artifacts)
        pools = node.world.concentrated_pools
        self.v4 = site.create(self.who, "PoolSwapTest", pools[-1].address)
        node.chain.request("anvil_setBalance", self.who, hex(2 * HELD))
        spenders = {self.v4, *(pool.trader for pool in pools)}
        for token in (node.world.weth, *node.world.tokens):
            for spender in sorted(spenders):
                allow(site, self.who, token, spender)
            if token != node.world.weth:
                site.send(self.who, token.address, "mint(address,uint256)", self.who, HELD)
        site.send(self.who, node.world.weth.address, "deposit()", value=HELD // 4)
        site.mine()

    def swapped(self, pool: ConcentratedPool, amount: int, coin: int) -> tuple[int, int] | None:
        """What is paid and got, `amount` sold where positive, bought where negative; None where the
        pool reverts."""
        end = furthest(zero_for_one=coin == 0)
        value = 0
        if pool.protocol == "uniswap_v4":
            key, way = key_of(pool.options), (coin == 0, -amount, end)
            to, data = self.v4, call_data(BY_KEY, key, way, (False, False), b"")
            value = HELD // 4 if pool.token0.address == ZERO_ADDRESS else 0
        else:
            to, data = pool.trader, call_data(DIRECT, pool.address, coin == 0, amount, end)
        call = {"from": self.who, "to": to, "data": data, "value": hex(value)}
        try:
            answer = self.node.chain.request("eth_call", call, "latest")
        except Unavailable as error:
            if "revert" not in str(error):
                raise
            return None
        if pool.protocol == "uniswap_v4":
            (amount0, amount1) = returned("f()(int128,int128)", halves(answer))
            amounts = (-amount0, -amount1)
        else:
            amounts = returned("f()(int256,int256)", answer)
        return amounts[coin], -amounts[1 - coin]


def halves(answer: str) -> str:
    """A BalanceDelta as two words."""
    delta = int.from_bytes(bytes.fromhex(answer[2:]), signed=True)
    second = (delta + 2**127) % 2**128 - 2**127
    words = (one.to_bytes(32, signed=True) for one in (delta >> 128, second))
    return "0x" + b"".join(words).hex()


@pytest.fixture(scope="module")
def trader(fork_site: LocalWorld, toolchain: Toolchain) -> Trader:
    return Trader(fork_site, toolchain)


def ours(state: Concentrated, amount: int, coin: int) -> tuple[int, int] | None:
    try:
        if amount > 0:
            quote = quote_exact_in(state, coin, 1 - coin, amount)
        else:
            quote = quote_exact_out(state, coin, 1 - coin, -amount)
    except MathError:
        return None
    return quote.amount_in, quote.amount_out


async def test_a_state_quotes_what_its_pool_pays(fork_site: LocalWorld, trader: Trader) -> None:
    """Where the liquidity ends before, a pool takes and pays less than was asked for: that is no
    quote of an exact output, and of an exact input what is paid counts."""
    random, answers = Random(11), 0
    pools = fork_site.world.concentrated_pools
    for pool in pools:
        _, state = await read(fork_site, pool)
        for sign in (1, -1):
            for coin in (0, 1):
                for digits in range(1, 27, 2):
                    amount = sign * random.randrange(10 ** (digits - 1), 10**digits)
                    found, real = ours(state, amount, coin), trader.swapped(pool, amount, coin)
                    if real is not None and sign < 0 and real[1] != -amount:
                        real = None
                    if real is not None and sign > 0 and found is not None:
                        real = (amount, real[1])
                    assert found == real, (pool.name, amount, coin)
                    answers += found is not None
    assert 30 * len(pools) < answers < 52 * len(pools)


async def test_a_plugin_before_swaps_makes_quotes_a_guess(
    fork_node: LocalWorld, toolchain: Toolchain
) -> None:
    """Algebra's own plugin for tests sets another fee for each swap, which then pays otherwise."""
    node, builder = fork_node, fork_node.world.actors.builder
    trader = Trader(node, toolchain)
    pool = next(p for p in node.world.concentrated_pools if p.protocol == "algebra_integral")
    _, plain = await read(node, pool)
    site = Site(node.chain, toolchain.artifacts)
    plugin = site.create(builder, "AlgebraMockPlugin", pool.address)
    site.send(builder, pool.address, "setPlugin(address)", plugin)
    site.send(builder, plugin, "setPluginFees(uint24,uint24)", 20_000, 1_000)
    site.mine()
    _, idle = await read(node, pool)
    assert idle == plain
    assert trader.swapped(pool, 10**6, 0) == ours(plain, 10**6, 0)
    for config, is_hooked in ((1, True), (2, False), (129, True), (128, False)):
        mine(node, builder, pool.address, "setPluginConfig(uint8)", config)
        _, state = await read(node, pool)
        assert state == replace(plain, hooked=is_hooked)
        real = trader.swapped(pool, 10**6, 0)
        assert (real == ours(plain, 10**6, 0)) == (not is_hooked)
        if is_hooked:
            for quote in (quote_exact_in, quote_exact_out):
                with pytest.raises(MathError, match=HOOKED):
                    quote(state, 0, 1, 10**6)


async def test_the_fee_that_hooks_set_is_that_of_the_block(fork_node: LocalWorld) -> None:
    """Hooks that have no say in swaps may set the fee of their pool between them."""
    node, pool = fork_node, fork_node.world.concentrated_pools[-1]
    options = {**pool.options, "fee": DYNAMIC_FEE_FLAG, "tick_spacing": 10}
    key = key_of(options, hooks=FEE_SETTER)
    builder = node.world.actors.builder
    mine(node, builder, pool.address, f"initialize({POOL_KEY},uint160)", key, 2**96)
    given = {**options, "hooks": FEE_SETTER}
    target, state = await read(node, pool, **given)
    assert (target.params["hooks"], target.params["hook_flags"]) == (FEE_SETTER, "")
    assert (state.fee0, state.fee1, state.hooked) == (0, 0, False)
    node.chain.request("anvil_impersonateAccount", FEE_SETTER)
    node.chain.request("anvil_setBalance", FEE_SETTER, hex(10**18))
    mine(node, FEE_SETTER, pool.address, f"updateDynamicLPFee({POOL_KEY},uint24)", key, 4_321)
    _, later = await read(node, pool, **given)
    assert later == replace(state, fee0=4_321, fee1=4_321)


async def test_hooks_that_may_change_a_swap_are_flagged_by_their_address(
    fork_node: LocalWorld,
) -> None:
    node, pool = fork_node, fork_node.world.concentrated_pools[-1]
    key = key_of(pool.options, hooks=BEFORE_SWAP)
    builder = node.world.actors.builder
    mine(node, builder, pool.address, f"initialize({POOL_KEY},uint160)", key, 2**96)
    target, state = await read(node, pool, hooks=BEFORE_SWAP)
    assert target.params["hook_flags"] == "before_swap"
    assert state.hooked
    with pytest.raises(MathError, match=HOOKED):
        quote_exact_in(state, 0, 1, 1)


@pytest.mark.parametrize("native", NATIVE_COINS, ids=["Uniswap's", "Curve's"])
async def test_a_pool_of_the_native_coin_is_not_quarantined_for_its_decimals(
    fork_node: LocalWorld, native: Address
) -> None:
    """Nobody can ask the native coin for them, by whichever name; the other coin of the pool is
    asked all the same."""
    pool = next(p for p in fork_node.world.concentrated_pools if p.token0.address == ZERO_ADDRESS)
    target, state = await read(fork_node, pool)
    target = replace(target, tokens=(replace(target.tokens[0], address=native), target.tokens[1]))
    observed = {target.id: Observation(target.id, Status.OK, state)}
    changed = replace(target, tokens=(target.tokens[0], replace(target.tokens[1], decimals=7)))
    async with open_chain(fork_node.chain.chain_id, fork_node.chain.url) as client:
        head = await client.headers.head()
        for known, status in ((target, Status.OK), (changed, Status.QUARANTINED)):
            decimals = Decimals([known])
            await decimals.look(client.reader, head)
            assert decimals.judged(observed)[target.id].status is status
