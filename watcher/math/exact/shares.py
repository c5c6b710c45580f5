"""ERC-4626 share conversions to the wei, with virtual shares and assets as data.

Source: OpenZeppelin ERC4626.sol (5.x), where virtual assets are 1 and virtual shares 10**offset,
and solmate ERC4626.sol, where both are 0 and an empty vault converts 1:1. The four roundings are
always against the caller. Assets and shares are in smallest units.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from watcher.errors import MathError
from watcher.math.exact.fixed_point import UINT256_MAX, checked, mul_div_down, mul_div_up


@dataclass(frozen=True, slots=True)
class ShareTotals:
    """What the conversions read. `refuses_zero`: a deposit worth no share, or a redemption worth
    no asset, reverts (solmate's ZERO_SHARES and ZERO_ASSETS)."""

    total_assets: int
    total_supply: int
    virtual_assets: int
    virtual_shares: int
    refuses_zero: bool


def convert_to_shares(assets: int, totals: ShareTotals) -> int:
    """Shares for `assets`, rounded down."""
    if _is_one_to_one(totals):
        return assets
    return _scale(mul_div_down, assets, _shares(totals), _assets(totals), totals=totals)


def convert_to_assets(shares: int, totals: ShareTotals) -> int:
    """Assets for `shares`, rounded down."""
    if _is_one_to_one(totals):
        return shares
    return _scale(mul_div_down, shares, _assets(totals), _shares(totals), totals=totals)


def preview_deposit(assets: int, totals: ShareTotals) -> int:
    """Shares that a deposit of `assets` mints, rounded down. Raises where `deposit` reverts."""
    _require_amount(assets)
    shares = convert_to_shares(assets, totals)
    if shares == 0 and totals.refuses_zero:
        raise MathError("ZERO_SHARES")
    _require_room(assets, shares, totals)
    return shares


def preview_mint(shares: int, totals: ShareTotals) -> int:
    """Assets that minting `shares` costs, rounded up. Raises where `mint` reverts."""
    _require_amount(shares)
    if _is_one_to_one(totals):
        assets = shares
    else:
        assets = _scale(mul_div_up, shares, _assets(totals), _shares(totals), totals=totals)
    _require_room(assets, shares, totals)
    return assets


def preview_withdraw(assets: int, totals: ShareTotals) -> int:
    """Shares that withdrawing `assets` burns, rounded up. Raises when they exceed the supply or
    the assets exceed the vault's."""
    _require_amount(assets)
    if assets > totals.total_assets:
        raise MathError("ERC4626ExceededMaxWithdraw")
    if _is_one_to_one(totals):
        shares = assets
    else:
        shares = _scale(mul_div_up, assets, _shares(totals), _assets(totals), totals=totals)
    if shares > totals.total_supply:
        raise MathError("ERC4626ExceededMaxWithdraw")
    return shares


def preview_redeem(shares: int, totals: ShareTotals) -> int:
    """Assets that redeeming `shares` pays, rounded down. Raises where `redeem` reverts."""
    _require_amount(shares)
    if shares > totals.total_supply:
        raise MathError("ERC4626ExceededMaxRedeem")
    assets = convert_to_assets(shares, totals)
    if assets == 0 and totals.refuses_zero:
        raise MathError("ZERO_ASSETS")
    return assets


def _is_one_to_one(totals: ShareTotals) -> bool:
    return totals.total_supply == 0 and totals.virtual_shares == 0


def _assets(totals: ShareTotals) -> int:
    return checked(totals.total_assets + totals.virtual_assets, 256, "total assets overflow")


def _shares(totals: ShareTotals) -> int:
    return checked(totals.total_supply + totals.virtual_shares, 256, "total supply overflows")


def _require_amount(amount: int) -> None:
    if not 0 <= amount <= UINT256_MAX:
        raise MathError("amount is not an unsigned integer of 256 bits")


def _require_room(assets: int, shares: int, totals: ShareTotals) -> None:
    """Both tokens count their supply in 256 bits, so neither total can grow beyond."""
    checked(totals.total_assets + assets, 256, "total assets overflow")
    checked(totals.total_supply + shares, 256, "total supply overflows")


def _scale(
    mul_div: Callable[[int, int, int], int],
    x: int,
    y: int,
    denominator: int,
    *,
    totals: ShareTotals,
) -> int:
    """OpenZeppelin's mulDiv keeps a product of 512 bits, solmate's reverts beyond 256."""
    if totals.virtual_shares == 0:
        checked(x * y, 256, "mulDiv overflows 256 bits")
    return checked(mul_div(x, y, denominator), 256, "the result exceeds 256 bits")
