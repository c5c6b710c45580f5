"""A swap over ticks, range by range, as UniswapV3Pool.swap and SwapMath.computeSwapStep go.

Each range has its own number: what belongs to the third ends in _3.
"""

from __future__ import annotations

from watcher.cli.formulas import Script
from watcher.math.exact.concentrated import boundaries, furthest, swap_fee_pips
from watcher.math.exact.fixed_point import UINT256_MAX
from watcher.math.exact.sqrt_price_math import Q96
from watcher.math.exact.swap_math import FEE_DENOMINATOR
from watcher.math.exact.tick_math import get_sqrt_price_at_tick
from watcher.math.families.concentrated import pool_of
from watcher.math.quotes import Quote
from watcher.state.concentrated import Concentrated

FUNCTION = "UniswapV3Pool.swap"


def explain_swap(state: Concentrated, quote: Quote, *, exact_out: bool) -> Script:
    """The last line is what was not asked for: the output, or the input with its fee."""
    pool, zero_for_one = pool_of(state), quote.coin_in == 0
    limit = furthest(zero_for_one=zero_for_one)
    walk = boundaries(pool, limit, zero_for_one=zero_for_one)
    script = Script(
        {
            "amountOut" if exact_out else "amountIn": (
                quote.amount_out if exact_out else quote.amount_in
            ),
            "fee": swap_fee_pips(pool, zero_for_one=zero_for_one),
            "Q96": Q96,
            "sqrtPrice_0": pool.sqrt_price_x96,
            "liquidity_1": pool.liquidity,
        }
    )
    wanted = "amountOut" if exact_out else "amountIn"
    ranges, price, liquidity, remaining = [], "sqrtPrice_0", "liquidity_1", wanted
    number = 0
    while script[remaining] and script[price] != limit:
        number += 1
        tick, net, known = next(walk)
        script.give(f"tick_{number}", tick)
        price_next = get_sqrt_price_at_tick(tick)
        nearest = max(price_next, limit) if zero_for_one else min(price_next, limit)
        target = script.give(f"sqrtPriceAtTick_{number}", nearest)
        if script[liquidity]:
            one = _Range(script, number, price, target, liquidity, zero_for_one=zero_for_one)
            price, remaining = one.exact_out(remaining) if exact_out else one.exact_in(remaining)
            ranges.append(number)
        else:
            price = target
        if script[price] == price_next and known and script[remaining]:
            liquidity = _crossed(script, number, liquidity, net)
    if exact_out:
        script.line("amountIn", " + ".join(f"amountIn_{i} + feeAmount_{i}" for i in ranges))
    else:
        script.line("amountOut", " + ".join(f"amountOut_{i}" for i in ranges))
    return script


def _crossed(script: Script, number: int, liquidity: str, net: int) -> str:
    """The liquidity of the next range; where a word of the bitmap ends it stays."""
    if net == 0:
        return liquidity
    sign = "+" if net > 0 else "-"
    changed = script.give(f"liquidityNet_{number}", abs(net))
    return script.line(f"liquidity_{number + 1}", f"{liquidity} {sign} {changed}")


class _Range:
    """From `price` towards `target` at one liquidity; names, not numbers."""

    def __init__(
        self,
        script: Script,
        number: int,
        price: str,
        target: str,
        liquidity: str,
        *,
        zero_for_one: bool,
    ) -> None:
        self._script, self._number = script, number
        self._price, self._target, self._liquidity = price, target, liquidity
        self._zero_for_one = zero_for_one

    def exact_in(self, remaining: str) -> tuple[str, str]:
        """The names of the price after it and of what remains of the input."""
        less_fee = self._line(
            "amountRemainingLessFee",
            f"{remaining} * ({FEE_DENOMINATOR} - fee) // {FEE_DENOMINATOR}",
        )
        whole = self._delta_in("amountInToTarget", self._target)
        if self._script[less_fee] < self._script[whole]:
            price = self._after_input(less_fee)
            amount_in = self._delta_in("amountIn", price)
            fee = self._line("feeAmount", f"{remaining} - {amount_in}")
        else:
            price = self._target
            amount_in = self._line("amountIn", whole)
            fee = self._fee(amount_in)
        self._delta_out("amountOut", price)
        return price, self._line("amountRemaining", f"{remaining} - {amount_in} - {fee}")

    def exact_out(self, remaining: str) -> tuple[str, str]:
        """The names of the price after it and of what is still wanted."""
        whole = self._delta_out("amountOutToTarget", self._target)
        if self._script[remaining] < self._script[whole]:
            price = self._after_output(remaining)
            amount_out = self._line("amountOut", remaining)
        else:
            price = self._target
            amount_out = self._line("amountOut", whole)
        self._fee(self._delta_in("amountIn", price))
        return price, self._line("amountRemaining", f"{remaining} - {amount_out}")

    def _line(self, name: str, formula: str) -> str:
        return self._script.line(f"{name}_{self._number}", formula)

    def _fee(self, amount_in: str) -> str:
        rest = f"({FEE_DENOMINATOR} - fee)"
        return self._line("feeAmount", f"({amount_in} * fee + {rest} - 1) // {rest}")

    def _delta_in(self, name: str, price: str) -> str:
        """SqrtPriceMath.getAmount0Delta or getAmount1Delta, rounded up."""
        if self._zero_for_one:
            return self._delta0(name, low=price, high=self._price, round_up=True)
        return self._delta1(name, low=self._price, high=price, round_up=True)

    def _delta_out(self, name: str, price: str) -> str:
        """Rounded down."""
        if self._zero_for_one:
            return self._delta1(name, low=price, high=self._price, round_up=False)
        return self._delta0(name, low=self._price, high=price, round_up=False)

    def _delta0(self, name: str, *, low: str, high: str, round_up: bool) -> str:
        product = f"{self._liquidity} * Q96 * ({high} - {low})"
        if not round_up:
            return self._line(name, f"{product} // {high} // {low}")
        part = self._line(f"{name}TimesPrice", f"({product} + {high} - 1) // {high}")
        return self._line(name, f"({part} + {low} - 1) // {low}")

    def _delta1(self, name: str, *, low: str, high: str, round_up: bool) -> str:
        product = f"{self._liquidity} * ({high} - {low})"
        return self._line(
            name, f"({product} + Q96 - 1) // Q96" if round_up else f"{product} // Q96"
        )

    def _after_input(self, amount: str) -> str:
        """SqrtPriceMath.getNextSqrtPriceFromInput."""
        price, liquidity = self._price, self._liquidity
        if not self._zero_for_one:
            return self._line("sqrtPrice", f"{price} + {amount} * Q96 // {liquidity}")
        script = self._script
        if script[liquidity] * Q96 + script[amount] * script[price] <= UINT256_MAX:
            divisor = self._line("divisor", f"{liquidity} * Q96 + {amount} * {price}")
            product = f"{liquidity} * Q96 * {price}"
        else:
            divisor = self._line("divisor", f"{liquidity} * Q96 // {price} + {amount}")
            product = f"{liquidity} * Q96"
        return self._line("sqrtPrice", f"({product} + {divisor} - 1) // {divisor}")

    def _after_output(self, amount: str) -> str:
        """SqrtPriceMath.getNextSqrtPriceFromOutput."""
        price, liquidity = self._price, self._liquidity
        if self._zero_for_one:
            quotient = f"({amount} * Q96 + {liquidity} - 1) // {liquidity}"
            return self._line("sqrtPrice", f"{price} - {quotient}")
        divisor = self._line("divisor", f"{liquidity} * Q96 - {amount} * {price}")
        product = f"{liquidity} * Q96 * {price}"
        return self._line("sqrtPrice", f"({product} + {divisor} - 1) // {divisor}")
