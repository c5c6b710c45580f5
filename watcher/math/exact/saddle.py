"""Saddle and its forks to the wei: StableSwap in Solidity, with a fee on withdrawing.

Source: Saddle's SwapUtils.sol; Connext's SwapUtilsExternal.sol, which has no such fee and adds
swapOut. Exchanges and adding are those of `stableswap_swaps` and `stableswap_liquidity`.
`pool.withdraw_fee`, in parts of FEE_DENOMINATOR, is what an account pays that has just deposited;
it falls to nothing within four weeks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from watcher.errors import MathError
from watcher.math.exact import stableswap_liquidity as liquidity
from watcher.math.exact.fixed_point import checked
from watcher.math.exact.stableswap import (
    FEE_DENOMINATOR,
    PRECISION,
    UNDERFLOW,
    Pool,
    get_D,
    get_y_D,
    require_pair,
    scaled,
)
from watcher.math.exact.stableswap_liquidity import LiquidityChanged


@dataclass(frozen=True, slots=True)
class SwappedOut:
    """What a buyer of an exact amount gives, and the pool's balances afterwards."""

    amount_in: int
    balances: tuple[int, ...]


def swap_out(pool: Pool, i: int, j: int, dy: int) -> SwappedOut:
    """Connext's swapOut: exactly `dy` of coin j, the fee on top of what coin i costs."""
    require_pair(i, j, len(pool.balances))
    if not 0 <= dy <= pool.balances[j]:
        raise MathError(">pool balance")
    xp = scaled(pool.balances, pool.rates)
    D = get_D(pool, xp)
    xp[j] = checked(xp[j] - dy * pool.rates[j] // PRECISION, 256, UNDERFLOW)
    x = checked(get_y_D(pool, i, xp=xp, D=D) - xp[i], 256, UNDERFLOW) + 1
    fee = x * pool.fee // FEE_DENOMINATOR
    dx = (x + fee) * PRECISION // pool.rates[i]
    admin_fee = fee * pool.admin_fee // FEE_DENOMINATOR * PRECISION // pool.rates[i]
    balances = list(pool.balances)
    balances[i] += dx - admin_fee
    balances[j] -= dy
    return SwappedOut(dx, tuple(balances))


def remove_liquidity(pool: Pool, amount: int) -> tuple[int, ...]:
    """The share of each balance that burning `amount` pays, after the withdrawal's fee."""
    liquidity.remove_liquidity(pool, amount)  # refuses more than there is
    return liquidity.remove_liquidity(pool, _less_fee(pool, amount))


def remove_liquidity_one_token(pool: Pool, amount: int, i: int) -> int:
    """What burning `amount` pays in coin i, after both fees."""
    return _less_fee(pool, liquidity.calc_withdraw_one_coin(pool, amount, i))


def remove_liquidity_imbalance(pool: Pool, amounts: Sequence[int]) -> LiquidityChanged:
    """LP tokens that withdrawing exactly these amounts burns, the withdrawal's fee on top."""
    changed = liquidity.remove_liquidity_imbalance(pool, amounts)
    burned = changed.liquidity * FEE_DENOMINATOR // (FEE_DENOMINATOR - pool.withdraw_fee)
    checked(pool.total_supply - burned, 256, "insufficient LP tokens")
    return replace(changed, liquidity=burned)


def _less_fee(pool: Pool, amount: int) -> int:
    return amount * (FEE_DENOMINATOR - pool.withdraw_fee) // FEE_DENOMINATOR
