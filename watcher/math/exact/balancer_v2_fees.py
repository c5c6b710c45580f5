"""What Balancer V2's first pools pay the protocol, in one of their coins, before joins and exits.

Source: WeightedPool.sol of April and StablePool.sol of June 2021. The protocol is due a part of
what the invariant has grown by since the last join or exit. Balances and results have 18 decimals.
Later pools mint pool tokens instead, which `getActualSupply` counts already.
"""

from __future__ import annotations

from collections.abc import Sequence

from watcher.math.exact.balancer_fixed_point import (
    ONE,
    complement,
    div_down,
    div_up,
    mul_down,
    pow_up,
)
from watcher.math.exact.balancer_stable import StableMath
from watcher.math.exact.weighted import WeightedMath

MIN_POW_BASE_FREE_EXPONENT = 7 * ONE // 10


def weighted_fees_due(
    weighted: WeightedMath, balances: Sequence[int], *, last_invariant: int, percentage: int
) -> tuple[int, ...]:
    """In the coin of the largest weight; never more than a growth of 1 / 0.7 counts."""
    invariant = weighted.calculate_invariant(balances)
    if percentage == 0 or invariant <= last_invariant:
        return (0,) * len(balances)
    coin = weighted.weights.index(max(weighted.weights))
    base = max(div_up(last_invariant, invariant), MIN_POW_BASE_FREE_EXPONENT)
    exponent = div_down(ONE, weighted.weights[coin])
    power = pow_up(base, exponent, short_cuts=not weighted.first)
    accrued = mul_down(balances[coin], complement(power))
    return _only(coin, mul_down(accrued, percentage), len(balances))


def stable_fees_due(
    stable: StableMath, balances: Sequence[int], *, last_invariant: int, percentage: int
) -> tuple[int, ...]:
    """In the coin of the largest balance; `stable` is as it was at the last join or exit."""
    coin = list(balances).index(max(balances))
    if percentage == 0:
        return (0,) * len(balances)
    left = stable.get_token_balance(balances, coin, last_invariant)
    accrued = max(0, balances[coin] - left)
    return _only(coin, mul_down(accrued, percentage), len(balances))


def _only(coin: int, amount: int, coins: int) -> tuple[int, ...]:
    return tuple(amount if k == coin else 0 for k in range(coins))
