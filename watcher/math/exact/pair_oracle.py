"""Time-weighted prices from a pair's sums.

Source: Uniswap v2-core UniswapV2Pair.sol (_update) and v2-periphery UniswapV2OracleLibrary.sol with
ExampleOracleSimple.sol. Prices are UQ112x112: units of 2**-112.
"""

from __future__ import annotations

from typing import NamedTuple

from watcher.errors import MathError

Q112 = 1 << 112
UINT32 = 1 << 32
UINT224 = 1 << 224
UINT256 = 1 << 256


class PriceSums(NamedTuple):
    """Sums of price * seconds since the pair began, modulo 2**256."""

    price0: int
    price1: int


def price_x112(reserve_in: int, reserve_out: int) -> int:
    """What one smallest unit that goes in is worth, rounded down (UQ112x112.uqdiv). Raises
    MathError without a reserve."""
    if reserve_in <= 0 or reserve_out <= 0:
        raise MathError("a side of the pool is empty")
    return (reserve_out << 112) // reserve_in


def current_sums(
    last: PriceSums, reserves: tuple[int, int], *, since: int, timestamp: int
) -> PriceSums:
    """`last` was written at `since`, modulo 2**32; the reserves have been in force up to
    `timestamp`, so that the sums grow by what a write would add (currentCumulativePrices)."""
    elapsed = (timestamp - since) % UINT32
    if elapsed == 0:
        return last
    reserve0, reserve1 = reserves
    return PriceSums(
        (last.price0 + price_x112(reserve0, reserve1) * elapsed) % UINT256,
        (last.price1 + price_x112(reserve1, reserve0) * elapsed) % UINT256,
    )


def average_x112(now: int, before: int, seconds: int) -> int:
    """The mean price between two sums, rounded down: uint224((now - before) / seconds)."""
    if seconds <= 0:
        raise MathError("no time has passed")
    return (now - before) % UINT256 // seconds % UINT224
