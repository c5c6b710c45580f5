"""A market of Compound V2 or of a fork of it: one underlying, lent and borrowed by a cToken."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal, TypeAlias

RateModel: TypeAlias = Literal["white_paper_annual", "white_paper", "jump", "other"]
"""The curve of rates: `math.exact.lending_compound` has them. Of another one no more is known than
the rate at the block."""

WAD = 10**18


@dataclass(frozen=True, slots=True)
class CompoundAccount:
    """What one account has and owes, as the contracts have stored it.

    `shares` and `borrow_balance` are of this market. `collateral` counts what it has in all markets
    that it entered by their collateral factors, `value` in full; `debt` is what it owes there.
    These three are in parts of 10**18 of the oracle's unit of account; None where the comptroller
    cannot value the account, for it has no price of something.
    """

    shares: int
    borrow_balance: int
    collateral: int | None = None
    value: int | None = None
    debt: int | None = None


@dataclass(frozen=True, slots=True)
class CompoundMarket:
    """Amounts in the underlying's smallest unit, shares in the cToken's; rates, factors and the
    index in parts of 10**18.

    Borrows, reserves and index are as they are stored: what has accrued in the `elapsed` blocks
    since then, `math.exact.lending_compound` says. `borrow_rate` is that of one
    block. `exchange_rate` is the stored one, which no arithmetic gives while no share is issued.
    `price` is the oracle's: times an amount, in parts of 10**36 of its unit of account; 0 where it
    has none. Caps are None where there are none. The numbers of the rate model are 0 where it has
    no such one, `periods_a_year` where nothing says how many blocks a year has.
    """

    KIND: ClassVar[str] = "compound_market"
    VERSION: ClassVar[int] = 1

    cash: int
    total_borrows: int
    total_reserves: int
    total_supply: int
    borrow_index: int
    elapsed: int
    exchange_rate: int
    borrow_rate: int
    rate_model: RateModel
    base_rate: int
    multiplier: int
    jump_multiplier: int
    kink: int
    periods_a_year: int
    reserve_factor: int
    collateral_factor: int
    close_factor: int
    liquidation_incentive: int
    price: int
    listed: bool
    mint_paused: bool
    borrow_paused: bool
    seize_paused: bool
    transfer_paused: bool
    accounts: tuple[CompoundAccount, ...]
    decimals: int
    share_decimals: int
    supply_cap: int | None = None
    borrow_cap: int | None = None


def problems(state: CompoundMarket) -> Iterator[str]:
    """Why such a market cannot be."""
    if state.reserve_factor > WAD:
        yield "state.reserve_factor is over 10^18"
    if state.collateral_factor > WAD:
        yield "state.collateral_factor is over 10^18"
    if state.rate_model == "white_paper_annual" and state.periods_a_year == 0:
        yield "state.periods_a_year is 0, by which its rate model divides"
    for row, account in enumerate(state.accounts):
        valued = {account.collateral is None, account.value is None, account.debt is None}
        if len(valued) > 1:
            yield f"state.accounts[{row}] is valued in part"
