"""What must hold of every StableSwap pool, whatever its era, size and imbalance."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import partial
from math import ceil, prod
from typing import Any

from hypothesis import assume, example, given
from hypothesis import strategies as st

from tests.support.numbers import SHARES, portion, sizes
from tests.support.strategies import metapools, stable, stables, usually
from watcher.errors import MathError
from watcher.math.exact import stableswap_liquidity as liquidity
from watcher.math.exact import stableswap_swaps as swaps
from watcher.math.exact.stableswap import Pool, get_D, get_y, scaled
from watcher.math.families import stableswap, stableswap_meta
from watcher.math.quotes import quote_exact_in, quote_exact_out, spot_price, without_fee
from watcher.state import StableSwap, StableSwapMeta, State

COINS = st.tuples(st.integers(0, 3), st.integers(0, 3))
WHOLE = 2**64


def outcome(ask: Callable[[], Any]) -> Any:
    """What a function gives, or why it gives nothing."""
    try:
        return ask()
    except MathError as error:
        return str(error)


def paid(state: State, i: int, j: int, amount: int) -> int:
    """0 where it reverts."""
    found = outcome(lambda: quote_exact_in(state, i, j, amount).amount_out)
    return 0 if isinstance(found, str) else int(found)


def some_pair(state: StableSwap, coins: tuple[int, int]) -> tuple[int, int]:
    n = len(state.balances)
    i, j = coins[0] % n, coins[1] % n
    assume(i != j)
    return i, j


def true_D(pool: Pool, xp: Sequence[int]) -> int:  # noqa: N802 — the contract's name
    """The root of Ann S = (Ann - 1) D + D^(n+1) / (n^n prod x), rounded down, by bisection: far out
    of balance at a small A the contracts' own loop never settles within a unit, and they revert."""
    n, precision = len(xp), pool.a_precision
    Ann, scale = pool.amp * n, n**n * prod(xp)
    low, high = 0, sum(xp) + 1
    while high - low > 1:
        D = (low + high) // 2
        if (Ann - precision) * D * scale + D ** (n + 1) * precision <= Ann * sum(xp) * scale:
            low = D
        else:
            high = D
    return low


def invariant(pool: Pool) -> int:
    return true_D(pool, scaled(pool.balances, pool.rates))


def slopes(pool: Pool, xp: Sequence[int]) -> list[Fraction]:
    """dD/dx of each coin, up to a factor below 1 that all share: Ann + P/x."""
    D = true_D(pool, xp)
    P = prod((Fraction(D, x * len(xp)) for x in xp), start=Fraction(D))
    return [Fraction(pool.amp * len(xp), pool.a_precision) + P / x for x in xp]


def reach(pool: Pool, xp: Sequence[int]) -> int:
    """How far the contract's D, or what its get_y keeps, can be from the true one.

    Each division in D_P = D prod D/(n x) drops up to a unit that the later ones multiply, and the
    step divides by (n + 1) D_P/D at least: (n x_1/D) ... (n x_k/D) / (n + 1) after division k. A
    division by `n x + 1` is that of a unit more of each coin. Two more units are Newton's.
    """
    n, D = len(xp), true_D(pool, xp)
    dropped, grown = Fraction(0), Fraction(1)
    for x in sorted(xp, reverse=True):
        grown *= Fraction(n * x, D)
        dropped += grown / (n + 1)
    own = slopes(pool, xp)
    if pool.arithmetic.d_product == "plus_one":
        dropped += max(own) / min(own)
    return ceil(dropped) + 2


def dust(pool: Pool) -> int:
    """What the roundings of one trade can take off D: a unit of each coin and of each loop, at the
    steepest price that the pool has, and what the loops leave."""
    xp = scaled(pool.balances, pool.rates)
    own = slopes(pool, xp)
    units = sum(-(-rate // 10**18) for rate in pool.rates)
    return int((units + 4) * (1 + max(own) / min(own))) + 2 * reach(pool, xp)


def unsettled(*parts: int) -> StableSwap:
    """A pool so far out of balance, at the least A, that D does not settle in it."""
    balances = tuple(part * 100_000 for part in parts)
    places = (2,) * len(parts)
    return stable(balances, A=1, fee=0, decimals=places, prices=(9 * 10**17,) * len(parts))


@usually
@example(
    state=replace(unsettled(17, 1), rates=(9 * 10**33, 1_387_472_555_942_525_186 * 10**16)),
    coins=(0, 1),
    share=WHOLE,
)
@given(state=stables(), coins=COINS, share=SHARES)
def test_an_exchange_never_lowers_the_invariant(
    state: StableSwap, coins: tuple[int, int], share: int
) -> None:
    i, j = some_pair(state, coins)
    pool = replace(stableswap.pool_of(state), admin_fee=0)
    done = outcome(lambda: swaps.exchange(pool, i, j, portion(3 * pool.balances[i], share)))
    assume(not isinstance(done, str))
    assume(0 not in scaled(done.balances, pool.rates))
    after = replace(pool, balances=done.balances)
    found = reach(pool, scaled(pool.balances, pool.rates))
    assert invariant(after) >= invariant(pool) - dust(after) - found


@usually
@example(
    state=replace(unsettled(91, 1), variant="gen1", amplification=1, amplification_precision=1),
    coins=(1, 0),
    share=1,
)
@given(state=stables(), coins=COINS, share=SHARES)
def test_what_is_solved_for_keeps_the_invariant(
    state: StableSwap, coins: tuple[int, int], share: int
) -> None:
    i, j = some_pair(state, coins)
    pool = stableswap.pool_of(state)
    xp = scaled(pool.balances, pool.rates)
    x = xp[i] + portion(xp[i], share)
    y = outcome(lambda: get_y(pool, i, j, x=x, xp=xp))
    assume(not isinstance(y, str))
    moved = [x if k == i else y if k == j else value for k, value in enumerate(xp)]
    assert y < xp[j]
    assume(y > 0)
    own = slopes(pool, moved)
    # D is found once and kept once; four units of y are those of its loop and of three divisions.
    room = reach(pool, xp) + reach(pool, moved) + ceil(4 * own[j] / min(own))
    assert abs(true_D(pool, moved) - true_D(pool, xp)) <= room


@usually
@given(state=stables())
def test_the_invariant_is_the_true_one_but_for_its_roundings(state: StableSwap) -> None:
    pool = stableswap.pool_of(state)
    xp = scaled(pool.balances, pool.rates)
    found = outcome(lambda: get_D(pool, xp))
    assume(not isinstance(found, str))
    assert abs(found - true_D(pool, xp)) <= reach(pool, xp)


@usually
@example(
    state=stable(
        (100_000, 2_000 * 10**18),
        variant="gen1",
        A=2,
        fee=0,
        decimals=(2, 18),
        prices=(9 * 10**17, 9 * 10**17),
    ),
    coins=(1, 0),
    share=WHOLE,
)
@example(
    state=stable(
        (100_000, 200_000, 200_000),
        variant="rate_oracle",
        A=1,
        fee=0,
        decimals=(2, 2, 2),
        prices=(979_514_038_396_461_964, 900_000_127_007_962_925, 9 * 10**17),
    ),
    coins=(1, 0),
    share=WHOLE,
)
@given(state=stables(), coins=COINS, share=SHARES)
def test_a_round_trip_never_profits(state: StableSwap, coins: tuple[int, int], share: int) -> None:
    i, j = some_pair(state, coins)
    pool = stableswap.pool_of(state)
    dx = portion(pool.balances[i], share)
    done = outcome(lambda: swaps.exchange(pool, i, j, dx))
    assume(not isinstance(done, str))
    back = outcome(
        lambda: swaps.exchange(replace(pool, balances=done.balances), j, i, done.amount_out)
    )
    assume(not isinstance(back, str))
    after = replace(pool, balances=done.balances)
    rules = pool.arithmetic
    exact = all(reach(each, scaled(each.balances, each.rates)) <= 3 for each in (pool, after))
    # The margin is a unit at 18 decimals, each way. It is not enough for those that write balances
    # as x and y convert to, which drops a unit of the coin, nor where D is found less exactly; the
    # second trade is at the price that the first one has made.
    room = 0
    if not rules.exchange_margin or rules.exchange_sets_balances or not exact:
        room = (dust(pool) + dust(after)) * 10**18 // pool.rates[i] + 1
    assert back.amount_out <= dx + room


@usually
@example(state=unsettled(225, 1, 1, 2), coins=(0, 1), share=1)
@given(state=stables(), coins=COINS, share=SHARES)
def test_no_trade_beats_the_spot_price(
    state: StableSwap, coins: tuple[int, int], share: int
) -> None:
    i, j = some_pair(state, coins)
    dx = portion(state.balances[i], share)
    # A unit of rounding at 18 decimals, at the price, and that of D.
    room = 2 + dust(stableswap.pool_of(state)) * 10**18 // state.rates[j]
    price = outcome(lambda: spot_price(state, i, j))
    # Both need D: a pool in which its loop does not settle has no price and trades nothing.
    most = 0 if isinstance(price, str) else price * dx + room
    assert paid(state, i, j, dx) <= most


@usually
@given(state=stables(), coins=COINS, share=SHARES)
def test_a_fee_never_pays_the_trader(state: StableSwap, coins: tuple[int, int], share: int) -> None:
    i, j = some_pair(state, coins)
    dx = portion(state.balances[i], share)
    assert paid(state, i, j, dx) <= paid(without_fee(state), i, j, dx)


@usually
@given(state=stables(), coins=COINS, share=SHARES)
def test_the_least_input_is_enough_and_one_unit_less_is_not(
    state: StableSwap, coins: tuple[int, int], share: int
) -> None:
    i, j = some_pair(state, coins)
    pool = stableswap.pool_of(state)
    wanted = portion(pool.balances[j] * 9 // 10, share)
    needed = outcome(lambda: swaps.least_amount_in(pool, i, j, wanted))
    assume(not isinstance(needed, str))
    assert swaps.exchange(pool, i, j, needed).amount_out >= wanted
    assert paid(state, i, j, needed - 1) < wanted


@usually
@given(state=stables(), shares=st.tuples(SHARES, SHARES, SHARES, SHARES))
def test_adding_and_removing_never_profits(
    state: StableSwap, shares: tuple[int, int, int, int]
) -> None:
    pool = stableswap.pool_of(replace(state, withdraw_fee=0))
    pool = replace(pool, total_supply=invariant(pool))
    amounts = [
        portion(balance, share) for balance, share in zip(pool.balances, shares, strict=False)
    ]
    added = outcome(lambda: liquidity.add_liquidity(pool, amounts))
    assume(not isinstance(added, str))
    supply = pool.total_supply + added.liquidity
    after = replace(pool, balances=added.balances, total_supply=supply)
    removed = liquidity.remove_liquidity(after, added.liquidity) if added.liquidity else ()
    # Value at the invariant: what is left is worth no less for each LP token than before.
    left = [b - r for b, r in zip(after.balances, removed or [0] * len(amounts), strict=True)]
    kept = replace(after, balances=tuple(left), total_supply=pool.total_supply)
    assert invariant(kept) >= invariant(pool) - dust(kept)


@usually
@given(state=stables(), coin=st.integers(0, 3), share=SHARES)
def test_one_coin_pays_less_than_the_spot_price_of_the_share(
    state: StableSwap, coin: int, share: int
) -> None:
    pool = stableswap.pool_of(replace(state, withdraw_fee=0))
    assume(pool.arithmetic.one_coin)
    pool = replace(pool, total_supply=invariant(pool))
    i = coin % len(pool.balances)
    burned = portion(pool.total_supply // 2, share)
    got = outcome(lambda: liquidity.calc_withdraw_one_coin(pool, burned, i))
    assume(not isinstance(got, str))
    room = 2 + dust(pool) * 10**18 // pool.rates[i]
    assert got <= stableswap_meta.coins_per_lp(pool, i) * burned + room


@usually
@given(state=metapools(), i=st.integers(0, 5), j=st.integers(0, 5), amount=sizes(0, 2**100))
def test_a_metapool_gives_a_figure_or_a_math_error(
    state: StableSwapMeta, i: int, j: int, amount: int
) -> None:
    for ask in (quote_exact_in, quote_exact_out):
        found = outcome(partial(ask, state, i, j, amount))
        assert isinstance(found, str) or min(found.amount_in, found.amount_out) >= 0
    outcome(lambda: spot_price(state, i, j))


NUMBERS = st.one_of(st.integers(-5, 5), st.integers(-(2**260), 2**260), sizes(0, 2**256 - 1))


@usually
@given(
    state=stables(),
    balances=st.lists(st.one_of(st.integers(0, 5), sizes(0, 2**256 - 1)), min_size=4, max_size=4),
    coins=st.tuples(st.integers(-1, 4), st.integers(-1, 4)),
    amounts=st.lists(NUMBERS, min_size=4, max_size=4),
)
def test_no_amount_gives_anything_but_a_figure_or_a_math_error(
    state: StableSwap, balances: list[int], coins: tuple[int, int], amounts: list[int]
) -> None:
    n = len(state.balances)
    wild = replace(state, balances=tuple(balances[:n]))
    pool, (i, j) = stableswap.pool_of(wild), coins
    for ask in (quote_exact_in, quote_exact_out):
        found = outcome(partial(ask, wild, i, j, amounts[0]))
        assert isinstance(found, str) or min(found.amount_in, found.amount_out) >= 0
    for answer in (
        outcome(lambda: liquidity.add_liquidity(pool, amounts[:n]).liquidity),
        outcome(lambda: liquidity.remove_liquidity_imbalance(pool, amounts[:n]).liquidity),
        outcome(lambda: liquidity.calc_withdraw_one_coin(pool, amounts[1], i)),
        outcome(lambda: swaps.get_dy(pool, i, j, amounts[0])),
        outcome(lambda: swaps.get_dx(pool, i, j, amounts[0])),
    ):
        assert isinstance(answer, str) or answer >= 0
    outcome(lambda: spot_price(wild, i, j))
