"""Weighted pools of Balancer V2 and V3 on scaled balances: prod x_i^(w_i) stays.

Source: WeightedMath.sol of both, with their names. Balances and amounts have 18 decimals, weights
add up to 10**18. Each figure is rounded against whoever trades. Raises MathError on what the
contract refuses.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from watcher.errors import MathError
from watcher.math.exact.balancer_fixed_point import (
    ONE,
    complement,
    div_down,
    div_up,
    mul_down,
    mul_up,
    pow_down,
    pow_up,
    sub,
    uint,
)

MAX_IN_RATIO = 3 * ONE // 10
MAX_OUT_RATIO = 3 * ONE // 10
MAX_INVARIANT_RATIO = 3 * ONE
MIN_INVARIANT_RATIO = 7 * ONE // 10


@dataclass(frozen=True, slots=True)
class WeightedMath:
    """`first` are V2's pools of April 2021: they take no short cut to the powers of 1, 2 and 4, and
    round down what is left of the fee when one coin is withdrawn."""

    weights: tuple[int, ...]
    first: bool = False

    def calculate_invariant(self, balances: Sequence[int]) -> int:
        """Rounded down."""
        invariant = ONE
        for balance, weight in zip(balances, self.weights, strict=True):
            invariant = mul_down(invariant, self._pow_down(balance, weight))
        if invariant == 0:
            raise MathError("ZERO_INVARIANT")
        return invariant

    def calculate_invariant_up(self, balances: Sequence[int]) -> int:
        """`computeInvariantUp` of V3."""
        invariant = ONE
        for balance, weight in zip(balances, self.weights, strict=True):
            invariant = mul_up(invariant, self._pow_up(balance, weight))
        if invariant == 0:
            raise MathError("ZERO_INVARIANT")
        return invariant

    def calc_out_given_in(
        self, balance_in: int, balance_out: int, amount: int, *, i: int, j: int
    ) -> int:
        """out = b_o (1 - (b_i / (b_i + a))^(w_i / w_o)), rounded down."""
        if amount > mul_down(balance_in, MAX_IN_RATIO):
            raise MathError("MAX_IN_RATIO")
        base = div_up(balance_in, balance_in + amount)
        exponent = div_down(self.weights[i], self.weights[j])
        return mul_down(balance_out, complement(self._pow_up(base, exponent)))

    def calc_in_given_out(
        self, balance_in: int, balance_out: int, amount: int, *, i: int, j: int
    ) -> int:
        """in = b_i ((b_o / (b_o - a))^(w_o / w_i) - 1), rounded up."""
        if amount > mul_down(balance_out, MAX_OUT_RATIO):
            raise MathError("MAX_OUT_RATIO")
        base = div_up(balance_out, balance_out - amount)
        exponent = div_up(self.weights[j], self.weights[i])
        return mul_up(balance_in, sub(self._pow_up(base, exponent), ONE))

    def calc_bpt_out_given_exact_tokens_in(
        self, balances: Sequence[int], amounts: Sequence[int], *, supply: int, swap_fee: int
    ) -> int:
        """The fee is on what a coin is added in excess of the average growth. Rounded down."""
        grown = [
            div_down(balance + amount, balance)
            for balance, amount in zip(balances, amounts, strict=True)
        ]
        average = sum(mul_down(ratio, w) for ratio, w in zip(grown, self.weights, strict=True))
        invariant_ratio = ONE
        for i, balance in enumerate(balances):
            amount = amounts[i]
            if grown[i] > average:
                untaxed = mul_down(balance, sub(average, ONE))
                taxable = sub(amount, untaxed)
                amount = untaxed + taxable - mul_up(taxable, swap_fee)
            ratio = div_down(balance + amount, balance)
            invariant_ratio = mul_down(invariant_ratio, self._pow_down(ratio, self.weights[i]))
        return mul_down(supply, max(0, invariant_ratio - ONE))

    def calc_token_in_given_exact_bpt_out(
        self, balance: int, bpt: int, *, i: int, supply: int, swap_fee: int
    ) -> int:
        """Rounded up."""
        invariant_ratio = div_up(supply + bpt, supply)
        if invariant_ratio > MAX_INVARIANT_RATIO:
            raise MathError("MAX_OUT_BPT_FOR_TOKEN_IN")
        weight = self.weights[i]
        balance_ratio = self._pow_up(invariant_ratio, div_up(ONE, weight))
        without_fee = mul_up(balance, sub(balance_ratio, ONE))
        taxable = mul_up(without_fee, complement(weight))
        return without_fee - taxable + div_up(taxable, complement(swap_fee))

    def calc_bpt_in_given_exact_tokens_out(
        self, balances: Sequence[int], amounts: Sequence[int], *, supply: int, swap_fee: int
    ) -> int:
        """The fee is on what a coin is taken in excess of the average. Rounded up."""
        left = [
            div_up(sub(balance, amount), balance)
            for balance, amount in zip(balances, amounts, strict=True)
        ]
        average = sum(mul_up(ratio, w) for ratio, w in zip(left, self.weights, strict=True))
        invariant_ratio = ONE
        for i, balance in enumerate(balances):
            amount = amounts[i]
            if average > left[i]:
                untaxed = mul_down(balance, complement(average))
                amount = untaxed + div_up(sub(amount, untaxed), complement(swap_fee))
            ratio = div_down(sub(balance, amount), balance)
            invariant_ratio = mul_down(invariant_ratio, self._pow_down(ratio, self.weights[i]))
        return mul_up(supply, complement(invariant_ratio))

    def calc_token_out_given_exact_bpt_in(
        self, balance: int, bpt: int, *, i: int, supply: int, swap_fee: int
    ) -> int:
        """Rounded down, but for what the fee leaves."""
        invariant_ratio = div_up(sub(supply, bpt), supply)
        if invariant_ratio < MIN_INVARIANT_RATIO:
            raise MathError("MIN_BPT_IN_FOR_TOKEN_OUT")
        weight = self.weights[i]
        balance_ratio = self._pow_up(invariant_ratio, div_down(ONE, weight))
        without_fee = mul_down(balance, complement(balance_ratio))
        taxable = mul_up(without_fee, complement(weight))
        multiply = mul_down if self.first else mul_up
        return without_fee - taxable + multiply(taxable, complement(swap_fee))

    def compute_balance_out_given_invariant(
        self, balance: int, i: int, invariant_ratio: int
    ) -> int:
        """V3: what balance i becomes when the invariant grows or shrinks by a ratio. Rounded up."""
        divide = div_up if invariant_ratio > ONE else div_down
        return mul_up(balance, self._pow_up(invariant_ratio, divide(ONE, self.weights[i])))

    def _pow_down(self, x: int, y: int) -> int:
        return pow_down(x, y, short_cuts=not self.first)

    def _pow_up(self, x: int, y: int) -> int:
        return pow_up(x, y, short_cuts=not self.first)


def calc_all_tokens_in_given_exact_bpt_out(
    balances: Sequence[int], bpt: int, *, supply: int
) -> tuple[int, ...]:
    """In proportion, rounded up."""
    ratio = div_up(bpt, supply)
    return tuple(mul_up(balance, ratio) for balance in balances)


def calc_tokens_out_given_exact_bpt_in(
    balances: Sequence[int], bpt: int, *, supply: int
) -> tuple[int, ...]:
    """In proportion, rounded down."""
    ratio = div_down(uint(bpt), supply)
    return tuple(mul_down(balance, ratio) for balance in balances)
