"""Markets of Compound V2 brought up to the block, from their states."""

from __future__ import annotations

from watcher.errors import MathError
from watcher.math.exact import lending_compound
from watcher.math.exact.lending_compound import Curve, Totals
from watcher.state.compound_market import CompoundMarket


def stored(state: CompoundMarket) -> Totals:
    """As of the last accrual."""
    return Totals(
        cash=state.cash,
        total_borrows=state.total_borrows,
        total_reserves=state.total_reserves,
        borrow_index=state.borrow_index,
        bad_debt=state.bad_debt,
    )


def accrued(state: CompoundMarket) -> Totals:
    """As accrueInterest leaves them at the block. Raises MathError where it reverts."""
    return lending_compound.accrue_interest(
        stored(state), state.borrow_rate, state.reserve_factor, elapsed=state.elapsed
    )


def exchange_rate_current(state: CompoundMarket) -> int:
    """Underlying for a share, in parts of 10**18. Raises MathError where the contract reverts."""
    return lending_compound.exchange_rate(accrued(state), state.total_supply, state.exchange_rate)


def borrow_rate_after(state: CompoundMarket, *, cash: int) -> int:
    """The rate of a block if the market had this much cash, as after deposits, loans or
    withdrawals. Raises MathError where the curve is not known, and where it reverts."""
    if state.rate_model == "other":
        raise MathError("the market's model of rates does not tell its curve")
    totals = accrued(state)
    curve = Curve(state.base_rate, state.multiplier)
    if state.rate_model == "jump":
        curve = Curve(state.base_rate, state.multiplier, state.jump_multiplier, state.kink)
    elif state.rate_model == "white_paper_annual":
        curve = Curve(state.base_rate, state.multiplier, annual=state.periods_a_year)
    moved = Totals(cash, totals.total_borrows, totals.total_reserves, totals.borrow_index)
    return lending_compound.get_borrow_rate(curve, moved)
