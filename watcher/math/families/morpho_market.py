"""Markets of Morpho Blue as the exact mathematics takes them. They exchange nothing."""

from __future__ import annotations

from watcher.math.exact.morpho import Market, Position, Terms, settle
from watcher.state.morpho_market import MorphoMarket, MorphoPosition


def market_of(state: MorphoMarket) -> Market:
    return Market(
        total_supply_assets=state.total_supply_assets,
        total_supply_shares=state.total_supply_shares,
        total_borrow_assets=state.total_borrow_assets,
        total_borrow_shares=state.total_borrow_shares,
        fee=state.fee,
    )


def position_of(position: MorphoPosition) -> Position:
    return Position(position.supply_shares, position.borrow_shares, position.collateral)


def terms_of(state: MorphoMarket) -> Terms:
    return Terms(price=state.oracle_price, lltv=state.lltv)


def known_bad_debt(state: MorphoMarket) -> int:
    """What liquidating all of the known positions that are unhealthy would leave unpaid, one after
    the other. Raises MathError where the contract would revert."""
    market, lost = market_of(state), 0
    for position in state.positions:
        more, market = settle(market, position_of(position), terms_of(state))
        lost += more
    return lost
