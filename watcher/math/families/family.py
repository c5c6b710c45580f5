"""What a kind of state can be asked exactly. The table of all of them is `math.quotes.FAMILIES`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Generic, TypeVar

from watcher.state.kinds import State

S = TypeVar("S", bound=State)


@dataclass(frozen=True, slots=True)
class Family(Generic[S]):
    """The functions of one kind; coins are indices in the state's own order.

    All amounts are in smallest units, and every function raises MathError where the contract
    reverts. What a protocol does not have is None.

    coins: how many there are to exchange.
    exact_in(state, coin_in, coin_out, amount_in): what it pays, fees included.
    exact_out(state, coin_in, coin_out, amount_out): what it costs, as the router or quoter asks.
    spot_price(state, coin_in, coin_out): the fee-less marginal price, smallest unit of coin_out
        per smallest unit of coin_in.
    without_fee(state): the same state with a fee of zero.
    add(state, amounts): LP tokens for these amounts.
    remove(state, liquidity): the amounts that burning LP tokens pays.
    remove_one(state, liquidity, coin): the same, all in one coin.
    """

    coins: Callable[[S], int]
    exact_in: Callable[[S, int, int, int], int]
    spot_price: Callable[[S, int, int], Fraction]
    without_fee: Callable[[S], S]
    exact_out: Callable[[S, int, int, int], int] | None = None
    add: Callable[[S, Sequence[int]], int] | None = None
    remove: Callable[[S, int], tuple[int, ...]] | None = None
    remove_one: Callable[[S, int, int], int] | None = None
