"""Numbers as people read them: on a page (the functions) and on paper (`Paper`).

A page groups digits by thin spaces and writes money with three significant digits; the script of
the pages has the same rules, so that ties round away from zero here as they do there. Paper groups
by commas and keeps one count of decimals a kind. None and NaN are unknown, in words; 0 is a
measurement. The minus is the true one, U+2212.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Context, Decimal

THIN, NO_BREAK, MINUS = "\u202f", "\u00a0", "\u2212"
UNKNOWN = "n/a"
NOT_MEASURED = "not measured"
SIGNS = {"USD": "$", "EUR": "€", "GBP": "£"}

_SUFFIXES = ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k"), (1.0, ""))
_TOO_LARGE = 1e15
_DIGITS = Context(prec=400)
"""More than any float has before and after its point together."""
_AGES = ((365 * 86_400, "years"), (86_400, "days"), (3_600, "h"), (60, "min"))


def is_unknown(value: float | None) -> bool:
    return value is None or math.isnan(value)


def fixed(value: float, decimals: int, *, group: str = THIN) -> str:
    """With so many decimals, ties away from zero, thousands apart by `group`."""
    step = Decimal(1).scaleb(-decimals)
    rounded = Decimal(value).quantize(step, rounding=ROUND_HALF_UP, context=_DIGITS)
    text = f"{rounded.copy_abs():,f}".replace(",", group)
    return MINUS + text if rounded < 0 else text


# On a page


def money(value: float | None, unit: str = "USD") -> str:
    """Three significant digits and k, M, B or T: $37.2 M, 115 k ETH; a whole sum below a thousand
    has no decimals."""
    if value is None or math.isnan(value):
        return UNKNOWN
    size = abs(value)
    if size >= _TOO_LARGE:
        return _with_unit(f"{size:.2e}" if math.isfinite(size) else "∞", value, unit)
    scale, suffix = next(
        ((scale, suffix) for scale, suffix in _SUFFIXES if size >= scale * 0.9995), _SUFFIXES[-1]
    )
    part = size / scale
    if part >= 99.95 or (not suffix and part == int(part)):
        decimals = 0
    elif part >= 9.995:
        decimals = 1
    else:
        decimals = 2
    shown = fixed(part, decimals)
    if size and not suffix and not shown.strip("0."):
        return _with_unit(f"{size:.2g}", value, unit)
    return _with_unit(shown + (THIN + suffix if suffix else ""), value, unit)


def axis_money(value: float | None, unit: str = "USD") -> str:
    """As `money` without trailing zeros: $500 M."""
    head, *rest = money(value, unit).split(THIN)
    head = head.rstrip("0").rstrip(".") if "." in head else head
    return THIN.join([head, *rest])


def exact_money(value: float | None, unit: str = "USD") -> str:
    """To the cent, where predicted and simulated are compared: $1 718.52."""
    if value is None or not math.isfinite(value):
        return UNKNOWN
    return _with_unit(fixed(abs(value), 2), value, unit)


def percent(value: float | None, decimals: int = 2) -> str:
    """A fraction: 2.11%. What is not 0 and would be shown as 0 is <0.01%."""
    if value is None or not math.isfinite(value):
        return UNKNOWN
    size = abs(value) * 100
    step = 10.0**-decimals
    if value and size < 0.5 * step:
        return ("<" if value > 0 else f">{THIN}{MINUS}") + fixed(step, decimals) + "%"
    return (MINUS if value < 0 else "") + fixed(size, decimals) + "%"


def number(value: float | None, decimals: int = 2) -> str:
    if value is None or not math.isfinite(value):
        return UNKNOWN
    return fixed(value, decimals)


def price(value: float | None) -> str:
    """Near a peg: five decimals."""
    return number(value, 5)


def whole(value: int | None) -> str:
    """All digits of an integer, thin spaces by three."""
    return UNKNOWN if value is None else f"{value:,}".replace(",", THIN).replace("-", MINUS)


def change(text: str, value: float | None) -> str:
    """`text` of a change of `value`: what grew has a plus."""
    return f"+{text}" if value is not None and value > 0 else text


def moment(timestamp: int) -> str:
    """2022-05-12 06:44:02 UTC."""
    return f"{_utc(timestamp):%Y-%m-%d %H:%M:%S} UTC"


def minute(timestamp: float) -> str:
    """2022-05-12 06:44, for a column whose head says UTC."""
    return f"{_utc(timestamp):%Y-%m-%d %H:%M}"


def iso(timestamp: int) -> str:
    """For machines: 2022-05-12T06:44:02Z."""
    return f"{_utc(timestamp):%Y-%m-%dT%H:%M:%SZ}"


def day(timestamp: float) -> str:
    """12 May, for axes."""
    when = _utc(timestamp)
    return f"{when.day} {when:%b}"


def age(seconds: float) -> str:
    """In the largest unit that it is one of: 9 s, 9 min, 6.7 h, 12 days."""
    for size, unit in _AGES:
        if seconds >= size:
            part = seconds / size
            text = fixed(part, 1) if unit == "h" and part < 10 else fixed(math.floor(part), 0)
            name = unit.removesuffix("s") if text == "1" and unit.endswith("s") else unit
            return f"{text}{THIN}{name}"
    return f"{max(0, int(seconds))}{THIN}s"


def short_hash(text: str) -> str:
    """First 8 digits and last 4, for tables."""
    digits = text.removeprefix("0x")
    prefix = text[: len(text) - len(digits)]
    return text if len(digits) <= 12 else f"{prefix}{digits[:8]}…{digits[-4:]}"


def _with_unit(digits: str, value: float, unit: str) -> str:
    sign = MINUS if value < 0 and digits.strip("0.") else ""
    if unit in SIGNS:
        return f"{sign}{SIGNS[unit]}{digits}"
    return f"{sign}{digits}{THIN}{unit}" if unit else f"{sign}{digits}"


def _utc(timestamp: float) -> datetime:
    return datetime.fromtimestamp(timestamp, UTC)


FORMATS: Mapping[str, Callable[[float | None], str]] = {
    "money": money,
    "axis_money": axis_money,
    "exact_money": exact_money,
    "amount": lambda value: money(value, ""),
    "axis_amount": lambda value: axis_money(value, ""),
    "percent": percent,
    "percent0": lambda value: percent(value, 0),
    "percent1": lambda value: percent(value, 1),
    "price": price,
    "price2": lambda value: number(value, 2),
    "price3": lambda value: number(value, 3),
    "number": number,
    "number0": lambda value: number(value, 0),
    "number6": lambda value: number(value, 6),
}
"""By the name that a chart's specification carries, for the script of the pages to have the same.
What is in no money is an `amount`: its unit stands in the title."""


# On paper


@dataclass(frozen=True, slots=True)
class Paper:
    """Amounts are in `scale` tokens, called `letter`, with the unit in the head of a column: one
    decimal, none from 1,000 up."""

    scale: float = 1.0
    letter: str = ""

    def percent(self, value: float | None, decimals: int = 1) -> str:
        """Shares with one decimal, costs and slippage with two."""
        text = self.percent_number(value, decimals)
        return text if is_unknown(value) else f"{text}%"

    def percent_number(self, value: float | None, decimals: int = 2) -> str:
        """Without the sign, for a column whose head has it."""
        return self.number(None if value is None else 100 * value, decimals)

    def number(self, value: float | None, decimals: int = 1) -> str:
        if value is None or not math.isfinite(value):
            return NOT_MEASURED
        return fixed(value, decimals, group=",")

    def price(self, value: float | None, decimals: int = 4) -> str:
        return self.number(value, decimals)

    def amount(self, value: float | None, decimals: int | None = None) -> str:
        """0 only where it is 0; what would be shown as 0 keeps two significant digits."""
        if value is None or not math.isfinite(value):
            return NOT_MEASURED
        scaled = value / self.scale
        if scaled == 0:
            return "0"
        if decimals is None:
            decimals = 0 if abs(scaled) >= 1000 else 1
        text = fixed(scaled, decimals, group=",")
        if text.strip("0."):
            return text
        return f"{scaled:.2g}".replace("-", MINUS)

    def amount_of(self, value: float | None, coin: str, decimals: int | None = None) -> str:
        """With its letter and its coin: 58.8 M USDT."""
        shown = self.amount(value, decimals)
        if is_unknown(value):
            return shown
        letter = "" if shown == "0" else self.letter
        return NO_BREAK.join(filter(None, (shown, letter, coin)))

    def date(self, timestamp: int) -> str:
        """12 May 2022; tables have the ISO date."""
        when = _utc(timestamp)
        return f"{when.day}{NO_BREAK}{when:%B %Y}"

    def six(self, value: float | None) -> str:
        """Six digits for the appendix; whole above 100,000."""
        if value is None or math.isnan(value):
            return NOT_MEASURED
        if abs(value) >= 1e5:
            return fixed(value, 0, group=",") if abs(value) < _TOO_LARGE else f"{value:.5e}"
        text = fixed(value, 1, group=",") if abs(value) >= 1e4 else f"{value:.6g}"
        return text.replace("-", MINUS)


def paper_for(amounts: float) -> Paper:
    """Amounts around `amounts` have one to three digits before the point."""
    for scale, letter in ((1e9, "B"), (1e6, "M"), (1e3, "k")):
        if amounts >= scale:
            return Paper(scale, letter)
    return Paper()
