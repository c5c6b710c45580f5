"""The figures of what flowed through a target in a block, and whether it explains what changed."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from watcher.math.flow_catalogue import FLOWS
from watcher.state.balancer_stable import BalancerStable
from watcher.state.concentrated import Concentrated
from watcher.state.constant_product import ConstantProduct
from watcher.state.cryptoswap import CryptoSwap
from watcher.state.flow import Decoded, Flow, FlowKind, Side
from watcher.state.kinds import State
from watcher.state.kyber_dmm import KyberDMM
from watcher.state.measure import Measure
from watcher.state.observation import Observation
from watcher.state.share_vault import ShareVault
from watcher.state.solidly import Solidly
from watcher.state.stableswap import StableSwap
from watcher.state.target import Target
from watcher.state.token import Address, Token
from watcher.state.weighted import Weighted

VOLUME_FLOOR = 1e-6
"""A block that trades no more than this part of a reserve says nothing of who wants what."""

NOT_BEFORE = "the block before was not read"

CORRECTING = frozenset({FlowKind.SYNC, FlowKind.REMOVE})
"""The events at which reserves follow the balances, whatever these are. What a swap or a mint
brought in is itself measured from the reserves to the balances, so that nothing is left over."""

Amounts = dict[Address, int]


@dataclass(frozen=True, slots=True)
class Settled:
    """What the flows leave over by token, signed, in smallest units."""

    corrected: Mapping[Address, int]
    unexplained: Mapping[Address, int]


def reserves(target: Target, state: State) -> Amounts | None:
    """What the target's flows add up to, by token; None where its state does not tell."""
    match state:
        case ConstantProduct() | Solidly() | KyberDMM():
            held: Sequence[int] = (state.reserve0, state.reserve1)
        case Concentrated() | StableSwap() | CryptoSwap() | Weighted() | BalancerStable():
            held = state.balances
        case ShareVault():
            held = (state.total_assets,)
        case _:
            return None
    if len(held) != len(target.tokens):
        return None
    return {token.address: raw for token, raw in zip(target.tokens, held, strict=True)}


def settle(
    opening: Mapping[Address, int], closing: Mapping[Address, int], flows: Iterable[Flow]
) -> Settled:
    """Go through the flows in their order, from what was held before to what is held after."""
    held = dict(opening)
    corrected, unexplained = dict.fromkeys(opening, 0), dict.fromkeys(opening, 0)
    for flow in flows:
        for token in opening:
            held[token] += net(flow, token)
        for amount in flow.amounts:
            if amount.side is Side.RESERVE:
                over = corrected if flow.kind in CORRECTING else unexplained
                over[amount.token] += amount.raw - held[amount.token]
                held[amount.token] = amount.raw
    for token, raw in closing.items():
        unexplained[token] += raw - held[token]
    return Settled(corrected, unexplained)


def net(flow: Flow, token: Address) -> int:
    """What the flow adds to the reserve of the token."""
    gone = _sum([flow], token, Side.OUT) + _sum([flow], token, Side.FEE)
    return _sum([flow], token, Side.IN) - gone


def flow_measures(
    target: Target, decoded: Decoded, before: Observation | None, now: Observation | None
) -> tuple[Measure, ...]:
    """The figures of one block. `before` is what was in force at its parent, None where that was
    not read; `now` what is in force at it. What is unknown is NaN with its reason."""
    opening, why_before = _held(target, before, NOT_BEFORE)
    closing, why_now = _held(target, now, "not read yet")
    settled = None
    if opening is not None and closing is not None and not decoded.problem:
        settled = settle(opening, closing, decoded.flows)
    why = decoded.problem or why_now or why_before
    found: list[Measure] = []
    for token in target.tokens:
        if target.kind in FLOWS["trade_volume"].kinds:
            volume, imbalance, reason = _traded(decoded, token, closing)
            found.append(_measure("trade_volume", token, volume, reason))
            found.append(_measure("trade_imbalance", token, imbalance, reason or why_now))
        found.append(_measure("lp_flow", token, _lp(decoded, token), decoded.problem))
        found += _left(settled, token, why)
    return tuple(found)


def _left(settled: Settled | None, token: Token, why: str) -> list[Measure]:
    corrected = unexplained = math.nan
    if settled is not None:
        corrected = units(settled.corrected[token.address], token)
        unexplained = units(settled.unexplained[token.address], token)
    return [
        _measure("corrected_flow", token, corrected, why),
        _measure("unexplained_flow", token, unexplained, why),
    ]


@dataclass(frozen=True, slots=True)
class Totals:
    """What flowed of one token over some blocks, in smallest units. `sold` is what swaps brought
    in, `bought` what they took out; `removed` left or was set aside, `collected` what of that, and
    of fees, left later."""

    token: Token
    sold: int
    bought: int
    added: int
    removed: int
    collected: int
    fees: int
    flash: int

    @property
    def imbalance(self) -> float:
        """(B - S) / (B + S), NaN where nothing was traded."""
        volume = self.bought + self.sold
        return (self.bought - self.sold) / volume if volume else math.nan


def totals(token: Token, flows: Sequence[Flow]) -> Totals:
    def of(kind: FlowKind, *sides: Side) -> int:
        some = [flow for flow in flows if flow.kind is kind]
        return sum(_sum(some, token.address, side) for side in sides)

    return Totals(
        token=token,
        sold=of(FlowKind.SWAP, Side.IN),
        bought=of(FlowKind.SWAP, Side.OUT),
        added=of(FlowKind.ADD, Side.IN),
        removed=of(FlowKind.REMOVE, Side.OUT, Side.OWED),
        collected=of(FlowKind.COLLECT, Side.OUT),
        fees=_sum(flows, token.address, Side.FEE),
        flash=of(FlowKind.FLASH, Side.IN),
    )


def units(raw: int, token: Token) -> float:
    """Whole tokens, correctly rounded; signed."""
    return float(raw / 10**token.decimals)


def _held(target: Target, observed: Observation | None, missing: str) -> tuple[Amounts | None, str]:
    """What is held, or why that is unknown."""
    if observed is None:
        return None, missing
    if observed.state is None:
        return None, f"target is {observed.status}"
    held = reserves(target, observed.state)
    return held, "" if held is not None else "its state does not tell what it holds of each token"


def _traded(
    decoded: Decoded, token: Token, closing: Mapping[Address, int] | None
) -> tuple[float, float, str]:
    """How much was traded, how one-sidedly, and why that is unknown."""
    if decoded.problem:
        return math.nan, math.nan, decoded.problem
    swaps = [flow for flow in decoded.flows if flow.kind is FlowKind.SWAP]
    sold = _sum(swaps, token.address, Side.IN)
    bought = _sum(swaps, token.address, Side.OUT)
    volume = units(bought + sold, token)
    if closing is None:
        return volume, math.nan, ""
    if volume <= VOLUME_FLOOR * units(closing[token.address], token):
        return volume, math.nan, "too little was traded"
    return volume, (bought - sold) / (bought + sold), ""


def _lp(decoded: Decoded, token: Token) -> float:
    if decoded.problem:
        return math.nan
    added = [flow for flow in decoded.flows if flow.kind is FlowKind.ADD]
    removed = [flow for flow in decoded.flows if flow.kind is FlowKind.REMOVE]
    address = token.address
    gone = _sum(removed, address, Side.OUT) + _sum(removed, address, Side.OWED)
    return units(_sum(added, address, Side.IN) - gone, token)


def _sum(flows: Iterable[Flow], token: Address, side: Side) -> int:
    return sum(
        amount.raw
        for flow in flows
        for amount in flow.amounts
        if amount.side is side and amount.token == token
    )


def _measure(name: str, token: Token, value: float, reason: str) -> Measure:
    known = math.isfinite(value)
    return Measure(
        name=name,
        value=value if known else math.nan,
        version=FLOWS[name].version,
        dims=(("token", token.address),),
        reason="" if known else reason or "undefined",
    )
