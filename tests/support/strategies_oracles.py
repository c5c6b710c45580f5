"""States of what pools say of their past, for hypothesis."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.support.numbers import DECIMALS, sizes
from watcher.math.exact.tick_math import MAX_TICK, MIN_TICK, get_sqrt_price_at_tick
from watcher.state import PairOracle, PythPrice, RedemptionRate, TickOracle


@st.composite
def pyth_prices(draw: st.DrawFn) -> PythPrice:
    return PythPrice(
        price=draw(st.integers(-(2**63), 2**63 - 1)),
        conf=draw(sizes(0, 2**64 - 1)),
        expo=draw(st.integers(-36, 36)),
        publish_time=draw(st.integers(0, 2**40)),
    )


@st.composite
def redemption_rates(draw: st.DrawFn) -> RedemptionRate:
    return RedemptionRate(rate=draw(sizes(0, 2**256 - 1)), decimals=draw(st.integers(0, 77)))


@st.composite
def tick_oracles(draw: st.DrawFn) -> TickOracle:
    tick = draw(st.integers(MIN_TICK, MAX_TICK))
    return TickOracle(
        window=draw(st.integers(1, 86_400)),
        mean_tick=draw(st.just(tick) | st.integers(MIN_TICK, MAX_TICK)),
        mean_liquidity=draw(sizes(0, 2**128 - 1)),
        sqrt_price_x96=draw(st.just(get_sqrt_price_at_tick(tick)) | st.just(0)),
        decimals0=draw(DECIMALS),
        decimals1=draw(DECIMALS),
    )


@st.composite
def pair_oracles(draw: st.DrawFn) -> PairOracle:
    return PairOracle(
        window=draw(st.integers(1, 86_400)),
        price0_cumulative_last=draw(sizes(0, 2**256 - 1)),
        price1_cumulative_last=draw(sizes(0, 2**256 - 1)),
        timestamp_last=draw(st.integers(0, 2**32 - 1)),
        reserve0=draw(sizes(0, 2**112 - 1)),
        reserve1=draw(sizes(0, 2**112 - 1)),
        decimals0=draw(DECIMALS),
        decimals1=draw(DECIMALS),
    )
