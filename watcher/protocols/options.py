"""Parsers of the values that an entry's options may have."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from fractions import Fraction

from watcher.state.target import Target
from watcher.state.token import Address, to_address

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


def hexadecimal(size: int) -> Callable[[object], str]:
    """A parser of `size` bytes, written in hexadecimal; it gives them in lower case."""
    shape = re.compile(rf"0x[0-9a-fA-F]{{{2 * size}}}")

    def parse(value: object) -> str:
        if not isinstance(value, str) or not shape.fullmatch(value):
            raise ValueError(f"write 0x and {2 * size} hexadecimal digits")
        return value.lower()

    return parse


def address_list(least: int, most: int) -> Callable[[object], str]:
    """A parser of `least` to `most` different addresses, in a list or parted by spaces; it gives
    them with their checksums, parted by spaces."""
    many = f"{least} to {most} addresses" if most > 1 else "one address"
    hint = f"write {many}, each 0x and 40 hexadecimal digits, once"

    def parse(value: object) -> str:
        items = value.split() if isinstance(value, str) else value
        if not isinstance(items, (list, tuple)) or not least <= len(items) <= most:
            raise ValueError(hint)
        found = [_address(item, hint) for item in items]
        if len(set(found)) < len(found):
            raise ValueError(hint)
        return " ".join(found)

    return parse


def _address(item: object, hint: str) -> Address:
    """Mixed case must be the EIP-55 checksum, all lower case has none to check."""
    if not isinstance(item, str) or not item.startswith("0x"):
        raise ValueError(hint)
    try:
        checked = to_address(item)
    except ValueError:
        raise ValueError(hint) from None
    if item not in (checked, item.lower()):
        raise ValueError(f"{item} has a wrong checksum (EIP-55): write it all in lower case")
    return checked


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


def weight_list(value: object) -> str:
    """Parts of a whole, in a list or parted by spaces, as fractions parted by spaces; each has 18
    decimals at most, and they sum to 1."""
    hint = "write numbers that sum to 1, such as [0.5, 0.3, 0.2], each of 18 decimals at most"
    items = value.split() if isinstance(value, str) else value
    if not isinstance(items, list | tuple) or len(items) < 2:
        raise ValueError(hint)
    try:
        found = [Fraction(proper_fraction(item)) for item in items]
    except ValueError:
        raise ValueError(hint) from None
    if min(found) <= 0 or sum(found) != 1 or any(FINEST % one.denominator for one in found):
        raise ValueError(hint)
    return " ".join(f"{one.numerator}/{one.denominator}" for one in found)


def whole_amount(value: object) -> str:
    """A positive number of whole tokens, as decimal digits; taken digit by digit."""
    hint = 'write how many whole tokens, such as "1250000.5"'
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError(hint)
    found = re.fullmatch(r"[0-9]{1,60}(\.[0-9]{1,60})?", str(value), re.ASCII)
    if found is None or not Fraction(str(value)):
        raise ValueError(hint)
    return str(value)
