"""The fee of Balancer V3's StableSurge hook: it grows as a swap unbalances a stable pool.

Source: StableSurgeHook.sol and StableSurgeMedianMath.sol. Fractions have 18 decimals.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from watcher.math.exact.balancer_fixed_point import complement, div_down, mul_down


@dataclass(frozen=True, slots=True)
class Surge:
    """From an imbalance of `threshold` on, the fee rises to `max_fee` at one of 1."""

    threshold: int
    max_fee: int

    def fee(self, before: Sequence[int], after: Sequence[int], *, static_fee: int) -> int:
        """The fee of a swap that takes balances from `before` to `after`."""
        if self.max_fee < static_fee or not self.is_surging(before, after):
            return static_fee
        excess = calculate_imbalance(after) - self.threshold
        share = div_down(excess, complement(self.threshold))
        return static_fee + mul_down(self.max_fee - static_fee, share)

    def is_surging(self, before: Sequence[int], after: Sequence[int]) -> bool:
        """Whether the imbalance grows and is above the threshold."""
        imbalance = calculate_imbalance(after)
        return imbalance > max(self.threshold, calculate_imbalance(before))


def calculate_imbalance(balances: Sequence[int]) -> int:
    """sum |x - median| / sum x, rounded down."""
    ordered = sorted(balances)
    middle = len(ordered) // 2
    median = ordered[middle]
    if len(ordered) % 2 == 0:
        median = (ordered[middle - 1] + median) // 2
    return div_down(sum(abs(balance - median) for balance in balances), sum(balances))
