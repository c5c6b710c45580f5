"""Flows of pools that keep reserves of two tokens and say them: each trade, mint and burn is
written directly behind the Sync that says what the reserves are after it.

Source: Uniswap v2-core 1.0.1, UniswapV2Pair.sol; Aerodrome's Pool.sol; DMMPool.sol.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from watcher.protocols.events import Event, Events, Field, Reading, both, event, flow
from watcher.state.flow import Flow, FlowAmount, FlowKind, Side
from watcher.state.log import Log
from watcher.state.target import Target

MINT = event("Mint(address indexed sender, uint256 amount0, uint256 amount1)")
BURN = event("Burn(address indexed sender, uint256 amount0, uint256 amount1, address indexed to)")
SWAP = event(
    "Swap(address indexed sender, uint256 amount0In, uint256 amount1In, uint256 amount0Out, "
    "uint256 amount1Out, address indexed to)"
)


def added(target: Target, log: Log, values: Sequence[Field]) -> Flow | None:
    sender, amount0, amount1, *_ = values
    return flow(log, FlowKind.ADD, sender, both(target, Side.IN, amount0, amount1))


def removed(target: Target, log: Log, values: Sequence[Field]) -> Flow | None:
    sender, amount0, amount1, *_ = values
    return flow(log, FlowKind.REMOVE, sender, both(target, Side.OUT, amount0, amount1))


def swapped(target: Target, log: Log, values: Sequence[Field]) -> Flow | None:
    sender, in0, in1, out0, out1, *_ = values
    amounts = [*both(target, Side.IN, in0, in1), *both(target, Side.OUT, out0, out1)]
    return flow(log, FlowKind.SWAP, sender, amounts)


def pair_events(sync: Event, readings: Mapping[Event, Reading]) -> Events:
    """`sync` ends with both reserves. A Sync with nothing of `readings` directly behind it is a
    call of sync(), or of what else sets the reserves to the balances."""
    by_topic = {one.topic: (one, reading) for one, reading in readings.items()}

    def decode(target: Target, logs: Sequence[Log]) -> list[Flow]:
        flows: list[Flow] = []
        open_sync: Flow | None = None
        for log in logs:
            if log.topics[0] == sync.topic:
                if open_sync is not None:
                    flows.append(open_sync)
                open_sync = _sync(target, log, sync)
                continue
            found, reading = by_topic[log.topics[0]]
            read = reading(target, log, found.values(log))
            if open_sync is not None and (read is None or open_sync.index + 1 != log.index):
                flows.append(open_sync)
                open_sync = None
            if open_sync is not None and read is not None:
                read = replace(read, amounts=(*read.amounts, *open_sync.amounts))
                open_sync = None
            if read is not None:
                flows.append(read)
        return flows if open_sync is None else [*flows, open_sync]

    return Events((sync.topic, *by_topic), decode)


def _sync(target: Target, log: Log, sync: Event) -> Flow:
    reserve0, reserve1 = sync.values(log)[-2:]
    amounts: list[FlowAmount] = both(target, Side.RESERVE, reserve0, reserve1)
    return Flow(log.index, FlowKind.SYNC, None, tuple(amounts))
