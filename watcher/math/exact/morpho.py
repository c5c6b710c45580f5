"""Morpho Blue's interest, shares, health and liquidations to the wei.

Source: morpho-blue 1.0.0 Morpho.sol, MathLib.sol, SharesMathLib.sol. Totals are of 128 bits, what
is computed between of 256. Assets and collateral are in smallest units, rates and factors have 18
decimals, a price is of 10**36 units of collateral.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from watcher.errors import MathError
from watcher.math.exact.fixed_point import checked

WAD = 10**18
ORACLE_PRICE_SCALE = 10**36
LIQUIDATION_CURSOR = 3 * 10**17
MAX_LIQUIDATION_INCENTIVE_FACTOR = 115 * 10**16
VIRTUAL_SHARES = 10**6
VIRTUAL_ASSETS = 1


@dataclass(frozen=True, slots=True)
class Market:
    """`fee` is the protocol's part of the interest."""

    total_supply_assets: int
    total_supply_shares: int
    total_borrow_assets: int
    total_borrow_shares: int
    fee: int


@dataclass(frozen=True, slots=True)
class Position:
    """One account's."""

    supply_shares: int
    borrow_shares: int
    collateral: int


@dataclass(frozen=True, slots=True)
class Terms:
    """What health depends on beside the market: the oracle's price and the part of the collateral's
    value that may be borrowed."""

    price: int
    lltv: int


@dataclass(frozen=True, slots=True)
class Accrual:
    """`fee_shares` are minted to the fee's recipient."""

    market: Market
    interest: int
    fee_shares: int


@dataclass(frozen=True, slots=True)
class Move:
    """Assets and shares of a supply, withdrawal, borrowing or repayment, and the market then."""

    assets: int
    shares: int
    market: Market


@dataclass(frozen=True, slots=True)
class Liquidation:
    """What is seized, repaid and written off, and what is left."""

    seized_assets: int
    repaid_assets: int
    repaid_shares: int
    bad_debt_assets: int
    bad_debt_shares: int
    market: Market
    position: Position


def mul_div_down(x: int, y: int, d: int) -> int:
    """(x * y) / d, its product in 256 bits."""
    if d == 0:
        raise MathError("division by zero")
    return checked(x * y, 256, "mulDiv overflows 256 bits") // d


def mul_div_up(x: int, y: int, d: int) -> int:
    """(x * y + (d - 1)) / d, its sum in 256 bits."""
    if d == 0:
        raise MathError("division by zero")
    return checked(x * y + (d - 1), 256, "mulDiv overflows 256 bits") // d


def w_taylor_compounded(x: int, n: int) -> int:
    """The first three terms of e**(x*n) - 1."""
    first = _uint256(x * n)
    second = mul_div_down(first, first, 2 * WAD)
    third = mul_div_down(second, first, 3 * WAD)
    return _uint256(first + second + third)


def to_shares_down(assets: int, total_assets: int, total_shares: int) -> int:
    return mul_div_down(
        assets, _uint256(total_shares + VIRTUAL_SHARES), total_assets + VIRTUAL_ASSETS
    )


def to_assets_down(shares: int, total_assets: int, total_shares: int) -> int:
    return mul_div_down(shares, total_assets + VIRTUAL_ASSETS, total_shares + VIRTUAL_SHARES)


def to_shares_up(assets: int, total_assets: int, total_shares: int) -> int:
    return mul_div_up(
        assets, _uint256(total_shares + VIRTUAL_SHARES), total_assets + VIRTUAL_ASSETS
    )


def to_assets_up(shares: int, total_assets: int, total_shares: int) -> int:
    return mul_div_up(shares, total_assets + VIRTUAL_ASSETS, total_shares + VIRTUAL_SHARES)


def accrue(market: Market, *, borrow_rate: int, elapsed: int) -> Accrual:
    """_accrueInterest after `elapsed` seconds."""
    if elapsed == 0:
        return Accrual(market, 0, 0)
    compounded = w_taylor_compounded(borrow_rate, elapsed)
    interest = _uint128(mul_div_down(market.total_borrow_assets, compounded, WAD))
    grown = replace(
        market,
        total_borrow_assets=_uint128(market.total_borrow_assets + interest),
        total_supply_assets=_uint128(market.total_supply_assets + interest),
    )
    if market.fee == 0:
        return Accrual(grown, interest, 0)
    fee_amount = mul_div_down(interest, market.fee, WAD)
    # the total has grown by the fee already, for which shares are minted only now
    fee_shares = to_shares_down(
        fee_amount, grown.total_supply_assets - fee_amount, grown.total_supply_shares
    )
    shares = _uint128(grown.total_supply_shares + _uint128(fee_shares))
    return Accrual(replace(grown, total_supply_shares=shares), interest, fee_shares)


def supply(market: Market, *, assets: int = 0, shares: int = 0) -> Move:
    """Of an accrued market, as all that follow; one of both amounts is given."""
    totals = market.total_supply_assets, market.total_supply_shares
    assets, shares = _both(assets, shares, to_shares_down, to_assets_up, totals)
    return _supplied(market, assets, shares)


def withdraw(market: Market, *, assets: int = 0, shares: int = 0) -> Move:
    """Raises where what is left does not cover what is borrowed."""
    totals = market.total_supply_assets, market.total_supply_shares
    assets, shares = _both(assets, shares, to_shares_up, to_assets_down, totals)
    return _liquid(_supplied(market, -assets, -shares))


def borrow(market: Market, *, assets: int = 0, shares: int = 0) -> Move:
    """Raises where more than what is supplied were borrowed; `is_healthy` says whether the position
    may."""
    totals = market.total_borrow_assets, market.total_borrow_shares
    assets, shares = _both(assets, shares, to_shares_up, to_assets_down, totals)
    after = replace(
        market,
        total_borrow_assets=_uint128(market.total_borrow_assets + _uint128(assets)),
        total_borrow_shares=_uint128(market.total_borrow_shares + _uint128(shares)),
    )
    return _liquid(Move(assets, shares, after))


def repay(market: Market, *, assets: int = 0, shares: int = 0) -> Move:
    """`assets` may be one unit more than what is borrowed in all."""
    totals = market.total_borrow_assets, market.total_borrow_shares
    assets, shares = _both(assets, shares, to_shares_down, to_assets_up, totals)
    return Move(assets, shares, _repaid(market, assets, shares))


def withdrawable(market: Market, loan_balance: int) -> int:
    """What can leave the market at once: what is not borrowed, as far as the contract holds it."""
    return max(min(market.total_supply_assets - market.total_borrow_assets, loan_balance), 0)


def borrowed(market: Market, position: Position) -> int:
    """What a position owes, rounded up."""
    return to_assets_up(
        position.borrow_shares, market.total_borrow_assets, market.total_borrow_shares
    )


def max_borrow(position: Position, terms: Terms) -> int:
    """What a position may owe, rounded down."""
    value = mul_div_down(position.collateral, terms.price, ORACLE_PRICE_SCALE)
    return mul_div_down(value, terms.lltv, WAD)


def is_healthy(market: Market, position: Position, terms: Terms) -> bool:
    if position.borrow_shares == 0:
        return True
    return max_borrow(position, terms) >= borrowed(market, position)


def liquidation_incentive_factor(lltv: int) -> int:
    """The value seized for a unit repaid: min(1.15, 1 / (1 - 0.3 * (1 - lltv)))."""
    cursor = mul_div_down(LIQUIDATION_CURSOR, WAD - lltv, WAD)
    return min(MAX_LIQUIDATION_INCENTIVE_FACTOR, mul_div_down(WAD, WAD, WAD - cursor))


def shares_for_seizing(market: Market, seized_assets: int, terms: Terms) -> int:
    """The debt that pays for so much collateral."""
    quoted = mul_div_up(seized_assets, terms.price, ORACLE_PRICE_SCALE)
    repaid = mul_div_up(quoted, WAD, liquidation_incentive_factor(terms.lltv))
    return to_shares_up(repaid, market.total_borrow_assets, market.total_borrow_shares)


def seized_for_shares(market: Market, repaid_shares: int, terms: Terms) -> int:
    """The collateral that repaying so much debt seizes."""
    repaid = to_assets_down(repaid_shares, market.total_borrow_assets, market.total_borrow_shares)
    value = mul_div_down(repaid, liquidation_incentive_factor(terms.lltv), WAD)
    return mul_div_down(value, ORACLE_PRICE_SCALE, terms.price)


def liquidate(
    market: Market,
    position: Position,
    terms: Terms,
    *,
    seized_assets: int = 0,
    repaid_shares: int = 0,
) -> Liquidation:
    """One of both amounts is given. Where no collateral is left, what is still owed is written off
    by the suppliers. Raises for a healthy position, and for more than there is."""
    _require_one(seized_assets, repaid_shares)
    if is_healthy(market, position, terms):
        raise MathError("position is healthy")
    if seized_assets:
        repaid_shares = shares_for_seizing(market, seized_assets, terms)
    else:
        seized_assets = seized_for_shares(market, repaid_shares, terms)
    repaid = to_assets_up(repaid_shares, market.total_borrow_assets, market.total_borrow_shares)
    left = Position(
        position.supply_shares,
        _uint128(position.borrow_shares - _uint128(repaid_shares)),
        _uint128(position.collateral - _uint128(seized_assets)),
    )
    after = _repaid(market, repaid, repaid_shares)
    lost, lost_shares = 0, 0
    if left.collateral == 0:
        lost, lost_shares = bad_debt(after, left), left.borrow_shares
        after = _written_off(after, lost, lost_shares)
        left = replace(left, borrow_shares=0)
    return Liquidation(seized_assets, repaid, repaid_shares, lost, lost_shares, after, left)


def bad_debt(market: Market, position: Position) -> int:
    """What is written off of a position that has no collateral."""
    return min(market.total_borrow_assets, borrowed(market, position))


def settle(market: Market, position: Position, terms: Terms) -> tuple[int, Market]:
    """The bad debt that liquidating all of a position leaves, and the market then: what liquidators
    do while seizing pays them. 0 of a healthy position."""
    if is_healthy(market, position, terms):
        return 0, market
    if position.collateral == 0:
        # nothing is left to seize, so that nobody will: the loss stands, not yet written off
        lost = bad_debt(market, position)
        return lost, _written_off(market, lost, position.borrow_shares)
    if shares_for_seizing(market, position.collateral, terms) > position.borrow_shares:
        done = liquidate(market, position, terms, repaid_shares=position.borrow_shares)
    else:
        done = liquidate(market, position, terms, seized_assets=position.collateral)
    return done.bad_debt_assets, done.market


Convert = Callable[[int, int, int], int]


def _both(
    assets: int, shares: int, to_shares: Convert, to_assets: Convert, totals: tuple[int, int]
) -> tuple[int, int]:
    _require_one(assets, shares)
    if assets:
        return assets, to_shares(assets, *totals)
    return to_assets(shares, *totals), shares


def _supplied(market: Market, assets: int, shares: int) -> Move:
    """More, or less where both are below 0."""
    after = replace(
        market,
        total_supply_shares=_added(market.total_supply_shares, shares),
        total_supply_assets=_added(market.total_supply_assets, assets),
    )
    return Move(abs(assets), abs(shares), after)


def _added(total: int, change: int) -> int:
    _uint128(abs(change))
    return _uint128(total + change)


def _repaid(market: Market, assets: int, shares: int) -> Market:
    return replace(
        market,
        total_borrow_shares=_added(market.total_borrow_shares, -shares),
        total_borrow_assets=max(market.total_borrow_assets - assets, 0),
    )


def _written_off(market: Market, assets: int, shares: int) -> Market:
    return replace(
        market,
        total_borrow_assets=_added(market.total_borrow_assets, -assets),
        total_supply_assets=_added(market.total_supply_assets, -assets),
        total_borrow_shares=_added(market.total_borrow_shares, -shares),
    )


def _liquid(move: Move) -> Move:
    if move.market.total_borrow_assets > move.market.total_supply_assets:
        raise MathError("insufficient liquidity")
    return move


def _require_one(assets: int, shares: int) -> None:
    """UtilsLib.exactlyOneZero."""
    if (assets == 0) == (shares == 0):
        raise MathError("inconsistent input")


def _uint128(value: int) -> int:
    return checked(value, 128, "max uint128 exceeded")


def _uint256(value: int) -> int:
    return checked(value, 256, "overflow")
