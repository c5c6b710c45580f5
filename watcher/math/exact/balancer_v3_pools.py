"""The mathematics of Balancer V3's pools on live balances, as the Vault asks them.

Source: WeightedPool.sol and StablePool.sol. What came with their later revision, and the Vault of
the first does not know: a weighted pool adds one to the balance of the coin in and keeps a minimum
of each coin; a stable one refuses an imbalance of 10,000.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from watcher.errors import MathError
from watcher.math.exact.balancer_fixed_point import ONE, divide_down, mul_up, sub, uint
from watcher.math.exact.balancer_stable import StableMath
from watcher.math.exact.weighted import (
    MAX_INVARIANT_RATIO,
    MIN_INVARIANT_RATIO,
    WeightedMath,
)

MAX_STABLE_INVARIANT_RATIO = 5 * ONE
MIN_STABLE_INVARIANT_RATIO = 6 * ONE // 10
MAX_IMBALANCE_RATIO = 10_000


class PoolMath(Protocol):
    """What the Vault asks of a pool; balances and amounts have 18 decimals."""

    @property
    def min_invariant_ratio(self) -> int: ...

    @property
    def max_invariant_ratio(self) -> int: ...

    def out_given_in(self, balances: Sequence[int], i: int, j: int, amount: int) -> int: ...

    def in_given_out(self, balances: Sequence[int], i: int, j: int, amount: int) -> int: ...

    def compute_invariant(self, balances: Sequence[int], *, up: bool) -> int: ...

    def compute_balance(self, balances: Sequence[int], i: int, ratio: int) -> int:
        """What balance i becomes when the invariant grows or shrinks by `ratio`."""


@dataclass(frozen=True, slots=True)
class WeightedPool:
    """`minimum_balances` are empty in the first revision."""

    math: WeightedMath
    minimum_balances: tuple[int, ...] = ()

    min_invariant_ratio = MIN_INVARIANT_RATIO
    max_invariant_ratio = MAX_INVARIANT_RATIO

    def out_given_in(self, balances: Sequence[int], i: int, j: int, amount: int) -> int:
        balance_in = self._balance_in(balances, i)
        amount_out = self.math.calc_out_given_in(balance_in, balances[j], amount, i=i, j=j)
        self._require_balance(j, sub(balances[j], amount_out))
        return amount_out

    def in_given_out(self, balances: Sequence[int], i: int, j: int, amount: int) -> int:
        balance_in = self._balance_in(balances, i)
        amount_in = self.math.calc_in_given_out(balance_in, balances[j], amount, i=i, j=j)
        self._require_balance(j, sub(balances[j], amount))
        return amount_in

    def compute_invariant(self, balances: Sequence[int], *, up: bool) -> int:
        for k, balance in enumerate(balances):
            self._require_balance(k, balance)
        if up:
            return self.math.calculate_invariant_up(balances)
        return self.math.calculate_invariant(balances)

    def compute_balance(self, balances: Sequence[int], i: int, ratio: int) -> int:
        balance = self.math.compute_balance_out_given_invariant(balances[i], i, ratio)
        self._require_balance(i, min(balance, balances[i]))
        return balance

    def _balance_in(self, balances: Sequence[int], i: int) -> int:
        if not self.minimum_balances:
            return balances[i]
        self._require_balance(i, balances[i] + 1)
        return balances[i] + 1

    def _require_balance(self, k: int, balance: int) -> None:
        if self.minimum_balances and balance < self.minimum_balances[k]:
            raise MathError("TokenBalanceBelowMin")


@dataclass(frozen=True, slots=True)
class StablePool:
    """`limits_imbalance` says the later revision."""

    math: StableMath
    limits_imbalance: bool = False

    min_invariant_ratio = MIN_STABLE_INVARIANT_RATIO
    max_invariant_ratio = MAX_STABLE_INVARIANT_RATIO

    def out_given_in(self, balances: Sequence[int], i: int, j: int, amount: int) -> int:
        amount_out = self.math.calc_out_given_in(balances, i, j, amount)
        self._require_swap(balances, balances[i] + amount, sub(balances[j], amount_out))
        return amount_out

    def in_given_out(self, balances: Sequence[int], i: int, j: int, amount: int) -> int:
        amount_in = self.math.calc_in_given_out(balances, i, j, amount)
        self._require_swap(balances, balances[i] + amount_in, sub(balances[j], amount))
        return amount_in

    def compute_invariant(self, balances: Sequence[int], *, up: bool) -> int:
        """One more where it is rounded up."""
        self._require_balanced(min(balances), max(balances))
        invariant = self.math.calculate_invariant(balances)
        return invariant + 1 if up and invariant else invariant

    def compute_balance(self, balances: Sequence[int], i: int, ratio: int) -> int:
        invariant = self.math.calculate_invariant(balances)
        grown = mul_up(uint(invariant + 1) if invariant else 0, ratio)
        balance = self.math.get_token_balance(balances, i, grown)
        self._require_balanced(min(*balances, balance), max(*balances, balance))
        return balance

    def _require_swap(self, balances: Sequence[int], balance_in: int, balance_out: int) -> None:
        """The balances before count too, with the new ones."""
        self._require_balanced(min(*balances, balance_out), max(*balances, balance_in))

    def _require_balanced(self, least: int, most: int) -> None:
        if self.limits_imbalance and divide_down(most, least) >= MAX_IMBALANCE_RATIO:
            raise MathError("MaxImbalanceRatioExceeded")
