"""Solidly's and Kyber DMM's pools by their real contracts: Aerodrome's Pool and DMMPool."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeAlias, TypeVar

import pytest
from hypothesis import event, given, reject, settings
from hypothesis import strategies as st

from tests.support.effort import examples
from tests.support.numbers import SHARES, portion, sizes
from tests.support.real_pools import (
    SWAP,
    Place,
    Question,
    kyber_place,
    solidly_place,
    swap_amounts,
)
from tests.support.real_stableswaps import MAKER, Story
from watcher.chain.anvil import AnvilOptions, run_anvil
from watcher.devnet.artifacts import Artifacts, Toolchain
from watcher.devnet.local_chain import LocalChain
from watcher.errors import MathError
from watcher.math.exact import kyber_dmm, solidly

pytestmark = pytest.mark.anvil

Observed: TypeAlias = tuple[list[Callable[[Place], Question]], list[tuple[int, ...] | None]]
"""Questions to a pool, and what we answer to them."""

on_chain = settings(max_examples=examples(25, deep=200))


class Bench:
    """A chain; no dataclass, since a failing example would print all contracts."""

    def __init__(self, chain: LocalChain, artifacts: Artifacts) -> None:
        self.chain = chain
        self.artifacts = artifacts

    def story(self) -> Story:
        return Story(self.chain, self.artifacts)


@pytest.fixture(scope="module")
def bench(toolchain: Toolchain) -> Iterator[Bench]:
    options = AnvilOptions(genesis_timestamp=1_700_000_000, automine=False)
    with run_anvil(toolchain.anvil, options) as anvil:
        yield Bench(LocalChain(anvil.url), toolchain.artifacts)


@dataclass(frozen=True, slots=True)
class Move:
    """`given` of a swap are the coin in, the amount in, and how much more than quoted is asked; of
    mint both amounts; of burn the LP tokens; of gift both amounts."""

    kind: str
    given: tuple[int, ...]


@st.composite
def moves(draw: st.DrawFn, reserves: tuple[int, int], supply: int) -> Move:
    def some(whole: int) -> int:
        return draw(
            st.one_of(
                st.builds(portion, st.just(whole), SHARES),
                st.integers(0, whole),
                sizes(0, 2 * whole),
                st.integers(0, 3),
            )
        )

    kind = draw(st.sampled_from(["swap", "swap", "swap", "mint", "burn", "gift"]))
    match kind:
        case "swap":
            coin = draw(st.integers(0, 1))
            more = draw(st.sampled_from([0, 0, 0, 1, 2, -1]))
            return Move(kind, (coin, some(3 * reserves[coin]), more))
        case "burn":
            return Move(kind, (some(supply),))
        case _:
            return Move(kind, (some(reserves[0]), some(reserves[1])))


def outcome(ask: Callable[[], Any]) -> Any:
    """None where it reverts."""
    try:
        return ask()
    except MathError:
        return None


@st.composite
def solidlies(draw: st.DrawFn) -> tuple[solidly.Pool, tuple[int, int], tuple[int, int]]:
    """A pool after its first deposit and a gift that unbalances it; and both."""
    stable = draw(st.booleans())
    decimals = [draw(st.sampled_from([2, 6, 8, 18])) for _ in range(2)]
    if stable:
        size = draw(sizes(1, 10**7))
        deposit = size * 10 ** decimals[0], size * 10 ** decimals[1]
    else:
        deposit = draw(sizes(1, 2**100)), draw(sizes(1, 2**100))
    most = [amount * draw(st.sampled_from([0, 1, 30, 1000])) for amount in deposit]
    gift = draw(sizes(0, most[0])), draw(sizes(0, most[1]))
    empty = solidly.Pool(
        version="v2",
        stable=stable,
        reserves=(0, 0),
        balances=(0, 0),
        units=(10 ** decimals[0], 10 ** decimals[1]),
        fee=draw(st.sampled_from([0, 1, 5, 30, 100, 300])),
        fee_denominator=10_000,
        total_supply=0,
    )
    minted = outcome(lambda: solidly.mint(empty, *deposit))
    if minted is None:
        reject()
    held = deposit[0] + gift[0], deposit[1] + gift[1]
    return replace(minted[1], reserves=held, balances=held), deposit, gift


@st.composite
def kybers(draw: st.DrawFn) -> tuple[kyber_dmm.Pool, tuple[int, int], tuple[int, int, int] | None]:
    """A pool after its first deposit and a trade, if there is any, with its fee at the second
    block; and both."""
    deposit = draw(sizes(1, 2**90)), draw(sizes(1, 2**90))
    amp_bps = draw(st.sampled_from([10_000, 10_001, 20_000, 20_001, 50_001, 1_000_000]))
    empty = kyber_dmm.Pool(
        reserves=(0, 0),
        virtual_reserves=(0, 0),
        balances=(0, 0),
        amp_bps=amp_bps,
        fee=kyber_dmm.trade_fee(0, amp_bps),
        total_supply=0,
        government_fee_bps=draw(st.sampled_from([0, 1, 1_999])),
    )
    minted = outcome(lambda: kyber_dmm.mint(empty, *deposit))
    if minted is None:
        reject()
    pool: kyber_dmm.Pool = minted[1]
    coin = draw(st.integers(0, 1))
    amount = portion(deposit[coin], draw(SHARES))
    paid = outcome(lambda: kyber_dmm.get_amount_out(pool, coin, amount))
    traded = outcome(lambda: kyber_dmm.swap(pool, coin, amount, paid or 0))
    if traded is None:
        return pool, deposit, None
    volume = amount
    if coin:
        volume = pool.virtual_reserves[0] * amount // pool.virtual_reserves[1]
    trend = kyber_dmm.r_factor(short_ema=0, long_ema=0, block_volume=volume, blocks=1)
    fee = kyber_dmm.trade_fee(trend, amp_bps)
    return replace(traded, fee=fee), deposit, (coin, amount, paid)


P = TypeVar("P", solidly.Pool, kyber_dmm.Pool)


def mathematics(pool: solidly.Pool | kyber_dmm.Pool) -> Any:
    """Both modules have functions of the same names."""
    return solidly if isinstance(pool, solidly.Pool) else kyber_dmm


def moved(pool: P, move: Move, *, quoted: int | None, burned: int) -> P:
    """By our arithmetic; raises MathError where it reverts."""
    exact = mathematics(pool)
    match move.kind:
        case "swap":
            coin, amount, more = move.given
            after = exact.swap(pool, coin, amount, max((quoted or 0) + more, 0))
        case "mint":
            after = exact.mint(pool, *move.given)[1]
        case "burn":
            after = exact.burn(pool, burned)[1]
        case _:
            after = with_gift(pool, move)
    found: P = after
    return found


def with_gift(pool: P, move: Move) -> P:
    """What was sent lies in the pool, and its reserves do not know of it."""
    sent = [0, 0]
    if move.kind == "swap":
        sent[move.given[0]] = move.given[1]
    elif move.kind != "burn":
        sent = list(move.given)
    balances = pool.balances[0] + sent[0], pool.balances[1] + sent[1]
    found: P = replace(pool, balances=balances)
    return found


def calls(place: Place, move: Move, *, quoted: int | None, burned: int) -> list[Question]:
    """Sends first, so that what reverts leaves them there; the last is the move."""
    transfer = "transfer(address,uint256)"
    match move.kind:
        case "swap":
            coin, amount, more = move.given
            out = swap_amounts(coin, max((quoted or 0) + more, 0))
            return [
                place.act(place.coins[coin], transfer, place.pool, amount),
                place.act(place.pool, SWAP, *out, MAKER, b""),
            ]
        case "burn":
            return [
                place.act(place.share, transfer, place.pool, burned),
                place.act(place.pool, "burn(address)", MAKER),
            ]
        case _:
            sends = [
                place.act(coin, transfer, place.pool, amount)
                for coin, amount in zip(place.coins, move.given, strict=True)
            ]
            if move.kind == "gift":
                return sends
            return [*sends, place.act(place.pool, "mint(address)", MAKER)]


def agree(place: Place, now: P, chosen: list[Move], view: Callable[[P], Observed]) -> None:
    """Every move does what we say, and what reverts reverts in both."""
    exact = mathematics(now)
    held = now.total_supply - exact.MINIMUM_LIQUIDITY
    asked, expected = [], []
    questions, values = view(now)
    asked += [ask(place) for ask in questions]
    expected += values
    lying = 0
    for each in chosen:
        quoted, burned = None, 0
        if each.kind == "swap":
            quoted = outcome(partial(exact.get_amount_out, now, *each.given[:2]))
        if each.kind == "burn":
            burned = min(each.given[0], held)
            held -= burned
            lying += burned
        supply = now.total_supply
        after = outcome(partial(moved, now, each, quoted=quoted, burned=lying))
        event(f"{each.kind} {'reverts' if after is None else 'is done'}")
        made = calls(place, each, quoted=quoted, burned=burned)
        asked += made
        expected += [()] * (len(made) - 1) + [None if after is None else ()]
        now = with_gift(now, each) if after is None else after
        if after is not None and each.kind == "burn":
            lying = 0
        if after is not None and each.kind == "mint":
            held += now.total_supply - supply
        questions, values = view(now)
        asked += [ask(place) for ask in questions]
        expected += values
    assert place.answers(asked) == expected, chosen


def solidly_view(pool: solidly.Pool) -> Observed:
    questions: list[Callable[[Place], Question]] = [
        partial(Place.ask, signature="getReserves()", types="(uint256,uint256)"),
        partial(Place.ask, signature="totalSupply()"),
        partial(Place.ask, signature="getK()"),
        *(partial(_holding, coin=coin) for coin in (0, 1)),
        *(partial(_amount_out, coin=coin, amount=pool.reserves[coin] // 7) for coin in (0, 1)),
    ]
    values: list[tuple[int, ...] | None] = [
        pool.reserves,
        (pool.total_supply,),
        _one(lambda: solidly.get_k(pool, *pool.reserves)),
        *((balance,) for balance in pool.balances),
        *(
            _one(partial(solidly.get_amount_out, pool, coin, pool.reserves[coin] // 7))
            for coin in (0, 1)
        ),
    ]
    return questions, values


def kyber_view(pool: kyber_dmm.Pool) -> Observed:
    types = "(uint112,uint112,uint112,uint112,uint256)"
    questions: list[Callable[[Place], Question]] = [
        partial(Place.ask, signature="getTradeInfo()", types=types),
        partial(Place.ask, signature="totalSupply()"),
        partial(Place.ask, signature="kLast()"),
        *(partial(_holding, coin=coin) for coin in (0, 1)),
    ]
    values: list[tuple[int, ...] | None] = [
        (*pool.reserves, *pool.virtual_reserves, pool.fee),
        (pool.total_supply,),
        (pool.k_last,),
        *((balance,) for balance in pool.balances),
    ]
    return questions, values


def _one(ask: Callable[[], int]) -> tuple[int, ...] | None:
    found = outcome(ask)
    return None if found is None else (found,)


def _holding(place: Place, *, coin: int) -> Question:
    return place.holding(place.coins[coin], place.pool)


def _amount_out(place: Place, *, coin: int, amount: int) -> Question:
    return place.ask("getAmountOut(uint256,address)", amount, place.coins[coin])


@pytest.mark.proves("solidly", "AerodromePool", moves=("swap", "mint", "burn"))
@on_chain
@given(born=solidlies(), data=st.data())
def test_every_move_of_a_solidly_pool_does_to_the_wei_what_we_say(
    bench: Bench,
    born: tuple[solidly.Pool, tuple[int, int], tuple[int, int]],
    data: st.DataObject,
) -> None:
    pool, deposit, gift = born
    chosen = data.draw(st.lists(moves(pool.reserves, pool.total_supply), min_size=1, max_size=5))
    agree(solidly_place(bench.story(), pool, deposit, gift), pool, chosen, solidly_view)


@pytest.mark.proves("kyber_dmm", "KyberDMMPool", moves=("swap", "mint", "burn"))
@on_chain
@given(born=kybers(), data=st.data())
def test_every_move_of_a_kyber_dmm_pool_does_to_the_wei_what_we_say(
    bench: Bench,
    born: tuple[kyber_dmm.Pool, tuple[int, int], tuple[int, int, int] | None],
    data: st.DataObject,
) -> None:
    pool, deposit, trade = born
    chosen = data.draw(st.lists(moves(pool.reserves, pool.total_supply), min_size=1, max_size=5))
    place = kyber_place(bench.story(), pool, deposit, trade=trade)
    agree(place, pool, chosen, kyber_view)
