"""StableSwap pools as they are read: a quote from the state is what the real pool pays."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from tests.support.adapters import entry, identified, read_states
from tests.support.effort import examples
from tests.support.world import LocalWorld
from watcher.devnet.calldata import call_data
from watcher.devnet.deploy.pools import FAR_FUTURE
from watcher.devnet.deploy.saddle import SWAP
from watcher.devnet.places import CoinPool
from watcher.errors import MathError
from watcher.math.quotes import quote_exact_in, quote_exact_out
from watcher.state import State, Token
from watcher.state.stableswap import StableSwap

pytestmark = pytest.mark.anvil

TAKER = "0x00000000000000000000000000000000000ffeed"
WEALTH = 2**120
GAS = 3_000_000

Read = tuple[CoinPool, StableSwap]


@pytest.fixture(scope="module")
def pools(world_node: LocalWorld) -> Sequence[Read]:
    """Those of the StableSwap kind with what their adapters read."""
    return asyncio.run(_pools(world_node))


async def _pools(node: LocalWorld) -> Sequence[Read]:
    pools = node.world.coin_pools
    found = await identified(node.chain, [entry(pool.protocol, pool.address) for pool in pools])
    targets = [each.target for each in found if each.target is not None]
    assert len(targets) == len(pools)
    states: Sequence[State] = await read_states(node.chain, targets)
    return [
        (pool, state)
        for pool, state in zip(pools, states, strict=True)
        if isinstance(state, StableSwap)
    ]


def test_there_are_a_dozen_of_different_decimals_and_imbalance(pools: Sequence[Read]) -> None:
    assert len(pools) >= 12
    assert {coin for _, state in pools for coin in state.decimals} >= {2, 6, 8, 18}
    assert {state.variant for _, state in pools} == {"gen1", "ng_early", "connext"}
    unevenness = [max(held) / min(held) for held in map(counted, pools)]
    assert max(unevenness) > 900
    assert min(unevenness) < 1.2


@settings(max_examples=examples(40, deep=400))
@given(data=st.data(), bits=st.floats(0, 1))
def test_a_quote_from_the_read_state_is_what_the_pool_pays(
    world_node: LocalWorld, pools: Sequence[Read], data: st.DataObject, bits: float
) -> None:
    """From one smallest unit to eight times what the pool holds; what our arithmetic refuses, the
    pool refuses too."""
    pool, state = data.draw(st.sampled_from(pools), label="pool")
    coin_in, coin_out = data.draw(st.permutations(range(len(pool.coins))))[:2]
    amount = int((8.0 * state.balances[coin_in]) ** bits)
    received = paid(world_node, pool, coin_in, coin_out, amount)
    try:
        wanted = quote_exact_in(state, coin_in, coin_out, amount).amount_out
    except MathError as error:
        event(f"refused: {error}")
        assert received is None
        return
    assert received == wanted


@settings(max_examples=examples(15, deep=200))
@given(data=st.data(), bits=st.floats(0, 1))
def test_the_least_input_of_an_exact_output_pays_it_and_one_unit_less_does_not(
    world_node: LocalWorld, pools: Sequence[Read], data: st.DataObject, bits: float
) -> None:
    """Of the pools of the first generation, which have no quoter of their own to differ from."""
    pool, state = data.draw(st.sampled_from([one for one in pools if one[1].variant == "gen1"]))
    coin_in, coin_out = data.draw(st.permutations(range(len(pool.coins))))[:2]
    wanted = int((0.99 * state.balances[coin_out]) ** bits)
    amount = quote_exact_out(state, coin_in, coin_out, wanted).amount_in
    received = paid(world_node, pool, coin_in, coin_out, amount)
    assert received is not None
    assert received >= wanted
    less = paid(world_node, pool, coin_in, coin_out, amount - 1)
    assert less is None or less < wanted


def counted(read: Read) -> list[float]:
    """The balances at the pool's rates."""
    _, state = read
    return [held * rate / 10**36 for held, rate in zip(state.balances, state.rates, strict=True)]


def paid(node: LocalWorld, pool: CoinPool, coin_in: int, coin_out: int, amount: int) -> int | None:
    """What the taker gets in a simulation that leaves nothing; None where the pool refuses."""
    sold, bought = pool.coins[coin_in], pool.coins[coin_out]
    late = [FAR_FUTURE] if pool.exchange == SWAP else []
    held = call_data("balanceOf(address)", TAKER)
    calls = [
        *funding(node, sold, amount),
        (sold.address, call_data("approve(address,uint256)", pool.address, amount)),
        (bought.address, held),
        (pool.address, call_data(pool.exchange, coin_in, coin_out, amount, 0, *late)),
        (bought.address, held),
    ]
    block = {
        "stateOverrides": {TAKER: {"balance": hex(WEALTH)}},
        "blockOverrides": {"gasLimit": hex(10 * GAS)},
        "calls": [{"from": TAKER, "to": to, "data": data, "gas": hex(GAS)} for to, data in calls],
    }
    [done] = node.chain.request("eth_simulateV1", {"blockStateCalls": [block]}, "latest")
    *prepared, before, exchanged, after = done["calls"]
    assert all(int(call["status"], 16) == 1 for call in (*prepared, before, after))
    if int(exchanged["status"], 16) != 1:
        return None
    return int(after["returnData"], 16) - int(before["returnData"], 16)


def funding(node: LocalWorld, coin: Token, amount: int) -> list[tuple[str, str]]:
    """A vault's shares are minted for its asset."""
    vault = next((each for each in node.world.vaults if each.address == coin.address), None)
    if vault is None:
        return [(coin.address, call_data("mint(address,uint256)", TAKER, amount))]
    asset = vault.asset.address
    return [
        (asset, call_data("mint(address,uint256)", TAKER, WEALTH)),
        (asset, call_data("approve(address,uint256)", vault.address, WEALTH)),
        (vault.address, call_data("mint(uint256,address)", amount, TAKER)),
    ]
