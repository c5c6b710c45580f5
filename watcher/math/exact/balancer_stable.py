"""Stable pools of Balancer V2 and V3 on scaled balances: Curve's StableSwap invariant.

Source: StableMath.sol of the first stable pools (`rounded`), of V2's later and composable ones
(`plain`) and of V3 (`v3`), with their names. Balances and amounts have 18 decimals; `amp` is
A n^(n-1) times 1000. Each figure is rounded against whoever trades. Raises MathError where the
contract reverts.

A n^n S + D = A D n^n + P with P = D^(n+1) / (n^n prod x).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from watcher.errors import MathError
from watcher.math.exact.balancer_fixed_point import (
    DIVISION,
    ONE,
    complement,
    div_down,
    div_up,
    divide_down,
    divide_up,
    mul_down,
    mul_up,
    sub,
    uint,
)

AMP_PRECISION = 1000
MAX_ROUNDS = 255

Rounding: TypeAlias = Literal["rounded", "plain", "v3"]
"""rounded: D is rounded up or down by choice. plain: it is rounded down, as Curve does. v3: so,
and the balance of an invariant loses less of the amplification's fraction."""


@dataclass(frozen=True, slots=True)
class StableMath:
    """What the functions share."""

    rounding: Rounding
    amp: int

    def calculate_invariant(self, balances: Sequence[int], *, up: bool = False) -> int:
        """D; 0 for an empty pool. `up` has a meaning where D is rounded by choice alone."""
        total = uint(sum(balances))
        if total == 0:
            return 0
        if self.rounding == "rounded":
            return self._invariant_rounded(balances, total, up=up)
        return self._invariant(balances, total)

    def _invariant(self, balances: Sequence[int], total: int) -> int:
        """Newton's D = (A n S + n P) D / ((A n - 1) D + (n + 1) P)."""
        if 0 in balances:
            raise MathError(DIVISION)
        n = len(balances)
        Ann = self.amp * n
        weighted_sum = uint(Ann * total) // AMP_PRECISION
        divisors = [balance * n for balance in balances]
        D = total
        for _ in range(MAX_ROUNDS):
            D_P = D
            for divisor in divisors:
                D_P = uint(D_P * D) // divisor
            denominator = (Ann - AMP_PRECISION) * D // AMP_PRECISION + (n + 1) * D_P
            previous = D
            D = divide_down(uint((weighted_sum + D_P * n) * D), denominator)
            if -1 <= D - previous <= 1:
                return D
        raise MathError("STABLE_INVARIANT_DIDNT_CONVERGE")

    def _invariant_rounded(self, balances: Sequence[int], total: int, *, up: bool) -> int:
        """The same multiplied by P_D = n^n prod x / D^(n-1), each quotient rounded one way."""
        n = len(balances)
        Ann = self.amp * n
        divide = divide_up if up else divide_down
        divide_other = divide_down if up else divide_up
        D = total
        for _ in range(MAX_ROUNDS):
            P_D = balances[0] * n
            for balance in balances[1:]:
                P_D = divide(uint(P_D * balance * n), D)
            numerator = n * D * D + divide(uint(Ann * total * P_D), AMP_PRECISION)
            denominator = (n + 1) * D + divide_other((Ann - AMP_PRECISION) * P_D, AMP_PRECISION)
            previous, D = D, divide(uint(numerator), denominator)
            if -1 <= D - previous <= 1:
                return D
        raise MathError("STABLE_INVARIANT_DIDNT_CONVERGE")

    def get_token_balance(self, balances: Sequence[int], i: int, invariant: int) -> int:
        """`_getTokenBalanceGivenInvariantAndAllOtherBalances`: what balance i has to be, rounded
        up. Newton's y = (y^2 + c) / (2 y + b - D)."""
        n = len(balances)
        Ann = self.amp * n
        P_D = balances[0] * n
        for balance in balances[1:]:
            P_D = divide_down(uint(P_D * balance * n), invariant)
        squared = uint(invariant * invariant)
        if self.rounding == "v3":
            c = divide_up(uint(squared * AMP_PRECISION), Ann * P_D) * balances[i]
            over_Ann = invariant * AMP_PRECISION // Ann
        else:
            c = divide_up(squared, Ann * P_D) * AMP_PRECISION * balances[i]
            over_Ann = invariant // Ann * AMP_PRECISION
        b = sum(balances) - balances[i] + over_Ann
        y = divide_up(uint(squared + c), invariant + b)
        for _ in range(MAX_ROUNDS):
            previous = y
            y = divide_up(uint(y * y + c), sub(2 * y + b, invariant))
            if -1 <= y - previous <= 1:
                return y
        raise MathError("STABLE_GET_BALANCE_DIDNT_CONVERGE")

    def calc_out_given_in(self, balances: Sequence[int], i: int, j: int, amount: int) -> int:
        """Rounded down, and one less."""
        invariant = self.calculate_invariant(balances, up=True)
        left = self.get_token_balance(_changed(balances, i, amount), j, invariant)
        return sub(sub(balances[j], left), 1)

    def calc_in_given_out(self, balances: Sequence[int], i: int, j: int, amount: int) -> int:
        """Rounded up, and one more."""
        invariant = self.calculate_invariant(balances, up=True)
        needed = self.get_token_balance(_changed(balances, j, -amount), i, invariant)
        return sub(needed, balances[i]) + 1

    def calc_bpt_out_given_exact_tokens_in(
        self, balances: Sequence[int], amounts: Sequence[int], *, supply: int, swap_fee: int
    ) -> int:
        """The fee is on what a coin is added in excess of the average growth. Rounded down."""
        total = sum(balances)
        grown = [
            div_down(balance + amount, balance)
            for balance, amount in zip(balances, amounts, strict=True)
        ]
        average = sum(
            mul_down(ratio, div_down(balance, total))
            for ratio, balance in zip(grown, balances, strict=True)
        )
        after = []
        for balance, amount, ratio in zip(balances, amounts, grown, strict=True):
            if ratio > average:
                untaxed = mul_down(balance, sub(average, ONE))
                taxed = mul_down(sub(amount, untaxed), ONE - swap_fee)
                after.append(balance + untaxed + taxed)
            else:
                after.append(balance + amount)
        ratio = self._invariant_ratio(balances, after)
        return mul_down(supply, ratio - ONE) if ratio > ONE else 0

    def calc_token_in_given_exact_bpt_out(
        self, balances: Sequence[int], bpt: int, *, i: int, supply: int, swap_fee: int
    ) -> int:
        """Rounded up."""
        current = self.calculate_invariant(balances, up=True)
        invariant = mul_up(div_up(supply + bpt, supply), current)
        without_fee = sub(self.get_token_balance(balances, i, invariant), balances[i])
        taxable = mul_up(without_fee, complement(div_down(balances[i], sum(balances))))
        return without_fee - taxable + div_up(taxable, ONE - swap_fee)

    def calc_bpt_in_given_exact_tokens_out(
        self, balances: Sequence[int], amounts: Sequence[int], *, supply: int, swap_fee: int
    ) -> int:
        """The fee is on what a coin is taken in excess of the average. Rounded up."""
        total = sum(balances)
        left = [
            div_up(sub(balance, amount), balance)
            for balance, amount in zip(balances, amounts, strict=True)
        ]
        average = sum(
            mul_up(ratio, div_up(balance, total))
            for ratio, balance in zip(left, balances, strict=True)
        )
        after = []
        for balance, amount, ratio in zip(balances, amounts, left, strict=True):
            if average > ratio:
                untaxed = mul_down(balance, complement(average))
                taxed = div_up(sub(amount, untaxed), ONE - swap_fee)
                after.append(sub(balance, untaxed + taxed))
            else:
                after.append(sub(balance, amount))
        return mul_up(supply, complement(self._invariant_ratio(balances, after)))

    def calc_token_out_given_exact_bpt_in(
        self, balances: Sequence[int], bpt: int, *, i: int, supply: int, swap_fee: int
    ) -> int:
        """Rounded down."""
        current = self.calculate_invariant(balances, up=True)
        invariant = mul_up(div_up(sub(supply, bpt), supply), current)
        without_fee = sub(balances[i], self.get_token_balance(balances, i, invariant))
        taxable = mul_up(without_fee, complement(div_down(balances[i], sum(balances))))
        return without_fee - taxable + mul_down(taxable, ONE - swap_fee)

    def _invariant_ratio(self, before: Sequence[int], after: Sequence[int]) -> int:
        current = self.calculate_invariant(before, up=True)
        return div_down(self.calculate_invariant(after), current)


def _changed(balances: Sequence[int], i: int, amount: int) -> list[int]:
    changed = list(balances)
    changed[i] = uint(balances[i] + amount) if amount >= 0 else sub(balances[i], -amount)
    return changed
