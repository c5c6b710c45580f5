"""The best trade against a price: never worse than what can be found by trying."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.effort import examples
from tests.support.numbers import sizes
from tests.support.strategies import UINT112, pool, pools, usually
from watcher.errors import MathError
from watcher.math.exact.constant_product import arbitrage_amount_in, get_amount_out
from watcher.math.exploitability.arbitrage import Arbitrage, arbitrage
from watcher.state import ConstantProduct

PRICES = st.floats(1e-9, 1e9, allow_nan=False)
SMALL = st.integers(2, 400)
GRID = 400


def worth(state: ConstantProduct, prices: tuple[float, float]) -> tuple[Fraction, Fraction]:
    """What one smallest unit of each coin is worth."""
    return (
        Fraction(prices[0]) / 10**state.decimals0,
        Fraction(prices[1]) / 10**state.decimals1,
    )


def profit(
    state: ConstantProduct, coin_in: int, amount_in: int, units: tuple[Fraction, Fraction]
) -> Fraction:
    """What a trade earns at these prices; one that reverts earns nothing."""
    side = state.flipped() if coin_in else state
    try:
        out = get_amount_out(
            amount_in,
            side.reserve0,
            side.reserve1,
            fee_numerator=side.fee_numerator,
            fee_denominator=side.fee_denominator,
        )
    except MathError:
        return Fraction(0)
    return out * units[1 - coin_in] - amount_in * units[coin_in]


def check_trade(state: ConstantProduct, found: Arbitrage, units: tuple[Fraction, Fraction]) -> None:
    """The trade is one that the pool takes, and earns what is said."""
    if found.profit == 0:
        return
    side = state.flipped() if found.coin_in else state
    out = get_amount_out(
        found.amount_in,
        side.reserve0,
        side.reserve1,
        fee_numerator=side.fee_numerator,
        fee_denominator=side.fee_denominator,
    )
    assert out >= found.amount_out > 0
    spent = found.amount_in * units[found.coin_in]
    assert found.profit == float(found.amount_out * units[1 - found.coin_in] - spent)


@settings(max_examples=examples(40, deep=300))
@given(
    reserves=st.tuples(SMALL, SMALL),
    decimals=st.sampled_from([(0, 0), (2, 2), (2, 0), (0, 2)]),
    ratio=st.floats(0.1, 10),
    fee=st.sampled_from([(997, 1000), (499, 500), (1, 1)]),
)
def test_no_trade_of_a_coarse_pool_earns_a_unit_more(
    reserves: tuple[int, int], decimals: tuple[int, int], ratio: float, fee: tuple[int, int]
) -> None:
    """Every trade there is, of tokens of few decimals, where a unit is worth something."""
    state = pool(*reserves, fee=fee, decimals=decimals)
    units = worth(state, (ratio, 1.0))
    found = arbitrage(state, ratio, 1.0)
    check_trade(state, found, units)
    best = max(
        profit(state, coin, amount, units)
        for coin in (0, 1)
        for amount in range(1, 12 * max(reserves))
    )
    assert Fraction(found.profit) > best - sum(units)


@usually
@given(state=pools(), price_in=sizes(1, 2**100), price_out=sizes(1, 2**100))
def test_the_best_input_is_the_last_that_pays_at_the_margin(
    state: ConstantProduct, price_in: int, price_out: int
) -> None:
    """The derivative of the profit, before rounding, changes its sign right after it."""
    f, d = state.fee_numerator, state.fee_denominator
    amount = arbitrage_amount_in(
        state.reserve0,
        state.reserve1,
        fee_numerator=f,
        fee_denominator=d,
        price_in=price_in,
        price_out=price_out,
    )

    def pays(at: int) -> bool:
        marginal = Fraction(
            f * d * state.reserve0 * state.reserve1, (d * state.reserve0 + f * at) ** 2
        )
        return price_out * marginal >= price_in

    assert pays(amount) or amount == 0
    assert not pays(amount + 1) or amount == UINT112 - state.reserve0


@settings(max_examples=examples(60, deep=300))
@given(state=pools(2), price0=PRICES, price1=PRICES)
def test_no_point_of_a_grid_earns_a_unit_more(
    state: ConstantProduct, price0: float, price1: float
) -> None:
    units = worth(state, (price0, price1))
    found = arbitrage(state, price0, price1)
    check_trade(state, found, units)
    for coin in (0, 1):
        room = UINT112 - (state.reserve1 if coin else state.reserve0)
        grid = {room >> step for step in range(112)} | {room * step // GRID for step in range(GRID)}
        best = max(profit(state, coin, amount, units) for amount in grid)
        assert Fraction(found.profit) * (1 + Fraction(1, 10**15)) > best - sum(units)


@settings(max_examples=examples(60, deep=300))
@given(
    reserves=st.tuples(st.integers(10**18, 10**27), st.integers(10**18, 10**27)),
    off=st.floats(0.2, 5),
    decimals=st.sampled_from([(18, 18), (18, 6), (6, 18), (8, 6)]),
)
def test_no_point_of_a_fine_grid_earns_more_in_a_fine_pool(
    reserves: tuple[int, int], off: float, decimals: tuple[int, int]
) -> None:
    """A pool whose price is off by a known factor: the grid covers all that could pay."""
    state = pool(*reserves, decimals=decimals)
    spot = reserves[1] / 10 ** decimals[1] / (reserves[0] / 10 ** decimals[0])
    units = worth(state, (spot * off, 1.0))
    found = arbitrage(state, spot * off, 1.0)
    check_trade(state, found, units)
    for coin in (0, 1):
        grid = (2 * reserves[coin] * step // GRID for step in range(1, GRID))
        assert found.profit >= max(float(profit(state, coin, amount, units)) for amount in grid)
    if not 0.99 < off < 1.01:
        assert found.profit > 0


@usually
@given(state=pools(10**6, 2**100), off=st.floats(0.2, 5))
def test_nothing_is_left_after_the_best_trade(state: ConstantProduct, off: float) -> None:
    units = (Fraction(state.reserve1, state.reserve0), Fraction(1))
    prices = (
        float(units[0] * Fraction(off)) * 10.0**state.decimals0,
        1.0 * 10.0**state.decimals1,
    )
    found = arbitrage(state, *prices)
    sign = 1 if found.coin_in == 0 else -1
    moved = (found.amount_in, -found.amount_out)[::sign]
    after = pool(
        state.reserve0 + moved[0],
        state.reserve1 + moved[1],
        fee=(state.fee_numerator, state.fee_denominator),
        decimals=(state.decimals0, state.decimals1),
    )
    left = arbitrage(after, *prices).profit
    assert left <= float(sum(worth(state, prices))) * (1 + 1e-9) + found.profit * 1e-12


@usually
@given(state=pools(2), price0=PRICES, price1=PRICES)
def test_exchanging_the_coins_or_the_unit_of_account_changes_nothing_else(
    state: ConstantProduct, price0: float, price1: float
) -> None:
    found = arbitrage(state, price0, price1)
    mirrored = arbitrage(state.flipped(), price1, price0)
    assert found.profit == mirrored.profit
    doubled = arbitrage(state, 2 * price0, 2 * price1)
    assert (doubled.coin_in, doubled.amount_in, doubled.amount_out) == (
        found.coin_in,
        found.amount_in,
        found.amount_out,
    )
    assert doubled.profit == 2 * found.profit
