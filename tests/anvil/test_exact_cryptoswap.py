"""CryptoSwap by the real contracts: CurveCryptoSwap2 as a pool, and tricrypto-NG's mathematics."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from typing import Any

import pytest
from hypothesis import event, given, reject, settings
from hypothesis import strategies as st

from tests.support.effort import examples
from tests.support.numbers import SHARES, portion, sizes
from tests.support.real_pools import ELAPSED, Place, Question, crypto_place
from tests.support.real_stableswaps import Story
from tests.support.strategies_pools import cryptos
from watcher.chain.anvil import AnvilOptions, run_anvil
from watcher.devnet.artifacts import Artifacts, Toolchain
from watcher.devnet.deploy.site import Site
from watcher.devnet.local_chain import LocalChain
from watcher.devnet.sources import CRYPTO_DECIMALS
from watcher.errors import MathError
from watcher.math.exact import cryptoswap as exact
from watcher.math.exact import cryptoswap_liquidity as liquidity
from watcher.math.exact import cryptoswap_swaps as swaps
from watcher.math.exact.cryptoswap import Pool
from watcher.math.exact.cryptoswap_cbrt import cbrt
from watcher.math.exact.cryptoswap_cubic import get_y
from watcher.math.exact.cryptoswap_newton import WAD, geometric_mean_of_three, newton_D
from watcher.math.exact.cryptoswap_prices import get_p, price_average, wad_exp
from watcher.math.exact.cryptoswap_variants import ARITHMETIC
from watcher.math.families.cryptoswap import pool_of
from watcher.state.token import Address, to_address

MOVES = ("exchange", "add_liquidity", "remove_liquidity", "remove_liquidity_one_coin")

pytestmark = pytest.mark.anvil

on_chain = settings(max_examples=examples(25, deep=200))
DAY = 86_400


class Bench:
    """A chain with two coins that anybody may mint, and the mathematics of tricrypto-NG.

    No dataclass: a failing example would print all contracts.
    """

    def __init__(
        self, chain: LocalChain, artifacts: Artifacts, coins: Sequence[Address], made: Address
    ) -> None:
        self.chain = chain
        self.artifacts = artifacts
        self.coins = (coins[0], coins[1])
        self.mathematics = made


@pytest.fixture(scope="module")
def bench(toolchain: Toolchain) -> Iterator[Bench]:
    options = AnvilOptions(genesis_timestamp=1_700_000_000, automine=False)
    with run_anvil(toolchain.anvil, options) as anvil:
        chain = LocalChain(anvil.url)
        site = Site(chain, toolchain.artifacts)
        builder = to_address(chain.request("eth_accounts")[0])
        coins = [site.create(builder, "Token", "Coin", "C", 18) for _ in range(2)]
        mathematics = site.create(builder, "CurveCryptoMathOptimized3")
        site.mine()
        yield Bench(chain, toolchain.artifacts, coins, mathematics)


@dataclass(frozen=True, slots=True)
class Move:
    """`given` of an exchange are i, j, dx; of add two amounts; of remove the LP tokens burned, and
    of one_coin those and the coin."""

    kind: str
    given: tuple[int, ...]

    def call(self) -> tuple[str, list[Any]]:
        match self.kind:
            case "exchange":
                return "exchange(uint256,uint256,uint256,uint256)", [*self.given, 0]
            case "add":
                return "add_liquidity(uint256[2],uint256)", [self.given, 0]
            case "remove":
                return "remove_liquidity(uint256,uint256[2])", [*self.given, (0, 0)]
            case _:
                return "remove_liquidity_one_coin(uint256,uint256,uint256)", [*self.given, 0]

    def played(self, pool: Pool) -> Pool:
        match self.kind:
            case "exchange":
                i, j, dx = self.given
                return swaps.exchange(pool, i, j, dx).pool
            case "add":
                return liquidity.add_liquidity(pool, self.given).pool
            case "remove":
                return liquidity.remove_liquidity(pool, *self.given).pool
            case _:
                burned, coin = self.given
                return liquidity.remove_liquidity_one_coin(pool, burned, coin).pool

    @property
    def view_name(self) -> str | None:
        views = {
            "exchange": "get_dy(uint256,uint256,uint256)",
            "add": "calc_token_amount(uint256[2])",
            "one_coin": "calc_withdraw_one_coin(uint256,uint256)",
        }
        return views.get(self.kind)

    def viewed(self, pool: Pool) -> int:
        match self.kind:
            case "exchange":
                i, j, dx = self.given
                return swaps.get_dy_of_own_D(pool, i, j, dx)
            case "add":
                return liquidity.calc_token_amount(pool, self.given)
            case _:
                burned, coin = self.given
                return liquidity.calc_withdraw_one_coin(pool, burned, coin)

    def view(self, place: Place) -> list[Question]:
        if self.view_name is None:
            return []
        args = [self.given] if self.kind == "add" else self.given
        return [place.ask(self.view_name, *args)]


@st.composite
def moves(draw: st.DrawFn, pool: Pool) -> Move:
    """From nothing and one wei to nearly the whole pool, and beyond."""

    def some(whole: int) -> int:
        return draw(
            st.one_of(
                st.builds(portion, st.just(whole), SHARES),
                st.integers(0, whole // 3),
                st.integers(0, whole // 100),
                sizes(0, 2 * whole),
                st.integers(0, 3),
            )
        )

    kind = draw(st.sampled_from(["exchange", "exchange", "add", "remove", "one_coin"]))
    coin = draw(st.integers(0, 1))
    match kind:
        case "exchange":
            return Move(kind, (coin, 1 - coin, some(2 * pool.balances[coin])))
        case "add":
            zero = st.booleans()
            return Move(kind, tuple(0 if draw(zero) else some(b) for b in pool.balances))
        case "remove":
            return Move(kind, (some(pool.total_supply),))
        case _:
            return Move(kind, (some(pool.total_supply // 2), coin))


def outcome(ask: Callable[[], Any]) -> Any:
    """None where it reverts."""
    try:
        return ask()
    except MathError:
        return None


@st.composite
def stories(draw: st.DrawFn) -> tuple[Pool, tuple[int, ...], tuple[int, int, int] | None]:
    """A pool after its first deposit, that deposit, and the trade that follows it."""
    drawn = draw(cryptos(variant="twocrypto_early"))
    decimals = draw(st.sampled_from([(18, 18), *CRYPTO_DECIMALS]))
    state = replace(drawn, decimals=decimals, ramping=False, loss_allowed=False)
    empty = replace(
        pool_of(state),
        balances=(0, 0),
        D=0,
        total_supply=0,
        virtual_price=0,
        xcp_profit=0,
        price_oracle=state.price_scale,
        last_prices=state.price_scale,
        not_adjusted=False,
        allowed_extra_profit=draw(st.sampled_from([0, 10**10, 10**16])),
        adjustment_step=draw(st.sampled_from([10**10, 10**14, 10**16])),
    )
    rates = [Fraction(10**now, 10**was) for now, was in zip(decimals, drawn.decimals, strict=True)]
    deposit = tuple(int(b * rate) for b, rate in zip(state.balances, rates, strict=True))
    added = outcome(lambda: liquidity.add_liquidity(empty, deposit))
    if added is None:
        reject()
    pool: Pool = added.pool
    coin = draw(st.integers(0, 1))
    dx = draw(st.integers(1, max(pool.balances[coin] // 4, 1)))
    traded = outcome(lambda: swaps.exchange(pool, coin, 1 - coin, dx))
    if traded is None:
        return pool, deposit, None
    return traded.pool, deposit, (coin, 1 - coin, dx)


def stored(pool: Pool) -> list[int | None]:
    return [
        pool.D,
        pool.virtual_price,
        pool.xcp_profit,
        pool.price_scale[0],
        pool.last_prices[0],
        outcome(lambda: exact.get_virtual_price(pool)),
        outcome(lambda: exact.fee(pool, exact.scaled(pool, pool.balances))),
        *pool.balances,
        *pool.balances,
        pool.total_supply,
    ]


def questions(place: Place) -> list[Question]:
    """In the order of `stored`; what the pool holds is what it believes."""
    names = ("D", "virtual_price", "xcp_profit", "price_scale", "last_prices")
    return [
        *(place.ask(f"{name}()") for name in (*names, "get_virtual_price", "fee")),
        *(place.ask("balances(uint256)", coin) for coin in (0, 1)),
        *(place.holding(coin, place.pool) for coin in place.coins),
        Question(place.story.later(place.share, "totalSupply()"), "(uint256)"),
    ]


@pytest.mark.proves("cryptoswap", "CurveCryptoSwap2", moves=MOVES)
@on_chain
@given(story=stories(), window=sizes(1, 7 * DAY), data=st.data())
def test_every_move_does_to_the_wei_what_we_say(
    bench: Bench,
    story: tuple[Pool, tuple[int, ...], tuple[int, int, int] | None],
    window: int,
    data: st.DataObject,
) -> None:
    """What the pool stores is equal before and after each, and so are its views."""
    pool, deposit, trade = story
    scene = Story(bench.chain, bench.artifacts)
    place = crypto_place(scene, pool, bench.coins, window=window, deposit=deposit, trade=trade)
    now = replace(pool, price_oracle=price_average(pool, elapsed=ELAPSED, window=window))
    chosen = data.draw(st.lists(moves(pool), min_size=1, max_size=4))
    asked = questions(place)
    expected: list[int | None] = stored(now)
    for each in chosen:
        signature, args = each.call()
        asked += [*each.view(place), place.act(place.pool, signature, *args), *questions(place)]
        if each.view_name:
            expected.append(outcome(partial(each.viewed, now)))
        after = outcome(partial(each.played, now))
        event(f"{each.kind} {'reverts' if after is None else 'is done'}")
        now = after or now
        expected += [None if after is None else 0, *stored(now)]
    found = [_first(answer) for answer in place.answers(asked)]
    assert found == expected, chosen


def _first(answer: tuple[Any, ...] | None) -> int | None:
    """0 of a move, which answers nothing."""
    return None if answer is None else answer[0] if answer else 0


X = st.one_of(sizes(10**9, 10**33), sizes(1, 10**40))
"""Balances with 18 decimals, and beyond what the mathematics takes."""


@dataclass(frozen=True, slots=True)
class Sum:
    """Arguments of tricrypto-NG's mathematics."""

    ANN: int
    gamma: int
    x: tuple[int, int, int]
    D: int
    i: int


@st.composite
def sums(draw: st.DrawFn) -> Sum:
    """Mostly pools that can be: balances within 100:1, D near theirs."""
    rules = ARITHMETIC["tricrypto_ng"]
    size = draw(sizes(10**17, 10**32))
    parts = st.one_of(st.integers(1, 1000), st.integers(300, 400))
    x = [size * draw(parts) // 300 for _ in range(3)]
    ANN, gamma = draw(sizes(rules.min_A, rules.max_A)), draw(sizes(10**10, rules.max_gamma))
    D = outcome(lambda: newton_D(rules, ANN, gamma, x)) or sum(x)
    i = draw(st.integers(0, 2))
    x[(i + 1) % 3] += draw(st.one_of(st.just(0), sizes(0, x[(i + 1) % 3])))
    if draw(st.integers(0, 9)) == 0:
        x[draw(st.integers(0, 2))] = draw(X)
    if draw(st.integers(0, 9)) == 0:
        D = draw(X)
    if draw(st.integers(0, 9)) == 0:
        ANN += draw(st.sampled_from([-1, 1]))
    return Sum(ANN, gamma, (x[0], x[1], x[2]), D, i)


@settings(max_examples=examples(60, deep=1000))
@given(case=sums(), power=st.integers(-50 * 10**18, 0), root=sizes(0, 2**256 - 1))
def test_the_mathematics_of_tricrypto_ng_is_ours(
    bench: Bench, case: Sum, power: int, root: int
) -> None:
    rules = ARITHMETIC["tricrypto_ng"]
    pool, numbers = mathematics_pool(case), (case.ANN, case.gamma, case.x)
    story = Story(bench.chain, bench.artifacts)
    place = Place(story, bench.mathematics, bench.mathematics, ())
    solved = outcome(lambda: get_y(rules, *numbers, case.D, case.i))
    event(f"get_y {'reverts' if solved is None else 'answers' if solved[1] else 'falls back'}")
    expected: list[Sequence[int] | None] = [solved]
    signature = "get_y(uint256,uint256,uint256[3],uint256,uint256)"
    asked = [place.ask(signature, *numbers, case.D, case.i, types="(uint256[2])")]
    for K0_prev in (0, solved[1] if solved else WAD, WAD // 10):
        expected.append(outcome(partial(_single, newton_D, rules, *numbers, K0_prev)))
        signature = "newton_D(uint256,uint256,uint256[3],uint256)"
        asked.append(place.ask(signature, *numbers, K0_prev))
    given = (case.ANN, case.gamma)
    signature = "get_p(uint256[3],uint256,uint256[2])"
    asked += [
        place.ask(signature, case.x, case.D, given, types="(uint256[2])"),
        place.ask("geometric_mean(uint256[3])", case.x),
        place.ask("reduction_coefficient(uint256[3],uint256)", case.x, case.gamma),
        place.ask("cbrt(uint256)", root),
        place.ask("wad_exp(int256)", power),
    ]
    expected += [
        outcome(lambda: get_p(pool, case.x, case.D)),
        outcome(lambda: [geometric_mean_of_three(case.x)]),
        outcome(lambda: [exact.reduction_coefficient(rules, case.x, case.gamma)]),
        [cbrt(root)],
        [wad_exp(power)],
    ]
    found = [None if answer is None else _flat(answer) for answer in place.answers(asked)]
    assert found == [None if each is None else list(each) for each in expected]


def mathematics_pool(case: Sum) -> Pool:
    """A pool of which the mathematics sees A and gamma alone."""
    return Pool(
        variant="tricrypto_ng",
        balances=case.x,
        precisions=(1, 1, 1),
        A=case.ANN,
        gamma=case.gamma,
        D=case.D,
        price_scale=(WAD, WAD),
        price_oracle=(WAD, WAD),
        last_prices=(WAD, WAD),
        mid_fee=0,
        out_fee=0,
        fee_gamma=0,
        allowed_extra_profit=0,
        adjustment_step=0,
        xcp_profit=WAD,
        virtual_price=WAD,
        total_supply=WAD,
    )


def _single(function: Callable[..., int], *args: Any) -> list[int]:
    return [function(*args)]


def _flat(answer: Sequence[Any]) -> list[int]:
    (value,) = answer
    return list(value) if isinstance(value, tuple | list) else [value]
