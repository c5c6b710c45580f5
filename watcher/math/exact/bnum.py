"""18-decimal fixed point of Balancer V1, which rounds to the nearest.

Source: balancer-core's BNum.sol. Raises MathError where the contract reverts.
"""

from __future__ import annotations

from watcher.errors import MathError
from watcher.math.exact.fixed_point import UINT256_MAX

BONE = 10**18
MIN_BPOW_BASE = 1
MAX_BPOW_BASE = 2 * BONE - 1
BPOW_PRECISION = BONE // 10**10

MOST_TERMS = 30_000
"""Each costs about 1,000 gas and more: no block has room for as many."""


def badd(a: int, b: int) -> int:
    if a + b > UINT256_MAX:
        raise MathError("ERR_ADD_OVERFLOW")
    return a + b


def bsub(a: int, b: int) -> int:
    if b > a:
        raise MathError("ERR_SUB_UNDERFLOW")
    return a - b


def bmul(a: int, b: int) -> int:
    """a b, a half rounded up."""
    product = a * b + BONE // 2
    if product > UINT256_MAX:
        raise MathError("ERR_MUL_OVERFLOW")
    return product // BONE


def bdiv(a: int, b: int) -> int:
    """a / b, a half rounded up but for the odd unit of b."""
    if b == 0:
        raise MathError("ERR_DIV_ZERO")
    inflated = a * BONE + b // 2
    if inflated > UINT256_MAX:
        raise MathError("ERR_DIV_INTERNAL")
    return inflated // b


def bpow(base: int, exponent: int) -> int:
    """The whole powers multiplied, the rest by the binomial series."""
    if base < MIN_BPOW_BASE:
        raise MathError("ERR_BPOW_BASE_TOO_LOW")
    if base > MAX_BPOW_BASE:
        raise MathError("ERR_BPOW_BASE_TOO_HIGH")
    whole, remain = divmod(exponent, BONE)
    whole_power = bpowi(base, whole)
    if remain == 0:
        return whole_power
    return bmul(whole_power, bpow_approx(base, remain))


def bpowi(a: int, n: int) -> int:
    """a^n for a whole n, by squaring."""
    z = a if n % 2 else BONE
    n //= 2
    while n:
        a = bmul(a, a)
        if n % 2:
            z = bmul(z, a)
        n //= 2
    return z


def bpow_approx(base: int, exponent: int) -> int:
    """(1 + x)^a = sum over k of (a over k) x^k, until a term is below BPOW_PRECISION."""
    x, x_negative = abs(base - BONE), base < BONE
    term = total = BONE
    negative = False
    k = 0
    while term >= BPOW_PRECISION:
        k += 1
        if k > MOST_TERMS:
            raise MathError("out of gas")
        c = exponent - (k - 1) * BONE
        term = bdiv(bmul(term, bmul(abs(c), x)), k * BONE)
        if term == 0:
            break
        negative ^= x_negative ^ (c < 0)
        total = bsub(total, term) if negative else badd(total, term)
    return total
