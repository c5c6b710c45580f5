"""Figures as a person reads them in the terminal: commas, a true minus, no false digits."""

from __future__ import annotations

import math
from datetime import UTC, datetime

from watcher.cli.output import figure
from watcher.report.naming import short, symbol, symbols, with_names
from watcher.report.text import visible

__all__ = [
    "duration",
    "grouped",
    "money",
    "percent",
    "price",
    "short",
    "symbol",
    "symbols",
    "utc",
    "whole_amount",
    "with_names",
]

NEAR_PEG = (0.5, 2.0)
"""Prices in this range have five decimals: a hundredth of a per mille off a peg can be seen."""

SIZES = ((1e5, 1e6, "M"), (1e9, 1e9, "B"), (1e12, 1e12, "T"))
"""From where on, in what, and its letter: 0.9 M is read more easily than 900,000."""
SIGNS = {"USD": "$", "EUR": "€", "GBP": "£"}


def price(value: float) -> str:
    """Five decimals near a peg, six significant digits elsewhere."""
    if NEAR_PEG[0] < value < NEAR_PEG[1]:
        return f"{value:.5f}"
    return figure(value)


def percent(value: float) -> str:
    """A fraction as percent: two decimals, more only where they would all be zero."""
    if math.isnan(value):
        return ""
    shown = 100 * value
    size = abs(shown)
    if size == 0:
        return "0%"
    if size < 0.01:
        return f"{shown:.2g}%".replace("-", "−")
    return f"{shown:,.{1 if size >= 100 else 2}f}%".replace("-", "−")


def money(value: float, unit: str) -> str:
    """Three digits at most and a size: $0.9 M, 12,300 CHF."""
    if math.isnan(value):
        return ""
    rounded = abs(float(f"{value:.2e}"))
    text = f"{rounded:,.0f}" if rounded >= 100 or rounded == 0 else f"{rounded:,.2f}"
    for least, size, letter in SIZES:
        if rounded >= least:
            text = f"{rounded / size:,.3g} {letter}"
    sign = "−" if value < 0 else ""
    return f"{sign}{SIGNS[unit]}{text}" if unit in SIGNS else f"{sign}{text} {visible(unit)}"


def duration(seconds: float) -> str:
    """How long, in the largest unit that it is twice of: 2 s, 41 min, 3 h, 12 days."""
    whole = max(0, int(seconds))
    for size, unit in ((365 * 86_400, "years"), (86_400, "days"), (3_600, "h"), (60, "min")):
        if whole >= 2 * size:
            return f"{whole // size:,} {unit}"
    return f"{whole} s"


def utc(timestamp: int) -> str:
    """ISO-8601; a second that no calendar has stays a number."""
    try:
        moment = datetime.fromtimestamp(timestamp, UTC)
    except (OverflowError, ValueError, OSError):
        return str(timestamp)
    return moment.isoformat().replace("+00:00", "Z")


def whole_amount(raw: int, decimals: int) -> str:
    """An amount in whole tokens, exactly, as a decimal string."""
    digits = str(abs(raw)).rjust(decimals + 1, "0")
    cut = len(digits) - decimals
    sign = "-" if raw < 0 else ""
    return f"{sign}{digits[:cut]}.{digits[cut:]}".rstrip("0").rstrip(".") if decimals else str(raw)


def grouped(amount: str) -> str:
    """A decimal string with commas in its whole part."""
    whole, dot, rest = amount.removeprefix("-").partition(".")
    sign = "−" if amount.startswith("-") else ""
    return f"{sign}{int(whole):,}{dot}{rest}"
