"""Balancer V1 pools to the wei.

Source: balancer-core's BMath.sol and BPool.sol, with their names. Amounts are in smallest units,
never scaled; weights are of 18 decimals and need not add up to one, fractions are of 18 decimals.
Raises MathError where BPool reverts. There is no fee on leaving.
"""

from __future__ import annotations

from dataclasses import dataclass

from watcher.errors import MathError
from watcher.math.exact.bnum import BONE, badd, bdiv, bmul, bpow, bsub

MAX_IN_RATIO = BONE // 2
MAX_OUT_RATIO = BONE // 3 + 1


@dataclass(frozen=True, slots=True)
class BPool:
    """`weights` are the denormalised ones; `total_supply` counts pool tokens."""

    balances: tuple[int, ...]
    weights: tuple[int, ...]
    swap_fee: int
    total_supply: int

    def normalized_weight(self, i: int) -> int:
        return bdiv(self.weights[i], sum(self.weights))


def calc_spot_price(pool: BPool, i: int, j: int, balance_in: int, balance_out: int) -> int:
    """What one of coin j costs in coin i, the fee included, when they stand at these balances."""
    ratio = bdiv(bdiv(balance_in, pool.weights[i]), bdiv(balance_out, pool.weights[j]))
    return bmul(ratio, bdiv(BONE, bsub(BONE, pool.swap_fee)))


def swap_exact_amount_in(pool: BPool, i: int, j: int, amount_in: int) -> int:
    """What BPool pays for `amount_in` of coin i in coin j."""
    if amount_in > bmul(pool.balances[i], MAX_IN_RATIO):
        raise MathError("ERR_MAX_IN_RATIO")
    amount_out = calc_out_given_in(pool, i, j, amount_in)
    _require_price(pool, i, j, amount_in, amount_out)
    return amount_out


def swap_exact_amount_out(pool: BPool, i: int, j: int, amount_out: int) -> int:
    """What BPool asks of coin i for `amount_out` of coin j."""
    if amount_out > bmul(pool.balances[j], MAX_OUT_RATIO):
        raise MathError("ERR_MAX_OUT_RATIO")
    amount_in = calc_in_given_out(pool, i, j, amount_out)
    _require_price(pool, i, j, amount_in, amount_out)
    return amount_in


def calc_out_given_in(pool: BPool, i: int, j: int, amount_in: int) -> int:
    adjusted_in = bmul(amount_in, bsub(BONE, pool.swap_fee))
    y = bdiv(pool.balances[i], badd(pool.balances[i], adjusted_in))
    left = bpow(y, bdiv(pool.weights[i], pool.weights[j]))
    return bmul(pool.balances[j], bsub(BONE, left))


def calc_in_given_out(pool: BPool, i: int, j: int, amount_out: int) -> int:
    y = bdiv(pool.balances[j], bsub(pool.balances[j], amount_out))
    grown = bsub(bpow(y, bdiv(pool.weights[j], pool.weights[i])), BONE)
    return bdiv(bmul(pool.balances[i], grown), bsub(BONE, pool.swap_fee))


def joinswap_extern_amount_in(pool: BPool, i: int, amount_in: int) -> int:
    """The pool tokens that `amount_in` of one coin mints."""
    if amount_in > bmul(pool.balances[i], MAX_IN_RATIO):
        raise MathError("ERR_MAX_IN_RATIO")
    weight = pool.normalized_weight(i)
    fee = bmul(bsub(BONE, weight), pool.swap_fee)
    after_fee = bmul(amount_in, bsub(BONE, fee))
    ratio = bdiv(badd(pool.balances[i], after_fee), pool.balances[i])
    return bsub(bmul(bpow(ratio, weight), pool.total_supply), pool.total_supply)


def joinswap_pool_amount_out(pool: BPool, i: int, pool_amount_out: int) -> int:
    """What minting `pool_amount_out` costs in one coin."""
    weight = pool.normalized_weight(i)
    pool_ratio = bdiv(badd(pool.total_supply, pool_amount_out), pool.total_supply)
    ratio = bpow(pool_ratio, bdiv(BONE, weight))
    after_fee = bsub(bmul(ratio, pool.balances[i]), pool.balances[i])
    fee = bmul(bsub(BONE, weight), pool.swap_fee)
    amount_in = bdiv(after_fee, bsub(BONE, fee))
    if amount_in == 0:
        raise MathError("ERR_MATH_APPROX")
    if amount_in > bmul(pool.balances[i], MAX_IN_RATIO):
        raise MathError("ERR_MAX_IN_RATIO")
    return amount_in


def exitswap_pool_amount_in(pool: BPool, i: int, pool_amount_in: int) -> int:
    """What burning `pool_amount_in` pays in one coin."""
    weight = pool.normalized_weight(i)
    pool_ratio = bdiv(bsub(pool.total_supply, pool_amount_in), pool.total_supply)
    ratio = bpow(pool_ratio, bdiv(BONE, weight))
    before_fee = bsub(pool.balances[i], bmul(ratio, pool.balances[i]))
    fee = bmul(bsub(BONE, weight), pool.swap_fee)
    amount_out = bmul(before_fee, bsub(BONE, fee))
    if amount_out > bmul(pool.balances[i], MAX_OUT_RATIO):
        raise MathError("ERR_MAX_OUT_RATIO")
    return amount_out


def exitswap_extern_amount_out(pool: BPool, i: int, amount_out: int) -> int:
    """The pool tokens that `amount_out` of one coin costs."""
    if amount_out > bmul(pool.balances[i], MAX_OUT_RATIO):
        raise MathError("ERR_MAX_OUT_RATIO")
    weight = pool.normalized_weight(i)
    fee = bmul(bsub(BONE, weight), pool.swap_fee)
    before_fee = bdiv(amount_out, bsub(BONE, fee))
    ratio = bdiv(bsub(pool.balances[i], before_fee), pool.balances[i])
    left = bmul(bpow(ratio, weight), pool.total_supply)
    pool_amount_in = bsub(pool.total_supply, left)
    if pool_amount_in == 0:
        raise MathError("ERR_MATH_APPROX")
    return pool_amount_in


def join_pool(pool: BPool, pool_amount_out: int) -> tuple[int, ...]:
    """What minting `pool_amount_out` costs of every coin."""
    ratio = bdiv(pool_amount_out, pool.total_supply)
    return _in_proportion(pool, ratio)


def exit_pool(pool: BPool, pool_amount_in: int) -> tuple[int, ...]:
    """What burning `pool_amount_in` pays of every coin."""
    if pool_amount_in > pool.total_supply:
        raise MathError("ERR_INSUFFICIENT_BAL")
    ratio = bdiv(pool_amount_in, pool.total_supply)
    return _in_proportion(pool, ratio)


def _in_proportion(pool: BPool, ratio: int) -> tuple[int, ...]:
    if ratio == 0:
        raise MathError("ERR_MATH_APPROX")
    amounts = tuple(bmul(ratio, balance) for balance in pool.balances)
    if 0 in amounts:
        raise MathError("ERR_MATH_APPROX")
    for amount, balance in zip(amounts, pool.balances, strict=True):
        badd(amount, balance)
    return amounts


def _require_price(pool: BPool, i: int, j: int, amount_in: int, amount_out: int) -> None:
    """The price must not fall by the swap, and the swap's own be no better than that before."""
    balance_in, balance_out = pool.balances[i], pool.balances[j]
    before = calc_spot_price(pool, i, j, balance_in, balance_out)
    after = calc_spot_price(pool, i, j, badd(balance_in, amount_in), bsub(balance_out, amount_out))
    if after < before or before > bdiv(amount_in, amount_out):
        raise MathError("ERR_MATH_APPROX")
