"""The sums from which the time-weighted price of a Uniswap V2 pair (or a fork's) is made.

Source: Uniswap v2-core 1.0.1, UniswapV2Pair.sol (_update). The key of such a target is its window
in seconds, half an hour where it has none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from watcher.protocols import uniswap_v2
from watcher.protocols.adapter import Adapter, Entry, Identification
from watcher.protocols.interface import Views, view
from watcher.protocols.options import mean_name, window_of
from watcher.protocols.uniswap_v2 import GET_RESERVES
from watcher.state.call import Answer, Call
from watcher.state.pair_oracle import PairOracle
from watcher.state.target import Target

PROTOCOL = "uniswap_v2_twap"

_PAIR = "uniswap_v2/UniswapV2Pair"
PRICE0_CUMULATIVE_LAST = view(_PAIR, "price0CumulativeLast")
PRICE1_CUMULATIVE_LAST = view(_PAIR, "price1CumulativeLast")
STATE = Views(GET_RESERVES, PRICE0_CUMULATIVE_LAST, PRICE1_CUMULATIVE_LAST)
"""What `calls` asks."""


def identify(entry: Entry) -> Identification:
    """A pair of its factory; what it takes as a fee does not matter for its sums."""
    target = yield from uniswap_v2.identify_pair(entry)
    return replace(
        target,
        protocol=PROTOCOL,
        kind=PairOracle.KIND,
        share=None,
        params={**target.params, "window": window_of(entry.key)},
        name=entry.name or mean_name(target, window_of(entry.key)),
    )


def calls(target: Target) -> list[Call]:
    pair = target.address
    return [
        GET_RESERVES.call(pair),
        PRICE0_CUMULATIVE_LAST.call(pair),
        PRICE1_CUMULATIVE_LAST.call(pair),
    ]


def decode(target: Target, answers: Sequence[Answer]) -> PairOracle:
    reserve0, reserve1, last, price0, price1 = STATE.integers(answers)
    token0, token1 = target.tokens
    return PairOracle(
        window=window_of(target.key),
        price0_cumulative_last=price0,
        price1_cumulative_last=price1,
        timestamp_last=last,
        reserve0=reserve0,
        reserve1=reserve1,
        decimals0=token0.decimals,
        decimals1=token1.decimals,
    )


ADAPTER = Adapter(
    protocol=PROTOCOL,
    kind=PairOracle.KIND,
    title="Uniswap V2 time-weighted prices",
    identify=identify,
    calls=calls,
    decode=decode,
    is_source=True,
    not_covered=("The price within the window: the sums know the mean alone.",),
)
