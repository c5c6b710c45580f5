"""Vaults whose shares convert to one asset. The asset is coin 0 and the share is coin 1, so that
depositing sells 0 for 1 and redeeming sells 1 for 0."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from watcher.errors import MathError
from watcher.math.exact import shares
from watcher.math.exact.shares import ShareTotals
from watcher.math.families.family import Family
from watcher.state.share_vault import ShareVault

ASSET, SHARE = 0, 1


def exact_in(state: ShareVault, coin_in: int, _coin_out: int, amount_in: int) -> int:
    _require_known_fees(state)
    convert = shares.preview_redeem if coin_in == SHARE else shares.preview_deposit
    return convert(amount_in, share_totals(state))


def exact_out(state: ShareVault, coin_in: int, _coin_out: int, amount_out: int) -> int:
    _require_known_fees(state)
    convert = shares.preview_withdraw if coin_in == SHARE else shares.preview_mint
    return convert(amount_out, share_totals(state))


def spot_price(state: ShareVault, coin_in: int, _coin_out: int) -> Fraction:
    """Before rounding."""
    price = assets_per_share(state)
    return price if coin_in == SHARE else 1 / price


def assets_per_share(state: ShareVault) -> Fraction:
    """The unrounded price of one smallest unit of share in smallest units of asset."""
    vault_assets = state.total_assets + state.virtual_assets
    vault_shares = state.total_supply + state.virtual_shares
    if vault_shares == 0:
        return Fraction(1)
    if vault_assets == 0:
        raise MathError("the vault has shares and no assets")
    return Fraction(vault_assets, vault_shares)


def share_totals(state: ShareVault) -> ShareTotals:
    return ShareTotals(
        total_assets=state.total_assets,
        total_supply=state.total_supply,
        virtual_assets=state.virtual_assets,
        virtual_shares=state.virtual_shares,
        refuses_zero=state.refuses_zero,
        full_products=state.full_products,
        entry_fee_bps=state.entry_fee_bps,
        exit_fee_bps=state.exit_fee_bps,
        max_deposit=state.max_deposit,
        max_mint=state.max_mint,
        max_withdraw=state.max_withdraw,
        max_redeem=state.max_redeem,
    )


def _require_known_fees(state: ShareVault) -> None:
    if state.fees_unknown:
        raise MathError("the vault's previews follow no fees that are known")


FAMILY: Family[ShareVault] = Family(
    coins=lambda _: 2,
    exact_in=exact_in,
    exact_out=exact_out,
    spot_price=spot_price,
    without_fee=lambda state: replace(state, entry_fee_bps=0, exit_fee_bps=0),
)
