"""Pools of the world as they are read: a quote from the state is what the real pool pays.

Here are those that are swapped with directly: what is sent to them first is their input.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.adapters import entry, identified, read_states
from tests.support.effort import examples
from tests.support.world import LocalWorld
from watcher.devnet.calldata import call_data
from watcher.devnet.world import World
from watcher.errors import MathError
from watcher.math.quotes import quote_exact_in, spot_price
from watcher.state import Solidly, State
from watcher.state.token import Address, Token

pytestmark = pytest.mark.anvil

TAKER = "0x00000000000000000000000000000000000ffeed"
WEALTH = 2**100


class Swapped(Protocol):
    """What the world knows of such a pool."""

    @property
    def address(self) -> Address: ...
    @property
    def token0(self) -> Token: ...
    @property
    def token1(self) -> Token: ...


POOLS: Mapping[str, Callable[[World], Sequence[Swapped]]] = {
    "solidly": lambda world: world.solidly_pools,
    "kyber_dmm": lambda world: world.kyber_pools,
}

States = Mapping[str, Sequence[State]]


@pytest.fixture(scope="module")
def states(world_node: LocalWorld) -> States:
    return {protocol: asyncio.run(_states(world_node, protocol)) for protocol in POOLS}


async def _states(node: LocalWorld, protocol: str) -> Sequence[State]:
    pools = POOLS[protocol](node.world)
    found = await identified(node.chain, [entry(protocol, pool.address) for pool in pools])
    targets = [each.target for each in found if each.target is not None]
    return await read_states(node.chain, targets)


@pytest.mark.parametrize("protocol", POOLS)
@settings(max_examples=examples(25, deep=200))
@given(number=st.integers(0, 2), coin=st.integers(0, 1), bits=st.floats(0, 90), more=st.booleans())
def test_a_quote_from_the_read_state_is_what_the_pool_pays_and_no_unit_more(
    world_node: LocalWorld,
    states: States,
    protocol: str,
    number: int,
    coin: int,
    bits: float,
    more: bool,
) -> None:
    """What our arithmetic refuses, the pool refuses too."""
    pool, amount = POOLS[protocol](world_node.world)[number], int(2**bits)
    state = states[protocol][number]
    quoted = asked(world_node, pool, coin, amount)
    try:
        wanted = quote_exact_in(state, coin, 1 - coin, amount).amount_out
    except MathError:
        refused = most(world_node, pool, state, coin, amount) if quoted is None else quoted
        assert not pays(world_node, pool, coin, amount, refused)
        return
    assert quoted == (wanted if isinstance(state, Solidly) else None)
    assert pays(world_node, pool, coin, amount, wanted)
    if not (isinstance(state, Solidly) and state.stable):
        assert not pays(world_node, pool, coin, amount, wanted + 1 + more)


def asked(node: LocalWorld, pool: Swapped, coin: int, amount: int) -> int | None:
    """The pool's own quote; None where it reverts, or has none."""
    data = call_data("getAmountOut(uint256,address)", amount, token(pool, coin).address)
    block = {"calls": [{"to": pool.address, "data": data}]}
    [done] = node.chain.request("eth_simulateV1", {"blockStateCalls": [block]}, "latest")
    [call] = done["calls"]
    return int(call["returnData"], 16) if int(call["status"], 16) == 1 else None


def most(node: LocalWorld, pool: Swapped, state: State, coin: int, amount: int) -> int:
    """What no pool pays: the input at the price before it, or all that there is."""
    bought = token(pool, 1 - coin)
    [held] = node.chain.read(bought.address, "balanceOf(address)(uint256)", pool.address)
    return max(min(int(amount * spot_price(state, coin, 1 - coin)), int(held)), 1)


def token(pool: Swapped, coin: int) -> Token:
    return (pool.token0, pool.token1)[coin]


def pays(node: LocalWorld, pool: Swapped, coin: int, amount: int, wanted: int) -> bool:
    """Whether the real pool gives `wanted` for `amount`, in a simulation that leaves nothing."""
    sold, out = token(pool, coin), [wanted if k != coin else 0 for k in (0, 1)]
    funding = (
        call_data("deposit()")
        if sold == node.world.weth
        else call_data("mint(address,uint256)", TAKER, amount)
    )
    calls = [
        (sold.address, funding, amount if sold == node.world.weth else 0),
        (sold.address, call_data("transfer(address,uint256)", pool.address, amount), 0),
        (pool.address, call_data("swap(uint256,uint256,address,bytes)", *out, TAKER, b""), 0),
    ]
    simulated = [
        {"from": TAKER, "to": to, "data": data, "value": hex(value)} for to, data, value in calls
    ]
    block = {
        # of the block that was read: a fee may follow the blocks that went by
        "blockOverrides": {"number": hex(node.chain.head().number)},
        "stateOverrides": {TAKER: {"balance": hex(WEALTH)}},
        "calls": simulated,
    }
    [done] = node.chain.request("eth_simulateV1", {"blockStateCalls": [block]}, "latest")
    *before, last = (int(call["status"], 16) == 1 for call in done["calls"])
    assert all(before)
    return bool(last)
