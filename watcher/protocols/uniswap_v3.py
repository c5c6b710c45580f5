"""Uniswap V3 and its forks of the same arithmetic and interface; fee and spacing are the pool's.

Source: Uniswap v3-core 1.0.1, UniswapV3Pool.sol and UniswapV3Factory.sol.
"""

from __future__ import annotations

from watcher.protocols.interface import view
from watcher.protocols.tick_events import SWAP
from watcher.protocols.v3_forks import Fork, adapter_of

PROTOCOL = "uniswap_v3"
SLOT0 = view("uniswap_v3/UniswapV3Pool", "slot0")

ADAPTER = adapter_of(
    Fork(
        protocol=PROTOCOL,
        title="Uniswap V3",
        variant="uniswap_v3",
        slot0=SLOT0,
        fee_unit=1 << 4,
        swap=SWAP,
    ),
    title="Uniswap V3 and forks",
)
identify, calls, decode = ADAPTER.identify, ADAPTER.calls, ADAPTER.decode
