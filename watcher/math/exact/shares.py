"""ERC-4626 share conversions to the wei, with virtual shares and assets as data.

Sources: ERC4626.sol of OpenZeppelin (4.9 and 5.x) and of solady, erc4626.vy of snekmate, where
virtual assets are 1 and virtual shares 10**offset; solmate's ERC4626.sol and solady's without
virtual shares, where both are 0 and an empty vault converts 1:1. Fees are those of OpenZeppelin's
ERC4626Fees.sol: on top of what is minted or withdrawn, a part of what is deposited or redeemed. The
four roundings are always against the caller. Assets and shares are in smallest units.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from watcher.errors import MathError
from watcher.math.exact.fixed_point import UINT256_MAX, checked, mul_div_down, mul_div_up

BASIS = 10_000
"""Basis points of a whole."""


@dataclass(frozen=True, slots=True)
class ShareTotals:
    """What the conversions read. `refuses_zero`: a deposit worth no share, or a redemption worth
    no asset, reverts (solmate's ZERO_SHARES and ZERO_ASSETS). `full_products`: products keep 512
    bits without virtual shares too (solady). Fees are in basis points; the conversions know none.
    The four limits are what maxDeposit, maxMint, maxWithdraw and maxRedeem answer."""

    total_assets: int
    total_supply: int
    virtual_assets: int
    virtual_shares: int
    refuses_zero: bool
    full_products: bool = False
    entry_fee_bps: int = 0
    exit_fee_bps: int = 0
    max_deposit: int = UINT256_MAX
    max_mint: int = UINT256_MAX
    max_withdraw: int = UINT256_MAX
    max_redeem: int = UINT256_MAX


def convert_to_shares(assets: int, totals: ShareTotals) -> int:
    """Shares for `assets`, rounded down."""
    if _is_one_to_one(totals) or _is_nothing(assets, totals):
        return assets
    return _scale(mul_div_down, assets, _shares(totals), _assets(totals), totals=totals)


def convert_to_assets(shares: int, totals: ShareTotals) -> int:
    """Assets for `shares`, rounded down."""
    if _is_one_to_one(totals):
        return shares
    return _scale(mul_div_down, shares, _assets(totals), _shares(totals), totals=totals)


def deposit_shares(assets: int, totals: ShareTotals) -> int:
    """What previewDeposit answers, whatever may be deposited."""
    return convert_to_shares(assets - fee_on_total(assets, totals.entry_fee_bps), totals)


def mint_assets(shares: int, totals: ShareTotals) -> int:
    """What previewMint answers, whatever may be minted."""
    if _is_one_to_one(totals):
        assets = shares
    else:
        assets = _scale(mul_div_up, shares, _assets(totals), _shares(totals), totals=totals)
    return checked(assets + fee_on_raw(assets, totals.entry_fee_bps), 256, "the fee overflows")


def withdraw_shares(assets: int, totals: ShareTotals) -> int:
    """What previewWithdraw answers, whatever may be withdrawn."""
    paid = checked(assets + fee_on_raw(assets, totals.exit_fee_bps), 256, "the fee overflows")
    if _is_one_to_one(totals) or _is_nothing(paid, totals):
        return paid
    return _scale(mul_div_up, paid, _shares(totals), _assets(totals), totals=totals)


def redeem_assets(shares: int, totals: ShareTotals) -> int:
    """What previewRedeem answers, whatever may be redeemed."""
    assets = convert_to_assets(shares, totals)
    return assets - fee_on_total(assets, totals.exit_fee_bps)


def preview_deposit(assets: int, totals: ShareTotals) -> int:
    """Shares that a deposit of `assets` mints, rounded down. Raises where `deposit` reverts."""
    _require_amount(assets)
    _require_at_most(assets, totals.max_deposit, "ERC4626ExceededMaxDeposit")
    shares = deposit_shares(assets, totals)
    if shares == 0 and totals.refuses_zero:
        raise MathError("ZERO_SHARES")
    _require_room(assets, shares, totals)
    return shares


def preview_mint(shares: int, totals: ShareTotals) -> int:
    """Assets that minting `shares` costs, rounded up. Raises where `mint` reverts."""
    _require_amount(shares)
    _require_at_most(shares, totals.max_mint, "ERC4626ExceededMaxMint")
    assets = mint_assets(shares, totals)
    _require_room(assets, shares, totals)
    return assets


def preview_withdraw(assets: int, totals: ShareTotals) -> int:
    """Shares that withdrawing `assets` burns, rounded up. Raises when they exceed the supply or
    the assets exceed the vault's, or what may be withdrawn."""
    _require_amount(assets)
    most = min(totals.total_assets, totals.max_withdraw)
    _require_at_most(assets, most, "ERC4626ExceededMaxWithdraw")
    shares = withdraw_shares(assets, totals)
    _require_at_most(shares, totals.total_supply, "ERC4626ExceededMaxWithdraw")
    return shares


def preview_redeem(shares: int, totals: ShareTotals) -> int:
    """Assets that redeeming `shares` pays, rounded down. Raises where `redeem` reverts."""
    _require_amount(shares)
    most = min(totals.total_supply, totals.max_redeem)
    _require_at_most(shares, most, "ERC4626ExceededMaxRedeem")
    assets = redeem_assets(shares, totals)
    if assets == 0 and totals.refuses_zero:
        raise MathError("ZERO_ASSETS")
    return assets


def fee_on_raw(assets: int, fee_bps: int) -> int:
    """The fee that comes on top of `assets`, rounded up."""
    return mul_div_up(assets, fee_bps, BASIS)


def fee_on_total(assets: int, fee_bps: int) -> int:
    """The part of `assets` that is the fee, rounded up."""
    return mul_div_up(assets, fee_bps, BASIS + fee_bps)


def _is_one_to_one(totals: ShareTotals) -> bool:
    return totals.total_supply == 0 and totals.virtual_shares == 0


def _is_nothing(assets: int, totals: ShareTotals) -> bool:
    """solady converts no assets to no shares before it divides by those that the vault lacks."""
    return assets == 0 and totals.full_products and totals.virtual_shares == 0


def _require_at_most(amount: int, most: int, reason: str) -> None:
    if amount > most:
        raise MathError(reason)


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
    """OpenZeppelin's and solady's mulDiv keep products of 512 bits, solmate's reverts over 256."""
    if totals.virtual_shares == 0 and not totals.full_products:
        checked(x * y, 256, "mulDiv overflows 256 bits")
    return checked(mul_div(x, y, denominator), 256, "the result exceeds 256 bits")
