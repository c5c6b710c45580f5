"""What is searched on curves of several coins beside exact exchanges, tried one by one."""

from __future__ import annotations

from fractions import Fraction
from itertools import permutations

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from tests.support.strategies import STATES, stable, target_of, usually
from watcher.errors import MathError
from watcher.math.coin_pools import POOLED, CoinPool, coin_pool
from watcher.math.coin_search import CLOSE, arbitrage_profit, depth, least_depth
from watcher.state import State

KINDS = pytest.mark.parametrize("kind", POOLED)
KEEPS = st.sampled_from([0.9, 0.99, 0.999])
TINY = 10**-12
"""Of a unit of the price: what a float of it may be off by."""


@KINDS
@usually
@given(data=st.data(), part=st.integers(1, 999))
def test_after_an_exchange_the_pool_has_paid_what_was_quoted(
    kind: str, data: st.DataObject, part: int
) -> None:
    """It keeps of the input what is no fee of others', and pays at least what was quoted."""
    pool = drawn(kind, data)
    coin_in, coin_out = data.draw(st.permutations(pool.coins))[:2]
    amount = pool.balances[coin_in] * part // 1_000
    out = paid(pool, coin_in, coin_out, amount)
    assume(out > 0)
    moved = pool.after(coin_in, coin_out, amount)
    assert pool.balances[coin_in] < moved.balances[coin_in]
    assert moved.balances[coin_out] <= pool.balances[coin_out] - out
    for coin in set(range(len(pool.balances))) - {coin_in, coin_out}:
        assert moved.balances[coin] == pool.balances[coin]


@KINDS
@usually
@given(data=st.data(), keep=KEEPS, off=st.sampled_from([0.5, 0.99, 1.0, 1.01, 3.0]))
def test_a_depth_is_the_last_amount_that_keeps_the_price(
    kind: str, data: st.DataObject, keep: float, off: float
) -> None:
    """From wherever it is looked for."""
    pool = drawn(kind, data)
    coin_in, coin_out = data.draw(st.permutations(pool.coins))[:2]
    found = depth_or_none(pool, coin_in, coin_out, keep)
    assume(found is not None)
    assert found is not None
    for each in (found, depth(pool, coin_in, coin_out, keep, near=int(found * off))):
        assert each == 0 or kept(pool, coin_in, coin_out, each) >= keep - TINY
        beyond = each + max(1, 2 * (each // CLOSE))
        assert kept(pool, coin_in, coin_out, beyond) < keep + TINY


@KINDS
@usually
@given(data=st.data(), keep=KEEPS)
def test_the_least_depth_is_the_least_of_all(kind: str, data: st.DataObject, keep: float) -> None:
    pool = drawn(kind, data)
    coin = data.draw(st.sampled_from(pool.coins))
    depths = [depth_or_none(pool, coin, other, keep) for other in pool.others(coin)]
    known = [each for each in depths if each is not None]
    assume(len(known) == len(depths))
    least = least_depth(pool, coin, keep)
    assert abs(least - min(known)) <= max(1, 2 * least // CLOSE)


@KINDS
@usually
@given(
    data=st.data(),
    off=st.sampled_from([Fraction(1), Fraction(999, 1000), Fraction(101, 100), Fraction(2)]),
)
def test_no_size_of_forty_earns_more_than_the_most(
    kind: str, data: st.DataObject, off: Fraction
) -> None:
    require_no_better(drawn(kind, data), off)


@example(multiplier=10, part=3)
@usually
@given(multiplier=st.integers(2, 20), part=st.integers(2, 900))
def test_nor_where_the_fee_falls_as_the_pool_is_mended(multiplier: int, part: int) -> None:
    state = stable((10**24, part * 10**21), variant="ng", offpeg_fee_multiplier=multiplier * 10**10)
    require_no_better(coin_pool(target_of(state), state), Fraction(1))


def require_no_better(pool: CoinPool, off: Fraction) -> None:
    """A coin is worth what the pool's spot says, but the first `off` times as much."""
    coins = pool.coins
    try:
        worth = {coin: Fraction(float(1 / pool.spot(coins[0], coin))) for coin in coins[1:]}
        worth[coins[0]] = off
        found = arbitrage_profit(pool, worth)
    except MathError:
        assume(False)
    for coin_in, coin_out in permutations(coins, 2):
        most = pool.balances[coin_in]
        # rounding pays, or keeps, a few smallest units of either coin
        dust = 4 * float(worth[coin_out] + worth[coin_in])
        for step in range(1, 21):
            for amount in (most * step // 20, most >> step):
                earned = paid(pool, coin_in, coin_out, amount) * worth[coin_out]
                earned -= amount * worth[coin_in]
                assert float(earned) <= found * (1 + 1e-6) + dust, (coin_in, coin_out, amount)


def drawn(kind: str, data: st.DataObject) -> CoinPool:
    """Whose price is known after whatever it takes: far out of balance StableSwap's loop goes
    round, and then the real pool takes nothing more either."""
    state: State = data.draw(STATES[kind])
    pool = coin_pool(target_of(state), state)
    assume(all(settles(pool, i, j) for i, j in permutations(pool.coins, 2)))
    return pool


def settles(pool: CoinPool, coin_in: int, coin_out: int) -> bool:
    for step in range(1, 9):
        try:
            moved = pool.after(coin_in, coin_out, pool.balances[coin_in] * step // 8)
        except MathError:
            continue
        try:
            moved.spot(coin_in, coin_out)
        except MathError:
            return False
    return True


def depth_or_none(pool: CoinPool, coin_in: int, coin_out: int, keep: float) -> int | None:
    try:
        return depth(pool, coin_in, coin_out, keep)
    except MathError:
        return None


def kept(pool: CoinPool, coin_in: int, coin_out: int, amount: int) -> float:
    """What is left of the price; nothing where the exchange reverts."""
    still = pool.at_rest()
    try:
        now = still.after(coin_in, coin_out, amount).spot(coin_in, coin_out)
    except MathError:
        return 0.0
    return float(now / still.spot(coin_in, coin_out))


def paid(pool: CoinPool, coin_in: int, coin_out: int, amount: int) -> int:
    try:
        return pool.quote(coin_in, coin_out, amount)
    except MathError:
        return 0
