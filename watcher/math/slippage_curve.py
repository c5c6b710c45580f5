"""Slippage and price impact against size, by exact quotes of any state that exchanges."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from watcher.errors import MathError
from watcher.math import quotes
from watcher.state.kinds import State

MOST_LOST = Fraction(1, 2)
"""Where a curve ends."""
SPAN = 10_000
"""The largest size over the smallest."""
LARGEST = 2**200


@dataclass(frozen=True, slots=True)
class SizePoint:
    """`slippage` 1 - (out/q) / spot with the fee, `price_impact` without it; amounts in smallest
    units."""

    amount_in: int
    amount_out: int
    slippage: float
    price_impact: float


def slippage_curve(state: State, coin_in: int, coin_out: int, *, points: int) -> list[SizePoint]:
    """Sizes in equal steps of their logarithm, up to the one that loses half. Raises MathError
    where no size of up to that pays anything."""
    spot, free = quotes.spot_price(state, coin_in, coin_out), quotes.without_fee(state)
    if not spot:
        raise MathError("the spot price is 0")

    def lost(asked: State, amount: int) -> tuple[int, Fraction]:
        out = quotes.quote_exact_in(asked, coin_in, coin_out, amount).amount_out
        return out, 1 - out / (amount * spot)

    def bearable(amount: int) -> bool:
        try:
            return lost(state, amount)[1] <= MOST_LOST
        except MathError:
            return False

    largest = _largest(bearable)
    found: list[SizePoint] = []
    for step in range(points):
        amount = max(1, round(largest / SPAN ** (1 - step / max(points - 1, 1))))
        try:
            (out, slippage), (_, impact) = lost(state, amount), lost(free, amount)
        except MathError:
            # so little that it buys nothing
            continue
        if not found or amount > found[-1].amount_in:
            found.append(SizePoint(amount, out, float(slippage), float(impact)))
    return found


def _largest(bearable: Callable[[int], bool]) -> int:
    """To a part in 1000."""
    sizes = [1 << bits for bits in range(LARGEST.bit_length()) if bearable(1 << bits)]
    if not sizes:
        raise MathError("no size pays half of what it would at the spot price")
    low, high = sizes[-1], 2 * sizes[-1]
    while high - low > max(1, low // 1000):
        middle = (low + high) // 2
        low, high = (middle, high) if bearable(middle) else (low, middle)
    return low
