"""Moves in a StableSwap pool, and what our arithmetic says that each of them does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

from watcher.errors import MathError
from watcher.math.exact import saddle
from watcher.math.exact import stableswap_liquidity as liquidity
from watcher.math.exact import stableswap_swaps as swaps
from watcher.math.exact.stableswap import Pool, get_virtual_price

Numbers: TypeAlias = tuple[int, ...]
Views: TypeAlias = tuple[int | None, int | None]


@dataclass(frozen=True, slots=True)
class Move:
    """`given` of an exchange are i, j, dx; of swap_out i, j, dy; of add and imbalance one amount a
    coin; of remove the LP tokens burned, and of one_coin those and the coin."""

    kind: str
    given: Numbers


@dataclass(frozen=True, slots=True)
class Outcome:
    """`paid` are coins that the trader got, or gave where negative; `minted` LP tokens, likewise;
    `balances` are the pool's."""

    paid: Numbers
    minted: int
    balances: Numbers


def play(pool: Pool, move: Move) -> tuple[Outcome | None, Pool]:
    """What a move does and the pool after it; None, and the pool as it was, where it reverts."""
    try:
        outcome = _PLAYED[move.kind](pool, move.given)
    except MathError:
        return None, pool
    supply = pool.total_supply + outcome.minted
    return outcome, replace(pool, balances=outcome.balances, total_supply=supply)


def viewed(pool: Pool, move: Move) -> Views:
    """The virtual price, and what the pool's own view says of the move where it has one."""
    return _or_none(lambda: get_virtual_price(pool)), _or_none(lambda: _view(pool, move))


def _view(pool: Pool, move: Move) -> int:
    match move.kind:
        case "exchange":
            i, j, dx = move.given
            return swaps.get_dy(pool, i, j, dx)
        case "add":
            return liquidity.calc_token_amount(pool, move.given, is_deposit=True)
        case "imbalance":
            return liquidity.calc_token_amount(pool, move.given, is_deposit=False)
        case _:
            raise MathError("there is no such view")


def _or_none(ask: Callable[[], int]) -> int | None:
    try:
        return ask()
    except MathError:
        return None


def _exchange(pool: Pool, given: Numbers) -> Outcome:
    i, j, dx = given
    done = swaps.exchange(pool, i, j, dx)
    return Outcome(_coins(pool, {i: -dx, j: done.amount_out}), 0, done.balances)


def _swap_out(pool: Pool, given: Numbers) -> Outcome:
    i, j, dy = given
    done = saddle.swap_out(pool, i, j, dy)
    return Outcome(_coins(pool, {i: -done.amount_in, j: dy}), 0, done.balances)


def _add(pool: Pool, amounts: Numbers) -> Outcome:
    done = liquidity.add_liquidity(pool, amounts)
    return Outcome(tuple(-amount for amount in amounts), done.liquidity, done.balances)


def _remove(pool: Pool, given: Numbers) -> Outcome:
    paid = liquidity.remove_liquidity(pool, given[0])
    left = tuple(held - out for held, out in zip(pool.balances, paid, strict=True))
    return Outcome(paid, -given[0], left)


def _imbalance(pool: Pool, amounts: Numbers) -> Outcome:
    done = liquidity.remove_liquidity_imbalance(pool, amounts)
    return Outcome(amounts, -done.liquidity, done.balances)


def _one_coin(pool: Pool, given: Numbers) -> Outcome:
    burned, i = given
    done = liquidity.remove_liquidity_one_coin(pool, burned, i)
    return Outcome(_coins(pool, {i: done.amount}), -burned, done.balances)


def _coins(pool: Pool, paid: Mapping[int, int]) -> Numbers:
    return tuple(paid.get(k, 0) for k in range(len(pool.balances)))


_PLAYED: Mapping[str, Callable[[Pool, Numbers], Outcome]] = {
    "exchange": _exchange,
    "swap_out": _swap_out,
    "add": _add,
    "remove": _remove,
    "imbalance": _imbalance,
    "one_coin": _one_coin,
}
