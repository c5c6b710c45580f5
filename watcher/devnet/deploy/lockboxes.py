"""Lockboxes of two bridges, one whose two holders have all that was issued, one that has issued
more than it holds; and what a bridge owes on another chain."""

from __future__ import annotations

from watcher.devnet.deploy.site import Site
from watcher.devnet.deploy.tokens import provide
from watcher.devnet.places import Actors, Box
from watcher.state.token import Address, Token

MINT = "mint(address,uint256)"

# Name, locked token, holders and whole ones of each, and what is issued here: symbol, decimals and
# whole ones; or the whole ones that are owed elsewhere.
BOXES = (
    ("bridge", "USDT", (("oracle", 600_000), ("keeper", 400_000)), ("USDT.b", 6, 1_000_000), ""),
    ("wrapped-btc", "WBTC", (("keeper", 20),), ("mBTC", 18, 21), ""),
    ("far", "DAI", (("other_depositor", 250_000),), None, "249999.5"),
)


def deploy_boxes(
    site: Site, builder: Address, tokens: dict[str, Token], actors: Actors
) -> tuple[Box, ...]:
    """Queue what is issued; it is all the builder's, what is locked lies with people's accounts."""
    made = []
    for name, symbol, locked, issued, liability in BOXES:
        token = tokens[symbol]
        held = {getattr(actors, who): whole for who, whole in locked}
        for holder, whole in held.items():
            provide(site, holder, token, whole * 10**token.decimals, weth=tokens["WETH"])
        minted = None
        if issued is not None:
            named, decimals, whole = issued
            minted = Token(site.create(builder, "Token", named, named, decimals), decimals, named)
            site.send(builder, minted.address, MINT, builder, whole * 10**decimals)
        made.append(Box(f"box:{name}", tuple(held), token, minted, liability))
    return tuple(made)
