"""Pancake V3: Uniswap V3's interface and arithmetic, but for the protocol's part of the fee, which
is so many 1/10,000 of it and takes 32 bits of `slot0`.

Source: @pancakeswap/v3-core 1.0.2, PancakeV3Pool and PancakeV3Factory.
"""

from __future__ import annotations

from watcher.protocols.events import event
from watcher.protocols.interface import view
from watcher.protocols.v3_forks import Fork, adapter_of

PROTOCOL = "pancake_v3"
_POOL = "pancake_v3/PancakeV3Pool"
SLOT0 = view(_POOL, "slot0")
LM_POOL = view(_POOL, "lmPool")
SWAP = event(
    "Swap(address indexed sender, address indexed recipient, int256 amount0, int256 amount1, "
    "uint160 sqrtPriceX96, uint128 liquidity, int24 tick, uint128 protocolFeesToken0, "
    "uint128 protocolFeesToken1)"
)

ADAPTER = adapter_of(
    Fork(
        protocol=PROTOCOL,
        title="Pancake V3",
        variant="pancake_v3",
        slot0=SLOT0,
        fee_unit=1 << 16,
        swap=SWAP,
        mark=LM_POOL,
    ),
    title="Pancake V3 and forks",
)
