"""An index token of Set: a share of a basket whose units it names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

WAD = 10**18


@dataclass(frozen=True, slots=True)
class SetComponent:
    """Of one component: `default_unit` is what a whole index token has of it at hand, `total_unit`
    that and what external positions have, less what they owe, in the component's smallest unit;
    `balance` is what the index token's contract holds."""

    default_unit: int
    total_unit: int
    balance: int


@dataclass(frozen=True, slots=True)
class SetToken:
    """`components` and `weights` are in the order of the target's tokens; weights have 18 decimals
    and sum to 1, and there are none where nobody names them. `valuation` is what SetValuer says of
    a whole index token, with 18 decimals; empty where it is not asked. The index token has
    18 decimals."""

    KIND: ClassVar[str] = "set_token"
    VERSION: ClassVar[int] = 1

    total_supply: int
    components: tuple[SetComponent, ...]
    weights: tuple[int, ...]
    valuation: tuple[int, ...]
    decimals: tuple[int, ...]


def problems(state: SetToken) -> Iterator[str]:
    """Why such a token cannot be."""
    if len(state.components) != len(state.decimals):
        yield "state.components and state.decimals differ in length"
    if len(state.valuation) > 1:
        yield "state.valuation has more than one figure"
    if state.weights and (
        len(state.weights) != len(state.components)
        or sum(state.weights) != WAD
        or min(state.weights) <= 0
    ):
        yield "state.weights are not parts of one, one for each component"
