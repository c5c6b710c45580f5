"""What a constant-product pair keeps for time-weighted prices: sums, not prices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class PairOracle:
    """Sums over seconds of price0 (token1 per token0) and price1 in units of 2**-112, modulo
    2**256, up to `timestamp_last`, which is modulo 2**32. The reserves have been in force
    since then. `window` is how many seconds the mean is of.
    """

    KIND: ClassVar[str] = "pair_oracle"
    VERSION: ClassVar[int] = 1

    window: int
    price0_cumulative_last: int
    price1_cumulative_last: int
    timestamp_last: int
    reserve0: int
    reserve1: int
    decimals0: int
    decimals1: int
