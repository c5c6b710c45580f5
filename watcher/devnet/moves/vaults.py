"""Deposits, withdrawals and gifts to the vaults."""

from __future__ import annotations

from watcher.devnet.draft import Draft
from watcher.devnet.places import Vault
from watcher.state.token import Address


def deposit(draft: Draft, depositor: Address, vault: Vault, assets: int) -> None:
    draft.fund(depositor, vault.asset, assets)
    draft.send(
        depositor,
        vault.address,
        "deposit(uint256,address)",
        assets,
        depositor,
        label=f"a deposit into {vault.name}",
    )


def redeem(draft: Draft, depositor: Address, vault: Vault, shares: int) -> None:
    draft.send(
        depositor,
        vault.address,
        "redeem(uint256,address,address)",
        shares,
        depositor,
        depositor,
        label=f"a redemption from {vault.name}",
    )


def give(draft: Draft, giver: Address, vault: Vault, assets: int) -> None:
    """Send assets to the vault for no shares: a little of it is yield, much of it a donation."""
    draft.fund(giver, vault.asset, assets)
    draft.send(
        giver,
        vault.asset.address,
        "transfer(address,uint256)",
        vault.address,
        assets,
        label=f"a transfer to {vault.name}",
    )
