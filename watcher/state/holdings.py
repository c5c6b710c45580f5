"""What a set of addresses holds, and what it needs to be looked through to the underlying."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

_MIN_TICK, _MAX_TICK = -887_272, 887_272
_MIN_PRICE = 4_295_128_739
_MAX_PRICE = 1_461_446_703_485_210_103_287_273_052_203_988_822_378_723_970_342
_UINT128 = 2**128


@dataclass(frozen=True, slots=True)
class PairShare:
    """The LP token of a constant-product pair, and what burning it reads (see ConstantProduct).

    `token`, `token0` and `token1` are places in the tokens. `at_pair` are LP tokens that lie at the
    pair itself: whoever burns next burns them too.
    """

    token: int
    token0: int
    token1: int
    reserve0: int
    reserve1: int
    balance0: int
    balance1: int
    at_pair: int
    total_supply: int
    k_last: int
    protocol_share_numerator: int
    protocol_share_denominator: int


@dataclass(frozen=True, slots=True)
class Redemption:
    """`previewRedeem(shares)` as the vault answered it at the block."""

    shares: int
    assets: int


@dataclass(frozen=True, slots=True)
class VaultShare:
    """The share token of an ERC-4626 vault. `token` and `asset` are places in the tokens,
    `max_redeem` is what each holder may redeem at the block."""

    token: int
    asset: int
    max_redeem: tuple[int, ...]
    redemptions: tuple[Redemption, ...]


@dataclass(frozen=True, slots=True)
class PositionPool:
    """The Uniswap V3 pool of a position; `token0` and `token1` are places in the tokens."""

    token0: int
    token1: int
    sqrt_price_x96: int
    tick: int
    growth0_x128: int
    growth1_x128: int


@dataclass(frozen=True, slots=True)
class PositionRange:
    """A range of ticks of a pool, with the fee growth outside of its two ends, and the one position
    of it that the manager has at the pool for all of its NFTs."""

    manager: int
    pool: int
    tick_lower: int
    tick_upper: int
    lower_outside0_x128: int
    lower_outside1_x128: int
    upper_outside0_x128: int
    upper_outside1_x128: int
    liquidity: int
    inside_last0_x128: int
    inside_last1_x128: int
    owed0: int
    owed1: int


@dataclass(frozen=True, slots=True)
class HeldPosition:
    """A position NFT as its manager keeps it; `range` is a place in the ranges."""

    holder: int
    token_id: int
    range: int
    liquidity: int
    inside_last0_x128: int
    inside_last1_x128: int
    owed0: int
    owed1: int


@dataclass(frozen=True, slots=True)
class OtherPosition:
    """A position NFT in tokens that are not among the target's; what it holds is not known."""

    manager: int
    token_id: int


@dataclass(frozen=True, slots=True)
class Holdings:
    """Amounts in each token's smallest unit; a holder, manager or token is named by its place.

    `balances` has a row for each holder with an entry for each of the target's tokens. `native` is
    each holder's native coin, counted as the token at `wrapped`; it is empty where that is not
    watched, and `wrapped` then means nothing. `pairs` and `vaults` are the tokens that are looked
    through, `order` are those tokens, each before all that it leads to.
    """

    KIND: ClassVar[str] = "holdings"
    VERSION: ClassVar[int] = 1

    decimals: tuple[int, ...]
    balances: tuple[tuple[int, ...], ...]
    native: tuple[int, ...]
    wrapped: int
    pairs: tuple[PairShare, ...]
    vaults: tuple[VaultShare, ...]
    order: tuple[int, ...]
    pools: tuple[PositionPool, ...]
    ranges: tuple[PositionRange, ...]
    positions: tuple[HeldPosition, ...]
    other_positions: tuple[OtherPosition, ...]

    def problems(self) -> Iterator[str]:
        """What no holdings can be: one sentence each, for files that a stranger wrote."""
        yield from self._balance_problems()
        yield from self._share_problems()
        yield from self._position_problems()

    def _balance_problems(self) -> Iterator[str]:
        tokens = len(self.decimals)
        if any(len(row) != tokens for row in self.balances) or not self.balances:
            yield "state.balances does not have an entry of each token for each holder"
        if len(self.native) not in (0, len(self.balances)):
            yield "state.native is not of each holder"
        if not 0 <= self.wrapped < max(tokens, 1):
            yield "state.wrapped is no token"

    def _share_problems(self) -> Iterator[str]:
        tokens, holders = len(self.decimals), len(self.balances)
        leads: dict[int, tuple[int, ...]] = {
            **{pair.token: (pair.token0, pair.token1) for pair in self.pairs},
            **{vault.token: (vault.asset,) for vault in self.vaults},
        }
        places = [place for token, into in leads.items() for place in (token, *into)]
        if any(not 0 <= place < tokens for place in places):
            yield "state.pairs or state.vaults name a token that is not there"
        if sorted(self.order) != sorted(leads) or len(leads) < len(self.pairs) + len(self.vaults):
            yield "state.order is not that of state.pairs and state.vaults, each once"
        done: set[int] = set()
        for token in self.order:
            done.add(token)
            if done & set(leads.get(token, ())):
                yield "state.order has a token before one that leads to it"
        for pair in self.pairs:
            if pair.protocol_share_denominator < max(1, pair.protocol_share_numerator):
                yield "state.pairs has a protocol's share that is no part of a growth"
        if any(len(vault.max_redeem) != holders for vault in self.vaults):
            yield "state.vaults has no max_redeem for each holder"

    def _position_problems(self) -> Iterator[str]:
        tokens = len(self.decimals)
        for pool in self.pools:
            if not (0 <= pool.token0 < tokens and 0 <= pool.token1 < tokens):
                yield "state.pools names a token that is not there"
            if not _MIN_PRICE <= pool.sqrt_price_x96 < _MAX_PRICE:
                yield "state.pools has a price out of the range of prices"
            if not _MIN_TICK - 1 <= pool.tick <= _MAX_TICK:
                yield "state.pools has a tick out of the range of ticks"
        for each in self.ranges:
            if not 0 <= each.pool < len(self.pools):
                yield "state.ranges names a pool that is not there"
            if not _MIN_TICK <= each.tick_lower < each.tick_upper <= _MAX_TICK:
                yield "state.ranges has ends that are no range of ticks"
        for position in self.positions:
            if not 0 <= position.range < len(self.ranges):
                yield "state.positions names a range that is not there"
            if not 0 <= position.holder < len(self.balances):
                yield "state.positions names a holder that is not there"
        kept: list[PositionRange | HeldPosition] = [*self.ranges, *self.positions]
        if any(max(one.liquidity, one.owed0, one.owed1) >= _UINT128 for one in kept):
            yield "state.ranges or state.positions has an amount that is out of its type"
