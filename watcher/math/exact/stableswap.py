"""The StableSwap invariant to the wei, in the order of each contract that has it.

    A n^n S + D = A n^n D + D^(n+1) / (n^n prod x)

Sources: curve-contract (StableSwapSUSD, StableSwapCompound, StableSwapRen, StableSwap3Pool,
StableSwapSTETH, StableSwapRETH, StableSwapAave), curve-factory (Plain*, Meta*), stableswap-ng, and
Saddle's SwapUtils.sol; `stableswap_variants` says what differs. Amounts are in the coins' smallest
units; `xp` are balances at their rates, with 18 decimals. As in the contracts, the amplification
`amp` is A n^(n-1), times `a_precision`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from watcher.errors import MathError
from watcher.math.exact.fixed_point import UINT256_MAX, checked
from watcher.math.exact.stableswap_variants import ARITHMETIC, Arithmetic, Variant

PRECISION = 10**18
FEE_DENOMINATOR = 10**10
MAX_ROUNDS = 255

OVERFLOW = "arithmetic overflow"
UNDERFLOW = "arithmetic underflow"
DIVISION = "division by zero"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """What the arithmetic of one pool needs.

    balances: without what belongs to the administrator. rates: 10**18 is one unit with 18 decimals
    (10**30 for a coin of 6 decimals worth one). fee, admin_fee: parts of FEE_DENOMINATOR.
    offpeg_fee_multiplier: likewise; at most FEE_DENOMINATOR where the fee is flat.
    underlying_precisions: in a lending pool, units of 18 decimals for one of each underlying coin.
    withdraw_fee: Saddle's, a part of FEE_DENOMINATOR.
    """

    variant: Variant
    balances: tuple[int, ...]
    rates: tuple[int, ...]
    amp: int
    a_precision: int
    fee: int
    admin_fee: int
    offpeg_fee_multiplier: int
    total_supply: int
    underlying_precisions: tuple[int, ...] = ()
    withdraw_fee: int = 0

    @property
    def arithmetic(self) -> Arithmetic:
        return ARITHMETIC[self.variant]


def amplification(
    timestamp: int, *, initial: int, future: int, initial_time: int, future_time: int
) -> int:
    """A at `timestamp` on its ramp, linear in time and rounded as `_A` does."""
    if timestamp >= future_time:
        return future
    elapsed, duration = timestamp - initial_time, future_time - initial_time
    if elapsed < 0:
        raise MathError(UNDERFLOW)
    if future > initial:
        return initial + (future - initial) * elapsed // duration
    return initial - (initial - future) * elapsed // duration


def scaled(balances: Sequence[int], rates: Sequence[int]) -> list[int]:
    """`_xp_mem`: balances at their rates, each rounded down."""
    return [balance * rate // PRECISION for balance, rate in zip(balances, rates, strict=True)]


def get_D(pool: Pool, xp: Sequence[int]) -> int:  # noqa: N802 — the contract's name
    """The invariant D; 0 for an empty pool.

    Newton's method on f(D) = D^(n+1) / (n^n prod x) + (A n^n - 1) D - A n^n S. Raises MathError on
    an overflow, an empty side that the contract divides by, and where the contract demands
    convergence within 255 rounds and there is none.
    """
    n = len(xp)
    total = checked(sum(xp), 256, OVERFLOW)
    if total == 0:
        return 0
    rule = pool.arithmetic.d_product
    precision = pool.a_precision
    Ann = pool.amp * n
    if Ann < precision:
        raise MathError(UNDERFLOW)
    divisors = list(xp) if rule == "all" else [x * n + (rule == "plus_one") for x in xp]
    last_divisor = n**n if rule == "all" else 1
    if 0 in divisors:
        raise MathError(DIVISION)
    weighted_sum = checked(Ann * total, 256, OVERFLOW) // precision
    D = total
    for _ in range(MAX_ROUNDS):
        D_P = D
        for divisor in divisors:
            product = D_P * D
            if product > UINT256_MAX:
                raise MathError(OVERFLOW)
            D_P = product // divisor
        D_P //= last_divisor
        numerator = (weighted_sum + D_P * n) * D
        if numerator > UINT256_MAX:
            raise MathError(OVERFLOW)
        denominator = (Ann - precision) * D // precision + (n + 1) * D_P
        if denominator == 0:
            raise MathError(DIVISION)
        previous, D = D, numerator // denominator
        if -1 <= D - previous <= 1:
            return D
    if pool.arithmetic.must_converge:
        raise MathError("D does not converge")
    return D


def get_y(pool: Pool, i: int, j: int, *, x: int, xp: Sequence[int], D: int | None = None) -> int:
    """What xp[j] becomes when xp[i] becomes `x`, D being kept."""
    require_pair(i, j, len(xp))
    invariant = get_D(pool, xp) if D is None else D
    others = [x if k == i else xp[k] for k in range(len(xp)) if k != j]
    return _solve(pool, others, invariant)


def get_y_D(pool: Pool, i: int, *, xp: Sequence[int], D: int) -> int:  # noqa: N802
    """What xp[i] becomes when the invariant becomes `D`, the other coins being kept."""
    return _solve(pool, [x for k, x in enumerate(xp) if k != i], D)


def _solve(pool: Pool, others: Sequence[int], D: int) -> int:
    """The balance y that has invariant D with `others`.

    y^2 + (S' + D/Ann - D) y = c, with c = D^(n+1) / (n^n prod' Ann): Newton's
    y = (y^2 + c) / (2y + b - D), from y = D.
    """
    n = len(others) + 1
    Ann = pool.amp * n
    c = D
    for x in others:
        if x == 0:
            raise MathError(DIVISION)
        c = checked(c * D, 256, OVERFLOW) // (x * n)
    c = checked(c * D * pool.a_precision, 256, OVERFLOW) // (Ann * n)
    b_less_D = sum(others) + D * pool.a_precision // Ann - D
    y = D
    for _ in range(MAX_ROUNDS):
        numerator = y * y + c
        if numerator > UINT256_MAX:
            raise MathError(OVERFLOW)
        denominator = 2 * y + b_less_D
        if denominator <= 0:
            raise MathError(UNDERFLOW if denominator else DIVISION)
        previous, y = y, numerator // denominator
        if -1 <= y - previous <= 1:
            return y
    if pool.arithmetic.must_converge:
        raise MathError("y does not converge")
    return y


def get_virtual_price(pool: Pool) -> int:
    """D for 10**18 LP tokens, rounded down."""
    D = get_D(pool, scaled(pool.balances, pool.rates))
    if pool.total_supply == 0:
        if pool.arithmetic.priced_when_empty:
            return 0
        raise MathError(DIVISION)
    return checked(D * PRECISION, 256, OVERFLOW) // pool.total_supply


def dynamic_fee(xpi: int, xpj: int, fee: int, offpeg_fee_multiplier: int) -> int:
    """`_dynamic_fee`: the fee grows, up to the multiplier, as two sides differ."""
    if offpeg_fee_multiplier <= FEE_DENOMINATOR:
        return fee
    if xpi + xpj == 0:
        raise MathError(DIVISION)
    balanced = (offpeg_fee_multiplier - FEE_DENOMINATOR) * 4 * xpi * xpj // (xpi + xpj) ** 2
    return offpeg_fee_multiplier * fee // (balanced + FEE_DENOMINATOR)


def liquidity_fee(pool: Pool) -> int:
    """The fee on what adding or removing moves away from the pool's proportions."""
    n = len(pool.balances)
    return pool.fee * n // (4 * (n - 1))


def require_pair(i: int, j: int, n: int) -> None:
    if i == j:
        raise MathError("same coin")
    require_coin(i, n)
    require_coin(j, n)


def require_coin(i: int, n: int) -> None:
    if not 0 <= i < n:
        raise MathError(f"coin {i} does not exist")
