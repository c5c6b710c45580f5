"""A time-weighted price of a pool with ticks, as the pool itself computes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class TickOracle:
    """Means over the last `window` seconds: the tick, rounded down, and the liquidity in range.

    `mean_liquidity` is the harmonic mean, rounded down to 32 binary digits, since the contract's
    own rounding moves the lower ones while nothing happens. `sqrt_price_x96` is the price now.
    """

    KIND: ClassVar[str] = "tick_oracle"
    VERSION: ClassVar[int] = 1

    window: int
    mean_tick: int
    mean_liquidity: int
    sqrt_price_x96: int
    decimals0: int
    decimals1: int
