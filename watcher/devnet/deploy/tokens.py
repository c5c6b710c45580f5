"""WETH9 and the mintable tokens."""

from __future__ import annotations

from watcher.devnet.deploy.site import Site
from watcher.math.exact.fixed_point import UINT256_MAX
from watcher.state.token import Address, Token

MINTED = (
    ("USDC", "USD Coin", 6),
    ("WBTC", "Wrapped BTC", 8),
    ("DAI", "Dai", 18),
    ("USDT", "Tether USD", 6),
    ("HUSD", "HUSD", 8),
    # no feed tells what it is worth
    ("SUSD", "Synth sUSD", 18),
    # the coarsest unit that pools of some size hold
    ("GUSD", "Gemini dollar", 2),
)


def deploy_tokens(site: Site, builder: Address) -> dict[str, Token]:
    """By symbol; ether is wrapped into WETH, anybody may mint the others."""
    tokens = {"WETH": Token(site.create(builder, "WETH9"), 18, "WETH")}
    for symbol, name, decimals in MINTED:
        address = site.create(builder, "Token", name, symbol, decimals)
        tokens[symbol] = Token(address, decimals, symbol)
    return tokens


def provide(site: Site, holder: Address, token: Token, amount: int, *, weth: Token) -> None:
    """Give `holder` an amount: wrapped from its ether, or minted."""
    if token == weth:
        site.send(holder, weth.address, "deposit()", value=amount)
    else:
        site.send(holder, token.address, "mint(address,uint256)", holder, amount)


def allow(site: Site, holder: Address, token: Token, spender: Address) -> None:
    """Let `spender` take any amount; such an allowance does not shrink."""
    site.send(holder, token.address, "approve(address,uint256)", spender, UINT256_MAX)
