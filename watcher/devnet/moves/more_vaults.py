"""What happens to the vaults of more kinds: deposits, withdrawals, gifts, harvests."""

from __future__ import annotations

from watcher.devnet.deploy.more_vaults import HARVEST_GAS
from watcher.devnet.draft import Draft
from watcher.devnet.places import WatchedVault
from watcher.devnet.text import amount_text
from watcher.state.token import Address

# In basis points of the vault's assets.
_DEPOSIT_BPS = 120
_GAIN_BPS = 9
_GIFT_BPS = 4


def stir(draft: Draft, turn: int) -> str:
    """Turn by turn every vault takes a deposit, is given a little, earns (those with strategies do
    at `harvest`), and pays somebody out; what happened, in words. Nothing is left to chance, so
    that other scenes play as without it."""
    vaults = draft.world.more_vaults
    vault = vaults[turn % len(vaults)]
    match turn // len(vaults) % 4:
        case 0:
            return deposit(draft, vault, _part(draft, vault, _DEPOSIT_BPS))
        case 1:
            return give(draft, vault, _part(draft, vault, _GIFT_BPS))
        case 2 if not vault.strategies:
            return earn(draft, vault, _part(draft, vault, _GAIN_BPS))
        case 3:
            return withdraw(draft, vault)
        case _:
            return f"nobody comes to {vault.name}"


def harvest(draft: Draft, turn: int) -> str:
    """One of the vaults that have strategies after the other; once a block, as V2's demand."""
    lending = [vault for vault in draft.world.more_vaults if vault.strategies]
    vault = lending[turn % len(lending)]
    return earn(draft, vault, _part(draft, vault, _GAIN_BPS))


def deposit(draft: Draft, vault: WatchedVault, assets: int) -> str:
    who = draft.world.actors.other_depositor
    draft.fund(who, vault.asset, assets)
    approve = "approve(address,uint256)"
    label = f"a deposit into {vault.name}"
    draft.send(who, vault.asset.address, approve, vault.address, assets, label=label)
    draft.send(who, vault.address, "deposit(uint256,address)", assets, who, label=label)
    return f"somebody deposits {amount_text(assets, vault.asset)} into {vault.name}"


def withdraw(draft: Draft, vault: WatchedVault) -> str:
    """Half of what somebody has of it."""
    who = draft.world.actors.other_depositor
    shares = draft.shares(vault, who) // 2
    if shares == 0:
        return f"nobody leaves {vault.name}"
    label = f"a withdrawal from {vault.name}"
    if vault.protocol == "yearn_v2":
        leave = "withdraw(uint256,address)"
        draft.send(who, vault.address, leave, shares, who, label=label, gas=HARVEST_GAS)
    else:
        redeem = "redeem(uint256,address,address)"
        draft.send(who, vault.address, redeem, shares, who, who, label=label, gas=HARVEST_GAS)
    return f"somebody redeems half of their shares of {vault.name}"


def give(draft: Draft, vault: WatchedVault, assets: int) -> str:
    """Assets for no shares; Yearn's V3 does not count them."""
    _send_to(draft, vault, vault.address, assets)
    return f"somebody gives {amount_text(assets, vault.asset)} to {vault.name}"


def earn(draft: Draft, vault: WatchedVault, assets: int) -> str:
    """A gain: where there is a strategy it earns it and reports, else the vault is sent it."""
    builder = draft.world.actors.builder
    label = f"a harvest of {vault.name}"
    for strategy in vault.strategies:
        _send_to(draft, vault, strategy, assets)
        if vault.protocol == "yearn_v2":
            owed = draft.total_debt(vault)
            draft.send(builder, strategy, "harvest(uint256)", owed, label=label, gas=HARVEST_GAS)
        else:
            report = "process_report(address)"
            draft.send(builder, vault.address, report, strategy, label=label, gas=HARVEST_GAS)
    if not vault.strategies:
        _send_to(draft, vault, vault.address, assets)
    return f"{vault.name} earns {amount_text(assets, vault.asset)}"


def _send_to(draft: Draft, vault: WatchedVault, to: Address, assets: int) -> None:
    keeper = draft.world.actors.keeper
    draft.fund(keeper, vault.asset, assets)
    label = f"a transfer for {vault.name}"
    transfer = "transfer(address,uint256)"
    draft.send(keeper, vault.asset.address, transfer, to, assets, label=label)


def _part(draft: Draft, vault: WatchedVault, bps: int) -> int:
    return draft.total_assets(vault) * bps // 10_000
