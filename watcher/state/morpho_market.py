"""A market of Morpho Blue: one loan token against one collateral token."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

WAD = 10**18
_UINT128 = 2**128


@dataclass(frozen=True, slots=True)
class MorphoPosition:
    """What one account has in a market; collateral in its smallest unit."""

    supply_shares: int
    borrow_shares: int
    collateral: int


@dataclass(frozen=True, slots=True)
class MorphoMarket:
    """Assets in the loan token's smallest unit; totals and positions with the interest up to the
    block's time, as accrueInterest would leave them there.

    `fee` is the protocol's part of the interest, `lltv` the part of the collateral's value that may
    be borrowed, `borrow_rate` the interest of a second, all with 18 decimals. `oracle_price` is of
    10**36 smallest units of collateral, in smallest units of the loan token. `loan_balance` is what
    the contract holds of the loan token, for all of its markets together. `positions` are those of
    the accounts that the target names, in their order.
    """

    KIND: ClassVar[str] = "morpho_market"
    VERSION: ClassVar[int] = 1

    total_supply_assets: int
    total_supply_shares: int
    total_borrow_assets: int
    total_borrow_shares: int
    fee: int
    borrow_rate: int
    lltv: int
    oracle_price: int
    loan_balance: int
    positions: tuple[MorphoPosition, ...]
    loan_decimals: int
    collateral_decimals: int


def problems(state: MorphoMarket) -> Iterator[str]:
    """Why such a market cannot be."""
    totals = (
        state.total_supply_assets,
        state.total_supply_shares,
        state.total_borrow_assets,
        state.total_borrow_shares,
    )
    if max(totals) >= _UINT128:
        yield "a total of the state is over 128 bits"
    if state.fee > WAD // 4:
        yield "state.fee is over a quarter"
    if state.lltv >= WAD:
        yield "state.lltv is not below 1"
    if any(max(one.borrow_shares, one.collateral) >= _UINT128 for one in state.positions):
        yield "a position of the state is over 128 bits"
