"""A treasury: plain tokens and ether, an LP token, a position and vault shares, all from others."""

from __future__ import annotations

from math import isqrt

from watcher.devnet.deploy.pools import Pool
from watcher.devnet.deploy.site import Site
from watcher.devnet.deploy.tokens import provide
from watcher.devnet.places import Actors, Pair, Treasury, Vault
from watcher.state.token import Address, Token

# Whole tokens of each kind.
PURSE = {"WETH": 40, "USDC": 250_000, "DAI": 150_000, "WBTC": 2, "GUSD": 50_000}
ETHER = 240
# Parts of what whoever gives it has.
LP_PART = 20
SHARE_PART = 10
POSITION = 2
"""The NFT of the first pool's second position: the wider of the two that are not of all prices."""


def fill_purse(site: Site, holder: Address, tokens: dict[str, Token]) -> None:
    """With ETHER of the million that Anvil gives each account; the wrapped comes out of that."""
    site.chain.request("anvil_setBalance", holder, hex(ETHER * 10**18))
    for symbol, whole in PURSE.items():
        token = tokens[symbol]
        provide(site, holder, token, whole * 10**token.decimals, weth=tokens["WETH"])


def hand_over(
    site: Site,
    actors: Actors,
    *,
    pair: Pair,
    pool: Pool,
    vaults: dict[Vault, int],
    positions: Address,
) -> None:
    """Give the treasury LP tokens, a position and shares of `vaults`, which were first filled with
    so many whole units. No pool and no vault changes by that."""
    amounts = [
        whole * 10**token.decimals
        for token, whole in ((pool.token_a, pool.amount_a), (pool.token_b, pool.amount_b))
    ]
    liquidity = isqrt(amounts[0] * amounts[1]) // LP_PART
    transfer = "transfer(address,uint256)"
    site.send(actors.builder, pair.address, transfer, actors.treasury, liquidity)
    site.send(
        actors.builder,
        positions,
        "transferFrom(address,address,uint256)",
        actors.builder,
        actors.treasury,
        POSITION,
    )
    for vault, whole in vaults.items():
        # the first deposit is worth as many shares as assets, times the virtual ones
        shares = whole * 10 ** (vault.asset.decimals + vault.decimals_offset) // SHARE_PART
        site.send(actors.depositor, vault.address, transfer, actors.treasury, shares)


def treasury_of(
    actors: Actors,
    tokens: dict[str, Token],
    *,
    pair: Pair,
    vaults: tuple[Vault, ...],
    positions: Address,
) -> Treasury:
    listed = [tokens[symbol].address for symbol in PURSE if symbol != "WETH"]
    return Treasury(
        name="treasury",
        address=actors.treasury,
        tokens=(*listed, pair.address, *(vault.address for vault in vaults)),
        native=tokens["WETH"],
        positions=positions,
    )
