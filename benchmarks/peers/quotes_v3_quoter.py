"""uniswap-v3-quoter, its pool made in memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from uniswap_v3_quoter.quoter import QuoterV3  # type: ignore[import-not-found]
from uniswap_v3_quoter.state.pool_state import (  # type: ignore[import-not-found]
    PoolState,
    TickInfo,
)

from benchmarks.peers.quoter import Maker, Quote

POOL = "0x" + "11" * 20


class Known:
    """What has been fetched."""

    def __init__(self, state: PoolState) -> None:
        self._state = state

    def get_pool_state(self, _address: str) -> PoolState:
        return self._state


def ticks(data: Mapping[str, Any]) -> Quote:
    state = PoolState(
        address=POOL,
        token0="0x" + "22" * 20,
        token1="0x" + "33" * 20,
        fee=data["fee"],
        tick_spacing=data["spacing"],
        sqrt_price_x96=data["sqrt_price_x96"],
        tick=data["tick"],
        liquidity=data["liquidity"],
    )
    for tick, net, gross in zip(data["ticks"], data["net"], data["gross"], strict=True):
        state.ticks[tick] = TickInfo(liquidity_gross=gross, liquidity_net=net, initialized=True)
        word, bit = divmod(tick // data["spacing"], 256)
        state.tick_bitmap[word] = state.tick_bitmap.get(word, 0) | 1 << bit
    quoter = QuoterV3(None, Known(state))
    return lambda amount: int(quoter.quote_exact_input_single(POOL, True, amount))


QUOTES: dict[str, Maker] = {"v3_one_range": ticks, "v3_20_ticks": ticks}
