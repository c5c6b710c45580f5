"""What a lending market comes to at the block, whichever protocol it is of: exact numbers that the
measures divide."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from watcher.errors import MathError
from watcher.math.aave_reserve import (
    atoken_supply,
    debt_index,
    income_index,
    scaled_treasury,
    variable_debt,
)
from watcher.math.compound_market import accrued, exchange_rate_current
from watcher.math.exact.lending_aave import ray_mul
from watcher.math.exact.lending_compound import supplied
from watcher.state.aave_reserve import BPS, RAY, AaveReserve
from watcher.state.compound_market import WAD, CompoundMarket
from watcher.state.kinds import State

NO_YEAR = "its model of rates does not say how many blocks a year has"
NO_ACCOUNTS = "no account is named"
NOTHING_OWED = "no named account owes anything"
NOT_VALUED = "an account cannot be valued: something of it has no price"
NO_CAP = "there is no cap"
ZERO_CAP = "the cap is 0"


@dataclass(frozen=True, slots=True)
class Owing:
    """What a named account is worth, in the oracle's unit of account: its collateral as far as it
    counts against liquidation, in full, and its debt. `owed` is what it owes in this market, in the
    underlying's smallest unit."""

    counted: Fraction
    value: Fraction
    debt: Fraction
    owed: int


@dataclass(frozen=True, slots=True)
class Lending:
    """Amounts in the underlying's smallest unit, with interest up to the block. `whole` is what
    `lent` is a part of by the protocol's definition of utilization. Rates are of a year, None where
    the block's cannot be told of a year. `accounts` are None where one cannot be valued.
    `known_debt` is what the named accounts owe here of `stored_debt`; `capped` is what counts
    against the supply cap; `supply_index` is what a whole share, or one of what was supplied at
    first, is worth. `bonus` is what a unit that a liquidator repays takes of collateral, None where
    it depends on the collateral."""

    decimals: int
    cash: int
    supplied: int
    total_debt: int
    reserves: int
    lent: int
    whole: int
    withdrawable: int
    borrow_rate: Fraction | None
    supply_rate: Fraction | None
    capped: int
    supply_index: Fraction
    supply_cap: int | None
    borrow_cap: int | None
    price: Fraction | None
    known_debt: int
    stored_debt: int
    named: int
    accounts: tuple[Owing, ...] | None
    bonus: Fraction | None = None


def lending(state: State | None) -> Lending | None:
    """None of what is no lending market. Raises MathError where the contract could not accrue."""
    match state:
        case CompoundMarket():
            return _compound(state)
        case AaveReserve():
            return _aave(state)
    return None


def _compound(state: CompoundMarket) -> Lending:
    now = accrued(state)
    owned = supplied(now)
    lent = now.total_borrows
    used = Fraction(lent, owned) if owned else Fraction(0)
    rate = Fraction(state.borrow_rate * state.periods_a_year, WAD) if state.periods_a_year else None
    kept = 1 - Fraction(state.reserve_factor, WAD)
    return Lending(
        decimals=state.decimals,
        cash=now.cash,
        supplied=owned,
        total_debt=now.total_borrows,
        reserves=now.total_reserves,
        lent=lent,
        whole=owned,
        withdrawable=min(now.cash, owned),
        borrow_rate=rate,
        supply_rate=None if rate is None else rate * used * kept,
        capped=owned,
        supply_index=Fraction(
            exchange_rate_current(state) * 10**state.share_decimals, WAD * 10**state.decimals
        ),
        supply_cap=state.supply_cap,
        borrow_cap=state.borrow_cap,
        price=Fraction(state.price * 10**state.decimals, 10**36) if state.price else None,
        known_debt=sum(each.borrow_balance for each in state.accounts),
        stored_debt=state.total_borrows,
        named=len(state.accounts),
        accounts=_owing(state),
        bonus=Fraction(state.liquidation_incentive, WAD),
    )


def _owing(state: CompoundMarket) -> tuple[Owing, ...] | None:
    found = []
    for each in state.accounts:
        if each.collateral is None or each.value is None or each.debt is None:
            return None
        found.append(
            Owing(
                counted=Fraction(each.collateral, WAD),
                value=Fraction(each.value, WAD),
                debt=Fraction(each.debt, WAD),
                owed=each.borrow_balance,
            )
        )
    return tuple(found)


def _aave(state: AaveReserve) -> Lending:
    income, owed = income_index(state), debt_index(state)
    supplied_now = atoken_supply(state)
    debt = variable_debt(state) + state.stable_debt
    open_ = state.active and not state.paused
    known = sum(ray_mul(each.scaled_debt, owed) + each.stable_debt for each in state.accounts)
    treasury, unit = scaled_treasury(state), state.price_unit
    return Lending(
        decimals=state.decimals,
        cash=state.available,
        supplied=supplied_now,
        total_debt=debt,
        reserves=ray_mul(treasury, income),
        lent=debt,
        whole=state.available + debt,
        withdrawable=min(state.available, supplied_now) if open_ else 0,
        borrow_rate=Fraction(state.variable_borrow_rate, RAY),
        supply_rate=Fraction(state.liquidity_rate, RAY),
        capped=ray_mul(state.scaled_supply + treasury, income),
        supply_index=Fraction(income, RAY),
        supply_cap=state.supply_cap,
        borrow_cap=state.borrow_cap,
        price=Fraction(state.price, state.price_unit) if state.price else None,
        known_debt=known,
        stored_debt=debt,
        named=len(state.accounts),
        accounts=tuple(
            Owing(
                counted=Fraction(each.collateral * each.liquidation_threshold, BPS * unit),
                value=Fraction(each.collateral, unit),
                debt=Fraction(each.debt, unit),
                owed=ray_mul(each.scaled_debt, owed) + each.stable_debt,
            )
            for each in state.accounts
        ),
    )


def weakest_health(market: Lending) -> Fraction:
    """Counted collateral over debt, the least of all accounts that owe anything. Raises MathError,
    which says why there is none."""
    owing = [each for each in valued_accounts(market) if each.debt]
    if not owing:
        raise MathError(NOTHING_OWED)
    return min(each.counted / each.debt for each in owing)


def uncovered_debt(market: Lending) -> Fraction:
    """Debt beyond what the accounts have in full, in the oracle's unit of account."""
    accounts = valued_accounts(market)
    return sum((max(each.debt - each.value, Fraction(0)) for each in accounts), Fraction(0))


def valued_accounts(market: Lending) -> tuple[Owing, ...]:
    """Raises MathError where none is named, or one cannot be valued."""
    if not market.named:
        raise MathError(NO_ACCOUNTS)
    if market.accounts is None:
        raise MathError(NOT_VALUED)
    return market.accounts
