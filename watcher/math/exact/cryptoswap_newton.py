"""Newton's method on the CryptoSwap invariant, by the functions of each contract.

    K D^(N-1) S + prod x = K D^N + (D/N)^N,  K = A K0 gamma^2 / (gamma + 1 - K0)^2,
    K0 = prod x N^N / D^N

Sources: CurveCryptoSwap2, CurveCryptoMath3, CurveCryptoMathOptimized2 and ...3. `ANN` is A N^N
times A_MULTIPLIER, gamma and all balances x have 18 decimals.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import isqrt

from watcher.errors import MathError
from watcher.math.exact.cryptoswap_cbrt import cbrt
from watcher.math.exact.cryptoswap_variants import A_MULTIPLIER, MIN_GAMMA, Arithmetic
from watcher.math.exact.fixed_point import UINT256_MAX, checked

WAD = 10**18
MAX_ROUNDS = 255

OVERFLOW = "arithmetic overflow"
UNDERFLOW = "arithmetic underflow"
DIVISION = "division by zero"
UNSAFE_X = "unsafe values x[i]"
UNSAFE_Y = "unsafe value for y"
ENDLESS = "did not converge"


def require_A_gamma(rules: Arithmetic, ANN: int, gamma: int) -> None:  # noqa: N802
    if not rules.min_A <= ANN <= rules.max_A:
        raise MathError("unsafe values A")
    if not MIN_GAMMA <= gamma <= rules.max_gamma:
        raise MathError("unsafe values gamma")


def require_D(D: int) -> None:  # noqa: N802
    if not 10**17 <= D <= 10**33:
        raise MathError("unsafe values D")


def imbalance_limit(rules: Arithmetic, gamma: int) -> int:
    """`lim_mul` of twocrypto-NG: the largest x N / D, with 18 decimals; x / D in the others."""
    limit = 100 * WAD
    if rules.max_gamma_small is not None and gamma > rules.max_gamma_small:
        limit = limit * rules.max_gamma_small // gamma
    return limit


def newton_y(
    rules: Arithmetic, ANN: int, gamma: int, x: Sequence[int], D: int, i: int, *, ends_safe: bool
) -> int:
    """What x[i] becomes when the others are as they are and the invariant is `D`.

    Raises MathError outside the contract's bounds, on an overflow, and without convergence in 255
    rounds. `ends_safe`: the result must be within the bounds too.
    """
    n = len(x)
    others = sorted((value for k, value in enumerate(x) if k != i), reverse=True)
    require_safe(rules, gamma, others, D)
    try:
        y = _solve_y(ANN, gamma, others, D, n)
    except ZeroDivisionError:
        raise MathError(DIVISION) from None
    if ends_safe and not 10**16 <= checked(y * WAD, 256, OVERFLOW) // D <= 10**20:
        raise MathError(UNSAFE_Y)
    return y


def require_safe(rules: Arithmetic, gamma: int, others: Sequence[int], D: int) -> None:
    """The bounds on what is not solved for; two coins have them on K0_i = N x / D."""
    n = rules.coins
    limit = imbalance_limit(rules, gamma)
    for value in others:
        if n == 2:
            K0_i = checked(2 * WAD * value, 256, OVERFLOW) // D
            if rules.max_gamma_small is None:
                safe = 2 * 10**16 <= K0_i <= 2 * 10**20
            else:
                safe = 10**36 // limit <= K0_i <= limit
        else:
            safe = 10**16 <= checked(value * WAD, 256, OVERFLOW) // D <= 10**20
        if not safe:
            raise MathError(UNSAFE_X)


def _solve_y(ANN: int, gamma: int, others: Sequence[int], D: int, n: int) -> int:
    """y = (y f' - f) / f', halved where that is negative; `others` from high to low."""
    convergence_limit = max(others[0] // 10**14, D // 10**14, 100)
    if n == 2:
        x_j = others[0]
        y, K0_i, S_i = D * D // (x_j * 4), 2 * WAD * x_j // D, x_j
    else:
        y, K0_i, S_i = D // n, WAD, sum(others)
        for value in reversed(others):
            y = checked(y * D, 256, OVERFLOW) // (value * n)
        for value in others:
            K0_i = checked(K0_i * value * n, 256, OVERFLOW) // D
    weight = WAD * D // gamma
    for _ in range(MAX_ROUNDS):
        previous = y
        scaled_K0 = K0_i * y * n
        K0 = scaled_K0 // D
        S = S_i + y
        g = abs(gamma + WAD - K0) + 1
        product = weight * g
        squared = product // gamma * g * A_MULTIPLIER
        mul1 = squared // ANN
        mul2 = WAD + 2 * WAD * K0 // g
        yfprime = WAD * y + S * mul2 + mul1
        if max(scaled_K0, product, squared, 2 * WAD * K0, yfprime, D * mul2) > UINT256_MAX:
            raise MathError(OVERFLOW)
        if yfprime < D * mul2:
            y = previous // 2
            continue
        yfprime -= D * mul2
        fprime = yfprime // y
        y_minus = mul1 // fprime
        y_plus = (yfprime + WAD * D) // fprime + y_minus * WAD // K0
        if max(yfprime + WAD * D, y_minus * WAD, y_plus) > UINT256_MAX:
            raise MathError(OVERFLOW)
        y_minus += WAD * S // fprime
        y = previous // 2 if y_plus < y_minus else y_plus - y_minus
        if abs(y - previous) < max(convergence_limit, y // 10**14):
            return y
    raise MathError(ENDLESS)


def newton_D(  # noqa: N802 — the contract's name
    rules: Arithmetic, ANN: int, gamma: int, x_unsorted: Sequence[int], K0_prev: int = 0
) -> int:
    """The invariant D of balances. `K0_prev` is a first guess, as NG's get_y gives it; 0 is none.

    Raises MathError outside the contract's bounds, on an overflow, and without convergence in 255
    rounds.
    """
    x = sorted(x_unsorted, reverse=True)
    if rules.generation == "ng" and rules.coins == 3:
        if not 0 < x[0] < UINT256_MAX // WAD * 27:
            raise MathError("out of limits" if x[0] else "empty pool")
        return _unsafe_D(ANN, gamma, x, _first_D_of_three(x, K0_prev))
    require_A_gamma(rules, ANN, gamma)
    if not 10**9 <= x[0] <= 10**33:
        raise MathError("unsafe values x[0]")
    if any(value * WAD // x[0] < rules.least_ratio for value in x[1:]):
        raise MathError(UNSAFE_X)
    try:
        return _checked_D(rules, ANN, gamma, x, _first_D(rules, x, K0_prev))
    except ZeroDivisionError:
        raise MathError(DIVISION) from None


def _first_D(rules: Arithmetic, x: Sequence[int], K0_prev: int) -> int:  # noqa: N802
    if rules.generation == "v1":
        return rules.coins * geometric_mean(rules, x)
    if K0_prev == 0:
        return 2 * isqrt(x[0] * x[1])
    # unsafe_mul: it wraps
    return min(isqrt(4 * x[0] * x[1] // K0_prev * WAD & UINT256_MAX), sum(x))


def _checked_D(  # noqa: N802
    rules: Arithmetic, ANN: int, gamma: int, x: Sequence[int], first: int
) -> int:
    """D = (D (f' + S) - ...) / f', halved where that is negative."""
    n, S, D = len(x), sum(x), first
    for _ in range(MAX_ROUNDS):
        previous = D
        K0 = 4 * WAD * x[0] // D * x[1] // D if n == 2 else WAD
        if n == 3:
            for value in x:
                K0 = checked(K0 * value * 3, 256, OVERFLOW) // D
        g = abs(gamma + WAD - K0) + 1
        product = WAD * D // gamma * g
        squared = product // gamma * g * A_MULTIPLIER
        mul1 = squared // ANN
        mul2 = 2 * WAD * n * K0 // g
        neg_fprime = S + S * mul2 // WAD + mul1 * n // K0 - mul2 * D // WAD
        if neg_fprime < 0:
            raise MathError(UNDERFLOW)
        raised = D * (neg_fprime + S)
        step = D * (mul1 // neg_fprime)
        moved = step // WAD * abs(WAD - K0)
        largest = max(product, squared, 2 * WAD * n * K0, S * mul2, mul1 * n, mul2 * D)
        if max(largest, raised, D * D, step, moved) > UINT256_MAX:
            raise MathError(OVERFLOW)
        D_plus, D_minus = raised // neg_fprime, D * D // neg_fprime
        D_minus += moved // K0 if K0 < WAD else -(moved // K0)
        if D_minus < 0:
            raise MathError(UNDERFLOW)
        D = D_plus - D_minus if D_plus > D_minus else (D_minus - D_plus) // 2
        if abs(D - previous) * 10**14 < max(10**16, D):
            _require_safe_D(rules, x, D)
            return D
    raise MathError(ENDLESS)


def _require_safe_D(rules: Arithmetic, x: Sequence[int], D: int) -> None:  # noqa: N802
    """That the next get_y is safe. NG takes one unit less; by N in v2.1.0 of two coins."""
    n = rules.coins if rules.max_gamma_small is not None else 1
    least = 10**16 // n if n > 1 or rules.generation == "v1" else 10**16 - 1
    if not all(least <= value * WAD // D <= 10**20 // n for value in x):
        raise MathError(UNSAFE_X)


def _unsafe_div(x: int, y: int) -> int:
    return x // y if y else 0


def _first_D_of_three(x: Sequence[int], K0_prev: int) -> int:  # noqa: N802
    if K0_prev == 0:
        return 3 * geometric_mean_of_three(x) & UINT256_MAX
    S = sum(x)
    less, more = (36, 12) if S > 10**36 else (24, 6) if S > 10**24 else (18, 0)
    product = checked(x[0] * x[1], 256, OVERFLOW) // 10**less
    product = checked(product * x[2], 256, OVERFLOW) // K0_prev
    return cbrt(checked(product * 27 * 10**more, 256, OVERFLOW))


def _unsafe_D(ANN: int, gamma: int, x: Sequence[int], first: int) -> int:  # noqa: N802
    """As `_checked_D`, where most operations of tricrypto-NG wrap and divide by zero to zero."""
    S, D, wrap = sum(x) & UINT256_MAX, first, UINT256_MAX
    for _ in range(MAX_ROUNDS):
        previous = D
        K0 = _unsafe_div(WAD * x[0] * 3 & wrap, D)
        K0 = _unsafe_div(K0 * x[1] * 3 & wrap, D)
        K0 = _unsafe_div(K0 * x[2] * 3 & wrap, D)
        g = abs(gamma + WAD - K0) + 1
        mul1 = _unsafe_div((WAD * D & wrap) // gamma * g & wrap, gamma)
        mul1 = (mul1 * g * A_MULTIPLIER & wrap) // ANN
        mul2 = (6 * WAD * K0 & wrap) // g
        neg_fprime = S + (S * mul2 & wrap) // WAD + _unsafe_div(mul1 * 3 & wrap, K0)
        neg_fprime = neg_fprime - (mul2 * D & wrap) // WAD & wrap
        raised = D * ((neg_fprime + S) & wrap)
        step = D * _unsafe_div(mul1, neg_fprime)
        if max(raised, D * D, step) > UINT256_MAX:
            raise MathError(OVERFLOW)
        D_plus, D_minus = _unsafe_div(raised, neg_fprime), _unsafe_div(D * D, neg_fprime)
        moved = _unsafe_div(step // WAD * abs(WAD - K0) & wrap, K0)
        D_minus = checked(D_minus + (moved if K0 < WAD else -moved), 256, UNDERFLOW)
        D = D_plus - D_minus if D_plus > D_minus else (D_minus - D_plus) // 2
        if abs(D - previous) * 10**14 & wrap < max(10**16, D):
            if not all(10**16 - 1 <= _unsafe_div(v * WAD & wrap, D) <= 10**20 for v in x):
                raise MathError(UNSAFE_X)
            return D
    raise MathError(ENDLESS)


def geometric_mean(rules: Arithmetic, x: Sequence[int]) -> int:
    """(prod x)^(1/N), as each contract finds it."""
    if rules.generation == "ng":
        if rules.coins == 3:
            return geometric_mean_of_three(x)
        return isqrt(checked(x[0] * x[1], 256, OVERFLOW))
    ordered, n = sorted(x, reverse=True), rules.coins
    D = ordered[0]
    try:
        for _ in range(MAX_ROUNDS):
            previous = D
            if n == 2:
                D = (D + ordered[0] * ordered[1] // D) // 2
            else:
                tmp = WAD
                for value in ordered:
                    tmp = checked(tmp * value, 256, OVERFLOW) // D
                D = checked(D * (2 * WAD + tmp), 256, OVERFLOW) // (3 * WAD)
            difference = abs(D - previous)
            if difference <= 1 or difference * WAD < D:
                return D
    except ZeroDivisionError:
        raise MathError(DIVISION) from None
    raise MathError(ENDLESS)


def geometric_mean_of_three(x: Sequence[int]) -> int:
    """Through the cube root, as tricrypto-NG."""
    product = checked(x[0] * x[1], 256, OVERFLOW) // WAD
    return cbrt(checked(product * x[2], 256, OVERFLOW) // WAD)
