"""What stands on the local chain once it is set up, and what a configuration says of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from watcher.state.token import Address, Token

Option: TypeAlias = str | int | float | bool | list[str]

MEAN_SECONDS = 120
"""How long the means over time of this world are: ten blocks, so that a play shows them move."""

LEAST_DEPTH = 1_000.0
"""Dollars that move a pool's price by 1%, below which its price is not believed."""

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
class SolidlyPool:
    """An Aerodrome pool, traded with directly."""

    name: str
    address: Address
    token0: Token
    token1: Token
    stable: bool


@dataclass(frozen=True, slots=True)
class KyberPool:
    """A Kyber DMM pool, traded with directly."""

    name: str
    address: Address
    token0: Token
    token1: Token


@dataclass(frozen=True, slots=True)
class CoinPool:
    """A pool of two coins or more, which are exchanged by their places: `exchange` is the signature
    that takes both places, an amount and the least that it must pay, a deadline after it where it
    names five types. `worth` are the dollars of a whole coin of each; none where all are worth
    about the same."""

    name: str
    protocol: str
    address: Address
    coins: tuple[Token, ...]
    exchange: str
    worth: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class ConcentratedPool:
    """A pool with ticks of another protocol than Uniswap V3. `options` are further keys of its
    entry, `ticks` where its positions begin and end; `trader` is what swaps in it, `beside` what
    else stands there for it."""

    name: str
    protocol: str
    address: Address
    token0: Token
    token1: Token
    ticks: tuple[int, ...]
    options: Mapping[str, Option]
    trader: Address
    beside: tuple[Address, ...]


@dataclass(frozen=True, slots=True)
class BalancerPool:
    """A pool of Balancer's, traded with through `vault`, which a pool of V1 is itself and has no id
    there; `coins` are in the order of its state, a composable pool's own token among them."""

    name: str
    protocol: str
    address: Address
    vault: Address
    coins: tuple[Token, ...]
    pool_id: bytes


@dataclass(frozen=True, slots=True)
class LendingMarket:
    """Where `token` is lent: a cToken, or a pool that lends many; `rules` is the comptroller, or
    the pool's provider of addresses. `accounts` are who borrows."""

    name: str
    protocol: str
    address: Address
    token: Token
    rules: Address
    accounts: tuple[Address, ...]


@dataclass(frozen=True, slots=True)
class BalancerV3Pool:
    """A pool of Balancer V3, in which nobody trades: `router` would take what is sold through
    `permit2`; `coins` are in the order of `vault`. `beside` is what else stands there for it."""

    name: str
    protocol: str
    address: Address
    vault: Address
    router: Address
    permit2: Address
    coins: tuple[Token, ...]
    beside: tuple[Address, ...]


@dataclass(frozen=True, slots=True)
class Vault:
    """An ERC-4626 vault; `decimals_offset` means nothing where there are no virtual shares."""

    name: str
    address: Address
    asset: Token
    virtual_shares: bool
    decimals_offset: int = 0


@dataclass(frozen=True, slots=True)
class WatchedVault:
    """A vault of another kind; `options` are further keys of its entry, `strategies` those that
    have what it does not hold itself."""

    name: str
    protocol: str
    address: Address
    asset: Token
    options: Mapping[str, Option]
    strategies: tuple[Address, ...] = ()


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
class PythFeed:
    """A price in USD that Pyth's contract holds by its id, brought there once in `heartbeat`."""

    contract: Address
    price_id: str
    token: Token
    heartbeat: int


@dataclass(frozen=True, slots=True)
class Implied:
    """A price of `token` in `quote` that the contract at `address` implies: a pool's spot or mean
    over MEAN_SECONDS, or a redemption rate: a vault's own, or what `getter` answers."""

    source: str
    token: Token
    quote: Token
    address: Address
    getter: str = ""


@dataclass(frozen=True, slots=True)
class Treasury:
    """An address with many assets: `tokens` are what it may hold beside the native coin, which
    counts as `native`, and the positions of the manager at `positions`."""

    name: str
    address: Address
    tokens: tuple[Address, ...]
    native: Token
    positions: Address


@dataclass(frozen=True, slots=True)
class MorphoLoan:
    """A market of Morpho Blue: `params` are its loan token, collateral, oracle, rate model and
    limit of loan to value, as the contract takes them; `accounts` are who borrows."""

    name: str
    morpho: Address
    loan: Token
    collateral: Token
    params: tuple[Address, Address, Address, Address, int]
    accounts: tuple[Address, ...]

    @property
    def market_id(self) -> str:
        """MarketParamsLib.id."""
        kinds = ["address"] * 4 + ["uint256"]
        return "0x" + keccak(encode(kinds, self.params)).hex()


@dataclass(frozen=True, slots=True)
class PegModule:
    """A peg stability module of Venus; `beside` is what else stands there for it."""

    name: str
    address: Address
    stable: Token
    minted: Token
    beside: tuple[Address, ...]


@dataclass(frozen=True, slots=True)
class IndexToken:
    """An index token of Set with the weights that it should have; `issuance` issues and redeems it,
    `beside` is what else stands there for it."""

    name: str
    address: Address
    components: tuple[Token, ...]
    weights: tuple[float, ...]
    band: float
    issuance: Address
    beside: tuple[Address, ...]


@dataclass(frozen=True, slots=True)
class Box:
    """What `holders` have of a token for what was issued on this chain, or for `liability` whole
    ones on another."""

    name: str
    holders: tuple[Address, ...]
    locked: Token
    issued: Token | None
    liability: str


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
