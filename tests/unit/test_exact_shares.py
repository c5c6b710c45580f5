"""Share conversions against published figures, and where the vaults revert."""

from __future__ import annotations

from dataclasses import replace

import pytest

from watcher.errors import MathError
from watcher.math.exact.fixed_point import UINT256_MAX, checked, mul_div_down, mul_div_up
from watcher.math.exact.shares import (
    ShareTotals,
    convert_to_assets,
    convert_to_shares,
    preview_deposit,
    preview_mint,
    preview_redeem,
    preview_withdraw,
)

E18 = 10**18


def openzeppelin(total_assets: int, total_supply: int, *, offset: int = 0) -> ShareTotals:
    return ShareTotals(total_assets, total_supply, 1, 10**offset, refuses_zero=False)


def solmate(total_assets: int, total_supply: int) -> ShareTotals:
    return ShareTotals(total_assets, total_supply, 0, 0, refuses_zero=True)


def test_division_rounds_as_its_name_says() -> None:
    assert (mul_div_down(7, 3, 2), mul_div_up(7, 3, 2)) == (10, 11)
    assert (mul_div_down(8, 3, 2), mul_div_up(8, 3, 2)) == (12, 12)
    assert (mul_div_down(0, 3, 2), mul_div_up(0, 3, 2)) == (0, 0)
    for divide in (mul_div_down, mul_div_up):
        with pytest.raises(MathError, match="division by zero"):
            divide(1, 1, 0)


def test_a_value_that_fits_is_handed_on() -> None:
    assert checked(2**112 - 1, 112, "OVERFLOW") == 2**112 - 1
    for value in (2**112, -1):
        with pytest.raises(MathError, match=r"^OVERFLOW$"):
            checked(value, 112, "OVERFLOW")


@pytest.mark.parametrize("totals", [openzeppelin(100, 30), solmate(100, 30)])
def test_each_of_the_four_roundings_is_against_the_caller(totals: ShareTotals) -> None:
    assets = totals.total_assets + totals.virtual_assets
    supply = totals.total_supply + totals.virtual_shares
    assert preview_deposit(11, totals) == 11 * supply // assets
    assert preview_mint(11, totals) == -(-11 * assets // supply)
    assert preview_withdraw(11, totals) == -(-11 * supply // assets)
    assert preview_redeem(11, totals) == 11 * assets // supply
    assert convert_to_shares(11, totals) == 11 * supply // assets
    assert convert_to_assets(11, totals) == 11 * assets // supply


def test_an_empty_vault_converts_at_its_offset() -> None:
    assert preview_deposit(5, openzeppelin(0, 0, offset=6)) == 5_000_000
    assert preview_mint(5_000_001, openzeppelin(0, 0, offset=6)) == 6
    assert preview_deposit(5, solmate(0, 0)) == preview_mint(5, solmate(0, 0)) == 5


def test_an_empty_vault_without_virtual_shares_ignores_a_donation() -> None:
    assert preview_deposit(5, solmate(10**12, 0)) == 5
    assert preview_mint(5, solmate(10**12, 0)) == 5
    assert convert_to_assets(5, solmate(10**12, 0)) == convert_to_shares(5, solmate(10**12, 0)) == 5


def test_resupply_june_2025_the_rate_rounds_to_zero() -> None:
    """2002e18 assets for 1001 shares: 1e18 shares are worth 2e36, and 1e36 // 2e36 is 0."""
    price = mul_div_down(2002 * E18, E18, 1001)
    assert price == 2 * 10**36
    assert mul_div_down(10**36, 1, price) == 0
    assert convert_to_assets(E18, solmate(2002 * E18, 1001)) == price


# First asset 1, donation 1e11, victim 1e11: profit of attacker and victim, in smallest units.
INFLATION = [
    (0, "-3.33e+10", "-3.33e+10"),
    (3, "-4.9987e+10", "-2.5e+07"),
    (6, "-5.0000e+10", "-2.5e+04"),
]
GIFT = VICTIM = 10**11


@pytest.mark.parametrize(("offset", "attacker", "victim"), INFLATION)
def test_inflation_of_a_vault_with_virtual_shares(offset: int, attacker: str, victim: str) -> None:
    totals = openzeppelin(0, 0, offset=offset)
    first = preview_deposit(1, totals)
    totals = openzeppelin(1 + GIFT, first, offset=offset)
    shares = preview_deposit(VICTIM, totals)
    totals = openzeppelin(1 + GIFT + VICTIM, first + shares, offset=offset)
    assert as_published(preview_redeem(first, totals) - 1 - GIFT, attacker)
    assert as_published(preview_redeem(shares, totals) - VICTIM, victim)


def as_published(amount: int, figure: str) -> bool:
    """Whether the amount rounds to the figure at the figure's own digits."""
    digits = len(figure.partition("e")[0].partition(".")[2])
    return f"{amount:.{digits}e}" == figure


def test_inflation_of_an_unprotected_vault_takes_all() -> None:
    """Without a check for zero shares the victim's 1e11 buy none and belong to the first share."""
    unprotected = replace(solmate(1 + GIFT, 1), refuses_zero=False)
    assert preview_deposit(VICTIM, unprotected) == 0
    after = replace(unprotected, total_assets=1 + GIFT + VICTIM)
    assert preview_redeem(1, after) - 1 - GIFT == VICTIM


def test_solmate_refuses_the_deposit_that_would_mint_no_share() -> None:
    with pytest.raises(MathError, match=r"^ZERO_SHARES$"):
        preview_deposit(VICTIM, solmate(1 + GIFT, 1))
    assert preview_deposit(VICTIM + 1, solmate(1 + GIFT, 1)) == 1


def test_solmate_refuses_the_redemption_that_would_pay_nothing() -> None:
    with pytest.raises(MathError, match=r"^ZERO_ASSETS$"):
        preview_redeem(1, solmate(3, 5))
    with pytest.raises(MathError, match=r"^ZERO_ASSETS$"):
        preview_redeem(0, solmate(3, 5))
    assert preview_redeem(1, openzeppelin(3, 5)) == 0


@pytest.mark.parametrize("totals", [openzeppelin(100, 100), solmate(100, 100)])
def test_no_more_comes_out_than_there_is(totals: ShareTotals) -> None:
    assert preview_redeem(100, totals) == 100
    with pytest.raises(MathError, match="ExceededMaxRedeem"):
        preview_redeem(101, totals)
    assert preview_withdraw(100, totals) == 100
    with pytest.raises(MathError, match="ExceededMaxWithdraw"):
        preview_withdraw(101, totals)
    with pytest.raises(MathError, match="ExceededMaxWithdraw"):
        preview_withdraw(60, replace(totals, total_supply=50, total_assets=50))


def test_a_gift_to_an_empty_vault_cannot_be_withdrawn() -> None:
    for totals in (openzeppelin(100, 0), solmate(100, 0)):
        with pytest.raises(MathError, match="ExceededMaxWithdraw"):
            preview_withdraw(50, totals)


def test_nothing_is_converted_when_shares_stand_for_no_assets() -> None:
    with pytest.raises(MathError, match="division by zero"):
        convert_to_shares(5, solmate(0, 5))
    with pytest.raises(MathError, match="division by zero"):
        preview_withdraw(0, solmate(0, 5))
    assert preview_mint(5, solmate(0, 5)) == 0
    assert convert_to_assets(5, solmate(0, 5)) == 0


@pytest.mark.parametrize("amount", [-1, 2**256])
@pytest.mark.parametrize(
    "preview", [preview_deposit, preview_mint, preview_withdraw, preview_redeem]
)
def test_an_amount_is_an_unsigned_integer_of_256_bits(preview: object, amount: int) -> None:
    assert callable(preview)
    with pytest.raises(MathError, match="256 bits"):
        preview(amount, openzeppelin(UINT256_MAX - 1, 0))


def test_the_first_number_of_257_bits_is_refused() -> None:
    with pytest.raises(MathError, match="overflows 256 bits"):
        preview_deposit(2**128, solmate(2**129, 2**128))
    assert preview_deposit(2**128 - 1, solmate(2**129, 2**128)) == 2**127 - 1
    with pytest.raises(MathError, match="exceeds 256 bits"):
        convert_to_shares(2**255, openzeppelin(0, 1))
    assert convert_to_shares(2**255 - 1, openzeppelin(0, 1)) == 2**256 - 2


def test_solmate_multiplies_in_256_bits_and_openzeppelin_in_512() -> None:
    large = 2**200
    assert convert_to_shares(large, openzeppelin(large - 1, large - 1)) == large
    with pytest.raises(MathError, match="overflows 256 bits"):
        convert_to_shares(large, solmate(large, large))
    with pytest.raises(MathError, match="exceeds 256 bits"):
        convert_to_shares(large, openzeppelin(0, large))


@pytest.mark.parametrize(
    ("totals", "reason"),
    [
        (openzeppelin(UINT256_MAX, 5), "total assets overflow"),
        (openzeppelin(5, UINT256_MAX), "total supply overflows"),
    ],
)
def test_virtual_units_overflow_as_they_do_in_the_contract(
    totals: ShareTotals, reason: str
) -> None:
    with pytest.raises(MathError, match=reason):
        convert_to_shares(1, totals)
    with pytest.raises(MathError, match=reason):
        preview_mint(1, totals)


def test_neither_total_grows_beyond_256_bits() -> None:
    with pytest.raises(MathError, match="total supply overflows"):
        preview_deposit(2, openzeppelin(10**30, UINT256_MAX - 10**20))
    with pytest.raises(MathError, match="total supply overflows"):
        preview_mint(10**30, openzeppelin(10, UINT256_MAX - 10**20))
    with pytest.raises(MathError, match="total assets overflow"):
        preview_deposit(UINT256_MAX, solmate(5, 0))
    with pytest.raises(MathError, match="total assets overflow"):
        preview_mint(UINT256_MAX, solmate(5, 0))
