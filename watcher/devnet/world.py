"""What stands on the local chain once it is set up, and what a configuration says of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

from watcher.state.token import Address, Token

Option: TypeAlias = str | int | float | bool

PRICE_DECIMALS = 8
"""Decimals of every feed's answer, as Chainlink's feeds in USD have."""


@dataclass(frozen=True, slots=True)
class Actors:
    """Who acts: one account of Anvil's mnemonic each."""

    builder: Address
    trader: Address
    other_trader: Address
    whale: Address
    arbitrageur: Address
    depositor: Address
    other_depositor: Address
    oracle: Address
    keeper: Address
    treasury: Address


@dataclass(frozen=True, slots=True)
class Pair:
    """A constant-product pool; where `router` is None it is traded with directly.

    `fee` is the fraction of the input that the pool keeps; `protocol_share` the fraction of the
    growth of sqrt(k) that its factory's `feeTo` gets while that is set.
    """

    name: str
    address: Address
    token0: Token
    token1: Token
    fee: Fraction
    protocol_share: Fraction
    router: Address | None

    def other(self, token: Token) -> Token:
        return self.token1 if token == self.token0 else self.token0


@dataclass(frozen=True, slots=True)
class TickPool:
    """A Uniswap V3 pool, traded with through `router`; `ticks` are where its positions begin and
    end, `fee` is in pips (millionths)."""

    name: str
    address: Address
    token0: Token
    token1: Token
    fee: int
    tick_spacing: int
    ticks: tuple[int, ...]
    router: Address

    def other(self, token: Token) -> Token:
        return self.token1 if token == self.token0 else self.token0


@dataclass(frozen=True, slots=True)
class CoinPool:
    """A pool of two coins or more, which are exchanged by their places: `exchange` is the signature
    that takes both places, an amount and the least that it must pay, a deadline after it where it
    names five types."""

    name: str
    protocol: str
    address: Address
    coins: tuple[Token, ...]
    exchange: str


@dataclass(frozen=True, slots=True)
class Vault:
    """An ERC-4626 vault; `decimals_offset` means nothing where there are no virtual shares."""

    name: str
    address: Address
    asset: Token
    virtual_shares: bool
    decimals_offset: int = 0


@dataclass(frozen=True, slots=True)
class Feed:
    """A Chainlink feed in USD: read at `proxy`, written at `aggregator`.

    A new answer is due after `heartbeat` seconds, or once the price has moved by `deviation`.
    """

    pair: str
    token: Token
    proxy: Address
    aggregator: Address
    heartbeat: int
    deviation: float
    first_answer: int


@dataclass(frozen=True, slots=True)
class TargetEntry:
    """A `[[targets]]` entry of a configuration; `options` are further keys of its table."""

    chain_id: int
    protocol: str
    address: Address
    name: str
    options: Mapping[str, Option]


@dataclass(frozen=True, slots=True)
class PriceEntry:
    """A `[[prices]]` entry: what `token` (CAIP-19) is judged by; `heartbeat` in seconds."""

    token: str
    address: Address
    heartbeat: int
    deviation: float
    source: str = "chainlink"


@dataclass(frozen=True, slots=True)
class Entries:
    """All that a configuration must say to watch this world."""

    chain_id: int
    targets: tuple[TargetEntry, ...]
    prices: tuple[PriceEntry, ...]


@dataclass(frozen=True, slots=True)
class World:
    """Addresses and constants alone: what changes is read from the chain."""

    chain_id: int
    actors: Actors
    weth: Token
    tokens: tuple[Token, ...]
    pairs: tuple[Pair, ...]
    tick_pools: tuple[TickPool, ...]
    coin_pools: tuple[CoinPool, ...]
    vaults: tuple[Vault, ...]
    feeds: tuple[Feed, ...]

    @property
    def pools(self) -> tuple[Pair | TickPool, ...]:
        """All that is swapped in."""
        return (*self.pairs, *self.tick_pools)

    def token(self, symbol: str) -> Token:
        return next(token for token in self.tokens if token.symbol == symbol)

    def pair(self, name: str) -> Pair:
        return next(pair for pair in self.pairs if pair.name == name)

    def tick_pool(self, name: str) -> TickPool:
        return next(pool for pool in self.tick_pools if pool.name == name)

    def coin_pool(self, name: str) -> CoinPool:
        return next(pool for pool in self.coin_pools if pool.name == name)

    def vault(self, name: str) -> Vault:
        return next(vault for vault in self.vaults if vault.name == name)

    def feed(self, token: Token) -> Feed:
        return next(feed for feed in self.feeds if feed.token == token)

    @property
    def entries(self) -> Entries:
        pairs = [_pair_entry(self.chain_id, pair) for pair in self.pairs]
        pools = [
            TargetEntry(self.chain_id, "uniswap_v3", pool.address, pool.name, {})
            for pool in self.tick_pools
        ]
        pools += [
            TargetEntry(self.chain_id, pool.protocol, pool.address, pool.name, {})
            for pool in self.coin_pools
        ]
        vaults = [_vault_entry(self.chain_id, vault) for vault in self.vaults]
        prices = [_price_entry(self.chain_id, feed) for feed in self.feeds]
        targets = (*pairs, *pools, *vaults)
        return Entries(chain_id=self.chain_id, targets=targets, prices=tuple(prices))


def _pair_entry(chain_id: int, pair: Pair) -> TargetEntry:
    # No list of known factories has this world's, so the fee is said.
    options: dict[str, Option] = {
        "fee": float(pair.fee),
        "protocol_fee_share": str(pair.protocol_share),
    }
    return TargetEntry(chain_id, "uniswap_v2", pair.address, pair.name, options)


def _vault_entry(chain_id: int, vault: Vault) -> TargetEntry:
    options: dict[str, Option] = {"virtual_shares": vault.virtual_shares}
    if vault.virtual_shares:
        options["decimals_offset"] = vault.decimals_offset
    return TargetEntry(chain_id, "erc4626", vault.address, vault.name, options)


def _price_entry(chain_id: int, feed: Feed) -> PriceEntry:
    return PriceEntry(feed.token.caip19(chain_id), feed.proxy, feed.heartbeat, feed.deviation)
