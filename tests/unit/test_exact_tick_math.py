"""Ticks, prices and amounts against the figures of Uniswap's own tests."""

from __future__ import annotations

from math import isqrt

import pytest

from watcher.errors import MathError
from watcher.math.exact.fixed_point import div_truncated, mul_div, mul_div_rounding_up
from watcher.math.exact.sqrt_price_math import (
    get_amount0_delta,
    get_amount1_delta,
    get_next_sqrt_price_from_input,
    get_next_sqrt_price_from_output,
)
from watcher.math.exact.swap_math import calculate_swap_fee, compute_swap_step
from watcher.math.exact.tick_math import (
    MAX_SQRT_PRICE,
    MAX_TICK,
    MIN_SQRT_PRICE,
    MIN_TICK,
    get_sqrt_price_at_tick,
    get_tick_at_sqrt_price,
)

E18 = 10**18
UINT256 = 2**256 - 1


def sqrt_price(amount1: int, amount0: int) -> int:
    """encodePriceSqrt of Uniswap's tests."""
    return isqrt((amount1 << 192) // amount0)


ONE = sqrt_price(1, 1)


@pytest.mark.parametrize(
    ("tick", "price"),
    [
        (MIN_TICK, MIN_SQRT_PRICE),
        (MIN_TICK + 1, 4295343490),
        (0, 2**96),
        (MAX_TICK - 1, 1461373636630004318706518188784493106690254656249),
        (MAX_TICK, MAX_SQRT_PRICE),
    ],
)
def test_price_at_tick(tick: int, price: int) -> None:
    """v3-core, test/TickMath.spec.ts."""
    assert get_sqrt_price_at_tick(tick) == price


def test_tick_at_price() -> None:
    assert get_tick_at_sqrt_price(MIN_SQRT_PRICE) == MIN_TICK
    assert get_tick_at_sqrt_price(4295343490) == MIN_TICK + 1
    assert get_tick_at_sqrt_price(MAX_SQRT_PRICE - 1) == MAX_TICK - 1
    assert get_tick_at_sqrt_price(ONE) == 0
    assert get_tick_at_sqrt_price(ONE - 1) == -1


def test_no_price_beyond_the_ticks_and_no_tick_beyond_the_prices() -> None:
    for tick in (MIN_TICK - 1, MAX_TICK + 1):
        with pytest.raises(MathError, match=r"^T$"):
            get_sqrt_price_at_tick(tick)
    for price in (0, MIN_SQRT_PRICE - 1, MAX_SQRT_PRICE):
        with pytest.raises(MathError, match=r"^R$"):
            get_tick_at_sqrt_price(price)


@pytest.mark.parametrize(
    ("zero_for_one", "after_input", "after_output"),
    [
        (False, 87150978765690771352898345369, 88031291682515930659493278152),
        (True, 72025602285694852357767227579, 71305346262837903834189555302),
    ],
)
def test_price_after_an_amount(zero_for_one: bool, after_input: int, after_output: int) -> None:
    """v3-core, test/SqrtPriceMath.spec.ts: a tenth of a token at liquidity 1e18."""
    found = get_next_sqrt_price_from_input(ONE, E18, amount_in=E18 // 10, zero_for_one=zero_for_one)
    assert found == after_input
    found = get_next_sqrt_price_from_output(
        ONE, E18, amount_out=E18 // 10, zero_for_one=zero_for_one
    )
    assert found == after_output


def test_price_after_inputs_beyond_256_bits() -> None:
    """Same file: any input of token0 is taken, one of token1 must leave a price of 160 bits."""
    found = get_next_sqrt_price_from_input(ONE, 1, amount_in=UINT256 // 2, zero_for_one=True)
    assert found == 1
    with pytest.raises(MathError, match="160 bits"):
        get_next_sqrt_price_from_input(2**160 - 1, 1024, amount_in=1024, zero_for_one=False)


@pytest.mark.parametrize(
    ("amount_out", "zero_for_one"),
    [(4, False), (5, False), (262_144, True), (262_145, True)],
)
def test_no_price_after_more_output_than_there_is(amount_out: int, zero_for_one: bool) -> None:
    """Same file: the virtual reserves are 4 and 262,144."""
    price = 20282409603651670423947251286016
    with pytest.raises(MathError, match="exceeds what the liquidity holds"):
        get_next_sqrt_price_from_output(
            price, 1024, amount_out=amount_out, zero_for_one=zero_for_one
        )


def test_price_after_nearly_all_output() -> None:
    price = 20282409603651670423947251286016
    found = get_next_sqrt_price_from_output(price, 1024, amount_out=262_143, zero_for_one=True)
    assert found == 77371252455336267181195264


@pytest.mark.parametrize(("price", "liquidity"), [(0, 1), (1, 0)])
def test_no_price_without_a_pool(price: int, liquidity: int) -> None:
    with pytest.raises(MathError):
        get_next_sqrt_price_from_input(price, liquidity, amount_in=1, zero_for_one=True)
    with pytest.raises(MathError):
        get_next_sqrt_price_from_output(price, liquidity, amount_out=1, zero_for_one=False)


def test_amounts_between_prices() -> None:
    """Same file: 1 to 1.21 at liquidity 1e18, each way."""
    to = sqrt_price(121, 100)
    for a, b in ((ONE, to), (to, ONE)):
        assert get_amount0_delta(a, b, liquidity=E18, round_up=True) == 90909090909090910
        assert get_amount0_delta(a, b, liquidity=E18, round_up=False) == 90909090909090909
        assert get_amount1_delta(a, b, liquidity=E18, round_up=True) == 100000000000000000
        assert get_amount1_delta(a, b, liquidity=E18, round_up=False) == 99999999999999999
    with pytest.raises(MathError):
        get_amount0_delta(0, ONE, liquidity=1, round_up=True)


# v3-core, test/SwapMath.spec.ts: price, target, liquidity, amount, fee; price after, in, out, fee.
STEPS = {
    "exact in, capped by the target": (
        (ONE, sqrt_price(101, 100), 2 * E18, E18, 600),
        (sqrt_price(101, 100), 9975124224178055, 9925619580021728, 5988667735148),
    ),
    "exact out, capped by the target": (
        (ONE, sqrt_price(101, 100), 2 * E18, -E18, 600),
        (sqrt_price(101, 100), 9975124224178055, 9925619580021728, 5988667735148),
    ),
    "exact in, spent": (
        (ONE, sqrt_price(1000, 100), 2 * E18, E18, 600),
        (None, 999400000000000000, 666399946655997866, 600000000000000),
    ),
    "exact out, received": (
        (ONE, sqrt_price(10000, 100), 2 * E18, -E18, 600),
        (None, 2000000000000000000, E18, 1200720432259356),
    ),
    "output capped at the wanted one": (
        (
            417332158212080721273783715441582,
            1452870262520218020823638996,
            159344665391607089467575320103,
            -1,
            1,
        ),
        (417332158212080721273783715441581, 1, 1, 1),
    ),
    "a target price of 1": (
        (2, 1, 1, 3915081100057732413702495386755767, 1),
        (1, 39614081257132168796771975168, 0, 39614120871253040049813),
    ),
    "all input is fee": (
        (2413, 79887613182836312, 1985041575832132834610021537970, 10, 1872),
        (2413, 0, 0, 10),
    ),
    "too little liquidity, one for zero": (
        (
            20282409603651670423947251286016,
            20282409603651670423947251286016 * 11 // 10,
            1024,
            -4,
            3000,
        ),
        (20282409603651670423947251286016 * 11 // 10, 26215, 0, 79),
    ),
    "too little liquidity, zero for one": (
        (
            20282409603651670423947251286016,
            20282409603651670423947251286016 * 9 // 10,
            1024,
            -263000,
            3000,
        ),
        (20282409603651670423947251286016 * 9 // 10, 1, 26214, 1),
    ),
}


@pytest.mark.parametrize("name", STEPS)
def test_one_step(name: str) -> None:
    (price, target, liquidity, amount, fee), (after, *amounts) = STEPS[name]
    step = compute_swap_step(
        price, target, liquidity=liquidity, amount_remaining=amount, fee_pips=fee
    )
    assert [*step[1:]] == amounts
    assert after is None or step.sqrt_price_x96 == after


def test_v4_counts_the_last_input_without_rounding_it() -> None:
    """v4-core, test/libraries/SwapMath.t.sol: what is not the fee was exchanged."""
    target = sqrt_price(1000, 100)
    step = compute_swap_step(
        ONE, target, liquidity=2 * E18, amount_remaining=E18 + 1, fee_pips=600, is_v4=True
    )
    assert step.amount_in == (E18 + 1) * 999_400 // 10**6
    assert step.amount_in + step.fee_amount == E18 + 1
    taken = compute_swap_step(
        ONE, target, liquidity=2 * E18, amount_remaining=E18, fee_pips=10**6, is_v4=True
    )
    assert taken == (ONE, 0, 0, E18)


@pytest.mark.parametrize(
    ("protocol_fee", "lp_fee", "swap_fee"),
    [
        (1_000, 1_000_000, 1_000_000),
        (1_000, 3_000, 3_997),
        (1_000, 0, 1_000),
        (0, 0, 0),
        (0, 1_000, 1_000),
        (1, 1, 2),
        (999, 500, 1_499),
    ],
)
def test_v4_takes_the_protocols_fee_first(protocol_fee: int, lp_fee: int, swap_fee: int) -> None:
    """v4-core, test/libraries/ProtocolFeeLibrary.t.sol; the product is rounded down."""
    assert calculate_swap_fee(protocol_fee, lp_fee) == swap_fee


def test_512_bits_between_and_256_after() -> None:
    assert mul_div(UINT256, UINT256, UINT256) == UINT256
    assert mul_div(7, 3, 2) == 10
    assert mul_div_rounding_up(7, 3, 2) == 11
    for divide in (mul_div, mul_div_rounding_up):
        with pytest.raises(MathError, match="256 bits"):
            divide(UINT256, 2, 1)
        with pytest.raises(MathError, match="division by zero"):
            divide(1, 1, 0)
    with pytest.raises(MathError, match="256 bits"):  # FullMath.spec.ts: the rounding overflows
        mul_div_rounding_up(
            535006138814359, 432862656469423142931042426214547535783388063929571229938474969, 2
        )


@pytest.mark.parametrize(("a", "b", "quotient"), [(7, 2, 3), (-7, 2, -3), (7, -2, -3), (-6, 2, -3)])
def test_signed_division_drops_the_fraction(a: int, b: int, quotient: int) -> None:
    assert div_truncated(a, b) == quotient
    with pytest.raises(MathError, match="division by zero"):
        div_truncated(a, 0)
