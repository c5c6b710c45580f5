"""Curve's CryptoSwap pools as they are read, after they have been traded in: what a quote says and
what a move does to the state is what the real pool pays and stores."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from tests.support.adapters import entry, identified, read_states
from tests.support.effort import examples
from tests.support.numbers import SHARES, portion, sizes
from tests.support.world import LocalWorld
from watcher.devnet.calldata import call_data
from watcher.devnet.deploy.crypto_pools import CRYPTO_POOLS
from watcher.devnet.draft import Draft
from watcher.devnet.local_chain import Transaction
from watcher.devnet.moves.coins import small_exchanges
from watcher.devnet.places import CoinPool
from watcher.errors import MathError
from watcher.math.exact import cryptoswap_swaps as swaps
from watcher.math.exact.cryptoswap import Pool
from watcher.math.families.cryptoswap import pool_of
from watcher.math.quotes import quote_exact_in
from watcher.protocols.curve_cryptoswap import PROTOCOL
from watcher.state import CryptoSwap, Target
from watcher.state.token import to_address

pytestmark = pytest.mark.anvil

TAKER = to_address("0x00000000000000000000000000000000000ffeed")
WEALTH = 2**100
STORED = ("D", "virtual_price", "xcp_profit", "price_scale", "price_oracle", "last_prices")


@dataclass(frozen=True, slots=True)
class Watched:
    """A pool of the world as it was read."""

    pool: CoinPool
    target: Target
    state: CryptoSwap


@pytest.fixture(scope="module")
def played(fork_site: LocalWorld) -> Sequence[Watched]:
    """All of them after the actors have traded in them, in a block in which nobody did: averages
    are on their way."""
    pools = tuple(each for each in fork_site.world.coin_pools if each.protocol == PROTOCOL)
    world, random = replace(fork_site.world, coin_pools=pools), Random(1)
    for _ in range(30):
        draft = Draft(world, fork_site.chain)
        small_exchanges(draft, random, most=len(pools))
        fork_site.chain.mine(draft.transactions, seconds=draft.seconds)
    fork_site.chain.mine([])
    return asyncio.run(watched(fork_site))


async def watched(node: LocalWorld) -> list[Watched]:
    pools = [each for each in node.world.coin_pools if each.protocol == PROTOCOL]
    found = await identified(node.chain, [entry(each.protocol, each.address) for each in pools])
    targets = [each.target for each in found if each.target is not None]
    assert len(targets) == len(pools), [each.refusal for each in found]
    states = await read_states(node.chain, targets)
    return [
        Watched(pool, target, state)
        for pool, target, state in zip(pools, targets, states, strict=True)
        if isinstance(state, CryptoSwap)
    ]


def test_price_scales_have_moved_and_averages_are_on_their_way(played: Sequence[Watched]) -> None:
    assert {each.target.params["variant"] for each in played} == {"twocrypto_early"}
    decimals = {each.state.decimals for each in played}
    assert decimals == {(6, 18), (6, 8), (18, 18), (8, 18)}
    scales = [(plan.price,) for plan in CRYPTO_POOLS]
    assert sum(each.state.price_scale != was for each, was in zip(played, scales, strict=True)) > 2
    assert any(each.state.not_adjusted for each in played)
    assert not all(each.state.not_adjusted for each in played)
    between = [
        min(each.state.price_scale, each.state.last_prices)
        < each.state.price_oracle
        < max(each.state.price_scale, each.state.last_prices)
        for each in played
    ]
    assert any(between)


@settings(max_examples=examples(25, deep=200))
@given(number=st.integers(0, 5), coin=st.integers(0, 1), data=st.data())
def test_a_quote_from_the_read_state_is_what_the_pool_pays(
    fork_site: LocalWorld, played: Sequence[Watched], number: int, coin: int, data: st.DataObject
) -> None:
    """What the pool then stores is ours too: its average was brought up to the block as it does it,
    and its flag is where we read it."""
    one = played[number]
    held = one.state.balances[coin]
    amount = data.draw(
        st.one_of(sizes(0, 2 * held), st.builds(portion, st.just(held), SHARES), st.integers(0, 3))
    )
    paid, stored = moved(fork_site, one.pool, coin, amount)
    try:
        quoted = quote_exact_in(one.state, coin, 1 - coin, amount).amount_out
    except MathError as error:
        event(f"reverts: {error}")
        assert paid is None, (one.pool.name, amount)
        return
    event("is paid")
    assert paid == quoted
    after = swaps.exchange(pool_of(one.state), coin, 1 - coin, amount).pool
    assert stored == numbers(after)


def numbers(pool: Pool) -> list[int]:
    """In the order of STORED."""
    prices = (pool.price_scale, pool.price_oracle, pool.last_prices)
    return [pool.D, pool.virtual_price, pool.xcp_profit, *(each for (each,) in prices)]


def moved(node: LocalWorld, pool: CoinPool, coin: int, amount: int) -> tuple[int | None, list[int]]:
    """What the real pool pays in its head's own second, None where it reverts, and what it stores
    then; the chain stays as it was."""
    sold, bought = pool.coins[coin], pool.coins[1 - coin]
    balance = call_data("balanceOf(address)", TAKER)
    is_weth = sold == node.world.weth
    funding = (
        call_data("deposit()") if is_weth else call_data("mint(address,uint256)", TAKER, amount)
    )
    trade = call_data(pool.exchange, coin, 1 - coin, amount, 0)
    calls = [
        call(sold.address, funding, value=amount if is_weth else 0),
        call(sold.address, call_data("approve(address,uint256)", pool.address, amount)),
        call(bought.address, balance),
        call(pool.address, trade),
        call(bought.address, balance),
        *(call(pool.address, call_data(f"{name}()")) for name in STORED),
    ]
    block = {
        "blockOverrides": {"time": hex(node.chain.head().timestamp)},
        "stateOverrides": {TAKER: {"balance": hex(WEALTH)}},
        "calls": calls,
    }
    [done] = node.chain.request("eth_simulateV1", {"blockStateCalls": [block]}, "latest")
    assert int(done["timestamp"], 16) == node.chain.head().timestamp
    answers = done["calls"]
    *before, _ = (int(each["status"], 16) for each in answers[:3])
    assert all(before)
    found = [int(each["returnData"], 16) for each in (answers[2], *answers[4:])]
    ok = int(answers[3]["status"], 16) == 1
    return (found[1] - found[0] if ok else None), found[2:]


def call(to: str, data: str, *, value: int = 0) -> dict[str, Any]:
    return {"from": TAKER, "to": to, "data": data, "value": hex(value), "gas": hex(3_000_000)}


def test_on_a_ramp_a_and_gamma_are_the_contracts_own(fork_node: LocalWorld) -> None:
    """This revision's gamma is out of bounds on a ramp, and the pool refuses to move."""
    (first, *_) = asyncio.run(watched(fork_node))
    until = fork_node.chain.head().timestamp + 2 * 86_400
    ramp = call_data("ramp_A_gamma(uint256,uint256,uint256)", 800_000, 10**14, until)
    builder = fork_node.world.actors.builder
    fork_node.chain.mine([Transaction(builder, first.pool.address, ramp, "ramping")])
    fork_node.chain.mine([], seconds=3_600)
    (now, *_) = asyncio.run(watched(fork_node))
    read = fork_node.chain.read
    assert (now.state.amplification,) == read(first.pool.address, "A()(uint256)")
    assert (now.state.gamma,) == read(first.pool.address, "gamma()(uint256)")
    assert first.state.amplification < now.state.amplification < 800_000
    assert now.state.ramping
    assert now.state.loss_allowed
    for coin in (0, 1):
        amount = now.state.balances[coin] // 100
        paid, _ = moved(fork_node, now.pool, coin, amount)
        assert paid is None
        with pytest.raises(MathError, match="unsafe values gamma"):
            quote_exact_in(now.state, coin, 1 - coin, amount)
        assert moved(fork_node, first.pool, 1 - coin, 0)[0] is None


async def test_a_pool_is_told_from_stableswap(fork_node: LocalWorld) -> None:
    crypto = fork_node.world.coin_pool("crypto:USDC/WETH")
    stable = fork_node.world.coin_pool("ng:USDT/HUSD/DAI")
    asked = [
        entry("curve_stableswap", crypto.address),
        entry("curve_cryptoswap", stable.address),
        entry("curve_cryptoswap", fork_node.world.pair("DAI/USDC").address),
    ]
    refused = [each.refusal for each in await identified(fork_node.chain, asked)]
    assert refused[0] == (
        f"{crypto.address} is no StableSwap pool: it has no A alone; remove the entry"
    )
    assert refused[1] == (
        f"{stable.address} is no CryptoSwap pool: it has no gamma; remove the entry"
    )
    assert "is no CryptoSwap pool: it names no coins" in refused[2]


async def test_an_empty_pool_has_a_state_that_quotes_nothing(fork_node: LocalWorld) -> None:
    """All of its liquidity is gone: its own views revert, and so does our arithmetic."""
    (first, *_) = await watched(fork_node)
    assert first.target.share is not None
    builder = fork_node.world.actors.builder
    (supply,) = fork_node.chain.read(first.target.share.address, "totalSupply()(uint256)")
    out = call_data("remove_liquidity(uint256,uint256[2])", supply, (0, 0))
    fork_node.chain.mine([Transaction(builder, first.pool.address, out, "leaving")])
    (now,) = await read_states(fork_node.chain, [first.target])
    assert isinstance(now, CryptoSwap)
    assert now.total_supply == 0
    with pytest.raises(MathError):
        quote_exact_in(now, 0, 1, 10**6)
    assert moved(fork_node, first.pool, 0, 10**6)[0] is None
    held = [
        fork_node.chain.read(first.pool.address, "balances(uint256)(uint256)", coin)[0]
        for coin in (0, 1)
    ]
    (D,) = fork_node.chain.read(first.pool.address, "D()(uint256)")
    assert now == replace(
        first.state,
        balances=tuple(held),
        invariant=D,
        total_supply=0,
        price_oracle=now.price_oracle,
    )
