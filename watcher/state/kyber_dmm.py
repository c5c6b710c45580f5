"""Pairs of Kyber DMM: constant product on amplified reserves, with a fee that follows volume."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

WAD = 10**18
BPS = 10_000


@dataclass(frozen=True, slots=True)
class KyberDMM:
    """Amounts in smallest units. `fee` is of the input, with 18 decimals, as it stood at the block.

    Virtual reserves are the reserves where `amplification_bps` is 10,000. `k_last` is that of the
    virtual reserves after the last mint or burn with the protocol's fee on, `government_fee_bps`
    its part of the growth since then, 0 where it is off.
    """

    KIND: ClassVar[str] = "kyber_dmm"
    VERSION: ClassVar[int] = 1

    reserve0: int
    reserve1: int
    virtual_reserve0: int
    virtual_reserve1: int
    balance0: int
    balance1: int
    amplification_bps: int
    fee: int
    total_supply: int
    k_last: int
    government_fee_bps: int
    decimals0: int
    decimals1: int


def problems(state: KyberDMM) -> Iterator[str]:
    """Why such a pool cannot be."""
    if state.amplification_bps < BPS:
        yield f"state.amplification_bps is below {BPS}"
    if not 0 <= state.fee < WAD:
        yield f"state.fee is no part of {WAD}"
    reserves = (state.reserve0, state.reserve1)
    virtual = (state.virtual_reserve0, state.virtual_reserve1)
    if state.government_fee_bps > BPS:
        yield f"state.government_fee_bps is over {BPS}"
    if any(v < r for v, r in zip(virtual, reserves, strict=True)):
        yield "a virtual reserve of the state is below the real one"
    if state.amplification_bps == BPS and virtual != reserves:
        yield "the state is not amplified, but its virtual reserves are not its reserves"
