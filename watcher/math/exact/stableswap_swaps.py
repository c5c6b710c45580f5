"""Exchanges of StableSwap pools to the wei: what exchange pays, what the views quote.

Sources as in `stableswap`; get_dx as in StableSwapCompound and StableSwapRETH, and of NG as in
CurveStableSwapNGViews. Amounts are in the coins' smallest units.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from watcher.errors import MathError
from watcher.math.exact.fixed_point import UINT256_MAX, checked
from watcher.math.exact.stableswap import (
    FEE_DENOMINATOR,
    OVERFLOW,
    PRECISION,
    UNDERFLOW,
    Pool,
    dynamic_fee,
    get_D,
    get_y,
    require_pair,
    scaled,
)
from watcher.math.exact.stableswap_oracle import upkeep_oracles


@dataclass(frozen=True, slots=True)
class Exchanged:
    """`amount_out` is what the buyer gets; `balances` are the pool's afterwards."""

    amount_out: int
    balances: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Move:
    """x and y are the scaled balances after the move, `given` is xp[j] - y before any fee."""

    x: int
    y: int
    D: int
    given: int
    fee: int


def exchange(pool: Pool, i: int, j: int, dx: int) -> Exchanged:
    """What `exchange(i, j, dx)` pays. Raises MathError where it reverts."""
    if dx == 0 and pool.arithmetic.needs_input:
        raise MathError("do not exchange 0 coins")
    require_pair(i, j, len(pool.balances))
    xp = scaled(pool.balances, pool.rates)
    added = checked(dx, 256, UNDERFLOW) * pool.rates[i]
    x = xp[i] + checked(added, 256, OVERFLOW) // PRECISION
    return exchange_scaled(pool, i, j, dx=dx, x=x)


def exchange_scaled(pool: Pool, i: int, j: int, *, dx: int, x: int) -> Exchanged:
    """The same when `dx` of coin i has brought its scaled balance to `x`."""
    move = _move(pool, i, j, x=x, margin=pool.arithmetic.exchange_margin)
    dy_fee = move.given * move.fee // FEE_DENOMINATOR
    rate = pool.rates[j]
    dy = (move.given - dy_fee) * PRECISION // rate
    dy_admin_fee = dy_fee * pool.admin_fee // FEE_DENOMINATOR
    if pool.arithmetic.keeps_prices:
        xp = scaled(pool.balances, pool.rates)
        xp[i], xp[j] = x, move.y
        upkeep_oracles(pool, xp, move.D)
    balances = list(pool.balances)
    if pool.arithmetic.exchange_sets_balances:
        balances[i] = x * PRECISION // pool.rates[i]
        balances[j] = (move.y + dy_fee - dy_admin_fee) * PRECISION // rate
    else:
        balances[i] += dx
        balances[j] -= dy + dy_admin_fee * PRECISION // rate
        checked(balances[j], 256, UNDERFLOW)
    return Exchanged(dy, tuple(balances))


def get_dy(pool: Pool, i: int, j: int, dx: int) -> int:
    """What the view `get_dy(i, j, dx)` answers; in some contracts a unit beside `exchange`."""
    require_pair(i, j, len(pool.balances))
    xp = scaled(pool.balances, pool.rates)
    x = xp[i] + checked(dx, 256, UNDERFLOW) * pool.rates[i] // PRECISION
    return _viewed(pool, i, j, x=x, rate=pool.rates[j])


def get_dx(pool: Pool, i: int, j: int, dy: int) -> int:
    """The input that the pool's own get_dx, or the views of NG, ask for `dy`.

    It is an estimate of the contract's, no promise: exchanging it can pay a unit less than `dy`.
    """
    require_pair(i, j, len(pool.balances))
    xp = scaled(pool.balances, pool.rates)
    checked(dy, 256, UNDERFLOW)
    if pool.arithmetic.quoter == "views":
        fee = dynamic_fee(xp[i], xp[j], pool.fee, pool.offpeg_fee_multiplier)
        with_fee = _with_fee(dy * pool.rates[j] // PRECISION + 1, fee)
    else:
        with_fee = _with_fee(dy, pool.fee) * pool.rates[j] // PRECISION
    return _needed(pool, i, j, left=xp[j] - with_fee) * PRECISION // pool.rates[i]


def least_amount_in(pool: Pool, i: int, j: int, dy: int) -> int:
    """The least input that `exchange` pays `dy` or more for: for pools that have no quoter."""
    require_pair(i, j, len(pool.balances))
    if not 0 < dy < pool.balances[j]:
        raise MathError("no input buys that")

    def paid(dx: int) -> int:
        return exchange(pool, i, j, dx).amount_out

    return least_input(paid, dy=dy, guess=get_dx(pool, i, j, dy))


def least_input(paid: Callable[[int], int], *, dy: int, guess: int) -> int:
    """The least input that `paid` answers with `dy` or more, near `guess` as a rule.

    `paid` must not fall with its input where it does not raise MathError. Raises MathError where
    no input is enough.
    """

    def enough(dx: int) -> bool:
        try:
            return paid(dx) >= dy
        except MathError:
            return False

    low, high, step = 0, max(guess, 1), 1
    while not enough(high):
        if high > UINT256_MAX:
            raise MathError("no input buys that")
        low, high, step = high, high + step, step * 2
    step = 1
    while high - step > low and enough(high - step):
        high, step = high - step, step * 2
    low = max(low, high - step)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def exchange_underlying(pool: Pool, i: int, j: int, dx: int) -> int:
    """What `exchange_underlying` of a lending pool pays: into the wrapped coin at its rate, through
    the pool, and out again, each rounded down."""
    require_underlying(pool, i, j)
    rate_i = pool.rates[i] // pool.underlying_precisions[i]
    rate_j = pool.rates[j] // pool.underlying_precisions[j]
    wrapped = checked(dx, 256, UNDERFLOW) * PRECISION // rate_i
    return exchange(pool, i, j, wrapped).amount_out * rate_j // PRECISION


def get_dy_underlying(pool: Pool, i: int, j: int, dx: int) -> int:
    """What the view of that name answers, in underlying coins."""
    require_underlying(pool, i, j)
    precisions = pool.underlying_precisions
    x = scaled(pool.balances, pool.rates)[i] + checked(dx, 256, UNDERFLOW) * precisions[i]
    return _viewed(pool, i, j, x=x, rate=precisions[j] * PRECISION)


def get_dx_underlying(pool: Pool, i: int, j: int, dy: int) -> int:
    """The input in underlying coins that the view of that name asks for `dy`."""
    require_underlying(pool, i, j)
    precisions = pool.underlying_precisions
    xp = scaled(pool.balances, pool.rates)
    with_fee = _with_fee(checked(dy, 256, UNDERFLOW), pool.fee) * precisions[j]
    return _needed(pool, i, j, left=xp[j] - with_fee) // precisions[i]


def require_underlying(pool: Pool, i: int, j: int) -> None:
    if not pool.underlying_precisions:
        raise MathError("the pool lends nothing out: it has no underlying coins")
    require_pair(i, j, len(pool.underlying_precisions))


def _move(pool: Pool, i: int, j: int, *, x: int, margin: int) -> _Move:
    xp = scaled(pool.balances, pool.rates)
    D = get_D(pool, xp)
    y = get_y(pool, i, j, x=x, xp=xp, D=D)
    given = checked(xp[j] - y - margin, 256, UNDERFLOW)
    fee = dynamic_fee((xp[i] + x) // 2, (xp[j] + y) // 2, pool.fee, pool.offpeg_fee_multiplier)
    return _Move(x=x, y=y, D=D, given=given, fee=fee)


def _viewed(pool: Pool, i: int, j: int, *, x: int, rate: int) -> int:
    move = _move(pool, i, j, x=x, margin=pool.arithmetic.view_margin)
    if pool.arithmetic.view_fee_scaled:
        return (move.given - move.fee * move.given // FEE_DENOMINATOR) * PRECISION // rate
    dy = move.given * PRECISION // rate
    return dy - move.fee * dy // FEE_DENOMINATOR


def _with_fee(amount: int, fee: int) -> int:
    if fee >= FEE_DENOMINATOR:
        raise MathError(UNDERFLOW)
    return amount * FEE_DENOMINATOR // (FEE_DENOMINATOR - fee)


def _needed(pool: Pool, i: int, j: int, *, left: int) -> int:
    """What must be added to xp[i] so that `left` stays of coin j."""
    xp = scaled(pool.balances, pool.rates)
    x = get_y(pool, j, i, x=checked(left, 256, UNDERFLOW), xp=xp)
    return checked(x - xp[i], 256, UNDERFLOW)
