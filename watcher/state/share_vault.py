"""A vault whose shares are claims on one asset: ERC-4626."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

UNLIMITED = 2**256 - 1
"""What a limit answers where there is none (EIP-4626)."""


@dataclass(frozen=True, slots=True)
class ShareVault:
    """Assets and shares in their smallest units.

    `virtual_assets` and `virtual_shares` are added to the totals before each conversion
    (OpenZeppelin: 1 and 10**offset; solmate: 0 and 0, where an empty vault converts 1:1).
    `refuses_zero` says that a deposit worth no share, or a redemption worth no asset, reverts.
    `idle_assets` is what lies in the vault's own balance. `full_products` says that products keep
    512 bits without virtual shares too (solady). The fees are in basis points, as OpenZeppelin's
    ERC4626Fees takes them; where its previews follow no such fees, `fees_unknown` says so and there
    is no quote. The limits are what maxDeposit, maxMint, maxWithdraw and maxRedeem answer: of the
    holder that is configured, else the first two of anybody, and none of the others.
    """

    KIND: ClassVar[str] = "share_vault"
    VERSION: ClassVar[int] = 1

    total_assets: int
    total_supply: int
    idle_assets: int
    virtual_assets: int
    virtual_shares: int
    refuses_zero: bool
    asset_decimals: int
    share_decimals: int
    full_products: bool = False
    entry_fee_bps: int = 0
    exit_fee_bps: int = 0
    fees_unknown: bool = False
    max_deposit: int = UNLIMITED
    max_mint: int = UNLIMITED
    max_withdraw: int = UNLIMITED
    max_redeem: int = UNLIMITED
