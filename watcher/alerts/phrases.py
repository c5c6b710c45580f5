"""Figures and times as notices say them: plain text, commas, a true minus, no false digits."""

from __future__ import annotations

import math
from datetime import UTC, datetime

SIGNS = {"USD": "$", "EUR": "€", "GBP": "£"}
SIZES = ((1e12, "T"), (1e9, "B"), (1e6, "M"))


def number(value: float) -> str:
    """Six significant digits."""
    if math.isnan(value):
        return "unknown"
    size = abs(value)
    if value == 0:
        return "0"
    if size >= 1e15 or size < 1e-5:
        return f"{value:.5e}".replace("-", "−")
    decimals = max(0, 5 - math.floor(math.log10(size)))
    text = f"{value:,.{decimals}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return text.replace("-", "−")


def percent(value: float) -> str:
    """A fraction, with two decimals; more where they would all be zero."""
    if math.isnan(value):
        return "unknown"
    shown = 100 * value
    if 0 < abs(shown) < 0.01:
        return f"{shown:.2g}%".replace("-", "−")
    return f"{shown:,.2f}%".replace("-", "−")


def money(value: float, unit: str) -> str:
    """Three significant digits: $0.9 M, 12,300 CHF."""
    if math.isnan(value):
        return "unknown"
    rounded = abs(float(f"{value:.2e}"))
    text = f"{rounded:,.0f}" if rounded >= 100 or rounded == 0 else f"{rounded:,.2f}"
    for size, letter in SIZES:
        if rounded >= size / 10:
            text = f"{rounded / size:,.3g} {letter}"
            break
    sign = "−" if value < 0 else ""
    return f"{sign}{SIGNS[unit]}{text}" if unit in SIGNS else f"{sign}{text} {unit}"


def duration(seconds: int) -> str:
    """In the largest unit that it is twice of: 2 s, 41 min, 3 h, 12 days."""
    for size, unit in ((86_400, "days"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds // size:,} {unit}"
    return f"{max(0, seconds)} s"


def utc(timestamp: int) -> str:
    try:
        moment = datetime.fromtimestamp(timestamp, UTC)
    except (OverflowError, ValueError, OSError):
        return str(timestamp)
    return moment.strftime("%Y-%m-%d %H:%M:%S UTC")
