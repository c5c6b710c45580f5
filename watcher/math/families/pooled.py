"""What the measures ask of a kind of pools of several coins, beside its exact quotes. The table of
all of them is `math.coin_pools.POOLED`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from watcher.state.kinds import State
from watcher.state.target import Target

S = TypeVar("S", bound=State)


def _same(state: S) -> S:
    return state


def _every_token(target: Target) -> tuple[int, ...]:
    return tuple(range(len(target.tokens)))


@dataclass(frozen=True, slots=True)
class Pooled(Generic[S]):
    """The functions of one kind; coins are places in the state's own order, which is that of the
    target's tokens. All amounts are in smallest units; MathError is raised where the contract
    reverts.

    balances(state), decimals(state): of every coin.
    after(state, coin_in, coin_out, amount_in): the pool after an exchange, the fee kept as the
        contract keeps it.
    coins(target): those that are measured, by their places: not those that stand behind others,
        nor a pool's own token.
    units(state): what the pool takes one smallest unit of each coin for, up to a common factor, at
        its own rates; None where it has none, since it then is at its target at its own price. A
        kind without the function has no pool with rates.
    weights(state): what part of the whole each coin is to be, up to a common factor; without it all
        the same part.
    at_rest(state): the same pool with what follows its trades where it is.
    """

    balances: Callable[[S], tuple[int, ...]]
    decimals: Callable[[S], tuple[int, ...]]
    after: Callable[[S, int, int, int], S]
    coins: Callable[[Target], tuple[int, ...]] = _every_token
    units: Callable[[S], tuple[int, ...] | None] | None = None
    weights: Callable[[S], tuple[int, ...]] | None = None
    at_rest: Callable[[S], S] = _same
