"""Balancer V3's pools as they are read: what the state says a swap pays, what adding mints and
removing pays, the real Router answers and does, to the wei; where it reverts we raise, and the
reverse."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest
from eth_utils.crypto import keccak
from hypothesis import event, given, settings
from hypothesis import strategies as st

from tests.support.adapters import entry, identified, read_states
from tests.support.effort import examples
from tests.support.numbers import portion
from tests.support.real_balancer import FAR_FUTURE, NOBODY, Reply
from tests.support.real_balancer_v3 import Ask, asks, request, theirs
from tests.support.stirring import SWAP_V3
from tests.support.world import LocalWorld
from watcher.devnet.artifacts import Toolchain
from watcher.devnet.calldata import call_data
from watcher.devnet.deploy.balancer_v3 import (
    INITIALIZE,
    ONE,
    PLANS,
    REGISTER,
    SWAP_PART,
    YIELD_PART,
    allow_router,
)
from watcher.devnet.deploy.site import Site
from watcher.devnet.local_chain import Transaction
from watcher.devnet.places import BalancerV3Pool
from watcher.errors import DecodeError, MathError, RevertedCall
from watcher.math.exact.balancer_stable import StableMath
from watcher.math.exact.balancer_v3_pools import StablePool
from watcher.math.quotes import (
    add_liquidity,
    quote_exact_in,
    quote_exact_out,
    remove_liquidity,
    remove_liquidity_one,
)
from watcher.protocols import ADAPTERS, balancer_v3_surge
from watcher.state import BalancerStable, State, Target, Weighted
from watcher.state.call import Answer, Static
from watcher.state.token import ZERO_ADDRESS, Address, to_address

pytestmark = pytest.mark.anvil

PLENTY = 10**9
"""Whole coins that the taker has of each."""
MOMENTS = ("born", "earned", "traded")
"""As they were deployed; after a vault has earned, so that its shares' rate has risen; after swaps,
which have paid what was owed of that."""
GAS = 20_000_000
DAY = 86_400


@dataclass(frozen=True, slots=True)
class Stage:
    """Of each moment its block and the states that were read there."""

    node: LocalWorld
    targets: Sequence[Target]
    moments: dict[str, tuple[int, Sequence[State]]]

    @property
    def taker(self) -> Address:
        """Who has filled the pools, and so has their tokens."""
        return self.node.world.actors.builder


@pytest.fixture(scope="module")
def stage(fork_site: LocalWorld, toolchain: Toolchain) -> Stage:
    targets = targets_of(fork_site)
    provide(fork_site, toolchain)
    moments = {"born": moment(fork_site, targets)}
    earn(fork_site)
    moments["earned"] = moment(fork_site, targets)
    for pool in fork_site.world.balancer_v3_pools:
        sold = portion(held(fork_site, pool)[0], 2**61)
        order = (pool.address, *(coin.address for coin in pool.coins[:2]), sold, 0)
        send(fork_site, pool.router, SWAP_V3, *order, FAR_FUTURE, False, b"")
    moments["traded"] = moment(fork_site, targets)
    return Stage(fork_site, targets, moments)


def targets_of(node: LocalWorld) -> list[Target]:
    pools = node.world.balancer_v3_pools
    asked = [entry(pool.protocol, pool.address) for pool in pools]
    found = asyncio.run(identified(node.chain, asked))
    targets = [each.target for each in found if each.target is not None]
    assert len(targets) == len(pools), [each.refusal for each in found]
    return targets


def moment(node: LocalWorld, targets: Sequence[Target]) -> tuple[int, Sequence[State]]:
    return node.chain.head().number, asyncio.run(read_states(node.chain, targets))


def send(node: LocalWorld, to: Address, signature: str, *args: Any, value: int = 0) -> None:
    data, taker = call_data(signature, *args), node.world.actors.builder
    node.chain.mine([Transaction(taker, to, data, signature, value=value, gas=GAS)], seconds=1)


def provide(node: LocalWorld, toolchain: Toolchain) -> None:
    """Give the taker plenty of every coin, and let the Router take them and the pools' tokens."""
    world, taker = node.world, node.world.actors.builder
    node.chain.request("anvil_setBalance", taker, hex(2 * PLENTY * 10**18))
    vaults = {vault.address: vault for vault in world.vaults}
    site = Site(node.chain, toolchain.artifacts)
    for pool in world.balancer_v3_pools:
        for coin in pool.coins:
            amount = PLENTY * 10**coin.decimals
            if coin == world.weth:
                send(node, coin.address, "deposit()", value=amount)
            elif coin.address in vaults:
                asset = vaults[coin.address].asset.address
                send(node, asset, "mint(address,uint256)", taker, amount)
                send(node, asset, "approve(address,uint256)", coin.address, amount)
                send(node, coin.address, "deposit(uint256,address)", amount, taker)
            else:
                send(node, coin.address, "mint(address,uint256)", taker, amount)
            allow_router(site, pool, coin, taker)
        send(node, pool.address, "approve(address,uint256)", pool.router, 2**256 - 1)
    site.mine()


def earn(node: LocalWorld) -> None:
    """Every vault of a minted asset earns a tenth and a little."""
    for vault in node.world.vaults:
        if vault.asset != node.world.weth:
            shares = node.chain.read(vault.address, "totalAssets()(uint256)")[0]
            send(
                node, vault.asset.address, "mint(address,uint256)", vault.address, shares // 10 + 7
            )


def held(node: LocalWorld, pool: BalancerV3Pool) -> Sequence[int]:
    info = "getPoolTokenInfo(address)(address[],(uint8,address,bool)[],uint256[],uint256[])"
    return tuple(node.chain.read(pool.vault, info, pool.address)[2])


def simulate(stage: Stage, when: str, sender: str, to: Address, data: str) -> Reply:
    """What a call answers in the block after a moment."""
    number = stage.moments[when][0]
    time = stage.node.chain.request("eth_getBlockByNumber", hex(number), False)["timestamp"]
    block = {
        "blockOverrides": {"time": hex(int(time, 16) + 1), "gasLimit": hex(10 * GAS)},
        "calls": [{"from": sender, "to": to, "data": data, "gas": hex(GAS)}],
    }
    [done] = stage.node.chain.request("eth_simulateV1", {"blockStateCalls": [block]}, hex(number))
    [call] = done["calls"]
    return Reply(int(call["status"], 16) == 1, bytes.fromhex(call["returnData"][2:]))


def routed(stage: Stage, when: str, number: int, ask: Ask) -> tuple[int, ...] | None:
    """What the Router answers to nobody and then does for the taker, which is the same."""
    pool = stage.node.world.balancer_v3_pools[number]
    coins = [coin.address for coin in pool.coins]

    def answer(*, really: bool) -> Reply:
        name, types, given = request(pool.address, coins, ask, taker=stage.taker, really=really)
        data = call_data(f"{name}({','.join(types)})", *given)
        return simulate(stage, when, stage.taker if really else NOBODY, pool.router, data)

    asked, done = answer(really=False), answer(really=True)
    assert theirs(ask, asked) == theirs(ask, done), ask
    return theirs(ask, done)


def ours(state: State, ask: Ask) -> tuple[int, ...] | None:
    try:
        match ask.kind, ask.given:
            case "in", (i, j, amount):
                return (quote_exact_in(state, i, j, amount).amount_out,)
            case "out", (i, j, amount):
                return (quote_exact_out(state, i, j, amount).amount_in,)
            case "join", amounts:
                return (add_liquidity(state, amounts),)
            case "all", (burned,):
                return remove_liquidity(state, burned)
            case "one", (burned, coin):
                return (remove_liquidity_one(state, burned, coin),)
    except MathError:
        return None
    raise ValueError(ask)


@pytest.mark.parametrize("number", range(len(PLANS)), ids=[plan.name for plan in PLANS])
@settings(max_examples=examples(25, deep=200))
@given(data=st.data())
def test_what_follows_from_the_read_state_is_what_the_router_does(
    stage: Stage, number: int, data: st.DataObject
) -> None:
    when = data.draw(st.sampled_from(MOMENTS))
    state = stage.moments[when][1][number]
    assert isinstance(state, Weighted | BalancerStable)
    supply = state.total_supply
    kinds = ("in", "out", "join", "all", "one")
    ask = data.draw(asks(state.balances, supply, kinds))
    done = routed(stage, when, number, ask)
    event(f"{when} {ask.kind} {'reverts' if done is None else 'is done'}")
    assert done == ours(state, ask), ask


def test_what_a_rate_has_earned_is_owed_until_a_trade_pays_it(stage: Stage) -> None:
    """The balances are without it, and the live ones with what is left of it."""
    pool, rated = stage.node.world.balancer_v3_pools[1], 1
    born, earned, traded = (stable(stage.moments[when][1][rated]) for when in MOMENTS)
    k = next(k for k, rate in enumerate(earned.rates) if rate != ONE)
    assert born.rates[k] < earned.rates[k] == traded.rates[k]
    assert earned.balances[k] < born.balances[k]
    owed = born.balances[k] - earned.balances[k]
    growth = born.balances[k] * (earned.rates[k] - born.rates[k]) // earned.rates[k]
    assert abs(owed - growth * YIELD_PART // ONE) <= 1
    assert pool.coins[k].address in {vault.address for vault in stage.node.world.vaults}


def stable(state: State) -> BalancerStable:
    assert isinstance(state, BalancerStable)
    return state


def test_pools_are_recognised_with_their_parts_of_the_fees(stage: Stage) -> None:
    for target, state in zip(stage.targets, stage.moments["born"][1], strict=True):
        assert isinstance(state, Weighted | BalancerStable)
        assert target.params["variant"] == state.variant == "v3"
        assert state.aggregate_swap_fee == SWAP_PART
        assert not state.paused


@pytest.mark.parametrize("pause", ["pauseVault()", "pausePool(address)"])
def test_what_is_paused_neither_quotes_nor_pays(
    fork_node: LocalWorld, toolchain: Toolchain, pause: str
) -> None:
    targets = targets_of(fork_node)
    provide(fork_node, toolchain)
    pool = fork_node.world.balancer_v3_pools[0]
    govern(fork_node, pool, pause, *([pool.address] if "address" in pause else []))
    stage = Stage(fork_node, targets, {"paused": moment(fork_node, targets)})
    state = stage.moments["paused"][1][0]
    assert isinstance(state, Weighted)
    assert state.paused
    ask = Ask("in", (0, 1, 10**15))
    assert routed(stage, "paused", 0, ask) is ours(state, ask) is None


def test_in_recovery_mode_the_protocol_takes_nothing(
    fork_node: LocalWorld, toolchain: Toolchain
) -> None:
    targets = targets_of(fork_node)
    provide(fork_node, toolchain)
    pool = fork_node.world.balancer_v3_pools[1]
    govern(fork_node, pool, "enableRecoveryMode(address)", pool.address)
    born = moment(fork_node, targets)
    earn(fork_node)
    stage = Stage(fork_node, targets, {"born": born, "recovering": moment(fork_node, targets)})
    before, state = (stable(stage.moments[when][1][1]) for when in ("born", "recovering"))
    assert max(state.rates) > max(before.rates)
    assert (state.aggregate_swap_fee, state.balances) == (0, before.balances)
    for ask in (Ask("in", (0, 1, 10**7)), Ask("join", (10**7,) * 3), Ask("one", (10**18, 0))):
        assert routed(stage, "recovering", 1, ask) == ours(state, ask)
        assert ours(state, ask)


def govern(node: LocalWorld, pool: BalancerV3Pool, signature: str, *args: Any) -> None:
    """Call the Vault as its authorizer lets the builder, once asked."""
    role = node.chain.read(pool.vault, "getActionId(bytes4)(bytes32)", keccak(text=signature)[:4])
    authorizer = to_address(node.chain.read(pool.vault, "getAuthorizer()(address)")[0])
    grant = "grantRole(bytes32,address)"
    send(node, authorizer, grant, *role, node.world.actors.builder)
    send(node, pool.vault, signature, *args)


def test_the_amplification_is_read_where_it_stands_on_its_ramp(
    fork_node: LocalWorld, toolchain: Toolchain
) -> None:
    targets, pool = targets_of(fork_node), fork_node.world.balancer_v3_pools[1]
    provide(fork_node, toolchain)
    end = fork_node.chain.head().timestamp + 2 * DAY
    start = "startAmplificationParameterUpdate(uint256,uint256)"
    send(fork_node, pool.address, start, 700, end)
    fork_node.chain.mine(seconds=DAY)
    moments = {"ramping": moment(fork_node, targets)}
    # the ramp goes on in the block where the swap is
    fork_node.chain.mine(seconds=1)
    later = stable(moment(fork_node, targets)[1][1])
    assert 400_000 < later.amplification < 700_000
    ask = Ask("in", (0, 1, 10**7))
    stage = Stage(fork_node, targets, moments)
    assert routed(stage, "ramping", 1, ask) == ours(later, ask)


FLAGS = {"before it is filled": 1, "the fee": 3, "before a swap": 4, "after a swap": 5, "after": 9}
HOOK = to_address("0x00000000000000000000000000000000000b004b")


def put_hook(node: LocalWorld, *flags: int, has_getters: bool = True) -> Address:
    """A hook that wants to be called for some things, and says yes to whatever it is told:
    calldatasize = 4 ? return ten words, the flags among them : return 1. Without getters it reverts
    what is asked with one argument."""
    flagged = "".join(f"600161{32 * flag:04x}52" for flag in flags)
    start = "" if has_getters else f"6024361460{len(flagged) // 2 + 28:02x}57"
    at = len(start) // 2 + 15
    code = f"{start}3660041460{at:02x}5760015f5260205ff35b{flagged}6101405ff35b5f5ffd"
    node.chain.request("anvil_setCode", HOOK, f"0x{code}")
    return HOOK


def register(
    node: LocalWorld,
    toolchain: Toolchain,
    *,
    hook: Address = ZERO_ADDRESS,
    proportional_alone: bool = False,
    filled: bool = True,
    is_stable: bool = False,
) -> Address:
    """Another pool of the first one's coins, weighted unless told."""
    known, builder = node.world.balancer_v3_pools[0], node.world.actors.builder
    site = Site(node.chain, toolchain.artifacts)
    if is_stable:
        address = site.create(builder, "StablePool", ("S", "S", 200, "v"), known.vault)
    else:
        params = ("W", "W", 2, [ONE // 2] * 2, "v", [10**12] * 2)
        address = site.create(builder, "WeightedPool", params, known.vault)
    site.mine()
    config = [(coin.address, 0, ZERO_ADDRESS, False) for coin in known.coins]
    roles, management = (builder, builder, ZERO_ADDRESS), (proportional_alone, False, False, False)
    order = (address, config, 10**16, 0, False, roles, hook, management)
    send(node, known.vault, REGISTER, *order)
    if filled:
        amounts = [1_000 * 10**coin.decimals for coin in known.coins]
        held = [coin.address for coin in known.coins]
        send(node, known.router, INITIALIZE, address, held, amounts, 0, False, b"")
    return address


def refusal(node: LocalWorld, address: Address, protocol: str = "balancer_v3_weighted") -> str:
    asked = [entry(protocol, address)]
    return asyncio.run(identified(node.chain, asked))[0].refusal


@pytest.mark.parametrize("called", FLAGS)
def test_a_hook_that_is_called_for_what_is_quoted_is_refused(
    fork_node: LocalWorld, toolchain: Toolchain, called: str
) -> None:
    provide(fork_node, toolchain)
    address = register(fork_node, toolchain, hook=put_hook(fork_node, FLAGS[called]))
    sentence = f"{address} has a hook at {HOOK} that may change what is paid: remove the entry"
    assert refusal(fork_node, address) == ("" if FLAGS[called] < 3 else sentence)


def test_a_pool_that_takes_coins_in_proportion_alone_or_was_never_filled_is_refused(
    fork_node: LocalWorld, toolchain: Toolchain
) -> None:
    provide(fork_node, toolchain)
    alone = register(fork_node, toolchain, proportional_alone=True)
    empty = register(fork_node, toolchain, filled=False)
    assert "in proportion alone: not read here" in refusal(fork_node, alone)
    assert "was never filled: add the entry" in refusal(fork_node, empty)


SURGE = (3, 7, 9)
"""What StableSurge is called for: the fee, after adding, after removing."""
NUMBERS = (3 * 10**17, 95 * 10**16)
"""A threshold and a greatest fee."""


@pytest.fixture
def surging(fork_node: LocalWorld, toolchain: Toolchain) -> Stage:
    """A stable pool whose hook is ours, by the rule of StableSurge; the Vault is Balancer's."""
    provide(fork_node, toolchain)
    known, site = fork_node.world.balancer_v3_pools[0], Site(fork_node.chain, toolchain.artifacts)
    hook = site.create(fork_node.world.actors.builder, "SurgeHook", *NUMBERS)
    site.mine()
    address = register(fork_node, toolchain, hook=hook, is_stable=True)
    send(fork_node, address, "approve(address,uint256)", known.router, 2**256 - 1)
    pool = replace(known, protocol="balancer_v3_stable", address=address)
    node = LocalWorld(fork_node.chain, replace(fork_node.world, balancer_v3_pools=(pool,)))
    targets = targets_of(node)
    assert targets[0].params["surge_hook"] == hook
    return Stage(node, targets, {"now": moment(node, targets)})


def test_a_pool_with_a_surging_fee_is_quoted_with_it(surging: Stage) -> None:
    state = stable(surging.moments["now"][1][0])
    assert (state.surge_threshold, state.surge_max_fee) == NUMBERS
    calm = replace(state, surge_threshold=ONE, surge_max_fee=0)
    for kind in ("in", "out"):
        for i, j in ((0, 1), (1, 0)):
            most = state.balances[i if kind == "in" else j]
            for amount in (most // 1_000, most // 3, most * 9 // 10):
                ask = Ask(kind, (i, j, amount))
                assert routed(surging, "now", 0, ask) == ours(state, ask)
    unbalancing = Ask("in", (0, 1, state.balances[0] * 9 // 10))
    paid, without = ours(state, unbalancing), ours(calm, unbalancing)
    assert paid is not None
    assert without is not None
    assert paid[0] < without[0] * 9 // 10
    one_sided = Ask("join", (state.balances[0] * 2, 0))
    assert routed(surging, "now", 0, one_sided) is ours(state, one_sided) is None
    assert ours(calm, one_sided)


def test_a_hook_with_another_fee_than_its_getters_say_is_found_out(surging: Stage) -> None:
    (target,), state = surging.targets, stable(surging.moments["now"][1][0])
    asked = ADAPTERS[target.protocol].calls(target)[-1]
    assert isinstance(asked, Static)
    answered = int.from_bytes(
        simulate(surging, "now", NOBODY, asked.to, f"0x{asked.data.hex()}").data
    )
    assert answered > state.swap_fee
    math = StablePool(StableMath("v3", state.amplification), limits_imbalance=True)
    balancer_v3_surge.require_fee(math, state, Answer(True, answered.to_bytes(32), 32))
    with pytest.raises(DecodeError, match="the hook's fee is"):
        balancer_v3_surge.require_fee(math, state, Answer(True, (answered + 1).to_bytes(32), 32))
    with pytest.raises(RevertedCall):
        balancer_v3_surge.require_fee(math, state, Answer(False, b"", 0))


def test_another_hook_that_is_called_for_the_same_is_refused(
    fork_node: LocalWorld, toolchain: Toolchain
) -> None:
    provide(fork_node, toolchain)
    hook = put_hook(fork_node, *SURGE, has_getters=False)
    sentence = f"has a hook at {hook} that may change what is paid: remove the entry"
    address = register(fork_node, toolchain, hook=hook, is_stable=True)
    assert refusal(fork_node, address, "balancer_v3_stable") == f"{address} {sentence}"
    address = register(fork_node, toolchain, hook=put_hook(fork_node, *SURGE))
    assert refusal(fork_node, address) == f"{address} {sentence}"
