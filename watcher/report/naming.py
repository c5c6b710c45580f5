"""What targets and coins are called, safe to show whatever a contract put into a name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from watcher.report.text import visible
from watcher.state.target import Target
from watcher.state.token import Token

_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")


def short(address: str) -> str:
    return f"{address[:6]}…{address[-4:]}"


def symbol(token: Token) -> str:
    """A token's symbol; its shortened address where it has none that can be shown."""
    return visible(token.symbol) or short(token.address)


def symbols(target: Target) -> dict[str, str]:
    """What the target's tokens are called, by address; two of one name also show addresses."""
    coins = (*target.tokens, *filter(None, [target.share]))
    names = [symbol(coin).lower() for coin in coins]
    return {
        coin.address: (
            symbol(coin) if names.count(name) == 1 else f"{symbol(coin)} ({short(coin.address)})"
        )
        for coin, name in zip(coins, names, strict=True)
    }


def with_names(text: str, names: Mapping[str, str]) -> str:
    """`text` with each address that has a name replaced by it."""
    return _ADDRESS.sub(lambda found: names.get(found[0], found[0]), text)


def labels_of(targets: Iterable[Target], chain_id: int) -> dict[str, str]:
    """What the targets of a chain are called, by address: those that it alone tells from others."""
    return {
        target.address: visible(target.name)
        for target in targets
        if target.name and not target.key and target.chain_id == chain_id
    }


def source_of(dims: Mapping[str, str], labels: Mapping[str, str]) -> str:
    """A source of a price by what it reads: "spot of WETH/USDC"; a fixed one reads nothing."""
    source, address = dims["source"], dims.get("address", "")
    return f"{source} of {labels.get(address) or short(address)}" if address else source
