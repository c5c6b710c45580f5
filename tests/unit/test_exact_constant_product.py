"""Constant product against published figures, and where the pair or its router reverts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from watcher.errors import MathError
from watcher.math.exact import constant_product as cp

E18 = 10**18
FEE = {"fee_numerator": 997, "fee_denominator": 1000}
UINT112 = 2**112 - 1
VECTORS = Path(__file__).parents[3] / "shared" / "data" / "vectors" / "uniswap_v2.json"


# Uniswap v2-core, test/UniswapV2Pair.spec.ts: amount in, reserve in, reserve out, amount out.
UNISWAP_TABLE = [
    (1 * E18, 5 * E18, 10 * E18, 1662497915624478906),
    (1 * E18, 10 * E18, 5 * E18, 453305446940074565),
    (2 * E18, 5 * E18, 10 * E18, 2851015155847869602),
    (2 * E18, 10 * E18, 5 * E18, 831248957812239453),
    (1 * E18, 10 * E18, 10 * E18, 906610893880149131),
    (1 * E18, 100 * E18, 100 * E18, 987158034397061298),
    (1 * E18, 1000 * E18, 1000 * E18, 996006981039903216),
]


@pytest.mark.parametrize(("amount_in", "reserve_in", "reserve_out", "amount_out"), UNISWAP_TABLE)
def test_uniswaps_own_table(
    amount_in: int, reserve_in: int, reserve_out: int, amount_out: int
) -> None:
    assert cp.get_amount_out(amount_in, reserve_in, reserve_out, **FEE) == amount_out


def vectors() -> list[Any]:
    if not VECTORS.is_file():
        return [pytest.param(None, marks=pytest.mark.skip(reason="no ../shared/data"))]
    return [pytest.param(vector, id=vector["id"]) for vector in json.loads(VECTORS.read_text())]


@pytest.mark.parametrize("vector", vectors())
def test_real_pools_answer_as_we_do(vector: dict[str, Any]) -> None:
    reserves = [int(reserve) for reserve in vector["state"]["reserves"]]
    reserve_in, reserve_out = reserves[vector["token_in"]], reserves[vector["token_out"]]
    denominator = int(vector["state"]["fee_precision"])
    fee = {
        "fee_numerator": denominator - int(vector["state"]["fee"]),
        "fee_denominator": denominator,
    }
    if vector["kind"] == "exact_in":
        found = cp.get_amount_out(int(vector["amount_in"]), reserve_in, reserve_out, **fee)
        assert found == int(vector["expected_out"])
    else:
        assert vector["kind"] == "exact_out"
        found = cp.get_amount_in(int(vector["amount_out"]), reserve_in, reserve_out, **fee)
        assert found == int(vector["expected_in"])


def test_bzx_february_2020() -> None:
    """Both published swaps: 51.3 WBTC for 5637.62 ETH, then 6871.4 ETH for 112 WBTC."""
    ether, bitcoin = 2_817_770 * 10**15, 77_090 * 10**15
    sold = 5_637_620 * 10**15
    bought = cp.get_amount_out(sold, ether, bitcoin, **FEE)
    assert bought / E18 == pytest.approx(51.348, abs=5e-4)
    ether, bitcoin = ether + sold, bitcoin - bought
    assert (ether / bitcoin) / (2817.77 / 77.09) == pytest.approx(8.99, abs=5e-3)
    assert cp.get_amount_out(112 * E18, bitcoin, ether, **FEE) / E18 == pytest.approx(
        6871.34, abs=5e-3
    )


def test_a_sandwich_of_twenty_in_a_thousand() -> None:
    """The optimum's figures, independently computed: the victim's quote before, and the profit of
    the best front-run that leaves it 99% of that quote."""
    pool, victim, front = 1_000 * E18, 20 * E18, 5_095_265_696_499_566_490
    assert cp.get_amount_out(victim, pool, pool, **FEE) == 19_550_169_617_820_656_117
    bought = cp.get_amount_out(front, pool, pool, **FEE)
    reserve_in, reserve_out = pool + front, pool - bought
    left = cp.get_amount_out(victim, reserve_in, reserve_out, **FEE)
    assert left >= 19_550_169_617_820_656_117 * 99 // 100
    back = cp.get_amount_out(bought, reserve_out - left, reserve_in + victim, **FEE)
    assert back - front == pytest.approx(172_367_274_518_725_617, abs=2)


@pytest.mark.parametrize(
    ("amount_in", "reserve_in", "reserve_out", "reason"),
    [
        (0, 5, 5, "INSUFFICIENT_INPUT_AMOUNT"),
        (-1, 5, 5, "INSUFFICIENT_INPUT_AMOUNT"),
        (2**256, 5, 5, "INSUFFICIENT_INPUT_AMOUNT"),
        (1, 0, 5, "INSUFFICIENT_LIQUIDITY"),
        (1, 5, 0, "INSUFFICIENT_LIQUIDITY"),
        (1, 1, 1, "INSUFFICIENT_OUTPUT_AMOUNT"),
        (1, UINT112, 5, "INSUFFICIENT_OUTPUT_AMOUNT"),
        (UINT112, 1, 5, "OVERFLOW"),
        (2**250, 5, 5, "ds-math-mul-overflow"),
    ],
)
def test_no_quote_where_exact_in_reverts(
    amount_in: int, reserve_in: int, reserve_out: int, reason: str
) -> None:
    with pytest.raises(MathError, match=f"^{reason}$"):
        cp.get_amount_out(amount_in, reserve_in, reserve_out, **FEE)


@pytest.mark.parametrize(
    ("amount_out", "reserve_in", "reserve_out", "reason"),
    [
        (0, 5, 5, "INSUFFICIENT_OUTPUT_AMOUNT"),
        (5, 5, 5, "INSUFFICIENT_LIQUIDITY"),
        (6, 5, 5, "INSUFFICIENT_LIQUIDITY"),
        (1, 0, 5, "INSUFFICIENT_LIQUIDITY"),
        (UINT112 - 1, UINT112, UINT112, "OVERFLOW"),
    ],
)
def test_no_quote_where_exact_out_reverts(
    amount_out: int, reserve_in: int, reserve_out: int, reason: str
) -> None:
    with pytest.raises(MathError, match=f"^{reason}$"):
        cp.get_amount_in(amount_out, reserve_in, reserve_out, **FEE)


def test_the_largest_reserve_is_still_quoted() -> None:
    assert cp.get_amount_out(UINT112 - 10**30, 10**30, 10**30, **FEE) > 0
    assert cp.get_amount_in(10**26, UINT112 - 10**30, 10**30, **FEE) > 0


def test_exact_out_asks_one_unit_too_much_where_nothing_remains() -> None:
    """1000 * 500 * 1000 / (500 * 1000) divides evenly: the library adds one all the same."""
    fee = {"fee_numerator": 1, "fee_denominator": 1}
    assert cp.get_amount_in(500, 1_000, 1_000, **fee) == 1_001
    assert cp.least_amount_in(500, 1_000, 1_000, **fee) == 1_000
    assert cp.get_amount_out(1_000, 1_000, 1_000, **fee) == 500


def test_exact_out_has_no_quote_once_its_one_unit_too_much_has_no_room() -> None:
    """Half of the reserve and one: with a third of 2**112 - 1 that is one more than fits."""
    fee = {"fee_numerator": 1, "fee_denominator": 1}
    assert cp.get_amount_in(1, 2 * UINT112 // 3 - 1, 3, **fee) == UINT112 // 3
    with pytest.raises(MathError, match=r"^OVERFLOW$"):
        cp.get_amount_in(1, 2 * UINT112 // 3, 3, **fee)


@pytest.mark.parametrize("amounts", [(0, 10, 10), (10, 10, 10), (1, 0, 10)])
def test_no_least_input_for_what_cannot_be_bought(amounts: tuple[int, int, int]) -> None:
    with pytest.raises(MathError, match="INSUFFICIENT_LIQUIDITY"):
        cp.least_amount_in(*amounts, **FEE)


def test_quote_is_at_the_pools_ratio_rounded_down() -> None:
    assert cp.quote(10, 3, 7) == 23
    for amounts in ((0, 3, 7), (-1, 3, 7), (10, 0, 7), (10, 3, 0), (2**255, 3, 7)):
        with pytest.raises(MathError):
            cp.quote(*amounts)


SWAP = {
    "reserve_in": 10**21,
    "reserve_out": 10**21,
    "balance_in": 10**21,
    "balance_out": 10**21,
} | FEE


def test_the_pair_pays_the_quote_and_not_one_more() -> None:
    out = cp.get_amount_out(10**18, 10**21, 10**21, **FEE)
    cp.require_swap(10**18, out, **SWAP)
    with pytest.raises(MathError, match=r"^K$"):
        cp.require_swap(10**18, out + 1, **SWAP)


def test_a_pair_that_holds_less_than_its_reserve_refuses_the_quote() -> None:
    out = cp.get_amount_out(10**18, 10**21, 10**21, **FEE)
    for short in ("balance_in", "balance_out"):
        with pytest.raises(MathError, match=r"^K$"):
            cp.require_swap(10**18, out, **{**SWAP, short: 10**21 - 1_000})


@pytest.mark.parametrize(
    ("changes", "amounts", "reason"),
    [
        ({}, (10**18, 0), "INSUFFICIENT_OUTPUT_AMOUNT"),
        ({"balance_out": 10**22}, (10**23, 10**21), "INSUFFICIENT_LIQUIDITY"),
        ({"balance_out": 5}, (10**18, 6), "TRANSFER_FAILED"),
        ({"balance_in": 10**21 - 10}, (10, 1), "INSUFFICIENT_INPUT_AMOUNT"),
        ({"balance_in": UINT112}, (1, 1), "OVERFLOW"),
        ({"balance_out": UINT112 + 2}, (10**18, 1), "OVERFLOW"),
    ],
)
def test_no_swap_where_the_pair_reverts(
    changes: dict[str, int], amounts: tuple[int, int], reason: str
) -> None:
    with pytest.raises(MathError, match=f"^{reason}$"):
        cp.require_swap(*amounts, **{**SWAP, **changes})


def test_a_donation_pays_for_a_swap() -> None:
    """10**18 lie in the pair: whoever comes first may take what they buy."""
    out = cp.get_amount_out(10**18, 10**21, 10**21, **FEE)
    cp.require_swap(0, out, **{**SWAP, "balance_in": 10**21 + 10**18})
    cp.require_swap(0, 10**18 * 997 // 1000, **{**SWAP, "balance_out": 10**21 + 10**18})
    with pytest.raises(MathError, match=r"^K$"):
        cp.require_swap(0, 10**18 * 997 // 1000 + 1, **{**SWAP, "balance_out": 10**21 + 10**18})


POOL = {"reserve0": 4 * E18, "reserve1": 9 * E18, "total_supply": 6 * E18, "protocol_minted": 0}


def test_the_first_mint_locks_a_thousand() -> None:
    added = cp.mint(1 * E18, 4 * E18, reserve0=0, reserve1=0, total_supply=0, protocol_minted=0)
    assert added == cp.LiquidityAdded(liquidity=2 * E18 - 1_000, protocol_liquidity=0)


def test_the_smaller_side_decides_what_a_mint_gives() -> None:
    assert cp.mint(2 * E18, 9 * E18, **POOL).liquidity == 3 * E18
    assert cp.mint(4 * E18, 3 * E18, **POOL).liquidity == 2 * E18
    assert cp.mint(3, 100, **POOL).liquidity == 4  # 4.5, down


@pytest.mark.parametrize(
    ("amounts", "changes", "reason"),
    [
        ((-1, 5), {}, "ds-math-sub-underflow"),
        ((5, -1), {}, "ds-math-sub-underflow"),
        ((-5, -5), {"total_supply": 0}, "ds-math-sub-underflow"),
        ((0, 5), {}, "INSUFFICIENT_LIQUIDITY_MINTED"),
        ((5, 0), {}, "INSUFFICIENT_LIQUIDITY_MINTED"),
        (
            (1, 1),
            {"total_supply": 1, "reserve0": 2, "reserve1": 2},
            "INSUFFICIENT_LIQUIDITY_MINTED",
        ),
        ((5, 5), {"total_supply": 0}, "ds-math-sub-underflow"),
        ((1_000, 1_000), {"total_supply": 0}, "INSUFFICIENT_LIQUIDITY_MINTED"),
        ((2**140, 2**140), {"total_supply": 0}, "ds-math-mul-overflow"),
        ((5, 5), {"reserve0": 0}, "division by zero"),
        ((5, 5), {"reserve1": 0}, "division by zero"),
        ((UINT112, 9), {}, "OVERFLOW"),
        ((9, UINT112), {}, "OVERFLOW"),
    ],
)
def test_no_liquidity_where_mint_reverts(
    amounts: tuple[int, int], changes: dict[str, int], reason: str
) -> None:
    with pytest.raises(MathError, match=f"^{reason}$"):
        cp.mint(*amounts, **{**POOL, **changes})


HELD = {
    "balance0": 4 * E18,
    "balance1": 9 * E18,
    "total_supply": 6 * E18,
    "protocol_minted": 0,
}


def test_a_burn_pays_a_share_of_the_balances_rounded_down() -> None:
    removed = cp.burn(2 * E18, **HELD)
    assert removed == cp.LiquidityRemoved(4 * E18 // 3, 3 * E18, 0)
    gifted = cp.burn(2 * E18, **{**HELD, "balance0": 10 * E18})
    assert gifted.amount0 == 10 * E18 // 3


def test_the_protocol_is_paid_before_the_holder() -> None:
    before = cp.burn(2 * E18, **HELD)
    after = cp.burn(2 * E18, **{**HELD, "protocol_minted": E18})
    assert after.protocol_liquidity == E18
    assert (after.amount0, after.amount1) == (8 * E18 // 7, 18 * E18 // 7)
    assert after.amount0 < before.amount0
    assert cp.mint(4 * E18, 9 * E18, **{**POOL, "protocol_minted": E18}).liquidity == 7 * E18


@pytest.mark.parametrize(
    ("liquidity", "changes", "reason"),
    [
        (0, {}, "INSUFFICIENT_LIQUIDITY_BURNED"),
        (-1, {}, "ds-math-sub-underflow"),
        (6 * E18 - 999, {}, "ds-math-sub-underflow"),
        (5, {"total_supply": 0}, "division by zero"),
        (1, {"balance0": 1}, "INSUFFICIENT_LIQUIDITY_BURNED"),
        (1, {"balance1": 1}, "INSUFFICIENT_LIQUIDITY_BURNED"),
        (10, {"balance0": 2**255}, "ds-math-mul-overflow"),
        (10, {"balance1": 2**255}, "ds-math-mul-overflow"),
        (10, {"balance0": 2**113}, "OVERFLOW"),
        (10, {"balance1": 2**113}, "OVERFLOW"),
    ],
)
def test_nothing_is_paid_where_burn_reverts(
    liquidity: int, changes: dict[str, int], reason: str
) -> None:
    with pytest.raises(MathError, match=f"^{reason}$"):
        cp.burn(liquidity, **{**HELD, **changes})


def test_all_that_can_be_held_can_be_burned() -> None:
    assert cp.burn(6 * E18 - 1_000, **HELD).amount0 > 0


SHARE = {"total_supply": 10**21, "share_numerator": 1, "share_denominator": 6}


def test_the_protocols_part_of_the_growth() -> None:
    """Whitepaper, section 2.4: s_m = (sqrt k2 - sqrt k1) / (5 sqrt k2 + sqrt k1) * s_1."""
    minted = cp.protocol_liquidity(600, 600, k_last=500 * 500, **SHARE)
    assert minted == 10**21 * 100 // 3_500
    pancake = {**SHARE, "share_numerator": 1, "share_denominator": 4}
    assert cp.protocol_liquidity(600, 600, k_last=500 * 500, **pancake) == 10**21 * 100 // 2_300
    eight = {**SHARE, "share_numerator": 8, "share_denominator": 25}
    expected = 10**21 * 100 * 8 // (600 * 17 + 500 * 8)
    assert cp.protocol_liquidity(600, 600, k_last=500 * 500, **eight) == expected


@pytest.mark.parametrize(
    "changes",
    [{"share_numerator": 0}, {"k_last": 0}, {"k_last": 600 * 600}, {"k_last": 700 * 700}],
)
def test_the_protocol_gets_nothing_while_switched_off_or_without_growth(
    changes: dict[str, int],
) -> None:
    assert cp.protocol_liquidity(600, 600, **{**SHARE, "k_last": 500 * 500, **changes}) == 0


ARBITRAGE = FEE | {"price_in": 1, "price_out": 1}


def test_no_arbitrage_inside_the_fee() -> None:
    assert cp.arbitrage_amount_in(1_000 * E18, 1_002 * E18, **ARBITRAGE) == 0
    assert cp.arbitrage_amount_in(1_000 * E18, 1_010 * E18, **ARBITRAGE) > 0


@pytest.mark.parametrize("zero", ["price_in", "price_out"])
def test_no_arbitrage_against_a_price_of_zero(zero: str) -> None:
    assert cp.arbitrage_amount_in(1_000, 2_000, **{**ARBITRAGE, zero: 0}) == 0
    assert cp.arbitrage_amount_in(0, 2_000, **ARBITRAGE) == 0


def test_an_arbitrage_never_asks_for_more_than_the_pair_can_hold() -> None:
    found = cp.arbitrage_amount_in(UINT112 - 7, UINT112, **{**ARBITRAGE, "price_out": 10**9})
    assert found == 7


def test_the_best_input_beats_its_neighbours() -> None:
    best = cp.arbitrage_amount_in(1_000 * E18, 1_200 * E18, **ARBITRAGE)

    def profit(amount: int) -> int:
        return cp.get_amount_out(amount, 1_000 * E18, 1_200 * E18, **FEE) - amount

    step = best // 10**6
    assert profit(best) > max(profit(best - step), profit(best + step))
