"""The cube root of CurveCryptoMathOptimized2 and ...3."""

from __future__ import annotations

_ONE_DIGIT = 115792089237316195423570985008687907853269
"""2**256 / 10**36, above which fewer decimals fit."""

_GUESSES = ((1, 1), (1260, 1000), (1260**2, 1000**2))
"""2^(k/3), as a fraction."""


def cbrt(x: int) -> int:
    """The cube root of a number with 18 decimals: 10**12 times that of x, by seven rounds."""
    if x >= _ONE_DIGIT * 10**18:
        xx, scale = x, 10**12
    elif x >= _ONE_DIGIT:
        xx, scale = x * 10**18, 10**6
    else:
        xx, scale = x * 10**36, 1
    third, rest = divmod(max(xx.bit_length() - 1, 0), 3)
    numerator, denominator = _GUESSES[rest]
    a = (numerator << third) // denominator
    for _ in range(7):
        a = (2 * a + (xx // (a * a) if a else 0)) // 3
    return a * scale
