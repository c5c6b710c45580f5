"""What Balancer V2's pools owe the protocol by the next join or exit.

Source: WeightedPool.sol of April and StablePool.sol of June 2021, which pay in one of their coins;
ComposableStablePoolProtocolFees.sol, which mints pool tokens. The protocol is due a part of what
the invariant has grown by since the last join or exit. Balances and results have 18 decimals.
`getActualSupply` of later pools counts what is due, at the rates that the pool keeps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from watcher.math.exact.balancer_fixed_point import (
    ONE,
    complement,
    div_down,
    div_up,
    mul_down,
    pow_up,
    uint,
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


@dataclass(frozen=True, slots=True)
class LastJoinExit:
    """What a composable pool keeps of its last join or exit: `stable` as it was then, its invariant
    after it and each coin's rate. `swap_part` and `yield_part` are the protocol's parts; coins that
    have a rate are `rated`, and of a coin that is `exempt` the yield is left to the pool."""

    stable: StableMath
    invariant: int
    old_rates: tuple[int, ...]
    rated: tuple[bool, ...]
    exempt: tuple[bool, ...]
    swap_part: int
    yield_part: int


def composable_supply(
    last: LastJoinExit, balances: Sequence[int], *, rates: Sequence[int], virtual_supply: int
) -> int:
    """The pool tokens there are once the protocol has got what it is due; balances are at `rates`,
    all without the pool's own tokens. `_getSupplyAndFeesData`, whose cases come to this."""
    by_swaps = last.stable.calculate_invariant(_at_old_rates(last, balances, rates, last.rated))
    taxed = last.stable.calculate_invariant(_at_old_rates(last, balances, rates, last.exempt))
    total = last.stable.calculate_invariant(balances)
    swap_share = div_down(max(0, by_swaps - last.invariant), total)
    yield_share = div_down(max(0, taxed - by_swaps), total)
    owned = mul_down(swap_share, last.swap_part) + mul_down(yield_share, last.yield_part)
    return virtual_supply + uint(virtual_supply * owned) // complement(owned)


def _at_old_rates(
    last: LastJoinExit, balances: Sequence[int], rates: Sequence[int], which: Sequence[bool]
) -> list[int]:
    coins = zip(balances, last.old_rates, rates, which, strict=True)
    return [uint(b * old) // rate if changed else b for b, old, rate, changed in coins]


def _only(coin: int, amount: int, coins: int) -> tuple[int, ...]:
    return tuple(amount if k == coin else 0 for k in range(coins))
