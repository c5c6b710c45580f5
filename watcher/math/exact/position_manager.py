"""What closing a position of a NonfungiblePositionManager pays, to the wei.

Source: Uniswap v3-periphery 1.4.4 NonfungiblePositionManager.sol (decreaseLiquidity, collect) and
v3-core 1.0.1 UniswapV3Pool.sol (burn, collect) and Position.sol (update). The manager owns one
position of the pool for each range, and its NFTs share that: each keeps its own account of what it
is owed, both round down, and `collect` pays no more than the pool owes the manager. Amounts are in
smallest units and, as both contracts keep what they owe, modulo 2**128.
"""

from __future__ import annotations

from typing import NamedTuple

from watcher.math.exact.concentrated import add_delta
from watcher.math.exact.positions import Amounts, FeeGrowth, range_amounts, tokens_owed

UINT128 = 1 << 128


class Place(NamedTuple):
    """The pool's price and tick, a range in it, and the fee growth inside that range."""

    sqrt_price_x96: int
    tick: int
    tick_lower: int
    tick_upper: int
    inside: FeeGrowth


class Account(NamedTuple):
    """What a position is and is owed, as it was written last: the NFT's at the manager, or the
    manager's at the pool."""

    liquidity: int
    inside_last: FeeGrowth
    owed: Amounts


class Closed(NamedTuple):
    """What was paid, and what is left of the manager's position."""

    paid: Amounts
    left: Account


def close(place: Place, nft: Account, manager: Account) -> Closed:
    """Take all liquidity out of an NFT (decreaseLiquidity), then collect all that it is owed.

    Without liquidity only `collect` is called. Raises MathError where a call reverts.
    """
    if nft.liquidity == 0:
        return _collect(nft.owed, manager)
    burned = range_amounts(
        place.sqrt_price_x96,
        place.tick,
        nft.liquidity,
        tick_lower=place.tick_lower,
        tick_upper=place.tick_upper,
        round_up=False,
    )
    liquidity = add_delta(manager.liquidity, -nft.liquidity)
    manager_owed = _plus(manager.owed, _earned(place, manager), burned)
    nft_owed = _plus(nft.owed, _earned(place, nft), burned)
    return _collect(nft_owed, Account(liquidity, place.inside, manager_owed))


def _earned(place: Place, account: Account) -> Amounts:
    return tokens_owed(account.liquidity, inside=place.inside, inside_last=account.inside_last)


def _collect(owed: Amounts, manager: Account) -> Closed:
    """`collect` of all: where the pool owes the manager less it pays less, and that is all."""
    paid = Amounts(*map(min, owed, manager.owed))
    left = Amounts(*(have - gone for have, gone in zip(manager.owed, paid, strict=True)))
    return Closed(paid, manager._replace(owed=left))


def _plus(*several: Amounts) -> Amounts:
    return Amounts(*(sum(side) % UINT128 for side in zip(*several, strict=True)))
