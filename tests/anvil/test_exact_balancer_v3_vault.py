"""The real Vault of Balancer V3 decides, through its Router and Permit2: what swaps pay and ask,
what adding and removing mint, burn and pay, at rates that have risen or fallen, is what we say, to
the wei; where the Router reverts we raise. So it answers, and so it does it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import event, given, reject, settings
from hypothesis import strategies as st

from tests.support.balancer_strategies import BALANCER_FEES, BALANCER_RATES, ONE, shares_of_one
from tests.support.effort import examples
from tests.support.numbers import sizes
from tests.support.real_balancer import DECIMALS, Script
from tests.support.real_balancer_v3 import (
    KINDS,
    Ask,
    Bench,
    Plan,
    asks,
    build,
    give_birth,
    look,
    put,
    theirs,
)
from watcher.chain.anvil import AnvilOptions, run_anvil
from watcher.devnet.artifacts import Toolchain
from watcher.devnet.deploy.balancer_v3 import YIELD_PART
from watcher.devnet.local_chain import LocalChain
from watcher.errors import MathError
from watcher.math.exact import balancer_v3
from watcher.math.exact.balancer_stable import StableMath
from watcher.math.exact.balancer_v3 import VaultPool
from watcher.math.exact.balancer_v3_pools import StablePool, WeightedPool
from watcher.math.exact.stable_surge import Surge
from watcher.math.exact.weighted import WeightedMath

MOVES = (
    *("swapSingleTokenExactIn", "swapSingleTokenExactOut", "querySwapSingleTokenExactIn"),
    *("querySwapSingleTokenExactOut", "addLiquidityUnbalanced", "queryAddLiquidityUnbalanced"),
    *("addLiquiditySingleTokenExactOut", "queryAddLiquiditySingleTokenExactOut"),
    *("addLiquidityProportional", "queryAddLiquidityProportional"),
    *("removeLiquidityProportional", "queryRemoveLiquidityProportional"),
    *("removeLiquiditySingleTokenExactIn", "queryRemoveLiquiditySingleTokenExactIn"),
    *("removeLiquiditySingleTokenExactOut", "queryRemoveLiquiditySingleTokenExactOut"),
)

LEAST_FEE = {"WeightedPool": 10**13, "StablePool": 10**12}

pytestmark = pytest.mark.anvil

on_chain = settings(max_examples=examples(25, deep=200))


@pytest.fixture(scope="module")
def bench(toolchain: Toolchain) -> Iterator[Bench]:
    options = AnvilOptions(genesis_timestamp=1_700_000_000, automine=False, code_size_limit=False)
    with run_anvil(toolchain.anvil, options) as anvil:
        yield build(LocalChain(anvil.url), toolchain.artifacts)


@st.composite
def plans(draw: st.DrawFn, bench: Bench, kind: str) -> Plan:
    decimals = draw(st.lists(st.sampled_from(DECIMALS), min_size=2, max_size=4))
    coins = bench.coins_of(decimals)
    n, size = len(coins), draw(sizes(10, 10**10))
    born = [draw(st.one_of(st.none(), BALANCER_RATES)) for _ in coins]
    rises = st.integers(99 * ONE // 100, 11 * ONE // 10)
    later = [ONE if rate is None else rate * draw(rises) // ONE for rate in born]
    math: WeightedPool | StablePool
    if kind == "WeightedPool":
        even = st.sampled_from([(ONE // 2,) * 2, (4 * ONE // 5, ONE // 5)])
        weights = draw(st.one_of(shares_of_one(n), even) if n == 2 else shares_of_one(n))
        math = WeightedPool(WeightedMath(weights), (10**12,) * n)
    else:
        math = StablePool(StableMath("v3", draw(sizes(1, 50_000)) * 1000), limits_imbalance=True)
    return Plan(
        math=math,
        coins=coins,
        amounts=[size * draw(st.integers(1, 1000)) * int(10**places) // 10 for _, places in coins],
        born=born,
        later=later,
        pays_yield=[rate is not None and draw(st.booleans()) for rate in born],
        swap_fee=max(draw(BALANCER_FEES), LEAST_FEE[kind]),
    )


def ours(pool: VaultPool, ask: Ask) -> tuple[int, ...] | None:
    try:
        return _OURS[ask.kind](pool, ask.given)
    except MathError:
        return None


_OURS: dict[str, Callable[[VaultPool, tuple[int, ...]], tuple[int, ...]]] = {
    "in": lambda pool, given: (balancer_v3.swap_exact_in(pool, *given),),
    "out": lambda pool, given: (balancer_v3.swap_exact_out(pool, *given),),
    "join": lambda pool, given: (balancer_v3.add_unbalanced(pool, given),),
    "join_one": lambda pool, given: (balancer_v3.add_single_exact_out(pool, *given),),
    "join_all": lambda pool, given: balancer_v3.add_proportional(pool, *given),
    "one": lambda pool, given: (balancer_v3.remove_single_exact_in(pool, *given),),
    "exact": lambda pool, given: (balancer_v3.remove_single_exact_out(pool, *given),),
    "all": lambda pool, given: balancer_v3.remove_proportional(pool, *given),
}


@pytest.mark.parametrize(
    "kind",
    [
        pytest.param(
            kind,
            marks=pytest.mark.proves(
                family, kind, "BalancerV3Vault", "BalancerV3Router", moves=MOVES
            ),
        )
        for kind, family in (("WeightedPool", "weighted"), ("StablePool", "balancer_stable"))
    ],
)
@on_chain
@given(data=st.data())
def test_every_move_is_answered_and_done_to_the_wei(
    bench: Bench, kind: str, data: st.DataObject
) -> None:
    hold_to_router(bench, data.draw(plans(bench, kind)), data)


@on_chain
@given(data=st.data())
def test_a_surging_fee_and_refused_liquidity_are_what_the_vault_makes_of_its_hook(
    bench: Bench, data: st.DataObject
) -> None:
    """The hook is ours, by the rule of StableSurge, whose own figures are in the vectors."""
    threshold = data.draw(st.one_of(st.just(0), st.integers(0, ONE)))
    surge = Surge(threshold, data.draw(sizes(0, ONE)))
    plan = replace(data.draw(plans(bench, "StablePool")), surge=surge)
    hold_to_router(bench, plan, data)


def hold_to_router(bench: Bench, plan: Plan, data: st.DataObject) -> None:
    """Each of some moves, done and asked."""
    places = [10 ** (18 - decimals) for _, decimals in plan.coins]
    supply = sum(a * p for a, p in zip(plan.amounts, places, strict=True)) // len(places)
    questions = data.draw(st.lists(asks(plan.amounts, supply, KINDS), min_size=1, max_size=6))
    rates = [ONE if rate is None else rate for rate in plan.born]
    try:
        plan.math.compute_invariant(
            balancer_v3.live_balances(plan.amounts, places, rates, up=False), up=False
        )
    except MathError:  # the contract's rounds do not end either, so that no such pool is born
        reject()
    coins, script = [coin for coin, _ in plan.coins], Script(bench.chain)
    pool = give_birth(script, bench, plan)
    # Each as the last one left the pool: in a simulation a query changes it too. Queries come last,
    # since nothing is paid for what they change.
    steps = []
    for really in (True, False):
        for ask in questions:
            before = look(script, bench, pool, plan.math, plan.surge)
            steps.append((ask, before, put(script, bench, pool, coins, ask, really=really)))
    replies = script.play()

    for ask, before, number in steps:
        reply = replies[number]
        event(f"{ask.kind} {'is done' if reply.ok else 'reverts'}")
        assert theirs(ask, reply) == ours(before(replies), ask), ask
    for (ask, before, number), (_, after, _) in pairwise(steps):
        if replies[number].ok and (left := left_by(before(replies), ask)):
            assert after(replies).balances == left, ask


def left_by(pool: VaultPool, ask: Ask) -> tuple[int, ...]:
    """The balances afterwards, where our functions tell them."""
    match ask.kind, ask.given:
        case "in", (i, j, amount):
            paid, leaving = balancer_v3.swapped_in(pool, i, j, amount)
            changes = {i: amount - leaving, j: -paid}
            return tuple(b + changes.get(k, 0) for k, b in enumerate(pool.balances))
        case "join_all", (bpt,):
            amounts = balancer_v3.add_proportional(pool, bpt)
            return tuple(b + a for b, a in zip(pool.balances_up, amounts, strict=True))
        case "all", (bpt,):
            amounts = balancer_v3.remove_proportional(pool, bpt)
            return tuple(b - a for b, a in zip(pool.balances, amounts, strict=True))
    return ()


@settings(max_examples=examples(10, deep=50))
@given(amount=st.integers(10**20, 10**21), rate=st.integers(101 * 10**16, 105 * 10**16))
def test_adding_meets_a_unit_less_where_more_is_owed_of_balances_rounded_up(
    bench: Bench, amount: int, rate: int
) -> None:
    """From each amount on, the next one of which that is so."""
    amount = next(each for each in range(amount, amount + 10_000) if owes_more(each, rate))
    plan = Plan(
        math=WeightedPool(WeightedMath((ONE // 2,) * 2), (10**12,) * 2),
        coins=bench.coins_of((18, 18)),
        amounts=(amount, amount),
        born=(ONE, None),
        later=(rate, ONE),
        pays_yield=(True, False),
        swap_fee=10**14,
    )
    coins, script = [coin for coin, _ in plan.coins], Script(bench.chain)
    pool = give_birth(script, bench, plan)
    before = look(script, bench, pool, plan.math)
    ask = Ask("join_all", (amount // 7,))
    number = put(script, bench, pool, coins, ask, really=True)
    after = look(script, bench, pool, plan.math)
    replies = script.play()
    found = before(replies)
    assert found.balances_up[0] == found.balances[0] - 1
    assert theirs(ask, replies[number]) == ours(found, ask)
    assert after(replies).balances == left_by(found, ask)


def owes_more(amount: int, rate: int) -> bool:
    """Of a coin of 18 decimals whose rate was 1."""
    down, up = (
        balancer_v3.compute_yield_fees_due(
            *(*balancer_v3.live_balances((amount,), (1,), (rate,), up=way), amount),
            percentage=YIELD_PART,
            scaling_factor=1,
            rate=rate,
        )
        for way in (False, True)
    )
    return up > down
