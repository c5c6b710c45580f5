"""What stands on the local chain once it is set up, and what a configuration says of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from watcher.devnet.places import (
    LEAST_DEPTH,
    MEAN_SECONDS,
    Actors,
    BalancerPool,
    BalancerV3Pool,
    Box,
    CoinPool,
    ConcentratedPool,
    Feed,
    Implied,
    IndexToken,
    KyberPool,
    LendingMarket,
    MorphoLoan,
    Option,
    Pair,
    PegModule,
    PythFeed,
    SolidlyPool,
    TickPool,
    Treasury,
    Vault,
    WatchedVault,
)
from watcher.state.token import Address, Token


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
    """A `[[prices]]` entry: what `token` (CAIP-19) is judged by; `options` are further keys of its
    table, times in seconds."""

    token: str
    source: str
    address: Address
    options: Mapping[str, Option]


@dataclass(frozen=True, slots=True)
class Entries:
    """All that a configuration must say to watch this world; `wrapped_native` is worth the native
    coin."""

    chain_id: int
    wrapped_native: Address
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
    solidly_pools: tuple[SolidlyPool, ...]
    coin_pools: tuple[CoinPool, ...]
    vaults: tuple[Vault, ...]
    feeds: tuple[Feed, ...]
    kyber_pools: tuple[KyberPool, ...] = ()
    share_markets: tuple[Pair, ...] = ()
    balancer_pools: tuple[BalancerPool, ...] = ()
    balancer_v3_pools: tuple[BalancerV3Pool, ...] = ()
    pyth: tuple[PythFeed, ...] = ()
    implied: tuple[Implied, ...] = ()
    treasuries: tuple[Treasury, ...] = ()
    concentrated_pools: tuple[ConcentratedPool, ...] = ()
    more_vaults: tuple[WatchedVault, ...] = ()
    morpho_loans: tuple[MorphoLoan, ...] = ()
    peg_modules: tuple[PegModule, ...] = ()
    index_tokens: tuple[IndexToken, ...] = ()
    boxes: tuple[Box, ...] = ()
    lending_markets: tuple[LendingMarket, ...] = ()

    @property
    def pools(self) -> tuple[Pair | TickPool, ...]:
        """All that is swapped in; where a vault's share is sold nobody trades."""
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
        pairs = [_pair_entry(self.chain_id, pair) for pair in (*self.pairs, *self.share_markets)]
        pools = [
            TargetEntry(self.chain_id, "uniswap_v3", pool.address, pool.name, {})
            for pool in self.tick_pools
        ]
        pools += [
            TargetEntry(self.chain_id, "solidly", pool.address, pool.name, {})
            for pool in self.solidly_pools
        ]
        pools += [
            TargetEntry(self.chain_id, pool.protocol, pool.address, pool.name, {})
            for pool in self.coin_pools
        ]
        pools += [
            TargetEntry(self.chain_id, "kyber_dmm", pool.address, pool.name, {})
            for pool in self.kyber_pools
        ]
        pools += [
            TargetEntry(self.chain_id, pool.protocol, pool.address, pool.name, pool.options)
            for pool in self.concentrated_pools
        ]
        pools += [
            TargetEntry(self.chain_id, pool.protocol, pool.address, pool.name, {})
            for pool in self.balancer_pools
        ]
        pools += [
            TargetEntry(self.chain_id, pool.protocol, pool.address, pool.name, {})
            for pool in self.balancer_v3_pools
        ]
        vaults = [_vault_entry(self.chain_id, vault) for vault in self.vaults]
        vaults += [
            TargetEntry(self.chain_id, vault.protocol, vault.address, vault.name, vault.options)
            for vault in self.more_vaults
        ]
        prices = [
            *(_price_entry(self.chain_id, feed) for feed in self.feeds),
            *(_pyth_entry(self.chain_id, price) for price in self.pyth),
            *(_implied_entry(self.chain_id, implied) for implied in self.implied),
        ]
        held = [_treasury_entry(self.chain_id, one) for one in self.treasuries]
        lent = [_morpho_entry(self.chain_id, one) for one in self.morpho_loans]
        modules = [
            TargetEntry(self.chain_id, "venus_psm", one.address, one.name, {})
            for one in self.peg_modules
        ]
        sets = [_set_entry(self.chain_id, one) for one in self.index_tokens]
        boxes = [_box_entry(self.chain_id, one) for one in self.boxes]
        lent += [_lending_entry(self.chain_id, one) for one in self.lending_markets]
        targets = (*pairs, *pools, *vaults, *held, *lent, *modules, *sets, *boxes)
        return Entries(self.chain_id, self.weth.address, targets, tuple(prices))


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


def _lending_entry(chain_id: int, market: LendingMarket) -> TargetEntry:
    options: dict[str, Option] = {"accounts": list(market.accounts)}
    if market.protocol == "aave_v3":
        options["asset"] = market.token.address
    return TargetEntry(chain_id, market.protocol, market.address, market.name, options)


def _treasury_entry(chain_id: int, treasury: Treasury) -> TargetEntry:
    options: dict[str, Option] = {
        "tokens": list(treasury.tokens),
        "native": treasury.native.address,
        "position_managers": [treasury.positions],
    }
    return TargetEntry(chain_id, "holdings", treasury.address, treasury.name, options)


def _morpho_entry(chain_id: int, loan: MorphoLoan) -> TargetEntry:
    options: dict[str, Option] = {"market_id": loan.market_id, "accounts": list(loan.accounts)}
    return TargetEntry(chain_id, "morpho_blue", loan.morpho, loan.name, options)


def _set_entry(chain_id: int, index: IndexToken) -> TargetEntry:
    weights = " ".join(map(str, index.weights))
    options: dict[str, Option] = {"weights": weights, "band": index.band}
    return TargetEntry(chain_id, "set_token", index.address, index.name, options)


def _box_entry(chain_id: int, box: Box) -> TargetEntry:
    first, *others = box.holders
    options: dict[str, Option] = {"locked": box.locked.address}
    if others:
        options["addresses"] = list(others)
    if box.issued is not None:
        options["issued"] = box.issued.address
    else:
        options["liability"] = box.liability
    return TargetEntry(chain_id, "lockbox", first, box.name, options)


def _price_entry(chain_id: int, feed: Feed) -> PriceEntry:
    options: dict[str, Option] = {
        "heartbeat": feed.heartbeat,
        "deviation": feed.deviation,
    }
    return PriceEntry(feed.token.caip19(chain_id), "chainlink", feed.proxy, options)


def _pyth_entry(chain_id: int, price: PythFeed) -> PriceEntry:
    options: dict[str, Option] = {"id": price.price_id, "heartbeat": price.heartbeat}
    return PriceEntry(price.token.caip19(chain_id), "pyth", price.contract, options)


def _implied_entry(chain_id: int, implied: Implied) -> PriceEntry:
    options: dict[str, Option] = {"quote": implied.quote.caip19(chain_id)}
    if implied.source.endswith("_twap"):
        options["window"] = MEAN_SECONDS
    if implied.getter:
        options["getter"] = implied.getter
    elif implied.source != "redemption":
        options["least_depth"] = LEAST_DEPTH
    return PriceEntry(implied.token.caip19(chain_id), implied.source, implied.address, options)
