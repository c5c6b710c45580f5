"""degenbot: its functions for Uniswap V2 and Aerodrome, its pool of Uniswap V3 without a node."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from degenbot.aerodrome.functions import calc_exact_in_stable  # type: ignore[import-not-found]
from degenbot.uniswap.types import (  # type: ignore[import-not-found]
    UniswapV3LiquidityAtTick,
    UniswapV3PoolState,
)
from degenbot.uniswap.v2_functions import (  # type: ignore[import-not-found]
    constant_product_calc_exact_in,
)
from degenbot.uniswap.v3_liquidity_pool import UniswapV3Pool  # type: ignore[import-not-found]

from benchmarks.peers.quoter import Maker, Quote

LOWEST = 4_295_128_740
"""A price just inside the range of prices: no limit."""


def constant_product(data: Mapping[str, Any]) -> Quote:
    (reserve_in, reserve_out), fee = data["reserves"], Fraction(*data["fee"])
    return lambda amount: int(constant_product_calc_exact_in(amount, reserve_in, reserve_out, fee))


def ticks(data: Mapping[str, Any]) -> Quote:
    """All ticks are known, which it takes a shorter way for."""
    pool = object.__new__(UniswapV3Pool)
    pool.fee, pool.tick_spacing, pool.sparse_liquidity_map = data["fee"], data["spacing"], False
    rows = zip(data["ticks"], data["net"], data["gross"], strict=True)
    pool._state = UniswapV3PoolState(
        pool="0x" + "11" * 20,
        liquidity=data["liquidity"],
        sqrt_price_x96=data["sqrt_price_x96"],
        tick=data["tick"],
        tick_bitmap={},
        tick_data={tick: UniswapV3LiquidityAtTick(net, gross) for tick, net, gross in rows},
    )
    return lambda amount: -int(pool._calculate_swap(True, amount, LOWEST)[1])


def solidly(data: Mapping[str, Any]) -> Quote:
    reserves, units, fee = data["reserves"], data["units"], Fraction(*data["fee"])
    return lambda amount: int(calc_exact_in_stable(amount, 0, *reserves, *units, fee))


QUOTES: dict[str, Maker] = {
    "v2": constant_product,
    "v3_one_range": ticks,
    "v3_20_ticks": ticks,
    "solidly": solidly,
}
