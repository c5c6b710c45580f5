"""The world's entries as a watcher.toml."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from watcher.config.toml import toml_pairs, toml_value
from watcher.devnet.places import Option
from watcher.devnet.world import Entries, PriceEntry, TargetEntry, World

TIMES = ("heartbeat", "window")
TREASURY = "treasury"
EXITS = (
    "WETH/USDC",
    "v3:WETH/USDC",
    "v3:GUSD/USDC",
    "algebra:WBTC/USDC",
    "pancake3:WETH/USDC",
    "ng:DAI/USDC",
    "oz-usdc",
    "solmate-weth",
)
"""Where the treasury's tokens are burned, redeemed and sold."""


def to_toml(world: World, *, endpoint_url: str, database_url: str, racing: bool = False) -> str:
    """A configuration that watches the whole world through one endpoint; `racing`: blocks come
    while it is read."""
    endpoint = f"url = {toml_value(endpoint_url)}" + (", racing = true" if racing else "")
    return "\n".join(_lines(world.entries, endpoint, database_url)) + "\n"


def _lines(entries: Entries, endpoint: str, database_url: str) -> Iterable[str]:
    chain = f"eip155:{entries.chain_id}"
    yield "# The local world: made anew each time, worth nothing."
    yield from toml_pairs({"unit": "USD", "database": database_url})
    yield ""
    yield f"[chains.{toml_value(chain)}]"
    yield from toml_pairs({"name": "local", "wrapped_native": entries.wrapped_native})
    yield f"endpoints = [{{ {endpoint} }}]"
    for target in entries.targets:
        yield ""
        yield "[[targets]]"
        yield from toml_pairs(_target(chain, target))
    for price in entries.prices:
        yield ""
        yield "[[prices]]"
        yield from toml_pairs(_price(price))
    named = {target.name: target for target in entries.targets}
    if TREASURY in named:
        yield ""
        yield "[[baskets]]"
        yield from _basket(chain, named)


def _target(chain: str, entry: TargetEntry) -> dict[str, Option]:
    return {
        "chain": chain,
        "protocol": entry.protocol,
        "address": entry.address,
        "name": entry.name,
        **entry.options,
    }


def _basket(chain: str, named: Mapping[str, TargetEntry]) -> Iterable[str]:
    """What leaves together, and what of it is owed."""
    yield from toml_pairs(
        {
            "name": "reserve",
            "holders": [f"{chain}:{named[TREASURY].address}"],
            "exit_to": "USDC",
            "through": [name for name in EXITS if name in named],
        }
    )
    yield "owed = { USDC = 2_000_000 }"


def _price(entry: PriceEntry) -> dict[str, Option]:
    return {
        "token": entry.token,
        "source": entry.source,
        "address": entry.address,
        **{key: _written(key, value) for key, value in entry.options.items()},
    }


def _written(key: str, value: Option) -> Option:
    return duration(value) if key in TIMES and isinstance(value, int) else value


def duration(seconds: int) -> str:
    """In the largest unit that leaves no remainder: 3600 is `1h`, 90 is `90s`."""
    for size, unit in ((3_600, "h"), (60, "m")):
        if seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"
