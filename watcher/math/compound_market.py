"""Markets of Compound V2 brought up to the block, from their states."""

from __future__ import annotations

from watcher.math.exact import lending_compound
from watcher.math.exact.lending_compound import Totals
from watcher.state.compound_market import CompoundMarket


def stored(state: CompoundMarket) -> Totals:
    """As of the last accrual."""
    return Totals(
        cash=state.cash,
        total_borrows=state.total_borrows,
        total_reserves=state.total_reserves,
        borrow_index=state.borrow_index,
    )


def accrued(state: CompoundMarket) -> Totals:
    """As accrueInterest leaves them at the block. Raises MathError where it reverts."""
    return lending_compound.accrue_interest(
        stored(state), state.borrow_rate, state.reserve_factor, elapsed=state.elapsed
    )


def exchange_rate_current(state: CompoundMarket) -> int:
    """Underlying for a share, in parts of 10**18. Raises MathError where the contract reverts."""
    return lending_compound.exchange_rate(accrued(state), state.total_supply, state.exchange_rate)
