"""Exchanges of CryptoSwap pools to the wei: what exchange pays, what the views quote.

Sources as in `cryptoswap`; get_dx as in the views of NG. Amounts are in the coins' smallest units.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from watcher.errors import MathError
from watcher.math.exact.cryptoswap import (
    FEE_DENOMINATOR,
    Pool,
    current_D,
    fee,
    invariant,
    require_pair,
    scaled,
    unscaled,
)
from watcher.math.exact.cryptoswap_cubic import get_y
from watcher.math.exact.cryptoswap_newton import DIVISION, OVERFLOW, UNDERFLOW, WAD
from watcher.math.exact.cryptoswap_prices import tweak_price
from watcher.math.exact.fixed_point import checked

DX_ROUNDS = 5
TELLING = 10**5
"""v1 takes a price from amounts above this."""


@dataclass(frozen=True, slots=True)
class Exchanged:
    """`amount_out` is what the buyer gets, `pool` the pool afterwards."""

    amount_out: int
    pool: Pool


@dataclass(frozen=True, slots=True)
class _Move:
    xp: list[int]
    dy: int
    D: int
    K0: int


def get_dy(pool: Pool, i: int, j: int, dx: int) -> int:
    """What the view `get_dy(i, j, dx)` answers; `exchange` can revert where this does not."""
    n = pool.rules.coins
    require_pair(i, j, n)
    if dx == 0 and not (n == 2 and pool.rules.generation == "v1"):
        raise MathError("do not exchange 0 coins")
    return _move(pool, i, j, checked(dx, 256, UNDERFLOW)).dy


def get_dy_of_own_D(pool: Pool, i: int, j: int, dx: int) -> int:  # noqa: N802 — the contract's name
    """What `get_dy` answers in the one revision of CurveCryptoSwap2 that takes the D of the
    balances after the exchange: next to nothing, or it reverts."""
    require_pair(i, j, pool.rules.coins)
    balances = list(pool.balances)
    balances[i] += checked(dx, 256, UNDERFLOW)
    xp = scaled(pool, [checked(balance, 256, OVERFLOW) for balance in balances])
    return _solved(pool, xp, invariant(pool, xp), j).dy


def exchange(pool: Pool, i: int, j: int, dx: int) -> Exchanged:
    """What `exchange(i, j, dx)` pays and does. Raises MathError where it reverts."""
    require_pair(i, j, pool.rules.coins)
    if dx <= 0:
        raise MathError("do not exchange 0 coins")
    move = _move(pool, i, j, dx)
    balances = list(pool.balances)
    balances[i] += dx
    balances[j] = checked(balances[j] - move.dy, 256, UNDERFLOW)
    move.xp[j] = scaled(pool, balances)[j]
    moved = replace(pool, balances=tuple(balances), D=move.D)
    prices = None
    if pool.rules.generation == "v1" and min(dx, move.dy) > TELLING:
        prices = traded_prices(pool, i, j, dx, move.dy)
    after = tweak_price(moved, move.xp, last_prices=prices, K0_prev=move.K0)
    return Exchanged(move.dy, after)


def traded_prices(pool: Pool, i: int, j: int, dx: int, dy: int) -> tuple[int, ...] | None:
    """v1's last prices after a trade of these amounts."""
    dx, dy = dx * pool.precisions[i], dy * pool.precisions[j]
    if i == 0:
        return with_price(pool.last_prices, j, dx * WAD // dy)
    if j == 0:
        return with_price(pool.last_prices, i, dy * WAD // dx)
    return with_price(pool.last_prices, j, pool.last_prices[i - 1] * dx // dy)


def with_price(last_prices: Sequence[int], coin: int, price: int) -> tuple[int, ...] | None:
    """With a coin's last price; that of coin 0 moves all others. 0 tells nothing: None."""
    if price == 0:
        return None
    if coin == 0:
        return tuple(last * WAD // price for last in last_prices)
    return tuple(price if k == coin else last for k, last in enumerate(last_prices, start=1))


def get_dx(pool: Pool, i: int, j: int, dy: int) -> int:
    """The input that the views of NG ask for `dy`: five rounds of taking the fee off.

    It is an estimate of the contract's, no promise: exchanging it can pay less than `dy`.
    """
    require_pair(i, j, pool.rules.coins)
    if dy <= 0:
        raise MathError("do not exchange out 0 coins")
    D, dx, wanted = current_D(pool), 0, dy
    for _ in range(DX_ROUNDS):
        balances = list(pool.balances)
        balances[j] = checked(balances[j] - wanted, 256, UNDERFLOW)
        xp = scaled(pool, balances)
        x, _K0 = get_y(pool.rules, pool.A, pool.gamma, xp, D, i)
        dx = unscaled(pool, i, checked(x - xp[i], 256, UNDERFLOW))
        xp[i] = x
        wanted = dy + fee(pool, xp) * wanted // FEE_DENOMINATOR + 1
    return dx


def _move(pool: Pool, i: int, j: int, dx: int) -> _Move:
    """The pool's balances at the price scale after the move, and what it pays."""
    balances = list(pool.balances)
    balances[i] += dx
    xp = scaled(pool, [checked(balance, 256, OVERFLOW) for balance in balances])
    return _solved(pool, xp, current_D(pool), j)


def _solved(pool: Pool, xp: list[int], D: int, j: int) -> _Move:
    if D == 0:
        raise MathError(DIVISION)
    y, K0 = get_y(pool.rules, pool.A, pool.gamma, xp, D, j)
    dy = unscaled(pool, j, checked(xp[j] - y - 1, 256, UNDERFLOW))
    xp[j] = y
    dy -= fee(pool, xp) * dy // FEE_DENOMINATOR
    return _Move(xp, checked(dy, 256, UNDERFLOW), D, K0)
