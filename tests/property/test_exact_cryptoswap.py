"""What must hold of every CryptoSwap pool, whatever its era, size and imbalance."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from hypothesis import assume, event, given
from hypothesis import strategies as st

from tests.support.numbers import SHARES, portion, sizes, usually
from tests.support.strategies_pools import cryptos
from watcher.errors import MathError
from watcher.math.exact import cryptoswap_liquidity as liquidity
from watcher.math.exact import cryptoswap_swaps as swaps
from watcher.math.exact.cryptoswap import (
    FEE_DENOMINATOR,
    Pool,
    fee,
    get_virtual_price,
    invariant,
    scaled,
)
from watcher.math.exact.cryptoswap_cubic import get_y
from watcher.math.exact.cryptoswap_newton import WAD, newton_y
from watcher.math.exact.cryptoswap_prices import get_p
from watcher.math.families.cryptoswap import pool_of, slope
from watcher.math.quotes import quote_exact_in, quote_exact_out, spot_price
from watcher.state import CryptoSwap

COINS = st.tuples(st.integers(0, 2), st.integers(0, 2))
PRECISION = 10**10
"""Newton's method and the cubic end within about 1e-14 of the balance; D is as exact."""


def outcome(ask: Callable[[], Any]) -> Any:
    """What a function gives, or why it gives nothing."""
    try:
        return ask()
    except MathError as error:
        event(str(error))
        return str(error)


def some_pair(pool: Pool, coins: tuple[int, int]) -> tuple[int, int]:
    n = pool.rules.coins
    i = coins[0] % n
    return i, (i + 1 + coins[1] % (n - 1)) % n


def free(state: CryptoSwap) -> Pool:
    """A pool that neither ramps nor moves its price scale, and may lose."""
    pool = pool_of(replace(state, ramping=False, loss_allowed=True, not_adjusted=False))
    return replace(pool, allowed_extra_profit=10**30)


@usually
@given(state=cryptos(), coins=COINS, share=SHARES)
def test_what_is_solved_for_keeps_the_invariant(
    state: CryptoSwap, coins: tuple[int, int], share: int
) -> None:
    pool = free(state)
    i, j = some_pair(pool, coins)
    xp = scaled(pool, pool.balances)
    xp[i] += portion(xp[i], share)
    found = outcome(lambda: get_y(pool.rules, pool.A, pool.gamma, xp, pool.D, j))
    assume(not isinstance(found, str))
    xp[j] = found[0]
    D = outcome(lambda: invariant(pool, xp))
    assume(not isinstance(D, str))
    assert abs(D - pool.D) <= pool.D // PRECISION + 2 * len(xp)


@usually
@given(state=cryptos(generation="ng"), coins=COINS, share=SHARES)
def test_the_cubic_and_newton_find_the_same_balance(
    state: CryptoSwap, coins: tuple[int, int], share: int
) -> None:
    pool = free(state)
    i, j = some_pair(pool, coins)
    xp = scaled(pool, pool.balances)
    xp[i] += portion(xp[i], share)
    rules = pool.rules
    found = outcome(lambda: get_y(rules, pool.A, pool.gamma, xp, pool.D, j))
    near = outcome(lambda: newton_y(rules, pool.A, pool.gamma, xp, pool.D, j, ends_safe=False))
    assume(not isinstance(found, str))
    assume(not isinstance(near, str))
    assert abs(found[0] - near) <= max(near, pool.D) // PRECISION + 200


@usually
@given(state=cryptos(), coins=COINS, share=SHARES)
def test_an_exchange_never_lowers_the_virtual_price(
    state: CryptoSwap, coins: tuple[int, int], share: int
) -> None:
    pool = free(state)
    i, j = some_pair(pool, coins)
    done = outcome(lambda: swaps.exchange(pool, i, j, portion(3 * pool.balances[i], share)))
    assume(not isinstance(done, str))
    assert done.pool.virtual_price * (PRECISION + 1) >= pool.virtual_price * PRECISION
    strict = replace(pool, loss_allowed=False)
    again = outcome(lambda: swaps.exchange(strict, i, j, portion(3 * pool.balances[i], share)))
    lost = done.pool.virtual_price < pool.virtual_price + (pool.rules.generation == "ng")
    assert (again == "Loss") is lost


@usually
@given(state=cryptos(), coins=COINS, share=SHARES)
def test_a_round_trip_never_profits(state: CryptoSwap, coins: tuple[int, int], share: int) -> None:
    pool = free(state)
    i, j = some_pair(pool, coins)
    dx = portion(pool.balances[i], share)
    done = outcome(lambda: swaps.exchange(pool, i, j, dx))
    assume(not isinstance(done, str))
    assume(done.amount_out > 0)
    back = outcome(lambda: swaps.exchange(done.pool, j, i, done.amount_out))
    # The solver's precision is one of the pool, not of the trade.
    room = pool.balances[i] // PRECISION + 2
    assert isinstance(back, str) or back.amount_out <= dx + room


@usually
@given(state=cryptos(), coins=COINS, share=SHARES)
def test_no_trade_beats_the_spot_price_by_more_than_the_solver_errs(
    state: CryptoSwap, coins: tuple[int, int], share: int
) -> None:
    pool = free(state)
    i, j = some_pair(pool, coins)
    dx = portion(pool.balances[i], share)
    paid = outcome(lambda: swaps.get_dy(pool, i, j, dx))
    assume(not isinstance(paid, str))
    room = pool.balances[j] // PRECISION + pool.balances[j] // 10**8 + 2
    assert paid <= spot_price(state, i, j) * dx + room


@usually
@given(state=cryptos(generation="ng"))
def test_the_contracts_marginal_price_is_the_invariants_slope(state: CryptoSwap) -> None:
    pool = free(state)
    xp = scaled(pool, pool.balances)
    prices = outcome(lambda: get_p(pool, xp, pool.D))
    assume(not isinstance(prices, str))
    for k, price in enumerate(prices, start=1):
        exact = slope(pool, k) / slope(pool, 0)
        assume(exact > 0)
        # get_p divides a last digit of 10**36 by gamma squared
        assert abs(price - exact * WAD) <= exact * WAD / 10**4 + 2


@usually
@given(state=cryptos(), coin=st.integers(0, 2), other=st.integers(0, 2))
def test_the_fee_is_between_its_two_ends(state: CryptoSwap, coin: int, other: int) -> None:
    pool = pool_of(state)
    xp = scaled(pool, pool.balances)
    assert pool.mid_fee - 1 <= fee(pool, xp) <= pool.out_fee
    assert fee(pool, [xp[0]] * len(xp)) in (pool.mid_fee, pool.mid_fee + 1)
    assert pool.out_fee < FEE_DENOMINATOR


@usually
@given(state=cryptos(), shares=st.tuples(SHARES, SHARES, SHARES))
def test_adding_and_removing_never_profits(state: CryptoSwap, shares: tuple[int, int, int]) -> None:
    pool = free(state)
    amounts = [
        portion(balance, share) for balance, share in zip(pool.balances, shares, strict=False)
    ]
    added = outcome(lambda: liquidity.add_liquidity(pool, amounts))
    assume(not isinstance(added, str))
    assert added.pool.total_supply == pool.total_supply + added.liquidity
    removed = outcome(lambda: liquidity.remove_liquidity(added.pool, added.liquidity))
    assume(not isinstance(removed, str))
    left = replace(removed.pool, D=invariant_or_skip(removed.pool))
    assert get_virtual_price(left) * (PRECISION + 1) >= get_virtual_price(pool) * PRECISION


def invariant_or_skip(pool: Pool) -> int:
    found = outcome(lambda: invariant(pool, scaled(pool, pool.balances)))
    assume(not isinstance(found, str))
    return int(found)


@usually
@given(state=cryptos(), coin=st.integers(0, 2), share=SHARES)
def test_one_coin_leaves_the_others_no_worse(state: CryptoSwap, coin: int, share: int) -> None:
    pool = free(state)
    i = coin % pool.rules.coins
    burned = portion(pool.total_supply // 2, share)
    done = outcome(lambda: liquidity.remove_liquidity_one_coin(pool, burned, i))
    assume(not isinstance(done, str))
    assert 0 <= done.amounts[i] <= pool.balances[i]
    assert done.pool.virtual_price * (PRECISION + 1) >= pool.virtual_price * PRECISION


@usually
@given(state=cryptos(generation="v1"), coins=COINS, share=SHARES)
def test_the_least_input_of_v1_is_enough(
    state: CryptoSwap, coins: tuple[int, int], share: int
) -> None:
    state = replace(state, ramping=False, loss_allowed=True)
    pool = pool_of(state)
    i, j = some_pair(pool, coins)
    wanted = portion(pool.balances[j] // 3, share)
    found = outcome(lambda: quote_exact_out(state, i, j, wanted))
    assume(not isinstance(found, str))
    assert quote_exact_in(state, i, j, found.amount_in).amount_out >= wanted
    less = outcome(lambda: quote_exact_in(state, i, j, found.amount_in - 1))
    assert isinstance(less, str) or less.amount_out < wanted


NUMBERS = st.one_of(st.integers(-5, 5), st.integers(-(2**260), 2**260), sizes(0, 2**256 - 1))
UINTS = st.one_of(st.integers(0, 5), sizes(0, 2**256 - 1))


@usually
@given(
    state=cryptos(),
    balances=st.lists(UINTS, min_size=3, max_size=3),
    D=UINTS,
    coins=st.tuples(st.integers(-1, 3), st.integers(-1, 3)),
    amounts=st.lists(NUMBERS, min_size=3, max_size=3),
    wild=st.booleans(),
)
def test_no_amount_gives_anything_but_a_figure_or_a_math_error(
    state: CryptoSwap,
    balances: list[int],
    D: int,
    coins: tuple[int, int],
    amounts: list[int],
    wild: bool,
) -> None:
    n, (i, j) = len(state.balances), coins
    if wild:
        state = replace(state, balances=tuple(balances[:n]), invariant=D)
    pool = pool_of(state)
    for ask in (quote_exact_in, quote_exact_out):
        found = outcome(partial(ask, state, i, j, amounts[0]))
        assert isinstance(found, str) or min(found.amount_in, found.amount_out) >= 0
    for answer in (
        outcome(lambda: liquidity.add_liquidity(pool, amounts[:n]).liquidity),
        outcome(lambda: liquidity.calc_token_amount(pool, amounts[:n])),
        outcome(lambda: liquidity.remove_liquidity_one_coin(pool, amounts[1], i).amounts[i]),
        outcome(lambda: liquidity.calc_withdraw_one_coin(pool, amounts[1], i)),
        outcome(lambda: min(liquidity.remove_liquidity(pool, amounts[2]).amounts)),
        outcome(lambda: swaps.get_dy(pool, i, j, amounts[0])),
        outcome(lambda: swaps.get_dx(pool, i, j, amounts[0])),
    ):
        assert isinstance(answer, str) or answer >= 0
    outcome(lambda: spot_price(state, i, j))
