"""ERC-4626 vaults: OpenZeppelin's with virtual shares, solmate's without."""

from __future__ import annotations

from watcher.devnet.deploy.site import Site
from watcher.devnet.deploy.tokens import provide
from watcher.devnet.world import Vault
from watcher.state.token import Address, Token


def deploy_openzeppelin(
    site: Site, builder: Address, asset: Token, *, name: str, offset: int
) -> Vault:
    symbol = f"oz{asset.symbol}{offset}"
    address = site.create(builder, "OpenZeppelinVault", asset.address, name, symbol, offset)
    return Vault(name, address, asset, virtual_shares=True, decimals_offset=offset)


def deploy_solmate(site: Site, builder: Address, asset: Token, *, name: str) -> Vault:
    symbol = f"sm{asset.symbol}"
    address = site.create(builder, "SolmateVault", asset.address, name, symbol)
    return Vault(name, address, asset, virtual_shares=False)


def first_deposit(site: Site, depositor: Address, vault: Vault, whole: int, *, weth: Token) -> None:
    """Deposit that many whole units of the asset."""
    amount = whole * 10**vault.asset.decimals
    provide(site, depositor, vault.asset, amount, weth=weth)
    site.send(depositor, vault.address, "deposit(uint256,address)", amount, depositor)
