"""Flows of Balancer's pools: V1's write their own events, V2's Vault writes them for all pools.

Source: Balancer V1, BPool.sol; V2, IVault.sol, Swaps.sol and PoolBalances.sol. What an asset
manager reports of V2 and what `gulp` finds in V1 is in no event of a flow: it stays unexplained.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from watcher.errors import DecodeError
from watcher.protocols.balancer_v2 import vault_of
from watcher.protocols.events import Field, decoder, event, flow, whole
from watcher.state.flow import Flow, FlowAmount, FlowKind, Side
from watcher.state.log import Log
from watcher.state.target import Target
from watcher.state.token import to_address

V1_SWAP = event(
    "LOG_SWAP(address indexed caller, address indexed tokenIn, address indexed tokenOut, "
    "uint256 tokenAmountIn, uint256 tokenAmountOut)"
)
V1_JOIN = event("LOG_JOIN(address indexed caller, address indexed tokenIn, uint256 tokenAmountIn)")
V1_EXIT = event(
    "LOG_EXIT(address indexed caller, address indexed tokenOut, uint256 tokenAmountOut)"
)
V2_SWAP = event(
    "Swap(bytes32 indexed poolId, address indexed tokenIn, address indexed tokenOut, "
    "uint256 amountIn, uint256 amountOut)"
)
V2_BALANCES = event(
    "PoolBalanceChanged(bytes32 indexed poolId, address indexed liquidityProvider, "
    "address[] tokens, int256[] deltas, uint256[] protocolFeeAmounts)"
)


def _v1_swapped(target: Target, log: Log, values: Sequence[Field]) -> Flow | None:
    caller, *rest = values
    return flow(log, FlowKind.SWAP, caller, _exchanged(target, log, rest))


def _v1_joined(target: Target, log: Log, values: Sequence[Field]) -> Flow | None:
    caller, token, raw = values
    return flow(log, FlowKind.ADD, caller, [_amount(target, log, Side.IN, token, raw)])


def _v1_exited(target: Target, log: Log, values: Sequence[Field]) -> Flow | None:
    caller, token, raw = values
    return flow(log, FlowKind.REMOVE, caller, [_amount(target, log, Side.OUT, token, raw)])


def _v2_swapped(target: Target, log: Log, values: Sequence[Field]) -> Flow | None:
    _, *rest = values
    return flow(log, FlowKind.SWAP, None, _exchanged(target, log, rest))


def _v2_changed(target: Target, log: Log, values: Sequence[Field]) -> Flow | None:
    """A join or an exit; the protocol's part of the fees leaves the balances beside it."""
    _, provider, tokens, deltas, fees = values
    if not (isinstance(tokens, tuple) and isinstance(deltas, tuple) and isinstance(fees, tuple)):
        raise TypeError("the event's declaration is not what is read")
    if not len(tokens) == len(deltas) == len(fees):
        raise DecodeError(f"log {log.index} names {len(tokens)} tokens and other amounts of them")
    found = []
    for number, delta, fee in zip(tokens, deltas, fees, strict=True):
        token = to_address(number.to_bytes(20))
        side = Side.IN if delta > 0 else Side.OUT
        found.append(_amount(target, log, side, token, abs(delta)))
        found.append(_amount(target, log, Side.FEE, token, fee))
    joined = any(delta > 0 for delta in deltas)
    return flow(log, FlowKind.ADD if joined else FlowKind.REMOVE, provider, found)


def _exchanged(target: Target, log: Log, values: Sequence[Field]) -> list[FlowAmount]:
    token_in, token_out, amount_in, amount_out = values
    return [
        _amount(target, log, Side.IN, token_in, amount_in),
        _amount(target, log, Side.OUT, token_out, amount_out),
    ]


def _amount(target: Target, log: Log, side: Side, token: Field, raw: Field) -> FlowAmount:
    for known in target.tokens:
        if known.address == token:
            return FlowAmount(side, known.address, whole(raw))
    raise DecodeError(f"log {log.index} names the token {token}, which {target.label} has not")


V1_EVENTS = decoder({V1_SWAP: _v1_swapped, V1_JOIN: _v1_joined, V1_EXIT: _v1_exited})
V2_EVENTS = replace(
    decoder({V2_SWAP: _v2_swapped, V2_BALANCES: _v2_changed}),
    emitter=vault_of,
    topic1=lambda target: str(target.params["pool_id"]),
)
