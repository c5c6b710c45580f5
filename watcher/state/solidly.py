"""Pools of Solidly and its descendants: stable and volatile."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal, TypeAlias

SolidlyVersion: TypeAlias = Literal["v1", "v2"]
"""Whose search for a balance it is: Solidly's and Velodrome V1's, or Velodrome V2's."""


@dataclass(frozen=True, slots=True)
class Solidly:
    """Amounts in smallest units; the fee is `fee / fee_denominator` of the input.

    A swap or a mint is measured from the reserves to the balances, which differ by donations and,
    for tokens that rebase, in either direction.
    """

    KIND: ClassVar[str] = "solidly"
    VERSION: ClassVar[int] = 1

    version: SolidlyVersion
    stable: bool
    reserve0: int
    reserve1: int
    balance0: int
    balance1: int
    fee: int
    fee_denominator: int
    total_supply: int
    decimals0: int
    decimals1: int


def problems(state: Solidly) -> Iterator[str]:
    """Why such a pool cannot be."""
    if not 0 <= state.fee < state.fee_denominator:
        yield "state.fee is no part of state.fee_denominator"
