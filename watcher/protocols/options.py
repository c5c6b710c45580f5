"""Parsers of the values that an entry's options may have."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from fractions import Fraction

from watcher.state.target import Target

FINEST = 10**18
"""The largest denominator of a fraction: the contracts' own are 10**4, or a wad at most."""


WINDOW = 1_800
"""Seconds of a mean over time where nobody says them: half an hour."""


def window_of(key: str) -> int:
    """The window that the key of a time-weighted target says, in seconds."""
    return int(key) if key else WINDOW


def mean_name(pool: Target, window: int) -> str:
    """What a time-weighted target is called: "WETH/USDC mean of 30m" and the end of its address,
    since one pair of tokens may have several pools."""
    symbols = "/".join(token.symbol or token.address[:8] for token in pool.tokens)
    lasts = f"{window // 60}m" if window % 60 == 0 else f"{window}s"
    return f"{symbols} mean of {lasts} {pool.address[-4:]}"


def boolean(value: object) -> bool:
    if isinstance(value, bool):
        return value
    raise ValueError("write true or false")


def small_integer(least: int, most: int) -> Callable[[object], int]:
    """A parser of whole numbers from `least` to `most`."""

    def parse(value: object) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise ValueError(f"write a whole number from {least} to {most}")
        return value

    return parse


def _decimal(text: str) -> Fraction:
    """A fraction from decimal digits; a far exponent is refused before it is written out."""
    number = Decimal(text)
    if number and abs(number.adjusted()) > 18:
        raise ValueError("out of range")
    return Fraction(number)


def proper_fraction(value: object) -> str:
    """A number from 0 up to, not including, 1, as "numerator/denominator".

    Accepts 0.003, "0.003" and "1/6"; a decimal is taken digit by digit, never through a float.
    """
    hint = 'write a number from 0 up to 1, such as 0.003 or "1/6"'
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise ValueError(hint)
    try:
        text = str(value)
        exact = Fraction(text) if "/" in text else _decimal(text)
    except (ValueError, InvalidOperation, ZeroDivisionError, OverflowError):
        raise ValueError(hint) from None
    if not 0 <= exact < 1 or exact.denominator > FINEST:
        raise ValueError(hint)
    return f"{exact.numerator}/{exact.denominator}"
