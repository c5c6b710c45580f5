"""What stands in the local world: who acts there, pools, vaults, markets, feeds."""

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
