"""Reserves of Aave V3 brought up to the block, from their states."""

from __future__ import annotations

from watcher.math.exact import lending_aave
from watcher.math.exact.lending_aave import ray_mul
from watcher.state.aave_reserve import AaveReserve


def income_index(state: AaveReserve) -> int:
    return lending_aave.normalized_income(
        state.liquidity_index, state.liquidity_rate, state.elapsed
    )


def debt_index(state: AaveReserve) -> int:
    return lending_aave.normalized_debt(
        state.variable_borrow_index, state.variable_borrow_rate, state.elapsed
    )


def atoken_supply(state: AaveReserve) -> int:
    """AToken.totalSupply."""
    return ray_mul(state.scaled_supply, income_index(state))


def variable_debt(state: AaveReserve) -> int:
    """VariableDebtToken.totalSupply."""
    return ray_mul(state.scaled_debt, debt_index(state))


def scaled_treasury(state: AaveReserve) -> int:
    """What the treasury is due once the reserve is next touched; without what stable debt adds."""
    return lending_aave.accrued_to_treasury(
        state.accrued_to_treasury,
        state.scaled_debt,
        state.reserve_factor,
        borrow_indexes=(state.variable_borrow_index, debt_index(state)),
        liquidity_index=income_index(state),
    )
