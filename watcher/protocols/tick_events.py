"""Flows of pools that answer as Uniswap V3 does. What a burn sets aside stays in the pool until it
is collected; a callback that pays more than it must is no event, nor is a transfer to the pool.

Source: Uniswap v3-core 1.0.1, IUniswapV3PoolEvents.sol and UniswapV3Pool.sol.
"""

from __future__ import annotations

from collections.abc import Sequence

from watcher.protocols.events import Event, Events, Field, both, decoder, event, flow, signed
from watcher.state.flow import Flow, FlowKind, Side
from watcher.state.log import Log
from watcher.state.target import Target

SWAP = event(
    "Swap(address indexed sender, address indexed recipient, int256 amount0, int256 amount1, "
    "uint160 sqrtPriceX96, uint128 liquidity, int24 tick)"
)
MINT = event(
    "Mint(address sender, address indexed owner, int24 indexed tickLower, "
    "int24 indexed tickUpper, uint128 amount, uint256 amount0, uint256 amount1)"
)
BURN = event(
    "Burn(address indexed owner, int24 indexed tickLower, int24 indexed tickUpper, "
    "uint128 amount, uint256 amount0, uint256 amount1)"
)
COLLECT = event(
    "Collect(address indexed owner, address recipient, int24 indexed tickLower, "
    "int24 indexed tickUpper, uint128 amount0, uint128 amount1)"
)
COLLECT_PROTOCOL = event(
    "CollectProtocol(address indexed sender, address indexed recipient, uint128 amount0, "
    "uint128 amount1)"
)
FLASH = event(
    "Flash(address indexed sender, address indexed recipient, uint256 amount0, uint256 amount1, "
    "uint256 paid0, uint256 paid1)"
)


def tick_events(swap: Event) -> Events:
    """`swap` begins with its sender, its recipient and what the pool received of both tokens."""
    return decoder(
        {
            swap: _swapped,
            MINT: _minted,
            BURN: _burned,
            COLLECT: _collected,
            COLLECT_PROTOCOL: _fees_collected,
            FLASH: _flashed,
        }
    )


def _swapped(target: Target, log: Log, values: Sequence[Field]) -> Flow | None:
    sender, _, amount0, amount1, *_ = values
    return flow(log, FlowKind.SWAP, sender, signed(target, amount0, amount1))


def _minted(target: Target, log: Log, values: Sequence[Field]) -> Flow | None:
    _, owner, _, _, _, amount0, amount1 = values
    return flow(log, FlowKind.ADD, owner, both(target, Side.IN, amount0, amount1))


def _burned(target: Target, log: Log, values: Sequence[Field]) -> Flow | None:
    owner, _, _, _, amount0, amount1 = values
    return flow(log, FlowKind.REMOVE, owner, both(target, Side.OWED, amount0, amount1))


def _collected(target: Target, log: Log, values: Sequence[Field]) -> Flow | None:
    owner, _, _, _, amount0, amount1 = values
    return flow(log, FlowKind.COLLECT, owner, both(target, Side.OUT, amount0, amount1))


def _fees_collected(target: Target, log: Log, values: Sequence[Field]) -> Flow | None:
    sender, _, amount0, amount1 = values
    return flow(log, FlowKind.FEE, sender, both(target, Side.FEE, amount0, amount1))


def _flashed(target: Target, log: Log, values: Sequence[Field]) -> Flow | None:
    sender, _, _, _, paid0, paid1 = values
    return flow(log, FlowKind.FLASH, sender, both(target, Side.IN, paid0, paid1))
