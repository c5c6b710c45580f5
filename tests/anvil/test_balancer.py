"""Balancer's pools as they are read: what the state says a swap, a join or an exit pays, the real
Vault pays, to the wei; where it reverts we raise, and the reverse."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak
from hypothesis import event, given, settings
from hypothesis import strategies as st

from tests.support.adapters import entry, identified, read_states
from tests.support.effort import examples
from tests.support.numbers import SHARES, portion
from tests.support.world import LocalWorld
from watcher.devnet.calldata import call_data
from watcher.devnet.deploy.balancer import JOIN, RATE_SECONDS
from watcher.devnet.local_chain import Transaction
from watcher.devnet.moves.balancer import SWAP, SWAP_V1
from watcher.devnet.places import BalancerPool
from watcher.errors import MathError
from watcher.math.quotes import (
    add_liquidity,
    quote_exact_in,
    quote_exact_out,
    remove_liquidity,
    remove_liquidity_one,
)
from watcher.state import BalancerStable, State, Target, Weighted
from watcher.state.token import Address, Token, to_address

pytestmark = pytest.mark.anvil

EXIT = JOIN.replace("joinPool", "exitPool")
PLENTY = 10**9
"""Whole coins that the taker has of each."""
MOMENTS = ("born", "traded", "later")
"""As they were deployed; after swaps and earnings, the kept rates still in force; a while after
that, when the next swap asks for new ones."""
FAR_FUTURE = 2**40
GAS = 20_000_000
DAY = 86_400
NUMBERS = {
    "balancer_v2_weighted": (0, 1),
    "balancer_v2_stable": (2, 3, 4, 5),
    "balancer_v1": (6, 7),
}
BALANCE = "balanceOf(address)"
MINIMUM_BPT = 10**6
"""What the first join gives nobody; the taker has the rest of it."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A block, and the pools' states as they are read there."""

    number: int
    states: Sequence[State]


@dataclass(frozen=True, slots=True)
class Stage:
    node: LocalWorld
    targets: Sequence[Target]
    moments: dict[str, Moment]

    @property
    def taker(self) -> Address:
        """Who has filled the pools, and so has their tokens."""
        return self.node.world.actors.builder


@pytest.fixture(scope="module")
def stage(fork_site: LocalWorld) -> Stage:
    pools = fork_site.world.balancer_pools
    asked = [entry(pool.protocol, pool.address) for pool in pools]
    found = asyncio.run(identified(fork_site.chain, asked))
    targets = [each.target for each in found if each.target is not None]
    assert len(targets) == len(pools)
    provide(fork_site)
    moments = {"born": asyncio.run(moment(fork_site, targets))}
    trade(fork_site)
    moments["traded"] = asyncio.run(moment(fork_site, targets))
    fork_site.chain.mine(seconds=RATE_SECONDS + 1)
    moments["later"] = asyncio.run(moment(fork_site, targets))
    return Stage(fork_site, targets, moments)


async def moment(node: LocalWorld, targets: Sequence[Target]) -> Moment:
    return Moment(node.chain.head().number, await read_states(node.chain, targets))


def provide(node: LocalWorld) -> None:
    """Give the taker plenty of every coin, and let the Vault take it."""
    world, taker = node.world, node.world.actors.builder
    node.chain.request("anvil_setBalance", taker, hex(2 * PLENTY * 10**18))
    coins = {coin for pool in world.balancer_pools for coin in pool.coins}
    vaults = {vault.address: vault for vault in world.vaults}
    for coin in sorted(coins, key=lambda coin: coin.address):
        amount = PLENTY * 10**coin.decimals
        if coin == world.weth:
            send(node, coin.address, "deposit()", value=amount)
        elif coin.address in vaults:
            asset = vaults[coin.address].asset
            send(node, asset.address, "mint(address,uint256)", taker, amount)
            send(node, asset.address, "approve(address,uint256)", coin.address, amount)
            send(node, coin.address, "deposit(uint256,address)", amount, taker)
        elif coin.symbol != "BPT":
            send(node, coin.address, "mint(address,uint256)", taker, amount)
        for holder in {pool.vault for pool in world.balancer_pools}:
            send(node, coin.address, "approve(address,uint256)", holder, 2**256 - 1)


def trade(node: LocalWorld) -> None:
    """Some of one coin is sold in each pool; then the vaults earn a tenth."""
    world = node.world
    for pool in world.balancer_pools:
        sold, bought, *_ = (coin for coin in pool.coins if coin.symbol != "BPT")
        amount = held(node, pool)[pool.coins.index(sold)] // 5
        taker = world.actors.builder
        data = swap_data(pool, sold, bought, amount, taker)
        node.chain.mine([Transaction(taker, pool.vault, data, pool.name, gas=GAS)], seconds=1)
    for vault in world.vaults:
        if vault.asset != world.weth:
            assets = 10 * PLENTY * 10**vault.asset.decimals // 100
            send(node, vault.asset.address, "mint(address,uint256)", vault.address, assets)


def send(node: LocalWorld, to: Address, signature: str, *args: Any, value: int = 0) -> None:
    data, taker = call_data(signature, *args), node.world.actors.builder
    node.chain.mine([Transaction(taker, to, data, signature, value=value, gas=GAS)], seconds=1)


def held(node: LocalWorld, pool: BalancerPool) -> Sequence[int]:
    if not pool.pool_id:
        get = "getBalance(address)(uint256)"
        return tuple(node.chain.read(pool.vault, get, coin.address)[0] for coin in pool.coins)
    tokens = "getPoolTokens(bytes32)(address[],uint256[],uint256)"
    return tuple(node.chain.read(pool.vault, tokens, pool.pool_id)[1])


def swap_data(
    pool: BalancerPool,
    sold: Token,
    bought: Token,
    amount: int,
    taker: Address,
    *,
    given_out: bool = False,
) -> str:
    """The call of the pool's vault."""
    most = 2**255
    if not pool.pool_id:
        if given_out:
            order = (sold.address, most, bought.address, amount, most)
            return call_data(SWAP_V1.replace("AmountIn", "AmountOut"), *order)
        return call_data(SWAP_V1, sold.address, amount, bought.address, 0, most)
    single = (pool.pool_id, int(given_out), sold.address, bought.address, amount, b"")
    limit = most if given_out else 0
    return call_data(SWAP, single, (taker, False, taker, False), limit, FAR_FUTURE)


def play(stage: Stage, moment: Moment, calls: Sequence[tuple[Address, str]]) -> list[bytes | None]:
    """What the taker's calls answer, one after the other in the block after; None of a revert."""
    made = [{"from": stage.taker, "to": to, "data": data, "gas": hex(GAS)} for to, data in calls]
    time = stage.node.chain.request("eth_getBlockByNumber", hex(moment.number), False)["timestamp"]
    overrides = {"time": hex(int(time, 16) + 1), "gasLimit": hex(10 * GAS)}
    block = {"blockOverrides": overrides, "calls": made}
    [done] = stage.node.chain.request(
        "eth_simulateV1", {"blockStateCalls": [block]}, hex(moment.number)
    )
    return [
        bytes.fromhex(each["returnData"][2:]) if int(each["status"], 16) == 1 else None
        for each in done["calls"]
    ]


@st.composite
def cases(draw: st.DrawFn, numbers: Sequence[int]) -> tuple[int, str, int, int, int, bool]:
    """A pool's number, a moment, two coins' places, a part of 2**64, and whether it goes past the
    whole."""
    i = draw(st.integers(0, 3))
    return (
        draw(st.sampled_from(numbers)),
        draw(st.sampled_from(MOMENTS)),
        i,
        draw(st.integers(1, 2)),
        draw(SHARES),
        draw(st.booleans()),
    )


@pytest.mark.parametrize("protocol", NUMBERS)
@settings(max_examples=examples(25, deep=200))
@given(data=st.data())
def test_a_quote_from_the_read_state_is_what_the_vault_pays(
    stage: Stage, protocol: str, data: st.DataObject
) -> None:
    number, when, first, step, share, past = data.draw(cases(NUMBERS[protocol]))
    given_out = data.draw(st.booleans())
    pool, now = stage.node.world.balancer_pools[number], stage.moments[when]
    state = now.states[number]
    n = len(pool.coins)
    i = first % n
    j = (i + min(step, n - 1)) % n
    amount = portion(whole(state, j if given_out else i), share) * (1 + past)
    sold, bought = pool.coins[i], pool.coins[j]
    data_of_swap = swap_data(pool, sold, bought, amount, stage.taker, given_out=given_out)
    [answer] = play(stage, now, [(pool.vault, data_of_swap)])
    paid = None if answer is None else int.from_bytes(answer[:32])
    event(f"{when} {'out' if given_out else 'in'} {'is done' if answer else 'reverts'}")
    assert paid == ours(state, i, j, amount, given_out=given_out), (pool.name, when, i, j, amount)


def whole(state: State, coin: int) -> int:
    """What a pool has of a coin, of its own tokens as many as are in others' hands."""
    assert isinstance(state, Weighted | BalancerStable)
    if isinstance(state, BalancerStable) and coin == state.bpt_index:
        return state.total_supply
    return state.balances[coin]


def ours(state: State, i: int, j: int, amount: int, *, given_out: bool) -> int | None:
    try:
        if given_out:
            return quote_exact_out(state, i, j, amount).amount_in
        return quote_exact_in(state, i, j, amount).amount_out
    except MathError:
        return None


@pytest.mark.parametrize("protocol", NUMBERS)
@settings(max_examples=examples(25, deep=200))
@given(data=st.data())
def test_what_joins_mint_and_exits_pay_follows_from_the_read_state(
    stage: Stage, protocol: str, data: st.DataObject
) -> None:
    """What the protocol is due by then is counted in."""
    number = data.draw(st.sampled_from(NUMBERS[protocol]))
    when = data.draw(st.sampled_from(MOMENTS))
    pool, now = stage.node.world.balancer_pools[number], stage.moments[when]
    state = now.states[number]
    own = [coin.address == pool.address for coin in pool.coins]
    amounts = [
        0 if mine or data.draw(st.booleans()) else portion(whole(state, k), data.draw(SHARES))
        for k, mine in enumerate(own)
    ]
    if protocol == "balancer_v1":  # it takes one coin, or all in proportion
        only = data.draw(st.sampled_from(range(len(amounts))))
        amounts = [max(amount, 1) if k == only else 0 for k, amount in enumerate(amounts)]
    owned = total_supply(stage.moments["born"].states[number])
    owned -= MINIMUM_BPT if pool.pool_id else 0
    burned = portion(owned, data.draw(SHARES))
    coin = data.draw(st.sampled_from([k for k, mine in enumerate(own) if not mine]))
    kind = data.draw(st.sampled_from(["join", "all", "one"]))
    done = check_change(stage, number, when, kind, (amounts, burned, coin))
    event(f"{when} {kind} {'is done' if done else 'reverts'}")


def check_change(
    stage: Stage,
    number: int,
    when: str,
    kind: str,
    given: tuple[Sequence[int], int, int],
) -> bool:
    """Whether it is done; `given` are the amounts of a join, the pool tokens of an exit and its
    coin."""
    pool, now = stage.node.world.balancer_pools[number], stage.moments[when]
    state, own = now.states[number], [coin.address == pool.address for coin in pool.coins]
    amounts, burned, coin = given
    change = change_data(pool, kind, amounts, burned, coin, stage.taker)
    counts = [
        (each.address, call_data(BALANCE, stage.taker)) for each in (share_of(pool), *pool.coins)
    ]
    answers = play(stage, now, [*counts, (pool.vault, change), *counts])
    before, done, after = answers[: len(counts)], answers[len(counts)], answers[len(counts) + 1 :]
    expected = expectation(state, kind, amounts, burned, coin)
    if done is None:
        assert expected is None, (pool.name, when, kind)
        return False
    moved = [number_of(late) - number_of(early) for early, late in zip(before, after, strict=True)]
    moved = [0 if k and own[k - 1] else change for k, change in enumerate(moved)]
    assert moved == expected, (pool.name, when, kind)
    return True


@pytest.mark.parametrize("number", [1, 3, 5])
@pytest.mark.parametrize("kind", ["join", "all", "one"])
def test_what_is_due_is_counted_before_a_join_or_an_exit(
    stage: Stage, number: int, kind: str
) -> None:
    """The first pools pay it; a composable one, at rates that its next join asks for anew."""
    coins = stage.node.world.balancer_pools[number].coins
    amounts = [0 if coin.symbol == "BPT" else 7 * 10**coin.decimals for coin in coins]
    first = next(k for k, coin in enumerate(coins) if coin.symbol != "BPT")
    assert check_change(stage, number, "later", kind, (amounts, 123 * 10**17, first))


def change_data(
    pool: BalancerPool, kind: str, amounts: Sequence[int], burned: int, coin: int, taker: Address
) -> str:
    """The call of the pool's vault that joins or leaves."""
    own = [each.address == pool.address for each in pool.coins]
    if not pool.pool_id:
        return _change_of_v1(pool, kind, amounts, burned, coin)
    match kind:
        case "join":
            given = [amount for amount, mine in zip(amounts, own, strict=True) if not mine]
            user = encode(["uint256", "uint256[]", "uint256"], [1, given, 0])
        case "all":
            user = encode(["uint256", "uint256"], [2 if any(own) else 1, burned])
        case _:
            place = coin - sum(own[:coin])
            user = encode(["uint256", "uint256", "uint256"], [0, burned, place])
    limit = 2**256 - 1 if kind == "join" else 0
    request = ([each.address for each in pool.coins], [limit] * len(own), user, False)
    return call_data(JOIN if kind == "join" else EXIT, pool.pool_id, taker, taker, request)


def _change_of_v1(
    pool: BalancerPool, kind: str, amounts: Sequence[int], burned: int, coin: int
) -> str:
    """By one coin, or a withdrawal of all."""
    match kind:
        case "join":
            k = next((k for k, amount in enumerate(amounts) if amount), 0)
            join = "joinswapExternAmountIn(address,uint256,uint256)"
            return call_data(join, pool.coins[k].address, amounts[k], 0)
        case "all":
            return call_data("exitPool(uint256,uint256[])", burned, [0] * len(amounts))
        case _:
            leave = "exitswapPoolAmountIn(address,uint256,uint256)"
            return call_data(leave, pool.coins[coin].address, burned, 0)


def share_of(pool: BalancerPool) -> Token:
    return Token(pool.address, 18, "BPT")


def total_supply(state: State) -> int:
    assert isinstance(state, Weighted | BalancerStable)
    return state.total_supply


def number_of(answer: bytes | None) -> int:
    assert answer is not None
    return int.from_bytes(answer)


def expectation(
    state: State, kind: str, amounts: Sequence[int], burned: int, coin: int
) -> list[int] | None:
    """How the taker's pool tokens and coins change; None of a revert."""
    try:
        match kind:
            case "join":
                return [add_liquidity(state, amounts), *(-amount for amount in amounts)]
            case "all":
                return [-burned, *remove_liquidity(state, burned)]
            case _:
                paid = remove_liquidity_one(state, burned, coin)
                return [-burned, *(paid if k == coin else 0 for k in range(len(amounts)))]
    except MathError:
        return None


def test_a_kept_rate_is_used_until_it_expires_and_then_the_live_one(stage: Stage) -> None:
    born, traded, later = (rates_of(stage.moments[when].states[5]) for when in MOMENTS)
    assert traded == born
    assert max(later) > max(traded)


def rates_of(state: State) -> tuple[int, ...]:
    assert isinstance(state, BalancerStable)
    return state.rates


def test_the_protocol_is_due_a_part_of_the_fees(stage: Stage) -> None:
    """The first pools pay it out of their balances."""
    for number in (1, 2, 3):
        before, after = (stage.moments[when].states[number] for when in ("born", "traded"))
        assert isinstance(before, Weighted | BalancerStable)
        assert isinstance(after, Weighted | BalancerStable)
        assert not any(before.protocol_fees_due)
        assert any(after.protocol_fees_due)


def test_every_pool_is_recognised_as_what_it_was_made(stage: Stage) -> None:
    found = [each.params.get("variant", "v1") for each in stage.targets]
    assert found == ["v2", "v2_first", "v2", "v2_first", "v2", "v2", *["v1"] * 3]
    assert [("bpt_index" in each.params) for each in stage.targets] == [
        number in (4, 5) for number in range(len(stage.targets))
    ]


async def test_while_the_vault_is_paused_nothing_is_quoted_nor_paid(
    fork_node: LocalWorld,
) -> None:
    world, chain = fork_node.world, fork_node.chain
    pools = [pool for pool in world.balancer_pools if pool.pool_id]
    found = await identified(chain, [entry(pool.protocol, pool.address) for pool in pools])
    targets = [each.target for each in found if each.target is not None]
    provide(fork_node)
    vault = pools[0].vault
    role = chain.read(vault, "getActionId(bytes4)(bytes32)", keccak(text="setPaused(bool)")[:4])
    authorizer = to_address(chain.read(vault, "getAuthorizer()(address)")[0])
    send(fork_node, authorizer, "grantRole(bytes32,address)", *role, world.actors.builder)
    send(fork_node, vault, "setPaused(bool)", True)

    now = await moment(fork_node, targets)
    stage = Stage(fork_node, targets, {"paused": now})
    for pool, state in zip(pools, now.states, strict=True):
        assert isinstance(state, Weighted | BalancerStable)
        assert state.paused
        assert ours(state, 0, 1, 10**6, given_out=False) is None
        data = swap_data(pool, pool.coins[0], pool.coins[1], 10**6, stage.taker)
        assert play(stage, now, [(vault, data)]) == [None]


async def test_the_amplification_is_read_where_it_stands_on_its_ramp(
    fork_node: LocalWorld,
) -> None:
    pool = fork_node.world.balancer_pools[2]
    found = await identified(fork_node.chain, [entry(pool.protocol, pool.address)])
    targets = [each.target for each in found if each.target is not None]
    provide(fork_node)
    start = "startAmplificationParameterUpdate(uint256,uint256)"
    end = fork_node.chain.head().timestamp + 2 * DAY
    send(fork_node, pool.address, start, 900, end)
    fork_node.chain.mine(seconds=DAY)

    now = await moment(fork_node, targets)
    (state,) = now.states
    assert isinstance(state, BalancerStable)
    assert 500_000 < state.amplification < 900_000
    stage = Stage(fork_node, targets, {"ramping": now})
    # the ramp goes on in the block where the swap is
    fork_node.chain.mine(seconds=1)
    (later,) = (await moment(fork_node, targets)).states
    amount = 10 ** pool.coins[0].decimals * 1_000
    data = swap_data(pool, pool.coins[0], pool.coins[1], amount, stage.taker)
    (answer,) = play(stage, now, [(pool.vault, data)])
    assert answer is not None
    assert int.from_bytes(answer) == ours(later, 0, 1, amount, given_out=False)
