"""Powers of 18-decimal fixed-point numbers, to the last digit as Balancer computes them.

Source: Balancer's LogExpMath.sol, which is the same in V2 and V3. x^y = exp(y ln x): the logarithm
and the exponential first divide out, or multiply in, the powers e^(2^k) of the tables, then sum a
series. The results are approximations; what counts is that they are the contract's own.
"""

from __future__ import annotations

from watcher.errors import MathError
from watcher.math.exact.fixed_point import div_truncated

ONE_18 = 10**18
ONE_20 = 10**20
ONE_36 = 10**36

MAX_NATURAL_EXPONENT = 130 * ONE_18
MIN_NATURAL_EXPONENT = -41 * ONE_18
LN_36_LOWER_BOUND = ONE_18 - 10**17
LN_36_UPPER_BOUND = ONE_18 + 10**17
MILD_EXPONENT_BOUND = 2**254 // ONE_20

# x_k = 2^(7-k) and a_k = e^(x_k): the first two of 18 decimals without any, the rest of 20 and 20.
WHOLE_STEPS = (
    (128 * ONE_18, 38877084059945950922200000000000000000000000000000000000),
    (64 * ONE_18, 6235149080811616882910000000),
)
STEPS = (
    (32 * ONE_20, 7896296018268069516100000000000000),
    (16 * ONE_20, 888611052050787263676000000),
    (8 * ONE_20, 298095798704172827474000),
    (4 * ONE_20, 5459815003314423907810),
    (2 * ONE_20, 738905609893065022723),
    (ONE_20, 271828182845904523536),
    (ONE_20 // 2, 164872127070012814685),
    (ONE_20 // 4, 128402541668774148407),
    (ONE_20 // 8, 113314845306682631683),
    (ONE_20 // 16, 106449445891785942956),
)
EXP_STEPS = STEPS[:8]
EXP_TERMS = range(2, 13)
LN_TERMS = range(3, 12, 2)
LN_36_TERMS = range(3, 16, 2)


def power(x: int, y: int) -> int:
    """x^y. Raises MathError where `pow` reverts: a base or an exponent out of bounds."""
    if y == 0:
        return ONE_18
    if x == 0:
        return 0
    if x >= 1 << 255:
        raise MathError("X_OUT_OF_BOUNDS")
    if y >= MILD_EXPONENT_BOUND:
        raise MathError("Y_OUT_OF_BOUNDS")
    if LN_36_LOWER_BOUND < x < LN_36_UPPER_BOUND:
        ln_36_x = _ln_36(x)
        whole = div_truncated(ln_36_x, ONE_18)
        remainder = ln_36_x - whole * ONE_18
        logx_times_y = whole * y + div_truncated(remainder * y, ONE_18)
    else:
        logx_times_y = _ln(x) * y
    logx_times_y = div_truncated(logx_times_y, ONE_18)
    if not MIN_NATURAL_EXPONENT <= logx_times_y <= MAX_NATURAL_EXPONENT:
        raise MathError("PRODUCT_OUT_OF_BOUNDS")
    return exp(logx_times_y)


def exp(x: int) -> int:
    """e^x, rounded down at each step. Raises MathError outside of -41 to 130."""
    if not MIN_NATURAL_EXPONENT <= x <= MAX_NATURAL_EXPONENT:
        raise MathError("INVALID_EXPONENT")
    if x < 0:
        return ONE_18 * ONE_18 // exp(-x)
    whole = 1
    for step, factor in WHOLE_STEPS:
        if x >= step:
            x -= step
            whole = factor
            break
    x *= 100
    product = ONE_20
    for step, factor in EXP_STEPS:
        if x >= step:
            x -= step
            product = product * factor // ONE_20
    term, series = x, ONE_20 + x
    for n in EXP_TERMS:
        term = term * x // ONE_20 // n
        series += term
    return product * series // ONE_20 * whole // 100


def _ln(a: int) -> int:
    """ln a of 18 decimals, for a > 0."""
    if a < ONE_18:
        return -_ln(ONE_18 * ONE_18 // a)
    total = 0
    for step, factor in WHOLE_STEPS:
        if a >= factor * ONE_18:
            a //= factor
            total += step
    total *= 100
    a *= 100
    for step, factor in STEPS:
        if a >= factor:
            a = a * ONE_20 // factor
            total += step
    # ln a = 2 atanh z
    z = (a - ONE_20) * ONE_20 // (a + ONE_20)
    z_squared = z * z // ONE_20
    number = series = z
    for n in LN_TERMS:
        number = number * z_squared // ONE_20
        series += number // n
    return (total + 2 * series) // 100


def _ln_36(x: int) -> int:
    """ln x of 36 decimals, for x of 18 close to one. The series is odd in z and truncates towards
    zero, so that its sign can be set aside."""
    x *= ONE_18
    z = abs(x - ONE_36) * ONE_36 // (x + ONE_36)
    z_squared = z * z // ONE_36
    number = series = z
    for n in LN_36_TERMS:
        number = number * z_squared // ONE_36
        series += number // n
    return 2 * series if x >= ONE_36 else -2 * series
