"""The real pool of Balancer V1 decides: every swap, join and exit is what we say, to the wei; where
it reverts we raise."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from tests.support.effort import examples
from tests.support.numbers import SHARES, portion, sizes
from tests.support.real_balancer import DECIMALS, WEALTH, Bench, Reply, Script, build
from tests.support.real_stableswaps import MAKER
from watcher.chain.anvil import AnvilOptions, run_anvil
from watcher.devnet.artifacts import Toolchain
from watcher.devnet.local_chain import LocalChain
from watcher.errors import MathError
from watcher.math.exact import balancer_v1
from watcher.math.exact.balancer_v1 import BPool
from watcher.math.exact.bnum import BONE
from watcher.state.token import Address

MOVES = (
    "swapExactAmountIn",
    "swapExactAmountOut",
    "joinPool",
    "exitPool",
    "joinswapExternAmountIn",
    "joinswapPoolAmountOut",
    "exitswapPoolAmountIn",
    "exitswapExternAmountOut",
)

pytestmark = pytest.mark.anvil

on_chain = settings(max_examples=examples(25, deep=200))

FIRST_SUPPLY = 100 * BONE
ANY_PRICE = 2**256 - 1


@dataclass(frozen=True, slots=True)
class Place:
    bench: Bench
    code: bytes


@pytest.fixture(scope="module")
def place(toolchain: Toolchain) -> Iterator[Place]:
    code = bytes.fromhex(toolchain.artifacts["BalancerV1Pool"].bytecode[2:])
    options = AnvilOptions(genesis_timestamp=1_700_000_000, automine=False)
    with run_anvil(toolchain.anvil, options) as anvil:
        yield Place(build(LocalChain(anvil.url), toolchain.artifacts), code)


@dataclass(frozen=True, slots=True)
class Move:
    """`given` are coins, then an amount."""

    kind: str
    given: tuple[int, ...]


@st.composite
def pools(draw: st.DrawFn, decimals: Sequence[int]) -> BPool:
    """Out of balance by up to 1000:1; a coin has a million units at least."""
    size = draw(sizes(10**6, 10**10))
    return BPool(
        balances=tuple(
            10**6 + size * draw(st.integers(1, 1000)) * int(10**places) // 10**6
            for places in decimals
        ),
        weights=tuple(draw(st.integers(BONE, 12 * BONE)) for _ in decimals),
        swap_fee=draw(st.sampled_from([BONE // 10**6, 3 * BONE // 1000, BONE // 10])),
        total_supply=FIRST_SUPPLY,
    )


@st.composite
def moves(draw: st.DrawFn, pool: BPool) -> Move:
    n = len(pool.balances)
    i = draw(st.integers(0, n - 1))
    j = (i + draw(st.integers(1, n - 1))) % n

    def some(whole: int) -> int:
        share = st.builds(portion, st.just(whole), SHARES)
        return draw(st.one_of(share, st.integers(0, whole), st.integers(0, 3)))

    match draw(st.sampled_from(sorted(_OURS))):
        case ("in" | "out") as kind:
            return Move(kind, (i, j, some(pool.balances[i if kind == "in" else j])))
        case ("join_in" | "exit_out") as kind:
            return Move(kind, (i, some(pool.balances[i])))
        case ("join" | "exit") as kind:
            return Move(kind, (some(FIRST_SUPPLY),))
        case kind:
            return Move(kind, (i, some(FIRST_SUPPLY)))


Ours = Callable[[BPool, tuple[int, ...]], int | tuple[int, ...]]
_OURS: dict[str, Ours] = {
    "in": lambda pool, given: balancer_v1.swap_exact_amount_in(pool, *given),
    "out": lambda pool, given: balancer_v1.swap_exact_amount_out(pool, *given),
    "join_in": lambda pool, given: balancer_v1.joinswap_extern_amount_in(pool, *given),
    "join_out": lambda pool, given: balancer_v1.joinswap_pool_amount_out(pool, *given),
    "exit_in": lambda pool, given: balancer_v1.exitswap_pool_amount_in(pool, *given),
    "exit_out": lambda pool, given: balancer_v1.exitswap_extern_amount_out(pool, *given),
    "join": lambda pool, given: balancer_v1.join_pool(pool, *given),
    "exit": lambda pool, given: balancer_v1.exit_pool(pool, *given),
}


def ours(pool: BPool, move: Move) -> int | tuple[int, ...] | None:
    try:
        return _OURS[move.kind](pool, move.given)
    except MathError:
        return None


def give_birth(script: Script, code: bytes, pool: BPool, coins: Sequence[Address]) -> Address:
    made = script.create(code)
    for coin, balance, weight in zip(coins, pool.balances, pool.weights, strict=True):
        script.must(coin, "mint", ["address", "uint256"], MAKER, WEALTH)
        script.must(coin, "approve", ["address", "uint256"], made, 2**256 - 1)
        script.must(made, "bind", ["address", "uint256", "uint256"], coin, balance, weight)
    script.must(made, "setSwapFee", ["uint256"], pool.swap_fee)
    script.must(made, "finalize", [])
    return made


def put(script: Script, made: Address, coins: Sequence[Address], move: Move) -> int:
    """Queue the move itself; it takes any price."""
    n = len(coins)
    match move.kind, move.given:
        case ("in" | "out") as kind, (i, j, amount):
            limits = (coins[i], amount, coins[j], 0) if kind == "in" else ()
            limits = limits or (coins[i], WEALTH, coins[j], amount)
            name = "swapExactAmountIn" if kind == "in" else "swapExactAmountOut"
            types = ["address", "uint256", "address", "uint256", "uint256"]
            return script.ask(made, name, types, *limits, ANY_PRICE)
        case "join", (amount,):
            most = [WEALTH] * n
            return script.ask(made, "joinPool", ["uint256", "uint256[]"], amount, most)
        case "exit", (amount,):
            return script.ask(made, "exitPool", ["uint256", "uint256[]"], amount, [0] * n)
        case kind, (i, amount):
            name, limit = {
                "join_in": ("joinswapExternAmountIn", 0),
                "join_out": ("joinswapPoolAmountOut", WEALTH),
                "exit_in": ("exitswapPoolAmountIn", 0),
                "exit_out": ("exitswapExternAmountOut", WEALTH),
            }[kind]
            types = ["address", "uint256", "uint256"]
            return script.ask(made, name, types, coins[i], amount, limit)
    raise ValueError(move)


def look(script: Script, made: Address, coins: Sequence[Address]) -> list[int]:
    """Queue the reading of the balances and of the supply."""
    held = [script.must(made, "getBalance", ["address"], coin) for coin in coins]
    return [*held, script.must(made, "totalSupply", [])]


def read(replies: Sequence[Reply], numbers: Sequence[int], pool: BPool) -> BPool:
    *balances, supply = (int.from_bytes(replies[number].data) for number in numbers)
    return BPool(tuple(balances), pool.weights, pool.swap_fee, supply)


@pytest.mark.proves("weighted", "BalancerV1Pool", moves=MOVES)
@on_chain
@given(data=st.data())
def test_every_move_does_to_the_wei_what_we_say(place: Place, data: st.DataObject) -> None:
    decimals = data.draw(st.lists(st.sampled_from(DECIMALS), min_size=2, max_size=4))
    coins = [coin for coin, _ in place.bench.coins_of(decimals)]
    pool = data.draw(pools([places for _, places in place.bench.coins_of(decimals)]))
    chosen = data.draw(st.lists(moves(pool), min_size=1, max_size=5))
    script = Script(place.bench.chain)
    made = give_birth(script, place.code, pool, coins)
    stops = [look(script, made, coins)]
    numbers = []
    for move in chosen:
        numbers.append(put(script, made, coins, move))
        stops.append(look(script, made, coins))
    replies = script.play()
    states = [read(replies, stop, pool) for stop in stops]
    assert states[0] == pool
    for move, number, before, after in zip(chosen, numbers, states, states[1:], strict=False):
        reply = replies[number]
        event(f"{move.kind} {'is done' if reply.ok else 'reverts'}")
        assert done(move, reply, before, after) == ours(before, move), move


def done(move: Move, reply: Reply, before: BPool, after: BPool) -> int | tuple[int, ...] | None:
    if not reply.ok:
        return None
    if move.kind not in ("join", "exit"):
        return int.from_bytes(reply.data[:32])
    changes = zip(before.balances, after.balances, strict=True)
    return tuple(abs(now - then) for then, now in changes)
