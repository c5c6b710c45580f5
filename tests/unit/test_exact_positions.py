"""What positions cost, pay and earn: figures of Uniswap's own tests, and where a pool reverts."""

from __future__ import annotations

from dataclasses import replace
from math import isqrt
from typing import Any

import pytest

from watcher.errors import MathError
from watcher.math.exact.concentrated import Pool
from watcher.math.exact.concentrated_variants import ALGEBRA_INTEGRAL, UNISWAP_V3, UNISWAP_V4
from watcher.math.exact.positions import (
    Amounts,
    FeeGrowth,
    burn,
    fee_growth_inside,
    get_liquidity_for_amounts,
    mint,
    position_amounts,
    tokens_owed,
)
from watcher.math.exact.tick_math import MAX_TICK, MIN_TICK, get_sqrt_price_at_tick

UINT256 = 2**256 - 1


def sqrt_price(amount1: int, amount0: int) -> int:
    return isqrt((amount1 << 192) // amount0)


POOL = Pool(
    sqrt_price_x96=sqrt_price(1, 10),
    tick=-23_028,
    liquidity=3_161,
    fee0=3_000,
    fee1=3_000,
    tick_spacing=60,
    ticks=(-887_220, 887_220),
    liquidity_net=(3_161, -3_161),
)


@pytest.mark.parametrize(
    ("price", "liquidity"), [((1, 1), 2_148), ((99, 110), 1_048), ((111, 100), 2_097)]
)
def test_liquidity_for_amounts(price: tuple[int, int], liquidity: int) -> None:
    """v3-periphery, test/LiquidityAmounts.spec.ts: 100 and 200 between 100/110 and 110/100."""
    bounds = sqrt_price(100, 110), sqrt_price(110, 100)
    for a, b in (bounds, bounds[::-1]):
        found = get_liquidity_for_amounts(
            sqrt_price(*price), Amounts(100, 200), sqrt_price_a_x96=a, sqrt_price_b_x96=b
        )
        assert found == liquidity


def test_liquidity_beyond_128_bits_is_refused() -> None:
    a, b = get_sqrt_price_at_tick(0), get_sqrt_price_at_tick(1)
    for price in (a, b):
        with pytest.raises(MathError, match="128 bits"):
            get_liquidity_for_amounts(
                price, Amounts(2**127, 2**127), sqrt_price_a_x96=a, sqrt_price_b_x96=b
            )


# v3-core, test/UniswapV3Pool.spec.ts, "#mint": the pool at 1/10 with 3,161 over the whole range.
MINTS = [
    ((-22_980, 0), 10_000, (21_549, 0)),  # the deposit of the next line less what stood there
    ((-22_980, 0), 1, (3, 0)),
    ((-46_080, -23_040), 10_000, (0, 2_162)),
    ((-887_220, 887_220), 10_000, (31_623, 3_163)),
]


@pytest.mark.parametrize(("ticks", "liquidity", "amounts"), MINTS)
def test_mint_costs(ticks: tuple[int, int], liquidity: int, amounts: tuple[int, int]) -> None:
    assert mint(POOL, liquidity, tick_lower=ticks[0], tick_upper=ticks[1]) == amounts


def test_burn_pays_a_unit_less_than_mint_cost() -> None:
    spans = [(-22_980, 0), (-46_080, -23_040), (-887_220, 887_220)]
    for lower, upper in spans:
        paid = mint(POOL, 10_000, tick_lower=lower, tick_upper=upper)
        got = burn(POOL, 10_000, tick_lower=lower, tick_upper=upper, position_liquidity=10_000)
        for up, down in zip(paid, got, strict=True):
            assert up - down in (0, 1)


@pytest.mark.parametrize(
    ("spacing", "uniswap_v3", "uniswap_v4"),
    [
        (10, 1917569901783203986719870431555990, 1917559095893846719543856547154045),
        (60, 11505743598341114571880798222544994, 11505354575363080317263139282924270),
        (200, 38350317471085141830651933667504588, 38345995821606768476828330790147420),
    ],
)
def test_most_liquidity_at_a_tick(spacing: int, uniswap_v3: int, uniswap_v4: int) -> None:
    """v3-core and v4-core, test/Tick.spec.ts and test/libraries/Pool.t.sol."""
    assert UNISWAP_V3.max_liquidity_per_tick(spacing) == uniswap_v3
    assert UNISWAP_V4.max_liquidity_per_tick(spacing) == uniswap_v4
    assert ALGEBRA_INTEGRAL.max_liquidity_per_tick(spacing) == 191757638537527648490752896198553


MOST = UNISWAP_V3.max_liquidity_per_tick(60)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"liquidity": 0}, "no liquidity"),
        ({"liquidity": 2**127}, "127 bits"),
        ({"tick_lower": 60, "tick_upper": 60}, "^TLU$"),
        ({"tick_lower": MIN_TICK - 8}, "^TLM$"),
        ({"tick_upper": MAX_TICK + 8}, "^TUM$"),
        ({"tick_lower": -61}, "off the spacing"),
        ({"liquidity": MOST + 1}, "^LO$"),
        ({"liquidity": MOST, "gross_upper": 1}, "^LO$"),
    ],
)
def test_no_mint_where_the_pool_reverts(change: dict[str, Any], reason: str) -> None:
    asked: dict[str, Any] = {"liquidity": 1, "tick_lower": -60, "tick_upper": 60} | change
    with pytest.raises(MathError, match=reason):
        mint(POOL, asked.pop("liquidity"), **asked)


def test_no_mint_of_more_in_range_than_128_bits() -> None:
    full = replace(POOL, liquidity=2**128 - 1, tick=0)
    with pytest.raises(MathError, match=r"^LA$"):
        mint(full, 1, tick_lower=-60, tick_upper=60)


@pytest.mark.parametrize(
    ("liquidity", "held", "reason"), [(0, 0, "^NP$"), (2, 1, "^LS$"), (2**127, 1, "127 bits")]
)
def test_no_burn_where_the_pool_reverts(liquidity: int, held: int, reason: str) -> None:
    with pytest.raises(MathError, match=reason):
        burn(POOL, liquidity, tick_lower=-60, tick_upper=60, position_liquidity=held)
    with pytest.raises(MathError, match=r"^TLU$"):
        burn(POOL, 1, tick_lower=60, tick_upper=-60, position_liquidity=1)


def test_a_tick_that_was_just_left_counts_not_its_price() -> None:
    """After a swap down to tick 60 exactly, the pool's tick is 59 and nothing above 60 is in it."""
    pool = replace(POOL, sqrt_price_x96=get_sqrt_price_at_tick(60), tick=59)
    above = position_amounts(pool, 10**9, tick_lower=60, tick_upper=120, round_up=False)
    assert above.amount1 == 0
    assert above.amount0 > 0
    below = position_amounts(pool, 10**9, tick_lower=0, tick_upper=60, round_up=False)
    assert below.amount0 == 0
    assert below.amount1 > 0


@pytest.mark.parametrize(
    ("tick", "lower", "upper", "inside"),
    [
        (0, (0, 0), (0, 0), (15, 15)),
        (4, (0, 0), (0, 0), (0, 0)),
        (-4, (0, 0), (0, 0), (0, 0)),
        (0, (0, 0), (2, 3), (13, 12)),
        (0, (2, 3), (0, 0), (13, 12)),
        (0, (2, 3), (4, 1), (9, 11)),
        (0, (UINT256 - 3, UINT256 - 2), (3, 5), (16, 13)),
    ],
)
def test_fee_growth_inside(
    tick: int, lower: tuple[int, int], upper: tuple[int, int], inside: tuple[int, int]
) -> None:
    """v3-core, test/Tick.spec.ts: 15 everywhere, ticks -2 and 2."""
    found = fee_growth_inside(
        tick,
        tick_lower=-2,
        tick_upper=2,
        growth_global=FeeGrowth(15, 15),
        outside_lower=FeeGrowth(*lower),
        outside_upper=FeeGrowth(*upper),
    )
    assert found == inside


def test_fees_owed_wrap_as_the_contracts_do() -> None:
    now, last = FeeGrowth(5 << 128, 3), FeeGrowth(2 << 128, UINT256 - 2)
    assert tokens_owed(7, inside=now, inside_last=last) == (21, 0)
    assert tokens_owed(2**127, inside=now, inside_last=last) == ((3 << 127) % 2**128, 3)
