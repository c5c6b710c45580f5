"""A reserve of an Aave V3 pool: one underlying, lent as an aToken and owed as debt tokens."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

RAY = 10**27
BPS = 10**4


@dataclass(frozen=True, slots=True)
class AaveAccount:
    """What one account has and owes. `scaled_supply` and `scaled_debt` are of this reserve, before
    its indexes; `stable_debt` what it owes here at a stable rate. `collateral` and `debt` are over
    all reserves in the oracle's units, `liquidation_threshold` is their average in basis points.
    """

    scaled_supply: int
    scaled_debt: int
    stable_debt: int
    collateral: int
    debt: int
    liquidation_threshold: int


@dataclass(frozen=True, slots=True)
class AaveReserve:
    """Amounts in the underlying's smallest unit, indexes and rates of a year in parts of 10**27,
    factors in basis points.

    Indexes are as they are stored: what has accrued in the `elapsed` seconds since then,
    `math.exact.lending_aave` says. Scaled amounts become amounts by an index. `available` is what
    the aToken holds of the underlying. `accrued_to_treasury` is scaled, and stored. `price` is the
    oracle's for a whole token, `price_unit` one of what it counts in. Caps are None where there
    are none.
    """

    KIND: ClassVar[str] = "aave_reserve"
    VERSION: ClassVar[int] = 1

    available: int
    scaled_supply: int
    scaled_debt: int
    stable_debt: int
    unbacked: int
    accrued_to_treasury: int
    liquidity_index: int
    variable_borrow_index: int
    liquidity_rate: int
    variable_borrow_rate: int
    elapsed: int
    ltv: int
    liquidation_threshold: int
    liquidation_bonus: int
    reserve_factor: int
    active: bool
    frozen: bool
    paused: bool
    borrowing_enabled: bool
    price: int
    price_unit: int
    accounts: tuple[AaveAccount, ...]
    decimals: int
    supply_cap: int | None = None
    borrow_cap: int | None = None


def problems(state: AaveReserve) -> Iterator[str]:
    """Why such a reserve cannot be."""
    if state.price_unit == 0:
        yield "state.price_unit is 0, by which every price is divided"
    if state.reserve_factor > BPS:
        yield "state.reserve_factor is over 10,000"
