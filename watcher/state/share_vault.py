"""A vault whose shares are claims on one asset: ERC-4626."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class ShareVault:
    """Assets and shares in their smallest units.

    `virtual_assets` and `virtual_shares` are added to the totals before each conversion
    (OpenZeppelin: 1 and 10**offset; solmate: 0 and 0, where an empty vault converts 1:1).
    `refuses_zero` says that a deposit worth no share, or a redemption worth no asset, reverts.
    `idle_assets` is what lies in the vault's own balance.
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
