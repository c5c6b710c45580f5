"""The real pools of Balancer V2 decide: what the Vault pays and asks, what joins and exits mint,
burn and pay, is what we say, to the wei; where they revert we raise."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from hypothesis import event, given, reject, settings
from hypothesis import strategies as st

from tests.support.balancer_strategies import BALANCER_FEES, BALANCER_RATES, ONE, shares_of_one
from tests.support.effort import examples
from tests.support.numbers import SHARES, portion, sizes
from tests.support.real_balancer import (
    DECIMALS,
    Ask,
    Bench,
    VaultScript,
    build,
    fill,
    give_birth,
    holding_itself,
    look,
    put,
    really_swap,
)
from watcher.chain.anvil import AnvilOptions, run_anvil
from watcher.devnet.artifacts import Toolchain
from watcher.devnet.local_chain import LocalChain
from watcher.errors import MathError
from watcher.math.exact import balancer_v2
from watcher.math.exact.balancer_stable import StableMath
from watcher.math.exact.balancer_v2 import VaultPool
from watcher.math.exact.weighted import WeightedMath

MOVES = ("swap", "querySwap", "queryJoin", "queryExit")

pytestmark = pytest.mark.anvil

on_chain = settings(max_examples=examples(25, deep=200))


@pytest.fixture(scope="module")
def bench(toolchain: Toolchain) -> Iterator[Bench]:
    options = AnvilOptions(genesis_timestamp=1_700_000_000, automine=False)
    with run_anvil(toolchain.anvil, options) as anvil:
        yield build(LocalChain(anvil.url), toolchain.artifacts)


def drawn_math(draw: st.DrawFn, kind: str, n: int) -> WeightedMath | StableMath:
    if kind in ("weighted", "first_weighted"):
        even = st.sampled_from([(ONE // 2,) * 2, (4 * ONE // 5, ONE // 5)])
        weights = draw(st.one_of(shares_of_one(n), even) if n == 2 else shares_of_one(n))
        return WeightedMath(weights, first=kind == "first_weighted")
    amp = draw(sizes(1, 5000)) * 1000
    return StableMath("rounded" if kind == "first_stable" else "plain", amp)


@st.composite
def asks(draw: st.DrawFn, kind: str, pool: VaultPool, supply: int) -> Ask:
    """From one unit to nearly the whole pool, and beyond."""
    n = len(pool.balances)
    coins = [k for k in range(n) if k != pool.bpt_index]

    def some(whole: int) -> int:
        return draw(
            st.one_of(
                st.builds(portion, st.just(whole), SHARES),
                st.integers(0, max(1, whole * 6 // 5)),
                st.integers(0, 3),
            )
        )

    def whole(k: int) -> int:
        return supply if k == pool.bpt_index else pool.balances[k]

    match draw(st.sampled_from(["in", "out", "join", "join_one", "one", "all", "exact"])):
        case ("in" | "out") as direction:
            i = draw(st.integers(0, n - 1))
            j = (i + draw(st.integers(1, n - 1))) % n
            return Ask(direction, (i, j, some(whole(i if direction == "in" else j))))
        case ("join" | "exact") as change:
            zero = st.booleans()
            amounts = (
                0 if k == pool.bpt_index or draw(zero) else some(pool.balances[k]) for k in range(n)
            )
            return Ask(change, tuple(amounts))
        case "all":
            return Ask("all", (some(supply),))
        case change:
            return Ask(change, (some(supply), draw(st.sampled_from(coins))))


def ours(pool: VaultPool, ask: Ask) -> tuple[int, ...] | None:
    try:
        return _OURS[ask.kind](pool, ask.given)
    except MathError:
        return None


_OURS: dict[str, Callable[[VaultPool, tuple[int, ...]], tuple[int, ...]]] = {
    "in": lambda pool, given: (balancer_v2.swap_given_in(pool, *given),),
    "out": lambda pool, given: (balancer_v2.swap_given_out(pool, *given),),
    "join": lambda pool, given: (balancer_v2.join_exact_tokens_in(pool, given),),
    "join_one": lambda pool, given: (balancer_v2.join_exact_bpt_out(pool, *given),),
    "one": lambda pool, given: (balancer_v2.exit_exact_bpt_in_for_one(pool, *given),),
    "all": lambda pool, given: balancer_v2.exit_exact_bpt_in(pool, *given),
    "exact": lambda pool, given: (balancer_v2.exit_exact_tokens_out(pool, given),),
}


def theirs(ask: Ask, values: tuple[tuple[int, ...] | int, ...] | None) -> tuple[int, ...] | None:
    """Of a join and an exit: pool tokens, then amounts."""
    if values is None:
        return None
    first = values[0]
    match ask.kind, values[1:]:
        case (("join" | "exact"), _):
            return (first,) if isinstance(first, int) else first
        case (("join_one" | "one"), [tuple() as amounts]):
            return (amounts[ask.given[1]],)
        case "all", [tuple() as amounts]:
            return tuple(amounts)
    raise ValueError(ask)


@pytest.mark.parametrize(
    "kind",
    [
        pytest.param(
            kind,
            marks=pytest.mark.proves(
                family, factory, "BalancerVault", "BalancerQueries", moves=MOVES
            ),
        )
        for kind, family, factory in (
            ("weighted", "weighted", "BalancerWeightedFactory"),
            ("first_weighted", "weighted", "BalancerFirstWeightedFactory"),
            ("stable", "balancer_stable", "BalancerStableFactory"),
            ("first_stable", "balancer_stable", "BalancerFirstStableFactory"),
            ("composable", "balancer_stable", "BalancerComposableFactory"),
        )
    ],
)
@on_chain
@given(data=st.data())
def test_every_move_is_answered_to_the_wei(bench: Bench, kind: str, data: st.DataObject) -> None:
    decimals = data.draw(st.lists(st.sampled_from(DECIMALS), min_size=2, max_size=4))
    coins = bench.coins_of(decimals)
    n = len(coins)
    size = data.draw(sizes(10, 10**10))
    amounts = [
        size * data.draw(st.integers(1, 1000)) * int(10**places) // 10 + 1 for _, places in coins
    ]
    rates = [data.draw(BALANCER_RATES) if kind == "composable" else ONE for _ in coins]
    factors = [
        int(10 ** (18 - places)) * rate for (_, places), rate in zip(coins, rates, strict=True)
    ]
    script = VaultScript(bench)
    pool = VaultPool(
        math=data.draw(st.composite(drawn_math)(kind, n)),
        balances=tuple(amounts),
        scaling_factors=tuple(factors),
        swap_fee=data.draw(BALANCER_FEES),
        total_supply=0,
    )
    born = give_birth(script, kind, pool, coins)
    pool = holding_itself(pool, born)
    fill(script, born, pool.balances)
    try:
        supply = first_supply(pool)
    except MathError:  # the contract's rounds do not end either, so that no such pool is born
        reject()
    before = look(script, kind, born, pool)
    first = data.draw(asks(kind, pool, supply).filter(lambda ask: ask.kind in ("in", "out")))
    swapped = really_swap(script, born, first)
    after = look(script, kind, born, pool)
    questions = data.draw(st.lists(asks(kind, pool, supply), min_size=1, max_size=6))
    numbers = [put(script, born, ask) for ask in questions]
    replies = script.play()

    start = before(replies)
    assert start is not None
    assert start.total_supply == supply
    event(f"swap {first.kind} {'is done' if replies[swapped].ok else 'reverts'}")
    assert replies[swapped].values("uint256") == ours(start, first), first
    now = after(replies)
    if now is None:
        event("the swap leaves a pool whose invariant does not settle")
        return
    for ask, number in zip(questions, numbers, strict=True):
        reply = replies[number]
        event(f"{ask.kind} {'is done' if reply.ok else 'reverts'}")
        if ask.kind in ("in", "out"):
            assert reply.values("uint256") == ours(now, ask), ask
        else:
            assert theirs(ask, reply.values("uint256", "uint256[]")) == ours(now, ask), ask


def first_supply(pool: VaultPool) -> int:
    """What the first join mints: the invariant, of a weighted pool for each coin."""
    balances = pool.upscaled()
    if isinstance(pool.math, WeightedMath):
        return pool.math.calculate_invariant(balances) * len(balances)
    return pool.math.calculate_invariant(balances, up=True)
