"""get_y of the NG pools: the invariant is a cubic in K0, solved by Cardano's formula; where its
discriminant is not positive, Newton's method takes over.

Sources: CurveCryptoMathOptimized2 and ...3. Signed divisions truncate, as in the EVM; what their
`unsafe_` operations cannot overflow within the bounds is not wrapped here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import isqrt

from watcher.errors import MathError
from watcher.math.exact.cryptoswap_cbrt import cbrt
from watcher.math.exact.cryptoswap_newton import (
    DIVISION,
    OVERFLOW,
    UNSAFE_Y,
    WAD,
    imbalance_limit,
    newton_y,
    require_A_gamma,
    require_D,
    require_safe,
)
from watcher.math.exact.cryptoswap_variants import A_MULTIPLIER, Arithmetic
from watcher.math.exact.fixed_point import checked
from watcher.math.exact.fixed_point import div_truncated as _div

INT256_MAX = 2**255 - 1
_MODULUS = 2**256

DIVIDERS_OF_TWO = (*range(48, 22, -2), 20)
DIVIDERS_OF_THREE = range(48, 16, -4)


def get_y(
    rules: Arithmetic, ANN: int, gamma: int, x: Sequence[int], D: int, i: int
) -> tuple[int, int]:
    """What x[i] becomes for the invariant `D`, and the K0 that newton_D may start from.

    0 for the latter where Newton's method found the balance. Raises MathError outside the bounds.
    """
    require_A_gamma(rules, ANN, gamma)
    require_D(D)
    if rules.generation == "v1":
        return newton_y(rules, ANN, gamma, x, D, i, ends_safe=True), 0
    require_safe(rules, gamma, [value for k, value in enumerate(x) if k != i], D)
    if rules.coins == 2:
        return _y_of_two(rules, ANN, gamma, x, D, i)
    return _y_of_three(rules, ANN, gamma, x, D, i)


def _y_of_two(
    rules: Arithmetic, ANN: int, gamma: int, x: Sequence[int], D: int, i: int
) -> tuple[int, int]:
    x_j = x[1 - i]
    a, b, c, d, delta0, delta1 = _cubic_of_two(ANN, gamma, x_j, D)
    divider = _divider(min(abs(delta0), abs(delta1), a), DIVIDERS_OF_TWO)
    a, b, c, d = (_div(value, divider) for value in (a, b, c, d))
    delta0 = _unsafe_div(_wrapped(3 * a * c), b) - b
    linear = _unsafe_div(_wrapped(_unsafe_div(27 * a * a, b) * d), b)
    delta1 = _int256(_int256(3 * delta0) + b - linear)
    product = _wrapped(_unsafe_div(_int256(4 * _int256(delta0 * delta0)), b) * delta0)
    discriminant = _int256(_int256(delta1 * delta1) + product)
    if discriminant <= 0:
        return newton_y(rules, ANN, gamma, x, D, i, ends_safe=False), 0
    root = isqrt(discriminant)
    b_cbrt, second_cbrt = _signed_cbrt(b), _second_cbrt(delta1, root)
    C1 = _div(_wrapped(_div(_int256(b_cbrt * b_cbrt), WAD) * second_cbrt), WAD)
    if C1 == 0:
        raise MathError(DIVISION)
    inner = _int256(_div(_wrapped(WAD * b), C1) * delta0)
    numerator = _int256(_int256(_wrapped(WAD * C1) - _wrapped(WAD * b)) - inner)
    K0 = _div(numerator, 3 * a)
    y = _uint256(_div(_div(_wrapped(D * D // x_j * K0), 4), WAD))
    frac = checked(y * WAD, 256, OVERFLOW) // D
    limit = imbalance_limit(rules, gamma)
    if rules.max_gamma_small is None:
        safe = 10**16 - 1 <= frac <= 10**20
    else:
        safe = 10**36 // 2 // limit <= frac <= limit // 2
    if not safe:
        raise MathError(UNSAFE_Y)
    return y, _uint256(K0)


def _cubic_of_two(ANN: int, gamma: int, x_j: int, D: int) -> tuple[int, int, int, int, int, int]:
    """a K0^3 + b K0^2 + c K0 + d, and the two deltas that choose the precision."""
    gamma2 = gamma * gamma
    ann_gamma2 = ANN * gamma2
    a = 10**32
    b = D * ann_gamma2 // 400_000_000 // x_j - 3 * a - 2 * gamma * 10**14
    weight = 4 * ann_gamma2 // 400_000_000
    c = 3 * a + 4 * gamma * 10**14 + gamma2 // 10**4 + weight * x_j // D - weight
    d = -((WAD + gamma) ** 2 // 10**4)
    if b == 0:
        raise MathError(DIVISION)
    delta0 = _div(3 * a * c, b) - b
    delta1 = 3 * delta0 + b - _div(_int256(_div(27 * a * a, b) * d), b)
    return a, b, c, d, delta0, delta1


def _divider(size: int, exponents: Iterable[int]) -> int:
    """A power of ten that brings numbers of that size to about 18 digits."""
    for exponent in exponents:
        if size > 10**exponent:
            return int(10 ** (exponent - 18))
    return 1


def _y_of_three(
    rules: Arithmetic, ANN: int, gamma: int, x: Sequence[int], D: int, i: int
) -> tuple[int, int]:
    x_j, x_k = (value for k, value in enumerate(x) if k != i)
    a, b, c, d = _cubic_of_three(ANN, gamma, x_j, x_k, D)
    _3ac = _int256(3 * a * c)
    delta0 = _unsafe_div(_3ac, b) - b
    linear = _unsafe_div(_int256(_unsafe_div(_int256(27 * a * a), b) * d), b)
    delta1 = _int256(_unsafe_div(_int256(3 * _3ac), b) - 2 * b - linear)
    quotient = _unsafe_div(_int256(4 * _int256(delta0 * delta0)), b)
    discriminant = _int256(_int256(delta1 * delta1) + _int256(quotient * delta0))
    if discriminant <= 0:
        return newton_y(rules, ANN, gamma, x, D, i, ends_safe=True), 0
    root = isqrt(discriminant)
    b_cbrt, second_cbrt = _signed_cbrt(b), _second_cbrt(delta1, root)
    C1 = _div(_int256(_div(_int256(b_cbrt * b_cbrt), WAD) * second_cbrt), WAD)
    if C1 == 0:
        raise MathError(DIVISION)
    root_K0 = _div(_int256(b + _div(_int256(b * delta0), C1) - C1), 3)
    volume = _int256(D * D // 27 // x_k * D) // x_j
    y = _uint256(_unsafe_div(_int256(volume * root_K0), a))
    K0 = _uint256(_unsafe_div(_int256(WAD * root_K0), a))
    if not 10**16 - 1 <= checked(y * WAD, 256, OVERFLOW) // D <= 10**20:
        raise MathError(UNSAFE_Y)
    return y, K0


def _cubic_of_three(ANN: int, gamma: int, x_j: int, x_k: int, D: int) -> tuple[int, int, int, int]:
    """a K0^3 + b K0^2 + c K0 + d, of a size that keeps the digits that the roots need."""
    gamma2 = gamma * gamma
    a = 10**36 // 27
    weight = _int256(_wrapped(D * D // x_j * gamma2) * ANN)
    b = 10**36 // 9 + 2 * WAD * gamma // 27 - _div(_div(_div(weight, 729), A_MULTIPLIER), x_k)
    excess = _div(_int256(gamma2 * (x_j + x_k - D)), D) * ANN
    c = 10**36 // 9 + gamma * (gamma + 4 * WAD) // 27 + _div(_div(excess, 27), A_MULTIPLIER)
    d = (WAD + gamma) ** 2 // 27
    if b == 0:
        raise MathError(DIVISION)
    divider = _divider(abs(_div(_int256(3 * a * c), b) - b), DIVIDERS_OF_THREE)
    if a > abs(b):
        more = abs(_div(a, b))
        a, b, c, d = (_div(_int256(value * more), divider) for value in (a, b, c, d))
    else:
        less = abs(_div(b, a))
        a, b, c, d = (_div(_div(value, less), divider) for value in (a, b, c, d))
    return a, b, c, d


def _signed_cbrt(value: int) -> int:
    return cbrt(value) if value >= 0 else -cbrt(-value)


def _second_cbrt(delta1: int, root: int) -> int:
    if delta1 > 0:
        return cbrt(_int256(delta1 + root) // 2)
    return -cbrt(_int256(root - delta1) // 2)


def _unsafe_div(x: int, y: int) -> int:
    """Division by zero gives zero."""
    return _div(x, y) if y else 0


def _int256(value: int) -> int:
    if not -INT256_MAX - 1 <= value <= INT256_MAX:
        raise MathError(OVERFLOW)
    return value


def _wrapped(value: int) -> int:
    """What an unsafe operation leaves of it in 256 bits."""
    return (value + INT256_MAX + 1) % _MODULUS - INT256_MAX - 1


def _uint256(value: int) -> int:
    if value < 0:
        raise MathError(UNSAFE_Y)
    return value
