"""The time-weighted price that a Uniswap V3 pool (or a fork's) computes from its observations.

Source: Uniswap v3-core 1.0.1, UniswapV3Pool.sol (observe), and v3-periphery OracleLibrary.sol
(consult). The key of such a target is its window in seconds, half an hour where it has none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from watcher.errors import DecodeError
from watcher.math.exact.tick_math import MAX_TICK, MIN_TICK
from watcher.math.exact.tick_oracle import UINT160, arithmetic_mean_tick
from watcher.protocols import uniswap_v3
from watcher.protocols.adapter import Adapter, Entry, Identification
from watcher.protocols.interface import arrays_view
from watcher.protocols.options import mean_name, window_of
from watcher.protocols.uniswap_v3 import SLOT0
from watcher.state.call import Answer, Call
from watcher.state.target import Target
from watcher.state.tick_oracle import TickOracle

PROTOCOL = "uniswap_v3_twap"
OBSERVE = arrays_view("uniswap_v3/UniswapV3Pool", "observe")

INT56 = 1 << 56
KEPT_BITS = 32
"""Binary digits of the mean liquidity that the contract's rounding does not move."""


def identify(entry: Entry) -> Identification:
    """A pool of its factory, as it is watched itself; its observations need not reach back yet."""
    target = yield from uniswap_v3.identify(entry)
    params = {name: target.params[name] for name in ("factory", "fee", "tick_spacing")}
    return replace(
        target,
        protocol=PROTOCOL,
        kind=TickOracle.KIND,
        params={**params, "window": window_of(entry.key)},
        name=entry.name or mean_name(target, window_of(entry.key)),
    )


def calls(target: Target) -> list[Call]:
    pool = target.address
    return [SLOT0.call(pool), OBSERVE.call(pool, [window_of(target.key), 0], length=2)]


def decode(target: Target, answers: Sequence[Answer]) -> TickOracle:
    slot0, observed = answers
    sqrt_price_x96, *_ = SLOT0.integers(slot0)
    ticks, seconds_per_liquidity = OBSERVE.decode(observed, length=2)
    window = window_of(target.key)
    token0, token1 = target.tokens
    mean_tick = arithmetic_mean_tick(_int56(ticks[1] - ticks[0]), window)
    if not MIN_TICK <= mean_tick <= MAX_TICK:
        raise DecodeError(f"{target.label} answered a mean tick of {mean_tick}, which no pool has")
    return TickOracle(
        window=window,
        mean_tick=mean_tick,
        mean_liquidity=_mean_liquidity(seconds_per_liquidity[1] - seconds_per_liquidity[0], window),
        sqrt_price_x96=sqrt_price_x96,
        decimals0=token0.decimals,
        decimals1=token1.decimals,
    )


def _int56(value: int) -> int:
    """The contract's own difference, which wraps."""
    return (value + INT56 // 2) % INT56 - INT56 // 2


def _mean_liquidity(seconds_per_liquidity: int, window: int) -> int:
    """The harmonic mean of OracleLibrary.consult, its highest KEPT_BITS alone. 0 where the contract
    would divide by zero, which no pool with any liquidity comes to."""
    elapsed = seconds_per_liquidity % UINT160
    if elapsed == 0:
        return 0
    mean = window * (UINT160 - 1) // (elapsed << 32)
    unkept = max(mean.bit_length() - KEPT_BITS, 0)
    return mean >> unkept << unkept


ADAPTER = Adapter(
    protocol=PROTOCOL,
    kind=TickOracle.KIND,
    title="Uniswap V3 time-weighted prices",
    identify=identify,
    calls=calls,
    decode=decode,
    is_source=True,
    not_covered=(
        "A window longer than the pool's observations reach back: it has no mean, and says so.",
    ),
)
