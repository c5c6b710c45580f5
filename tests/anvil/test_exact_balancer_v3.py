"""The real pools of Balancer V3, of their later revision, decide what the Vault asks them: swaps,
invariants and balances are what we say, to the wei; where they revert we raise. What the Vault and
the StableSurge hook make of the answers is held to answers of the chain, in the vectors."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from eth_abi.abi import encode
from hypothesis import event, given, settings
from hypothesis import strategies as st

from tests.support.balancer_strategies import ONE, shares_of_one
from tests.support.effort import examples
from tests.support.numbers import SHARES, portion, sizes
from tests.support.real_balancer import NOBODY, Script
from tests.support.real_stableswaps import MAKER
from watcher.chain.anvil import AnvilOptions, run_anvil
from watcher.devnet.artifacts import Toolchain
from watcher.devnet.local_chain import LocalChain
from watcher.errors import MathError
from watcher.math.exact.balancer_stable import StableMath
from watcher.math.exact.balancer_v3_pools import PoolMath, StablePool, WeightedPool
from watcher.math.exact.weighted import WeightedMath

MOVES = ("onSwap", "computeInvariant", "computeBalance")

pytestmark = pytest.mark.anvil

on_chain = settings(max_examples=examples(25, deep=200))

WEIGHTED_PARAMS = "((string,string,uint256,uint256[],string,uint256[]),address)"
STABLE_PARAMS = "((string,string,uint256,string),address)"
SWAP_PARAMS = "(uint8,uint256,uint256[],uint256,uint256,address,bytes)"

VAULT = MAKER
"""Nobody calls it here; it must not be nobody."""


@dataclass(frozen=True, slots=True)
class Place:
    chain: LocalChain
    code: dict[str, bytes]


@pytest.fixture(scope="module")
def place(toolchain: Toolchain) -> Iterator[Place]:
    names = ("WeightedPool", "StablePool")
    code = {name: bytes.fromhex(toolchain.artifacts[name].bytecode[2:]) for name in names}
    options = AnvilOptions(genesis_timestamp=1_700_000_000, automine=False)
    with run_anvil(toolchain.anvil, options) as anvil:
        yield Place(LocalChain(anvil.url), code)


@dataclass(frozen=True, slots=True)
class Ask:
    """Of a swap, coins and amount; of an invariant, 1 where it is rounded up; of a balance, the
    coin and the ratio."""

    kind: str
    given: tuple[int, ...]


@st.composite
def pools(draw: st.DrawFn, kind: str, n: int) -> tuple[PoolMath, Any]:
    """A pool and the arguments of its constructor."""
    if kind == "StablePool":
        amp = draw(sizes(1, 50_000))
        pool = StablePool(StableMath("v3", amp * 1000), limits_imbalance=True)
        return pool, (("S", "S", amp, "v"), VAULT)
    weights = draw(shares_of_one(n))
    least = tuple(draw(sizes(10**6, 10**18)) for _ in range(n))
    pool_of_weights = WeightedPool(WeightedMath(weights), least)
    return pool_of_weights, (("W", "W", n, weights, "v", least), VAULT)


@st.composite
def asks(draw: st.DrawFn, balances: Sequence[int]) -> Ask:
    n = len(balances)
    i = draw(st.integers(0, n - 1))
    j = (i + draw(st.integers(1, n - 1))) % n

    def some(whole: int) -> int:
        share = st.builds(portion, st.just(whole), SHARES)
        return draw(st.one_of(share, st.integers(0, whole), st.integers(0, 3)))

    match draw(st.sampled_from(["in", "out", "invariant", "balance"])):
        case ("in" | "out") as kind:
            return Ask(kind, (i, j, some(2 * balances[i] if kind == "in" else balances[j])))
        case "invariant":
            return Ask("invariant", (draw(st.integers(0, 1)),))
        case _:
            return Ask("balance", (i, draw(st.integers(ONE // 2, 5 * ONE))))


def ours(pool: PoolMath, balances: Sequence[int], ask: Ask) -> int | None:
    try:
        return _OURS[ask.kind](pool, balances, ask.given)
    except MathError:
        return None


_OURS: dict[str, Callable[[PoolMath, Sequence[int], tuple[int, ...]], int]] = {
    "in": lambda pool, balances, given: pool.out_given_in(balances, *given),
    "out": lambda pool, balances, given: pool.in_given_out(balances, *given),
    "invariant": lambda pool, balances, given: pool.compute_invariant(balances, up=bool(given[0])),
    "balance": lambda pool, balances, given: pool.compute_balance(balances, *given),
}


def put(script: Script, made: str, balances: Sequence[int], ask: Ask) -> int:
    match ask.kind, ask.given:
        case ("in" | "out") as kind, (i, j, amount):
            swap = (0 if kind == "in" else 1, amount, balances, i, j, NOBODY, b"")
            return script.ask(made, "onSwap", [SWAP_PARAMS], swap)
        case "invariant", (up,):
            return script.ask(
                made, "computeInvariant", ["uint256[]", "uint8"], balances, 0 if up else 1
            )
        case "balance", (i, ratio):
            types = ["uint256[]", "uint256", "uint256"]
            return script.ask(made, "computeBalance", types, balances, i, ratio)
    raise ValueError(ask)


@pytest.mark.parametrize(
    "kind",
    [
        pytest.param(kind, marks=pytest.mark.proves(family, kind, moves=MOVES))
        for kind, family in (("WeightedPool", "weighted"), ("StablePool", "balancer_stable"))
    ],
)
@on_chain
@given(data=st.data())
def test_every_question_is_answered_to_the_wei(
    place: Place, kind: str, data: st.DataObject
) -> None:
    n = data.draw(st.integers(2, 4))
    pool, arguments = data.draw(pools(kind, n))
    size = data.draw(sizes(10**6, 10**27))
    balances = [size * data.draw(st.integers(1, 1000)) for _ in range(n)]
    questions = data.draw(st.lists(asks(balances), min_size=1, max_size=6))
    script = Script(place.chain)
    types = WEIGHTED_PARAMS if kind == "WeightedPool" else STABLE_PARAMS
    # The constructor takes the two apart, as an encoded tuple without its own offset does.
    made = script.create(place.code[kind] + encode([types], [arguments])[32:])
    numbers = [put(script, made, balances, ask) for ask in questions]
    replies = script.play()
    for ask, number in zip(questions, numbers, strict=True):
        reply = replies[number]
        event(f"{ask.kind} {'is done' if reply.ok else 'reverts'}")
        theirs = int.from_bytes(reply.data[:32]) if reply.ok else None
        assert theirs == ours(pool, balances, ask), ask
