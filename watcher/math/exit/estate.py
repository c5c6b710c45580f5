"""What leaves: tokens, LP tokens, positions and vault shares, before anything is taken apart.

Amounts are in smallest units. All rows of one token are one: whose they were, and in how many parts
they were named, changes no figure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from watcher.errors import MathError
from watcher.math.exact import shares as exact
from watcher.math.exact import yearn
from watcher.math.families import share_vault, yearn_vault
from watcher.math.look_through import closed_positions
from watcher.state.constant_product import ConstantProduct
from watcher.state.finding import Deltas, deltas, total
from watcher.state.holdings import Holdings, PairShare
from watcher.state.kinds import State
from watcher.state.lockbox import Lockbox
from watcher.state.set_token import SetToken
from watcher.state.share_vault import UNLIMITED, ShareVault
from watcher.state.target import Target
from watcher.state.token import Address
from watcher.state.yearn_vault import YearnVault

NOTHING_LEAVES = "it holds nothing that could be taken apart and sold"


@dataclass(frozen=True, slots=True)
class Position:
    """A position NFT as closing it pays, and what leaves its pool with it. `price` is the pool's
    square root in units of 2**-96."""

    token_id: int
    token0: Address
    token1: Address
    price: int
    tick: int
    tick_lower: int
    tick_upper: int
    liquidity: int
    paid0: int
    paid1: int


@dataclass(frozen=True, slots=True)
class Pair:
    """A pair as its LP tokens were read with the holdings; `at_pair` of them lie at the pair itself
    and are burned with the next ones."""

    token0: Address
    token1: Address
    state: ConstantProduct
    at_pair: int


@dataclass(frozen=True, slots=True)
class Vault:
    """A vault that is not watched: its asset, and what it said that so many shares redeem for."""

    asset: Address
    redemptions: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Estate:
    """`native` is the part of the amounts that is the native coin, by its wrapper. `most` is how
    many of a vault's shares may be redeemed, where it limits anybody who has them: the largest of
    their limits, for all together, since it may be one limit for all."""

    amounts: Deltas = ()
    native: Deltas = ()
    most: Mapping[Address, int] = field(default_factory=lambda: MappingProxyType({}))
    positions: tuple[Position, ...] = ()
    pairs: Mapping[Address, Pair] = field(default_factory=lambda: MappingProxyType({}))
    vaults: Mapping[Address, Vault] = field(default_factory=lambda: MappingProxyType({}))


def together(estates: Iterable[Estate]) -> Estate:
    """Several as one, whatever their order."""
    found = Estate()
    for one in estates:
        limits = {
            token: max(found.most.get(token, 0), one.most.get(token, 0))
            for token in (*found.most, *one.most)
        }
        found = Estate(
            amounts=total([found.amounts, one.amounts]),
            native=total([found.native, one.native]),
            most=limits,
            positions=(*found.positions, *one.positions),
            pairs={**found.pairs, **one.pairs},
            vaults=_vaults(found.vaults, one.vaults),
        )
    return replace(found, positions=tuple(sorted(found.positions, key=lambda each: each.token_id)))


def estate_of(target: Target, state: State) -> Estate:
    """What all who have a claim on a target would take out of it: of holdings what is held, of a
    vault all of its shares, of a basket or lockbox what it holds. Raises MathError where there is
    nothing, or where a contract refuses to pay a position."""
    match state:
        case Holdings():
            return _held(target, state)
        case ShareVault() | YearnVault() if target.share is not None:
            return _shares(target.share.address, state)
        case SetToken():
            found = zip(target.tokens, state.components, strict=True)
            return Estate(deltas(*((token.address, each.balance) for token, each in found)))
        case Lockbox():
            return Estate(deltas((target.tokens[0].address, sum(state.locked))))
    raise MathError(f"{target.label}: {NOTHING_LEAVES}")


def _held(target: Target, state: Holdings) -> Estate:
    if state.other_positions:
        other = state.other_positions[0]
        raise MathError(
            f"{target.label}: position {other.token_id} is in tokens that `tokens` does not name"
        )
    addresses = [token.address for token in target.tokens]
    native = [(addresses[state.wrapped], sum(state.native))] if state.native else []
    held = [
        (token, sum(row[place] for row in state.balances)) for place, token in enumerate(addresses)
    ]
    limits = {
        addresses[vault.token]: [
            most
            for row, most in zip(state.balances, vault.max_redeem, strict=True)
            if row[vault.token] > most
        ]
        for vault in state.vaults
    }
    return Estate(
        amounts=deltas(*held, *native),
        native=deltas(*native),
        most={token: max(found) for token, found in limits.items() if found},
        positions=tuple(_positions(state, addresses)),
        pairs={addresses[one.token]: _pair(one, state, addresses) for one in state.pairs},
        vaults={
            addresses[one.token]: Vault(
                addresses[one.asset], {each.shares: each.assets for each in one.redemptions}
            )
            for one in state.vaults
        },
    )


def _positions(state: Holdings, addresses: list[Address]) -> Iterator[Position]:
    for position, pool, paid in closed_positions(state):
        span = state.ranges[position.range]
        yield Position(
            token_id=position.token_id,
            token0=addresses[pool.token0],
            token1=addresses[pool.token1],
            price=pool.sqrt_price_x96,
            tick=pool.tick,
            tick_lower=span.tick_lower,
            tick_upper=span.tick_upper,
            liquidity=position.liquidity,
            paid0=paid.amount0,
            paid1=paid.amount1,
        )


def _pair(one: PairShare, state: Holdings, addresses: list[Address]) -> Pair:
    """Its fee is not known, so that it is only burned: nothing is sold there."""
    known = ConstantProduct(
        reserve0=one.reserve0,
        reserve1=one.reserve1,
        balance0=one.balance0,
        balance1=one.balance1,
        decimals0=state.decimals[one.token0],
        decimals1=state.decimals[one.token1],
        fee_numerator=1,
        fee_denominator=1,
        total_supply=one.total_supply,
        k_last=one.k_last,
        protocol_share_numerator=one.protocol_share_numerator,
        protocol_share_denominator=one.protocol_share_denominator,
    )
    return Pair(addresses[one.token0], addresses[one.token1], known, one.at_pair)


def _shares(share: Address, state: ShareVault | YearnVault) -> Estate:
    """All shares of a vault, of which it pays no more than it can now."""
    held, payable = state.total_supply, _payable_shares(state)
    return Estate(deltas((share, held)), most={share: payable} if payable < held else {})


def _payable_shares(state: ShareVault | YearnVault) -> int:
    """The shares of all that the vault could pay for from what is at hand."""
    if isinstance(state, YearnVault):
        totals = yearn_vault.yearn_totals(state)
        payable = yearn.withdrawable(totals)
        if payable >= totals.total_assets:
            return state.total_supply
        return yearn.v3_convert_to_shares(payable, totals)
    totals_of_all = share_vault.share_totals(replace(state, max_redeem=UNLIMITED))
    payable = min(state.idle_assets, state.total_assets)
    if exact.redeem_assets(state.total_supply, totals_of_all) <= payable:
        return state.total_supply
    return exact.convert_to_shares(payable, totals_of_all)


def _vaults(one: Mapping[Address, Vault], other: Mapping[Address, Vault]) -> dict[Address, Vault]:
    found = dict(one)
    for token, vault in other.items():
        known = found.get(token)
        said = {**(known.redemptions if known else {}), **vault.redemptions}
        found[token] = Vault(vault.asset, said)
    return found
