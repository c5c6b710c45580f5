"""ERC-4626 vaults: OpenZeppelin's with virtual shares, solmate's without."""

from __future__ import annotations

from watcher.devnet.deploy.site import Site
from watcher.devnet.deploy.tokens import allow, provide
from watcher.devnet.places import Vault
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


def share_of(site: Site, vault: Vault) -> Token:
    """The vault as a token; it must have been mined."""
    (decimals,) = site.chain.read(vault.address, "decimals()(uint8)")
    (symbol,) = site.chain.read(vault.address, "symbol()(string)")
    return Token(vault.address, decimals, symbol)


def buy_shares(
    site: Site, buyer: Address, vault: Vault, share: Token, whole: int, *, weth: Token
) -> None:
    """That many whole shares of a vault at one asset each, for assets that the buyer is given."""
    provide(site, buyer, vault.asset, whole * 10**vault.asset.decimals, weth=weth)
    allow(site, buyer, vault.asset, vault.address)
    shares = whole * 10**share.decimals
    site.send(buyer, vault.address, "mint(uint256,address)", shares, buyer)
